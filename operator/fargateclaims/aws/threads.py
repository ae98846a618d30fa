"""Worker threads for blocking calls, which never keep the process from ending.

The standard library's executor joins its threads when the interpreter exits: one call that hangs would hold up a graceful
stop for ever. These threads are daemons.
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue

Job = Callable[[], None]
"""Must not raise: nobody would see it."""


class DaemonThreads:
    """A pool of at most `size` daemon threads, started when needed; jobs begin in the order in which they came."""

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._size = size
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._started = 0
        self._closed = False

    def submit(self, job: Job) -> None:
        """Run `job` on a thread of the pool. Raises RuntimeError after `close`."""
        with self._lock:
            if self._closed:
                raise RuntimeError(f"the threads {self._name} are closed")
            self._jobs.put(job)
            if not self._idle.acquire(blocking=False) and self._started < self._size:
                self._started += 1
                threading.Thread(target=self._work, name=f"{self._name}-{self._started}", daemon=True).start()

    def close(self) -> None:
        """Begin no further job. Jobs that run are left to themselves, and nobody waits for them."""
        with self._lock:
            self._closed = True
            for _ in range(self._started):
                self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None and not self._closed:
            job()
            self._idle.release()
