"""Time that passes only when everybody waits: hours of a test in milliseconds, and always the same."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

_TURNS = 50  # of the event loop, for what has been woken to come to rest again


class VirtualClock:
    """A `Clock` whose sleepers are woken by `advance`, in order; the wall clock may be pushed aside by `jump`."""

    def __init__(self) -> None:
        self._elapsed = 0.0
        self._wall = datetime(2026, 11, 21, 12, tzinfo=UTC)
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self._wall + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return 1000.0 + self._elapsed

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), woken))
        await woken

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back; monotonic time does not notice."""
        self._wall += timedelta(seconds=seconds)

    async def advance(self, seconds: float) -> None:
        """Let so much time pass, waking each sleeper at its moment."""
        end = self._elapsed + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            moment, _, woken = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, moment)
            if not woken.done():
                woken.set_result(None)
            await self.settle()
        self._elapsed = end

    def freeze(self, seconds: float) -> None:
        """Let time pass while nobody runs, as when the machine is suspended; who should have woken wakes late."""
        self._elapsed += seconds

    @staticmethod
    async def settle() -> None:
        """Let every task run until it waits."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)
