"""The machine's clock as somebody has set it: hours pass without waiting, and monotonic time does not notice."""

from datetime import datetime, timedelta

from fargateclaims.clock import SystemClock


class SettableClock(SystemClock):
    """A clock that is `ahead` of the machine's, or behind it; that may change at any time."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        super().__init__()
        self.ahead = ahead

    def now(self) -> datetime:
        """See `Clock.now`."""
        return super().now() + self.ahead
