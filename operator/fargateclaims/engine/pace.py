"""When to look next at a profile that is being created or deleted: as seldom as can be, and soon after it is done.

The durations seen on the cluster tell when an end is likely. Before the shortest of them one look would be wasted; between the shortest
and the longest the looks are spread evenly; after that they become rarer, for something is slow.
"""

from collections import deque
from dataclasses import dataclass, field

from fargateclaims.domain.profile import ProfileState

_REMEMBERED = 10
"""Durations kept for each kind of operation: enough to know the spread, few enough to follow a change."""
_LOOKS_WITHIN_SPREAD = 18
"""Looks between the shortest and the longest duration seen: half a step late on average, 1.5 s in a spread of one minute."""
_LOOKS_WHEN_UNKNOWN = 8
"""With nothing to go by: each wait is this fraction of the time already gone."""
_SLOWDOWN = 4
"""Past the longest duration seen, each wait is this fraction of the time beyond it."""


@dataclass
class Pace:
    """The durations of creates and deletes seen, in seconds, and what follows for the next look."""

    shortest_wait: float
    longest_wait: float
    _seen: dict[ProfileState, deque[float]] = field(default_factory=dict)

    def ended(self, state: ProfileState, seconds: float) -> None:
        """A profile was in this state for so long."""
        self._seen.setdefault(state, deque(maxlen=_REMEMBERED)).append(seconds)

    def next_wait(self, state: ProfileState, age: float) -> float:
        """Seconds until the next look at a profile that has been in this state for `age` seconds."""
        seen = self._seen.get(state)
        if not seen:
            return self._clamp(age / _LOOKS_WHEN_UNKNOWN)
        first, last = min(seen) - self.shortest_wait, max(seen)
        if age < first:
            # One jump, however long: nothing ends before.
            return max(self.shortest_wait, first - age)
        step = self._clamp((last - first) / _LOOKS_WITHIN_SPREAD)
        return step if age <= last else self._clamp(max(step, (age - last) / _SLOWDOWN))

    def _clamp(self, seconds: float) -> float:
        return min(max(seconds, self.shortest_wait), self.longest_wait)
