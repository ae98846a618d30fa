"""Whether the main event loop is alive, for those who watch it from another thread."""

from fargateclaims.clock import Clock
from fargateclaims.timing import HEARTBEAT_INTERVAL


class Heartbeat:
    """Beats in one event loop; `silence` may be asked in any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._beat = clock.monotonic()

    async def run(self) -> None:
        """Beat, for ever: a task of the loop that is watched."""
        while True:
            self._beat = self._clock.monotonic()
            await self._clock.sleep(HEARTBEAT_INTERVAL)

    def silence(self) -> float:
        """Seconds since the last beat."""
        return self._clock.monotonic() - self._beat
