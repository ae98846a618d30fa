"""Time, injected: logic never asks the machine what time it is."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Wall time for timestamps in objects, monotonic time for waits inside the process."""

    def now(self) -> datetime:
        """The wall clock, in UTC, with microseconds."""

    def monotonic(self) -> float:
        """Seconds that never go back and do not jump with the wall clock."""

    async def sleep(self, seconds: float) -> None:
        """Wait without blocking the event loop."""


class SystemClock:
    """The machine's clocks.

    Monotonic time is the boot-time clock: it goes on while the machine is suspended. The wall clock is read once and goes on with the
    boot-time clock, so that no wait in this process depends on somebody setting the clock; a restart reads it anew.
    """

    def __init__(self) -> None:
        self._wall = datetime.now(UTC)
        self._boot = self.monotonic()

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self._wall + timedelta(seconds=self.monotonic() - self._boot)

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        await asyncio.sleep(seconds)
