"""The simulator's one clock: it runs with the monotonic clock, starts at the wall clock's time, and can be put forward."""

import time


class SimulatedClock:
    """Seconds since the epoch; a jump of the machine's wall clock does not show in it."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def __call__(self) -> float:
        """Return the simulated time in seconds since the epoch."""
        return time.monotonic() + self._offset

    def advance(self, seconds: float) -> None:
        """Put the clock forward; operations in flight may end by that."""
        if seconds < 0:
            raise ValueError(f"the clock never goes back: {seconds}")
        self._offset += seconds
