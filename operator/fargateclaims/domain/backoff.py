"""How long to wait before the next attempt."""

import hashlib
from datetime import timedelta

JITTER = 0.25
"""Up to a quarter is added, so that what failed together does not return together."""

_MOST_DOUBLINGS = 24
"""Any limit that makes sense is reached by then (a second has become half a year), and no base that does overflows a timedelta."""


def spread(key: str) -> float:
    """A number in [0, 1) that a key always gets: jitter that a pure function can use."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest()) / 2**32


def delay(attempts: int, base: timedelta, limit: timedelta, key: str) -> timedelta:
    """The wait after so many failed attempts in a row (1 or more): base doubled each time up to the limit, jittered by the key."""
    return unjittered(attempts, base, limit) * (1 + JITTER * spread(f"{key}/{attempts}"))


def unjittered(attempts: int, base: timedelta, limit: timedelta) -> timedelta:
    """The same without jitter: the least that will have been waited."""
    factor = 1 << min(attempts - 1, _MOST_DOUBLINGS)
    return min(limit, base * factor)


def waited(attempts: int, base: timedelta, limit: timedelta) -> timedelta:
    """The least that so many failed attempts have waited in all."""
    doubling = min(attempts, _MOST_DOUBLINGS)
    # A count that somebody wrote into a status must not become a loop of that length.
    return sum((unjittered(attempt, base, limit) for attempt in range(1, doubling)), timedelta()) + limit * max(0, attempts - doubling)
