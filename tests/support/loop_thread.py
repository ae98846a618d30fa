"""An event loop in a thread of its own: what lives there goes on while a test blocks, as it does in calls of kubectl."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self, TypeVar

from support.waiting import LIMIT

T = TypeVar("T")


class LoopThread:
    """Base of servers that tests steer from outside of their loop. Use as a context manager."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=type(self).__name__, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._await(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._await(self._close())
        self._await(self._cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT)
        self._loop.close()

    async def _open(self) -> None:
        """Begin; in the thread."""
        raise NotImplementedError

    async def _close(self) -> None:
        """End; in the thread. Tasks that are left are cancelled."""
        raise NotImplementedError

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LIMIT)

    def _call(self, work: Callable[[], T]) -> T:
        """Run a function in the thread."""

        async def run() -> T:
            return work()

        return self._await(run())

    async def _cancel_all(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
