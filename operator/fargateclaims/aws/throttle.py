"""How many calls may leave for one account and region: a token bucket, and a pause that all share when AWS says it was too much.

AWS throttles by account and region, so a pause of one caller alone would not help: the others would keep the limit exceeded.
"""

import asyncio
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from fargateclaims.clock import Clock
from fargateclaims.timing import AWS_THROTTLE_BACKOFF_BASE, AWS_THROTTLE_BACKOFF_MAX

_SHORTEST_SLEEP: Final = 0.001
"""Rounding may leave a remainder that is too small to move a clock."""
_MAX_DOUBLINGS: Final = 16
"""Beyond this the pause has long reached its upper bound; the power of two stays a small number."""


class Lane(Enum):
    """Which calls go first when not all can."""

    URGENT = auto()
    """Something is under way and waits for this call."""
    ROUTINE = auto()
    """A resync, or what nobody waits for."""
    BACKGROUND = auto()
    """A check that holds nothing: it leaves half of what is saved up to the others."""


_PATIENCE: Final = {Lane.ROUTINE: 4, Lane.BACKGROUND: 20}
"""So many calls go before one that waits in this lane: it becomes slow, and never starves."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to make one call. `epoch` tells which pause it came after."""

    epoch: int


class TokenBucket:
    """At most `per_second` calls a second, in each lane in the order in which they were asked for.

    A quiet bucket saves up one second's worth: within any t seconds at most `max(1, per_second) + per_second * t` calls leave.
    Lives on one event loop.

    :param per_second: calls a second, more than 0.
    :param jitter: a number from [0, 1), anew each time.
    """

    def __init__(self, clock: Clock, per_second: float, jitter: Callable[[], float] = random.random) -> None:
        self._clock = clock
        self._rate = per_second
        self._capacity = max(1.0, per_second)
        self._jitter = jitter
        self._tokens = self._capacity
        self._counted_at = clock.monotonic()
        self._waiting: dict[Lane, deque[asyncio.Future[Grant]]] = {lane: deque() for lane in Lane}
        self._passed_over = dict.fromkeys(Lane, 0)
        self._pump: asyncio.Task[None] | None = None
        self._epoch = 0
        self._throttled_in_a_row = 0
        self._paused_until = float("-inf")

    @property
    def paused_seconds(self) -> float:
        """Seconds for which nothing leaves, because AWS throttled; 0 if calls may leave."""
        return max(0.0, self._paused_until - self._clock.monotonic())

    async def acquire(self, lane: Lane = Lane.ROUTINE) -> Grant:
        """Wait until one call may leave."""
        ticket: asyncio.Future[Grant] = asyncio.get_running_loop().create_future()
        self._waiting[lane].append(ticket)
        self._admit()
        if not ticket.done() and self._pump is None:
            self._pump = asyncio.create_task(self._run(), name="token bucket")
        try:
            return await ticket
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled():
                self._tokens = min(self._capacity, self._tokens + 1)
            raise

    def throttled(self, grant: Grant) -> None:
        """Pause, since AWS throttled the call: nothing leaves until a random moment within a span that doubles with each time in a row.

        Calls that were under way together are throttled together; they count once.
        """
        if grant.epoch != self._epoch:
            return
        self._epoch += 1
        span = min(AWS_THROTTLE_BACKOFF_MAX, AWS_THROTTLE_BACKOFF_BASE * 2.0 ** min(self._throttled_in_a_row, _MAX_DOUBLINGS))
        self._throttled_in_a_row += 1
        self._paused_until = max(self._paused_until, self._clock.monotonic() + self._jitter() * span)

    def succeeded(self, grant: Grant) -> None:
        """Note that AWS took the call: the next pause is a short one again."""
        if grant.epoch == self._epoch:
            self._throttled_in_a_row = 0

    def close(self) -> None:
        """Let nothing leave any more; who waits is cancelled."""
        if self._pump is not None:
            self._pump.cancel()
        for lane in self._waiting.values():
            while lane:
                lane.popleft().cancel()

    async def _run(self) -> None:
        try:
            while self._drop_cancelled():
                wait = self._seconds_to_next()
                # Others, who need fewer tokens, may come meanwhile.
                await self._clock.sleep(max(_SHORTEST_SLEEP, min(wait, 1 / self._rate) if self._reserve() else wait))
                self._admit()
        finally:
            self._pump = None

    def _admit(self) -> None:
        while self._drop_cancelled() and self._seconds_to_next() <= 0:
            self._tokens -= 1
            self._next_lane().popleft().set_result(Grant(self._epoch))

    def _next_lane(self) -> deque[asyncio.Future[Grant]]:
        waiting = [lane for lane in Lane if self._waiting[lane]]
        out_of_patience = (lane for lane in waiting if self._passed_over[lane] >= _PATIENCE.get(lane, math.inf))
        chosen = next(out_of_patience, waiting[0])
        for lane in waiting:
            self._passed_over[lane] += 1
        self._passed_over[chosen] = 0
        return self._waiting[chosen]

    def _drop_cancelled(self) -> bool:
        """Forget those who gave up; whether anybody is left."""
        for lane in self._waiting.values():
            while lane and lane[0].done():
                lane.popleft()
        return any(self._waiting.values())

    def _seconds_to_next(self) -> float:
        now = self._clock.monotonic()
        self._tokens = min(self._capacity, self._tokens + (now - self._counted_at) * self._rate)
        self._counted_at = now
        missing = max(0.0, 1.0 + self._reserve() - self._tokens) / self._rate
        return max(missing, self._paused_until - now)

    def _reserve(self) -> float:
        """What those who wait now leave to others that may come."""
        only_background = not any(self._waiting[lane] for lane in Lane if lane is not Lane.BACKGROUND)
        return (self._capacity - 1) / 2 if only_background else 0.0
