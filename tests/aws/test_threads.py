import subprocess
import sys
import threading
from functools import partial

import pytest

from fargateclaims.aws.threads import DaemonThreads
from support.waiting import LIMIT


def test_jobs_run_side_by_side_up_to_the_size() -> None:
    pool = DaemonThreads("test", 2)
    release, started = threading.Event(), threading.Semaphore(0)
    ran: list[int] = []

    def job(number: int) -> None:
        started.release()
        release.wait(LIMIT)
        ran.append(number)

    done = threading.Event()
    for number in range(3):
        pool.submit(partial(job, number))
    pool.submit(done.set)
    assert started.acquire(timeout=LIMIT)
    assert started.acquire(timeout=LIMIT)
    assert not started.acquire(blocking=False)
    release.set()
    assert done.wait(LIMIT)
    assert len(ran) >= 2
    pool.close()


def test_threads_are_used_again() -> None:
    pool = DaemonThreads("test-again", 8)
    names: set[str] = set()

    def job(done: threading.Event) -> None:
        names.add(threading.current_thread().name)
        done.set()

    for _ in range(20):
        done = threading.Event()
        pool.submit(partial(job, done))
        assert done.wait(LIMIT)
        assert pool._idle.acquire(timeout=LIMIT)
        pool._idle.release()
    assert len(names) == 1
    pool.close()


def test_a_closed_pool_takes_nothing() -> None:
    pool = DaemonThreads("test", 1)
    pool.close()
    with pytest.raises(RuntimeError, match="closed"):
        pool.submit(lambda: None)


def test_a_job_that_hangs_does_not_keep_the_process() -> None:
    program = (
        "import threading; from fargateclaims.aws.threads import DaemonThreads\n"
        "pool = DaemonThreads('hangs', 1); begun = threading.Event()\n"
        "pool.submit(lambda: (begun.set(), threading.Event().wait())); begun.wait(); pool.close(); print('end')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=LIMIT, check=True)
    assert ended.stdout == "end\n"
