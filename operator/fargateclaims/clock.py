"""Time, injected: logic never asks the machine what time it is."""

import asyncio
import time
from datetime import UTC, datetime
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
    """The machine's clocks. Monotonic time is the boot-time clock: it goes on while the machine is suspended."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        await asyncio.sleep(seconds)
