"""When to look next at a profile that is being created or deleted: as seldom as can be, and soon after it is done.

The durations seen lately in the same account and region tell when an end is likely: EKS is as fast for one cluster as for another.

```
age:   0 ─────────────── likely ─┬──┬──┬──┬─ longest seen ──┬────┬───────┬─▶
       one wait, however long    looks ever closer          ever rarer: something is slow
```
"""

from collections import deque
from dataclasses import dataclass, field
from math import sqrt

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.backoff import spread
from fargateclaims.domain.profile import ProfileState

_REMEMBERED = 100
"""Durations kept for each kind of operation. Fifty clusters that begin together end in the order of their durations: fewer would be
only the slow ones, or only the fast."""
_KNOWN_WELL = 8
"""Durations from which on an earlier end than all of them is rare."""
_EXCEPTIONS = 1 / 50
"""So many of the durations, the shortest, count as exceptions: to look that early at all the others would cost more than it brings."""
_PROBES = 8
"""One operation in so many is looked at earlier than any has ended: a look is the only way to learn that EKS has become faster. Chosen
by its profile, so that not all those that begin together do it."""
_STRIDE = 1 / 13
"""The first step within the spread of likely ends, as a fraction of it. A look is then late by a third of that on average: 3 s in a
spread of two minutes."""
_LONGEST_SLEEP = 8
"""Before an end is likely, no wait is longer than so many of the longest waits later: two minutes with the default settings. One delete
that took hours must not leave the next one unseen for hours."""
_SLOWDOWN = 4
"""Past the longest duration seen, each wait is this fraction of the time beyond it."""


@dataclass
class Pace:
    """The durations of creates and deletes seen, in seconds, and what follows for the next look.

    :param shortest_wait: seconds between two looks at the least.
    :param longest_wait: seconds between two looks at the most, once an end is likely; and all along while no duration is known.
    """

    shortest_wait: float
    longest_wait: float
    _seen: dict[ProfileState, deque[float]] = field(default_factory=dict)

    def ended(self, state: ProfileState, seconds: float) -> None:
        """A profile was in this state for so long."""
        self._seen.setdefault(state, deque(maxlen=_REMEMBERED)).append(seconds)

    def next_wait(self, state: ProfileState, age: float, profile: str = "") -> float:
        """Seconds until the next look at a profile, by its ARN, that has been in this state for `age` seconds."""
        seen = self._seen.get(state)
        if not seen:
            return self.longest_wait
        ordered, known_well = sorted(seen), len(seen) >= _KNOWN_WELL
        longest = ordered[-1]
        # Of n + 1 durations the next is the shortest with a chance of 1 in n + 1: the fewer are known, the earlier it may end.
        earliest = ordered[0] * (1 - 1 / (min(len(seen), _KNOWN_WELL) + 1))
        probing = spread(profile) < 1 / _PROBES
        if not known_well:
            likely = earliest
        elif probing:
            likely = ordered[0]
        else:
            # A look that comes a moment too soon costs another one, after the shortest wait.
            likely = ordered[int(len(seen) * _EXCEPTIONS)] + self.shortest_wait / 2
        if age < earliest and (probing or not known_well):
            return self._sleep(earliest - age)
        if age < likely:
            return self._sleep(likely - age)
        span = longest - likely
        if age <= longest:
            # The nearer to the latest end, the likelier it comes next. Steps that go with the square root of what is left need the
            # fewest looks for the same delay, if all ends are as likely.
            return self._clamp(_STRIDE * sqrt(span * (longest - age)))
        return self._clamp(max(_STRIDE * span, (age - longest) / _SLOWDOWN))

    def _sleep(self, seconds: float) -> float:
        return min(max(seconds, self.shortest_wait), self.longest_wait * _LONGEST_SLEEP)

    def _clamp(self, seconds: float) -> float:
        return min(max(seconds, self.shortest_wait), self.longest_wait)


@dataclass
class Paces:
    """The pace of each account and region. Parameters as `Pace`."""

    shortest_wait: float
    longest_wait: float
    _by_region: dict[tuple[str, str], Pace] = field(default_factory=dict)

    def of(self, arn: ClusterARN) -> Pace:
        """The pace of a cluster, which it shares with the others of its account and region."""
        return self._by_region.setdefault((arn.account, arn.region), Pace(self.shortest_wait, self.longest_wait))
