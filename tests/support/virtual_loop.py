"""An asyncio event loop whose time jumps to the next timer: hours of waiting in the CPU time of what is done in between.

For code that waits by timers alone. Sockets and threads are not waited for: their time is another one.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
START = datetime(2026, 11, 21, 14, tzinfo=UTC)


class NothingLeft(Exception):  # noqa: N818 - the end of time is a state, not an error
    """Every task waits for something that no timer will bring."""


class _Jump(selectors.DefaultSelector):
    """Instead of waiting, lets time pass."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise NothingLeft("every task waits, and no timer is set")
        self.elapsed += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at 0; `time()` moves only while every task waits."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._jump.elapsed


class LoopClock:
    """A `Clock` that goes with the running loop."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return START + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        await asyncio.sleep(seconds)


def run_virtually(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time, as `asyncio.run` does in real time. Raises NothingLeft if it can never end."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
