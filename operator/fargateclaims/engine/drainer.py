"""Looks at the pods of profiles that are to go, and evicts them where that is what is to be done; a pass never waits for it.

```
plan ──orders──▶ Drainer ──▶ list pods ──▶ decide ──▶ evict a few ──▶ sleep, and again until the order is withdrawn
  ▲                               │
  └────────── what was seen ◀─────┘
```
What is evicted is decided by `domain/draining.py`, here as in the plan; only what was seen is kept.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from fargateclaims.clock import Clock
from fargateclaims.domain.draining import DrainOrder, PodsSeen, Purpose, decide
from fargateclaims.domain.evictions import PodOnProfile, remember
from fargateclaims.domain.no_access import Barrier, NoAccess
from fargateclaims.domain.pinned import PinnedTemplate, mark
from fargateclaims.domain.profile import Profile
from fargateclaims.domain.selectors import literal_namespaces
from fargateclaims.engine.ports import DataPlane, Permit
from fargateclaims.timing import DRAIN_SLOWEST, PINNED_RECHECK, WORKER_RETRY

log = logging.getLogger(__name__)

_SLOWER = 1.5
"""By so much each wait grows while nothing happens."""


class Drainer:
    """The pods of one cluster's profiles that are to go.

    :param interval: seconds between two looks at a profile's pods.
    :param permit: asked before each eviction.
    :param seen: called whenever something new was seen.
    """

    def __init__(self, name: str, clock: Clock, interval: float, permit: Permit, seen: Callable[[], None]) -> None:
        self._name = name
        self._clock = clock
        self._interval = interval
        self._permit = permit
        self._seen = seen
        self._orders: dict[str, tuple[DrainOrder, DataPlane]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._pods: dict[str, PodsSeen] = {}
        self._pins: dict[str, tuple[PinnedTemplate, ...] | NoAccess] = {}

    @property
    def pods(self) -> Mapping[str, PodsSeen]:
        """The pods of each profile that was looked at, by its ARN."""
        return dict(self._pods)

    @property
    def pins(self) -> Mapping[str, tuple[PinnedTemplate, ...] | NoAccess]:
        """What will make pods that name a profile, by its ARN."""
        return dict(self._pins)

    def follow(self, orders: Iterable[tuple[DrainOrder, DataPlane]], replaced: Iterable[tuple[Profile, DataPlane]]) -> None:
        """Drain these profiles, look for pods that name those, and leave all others alone; each as whoever its claim's class names."""
        self._orders = {order.arn: (order, data_plane) for order, data_plane in orders}
        wanted = {f"drain {arn}": arn for arn in self._orders}
        looked_for = {f"pins {profile.arn}": (profile, data_plane) for profile, data_plane in replaced}
        for key in [key for key in self._tasks if key not in wanted and key not in looked_for]:
            self._tasks.pop(key).cancel()
            kind, _, arn = key.partition(" ")
            (self._pods if kind == "drain" else self._pins).pop(arn, None)
        for key, arn in wanted.items():
            if key not in self._tasks:
                self._tasks[key] = asyncio.create_task(self._drain(arn), name=f"{key} of {self._name}")
        for key, looked in looked_for.items():
            if key not in self._tasks:
                self._tasks[key] = asyncio.create_task(self._look_for_pins(*looked), name=f"{key} of {self._name}")

    async def stop(self) -> None:
        """Leave everything alone."""
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _drain(self, arn: str) -> None:
        seen, wait, templates = PodsSeen(()), self._interval, _Templates(self._clock)
        while True:
            try:
                found = await self._look(arn, seen, templates)
                self._publish(arn, found)
                # The less happens, the less often it is looked at: a pod that a budget holds may be held for hours.
                wait = self._interval if found.pods != seen.pods else min(wait * _SLOWER, max(self._interval, DRAIN_SLOWEST))
                seen = await self._evict(arn, found)
                self._publish(arn, seen)
            except Exception as error:
                log.exception("a look at the pods of a profile failed", extra={"fields": {"cluster": self._name, "profile": arn}})
                seen = self._blind(seen, NoAccess(type(error).__name__, Barrier.FAILING))
                self._publish(arn, seen)
                wait = WORKER_RETRY
            await self._clock.sleep(wait)

    async def _look(self, arn: str, before: PodsSeen, templates: "_Templates") -> PodsSeen:
        order, data_plane = self._orders[arn]
        pods = await data_plane.pods_on(order.profile)
        if not isinstance(pods, NoAccess) and order.purpose is Purpose.REPLACE:
            pods = await templates.mark(data_plane, order.profile, pods)
        if isinstance(pods, NoAccess):
            return self._blind(before, pods)
        return PodsSeen(pods, max(before.total, sum(pod.holds for pod in pods)), before.held)

    def _blind(self, before: PodsSeen, why: NoAccess) -> PodsSeen:
        return PodsSeen(why, before.total, before.held, before.blind_since or self._clock.now())

    async def _evict(self, arn: str, seen: PodsSeen) -> PodsSeen:
        if arn not in self._orders:
            return seen
        order, data_plane = self._orders[arn]
        evict = decide(order.situation(seen, self._clock.now())).evict
        if not evict:
            return seen
        answers = await data_plane.evict(evict, self._permit)
        if isinstance(answers, NoAccess):
            return self._blind(seen, answers)
        return replace(seen, held=remember(seen.held, answers, self._clock.now()))

    async def _look_for_pins(self, profile: Profile, data_plane: DataPlane) -> None:
        try:
            found = await data_plane.pinned(profile.name, literal_namespaces(profile.selectors))
        except Exception as error:
            log.exception("a look for pinned pods failed", extra={"fields": {"cluster": self._name, "profile": profile.arn}})
            # It is for people to know: no replacement waits for it.
            found = NoAccess(f"{type(error).__name__}", Barrier.FAILING)
        self._pins[profile.arn] = found
        self._seen()

    def _publish(self, arn: str, seen: PodsSeen) -> None:
        if arn not in self._orders:
            return
        before, self._pods[arn] = self._pods.get(arn), seen
        if before is None or before.news != seen.news:
            self._seen()


class _Templates:
    """What makes pods that name a profile, read seldom."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._found: tuple[PinnedTemplate, ...] = ()
        self._namespaces: frozenset[str] = frozenset()
        self._read_at = -math.inf

    async def mark(self, data_plane: DataPlane, profile: str, pods: Sequence[PodOnProfile]) -> tuple[PodOnProfile, ...] | NoAccess:
        """Return the pods, each told whether what makes it again names their profile."""
        namespaces, now = frozenset(pod.namespace for pod in pods), self._clock.monotonic()
        if namespaces and (now - self._read_at >= PINNED_RECHECK or not namespaces <= self._namespaces):
            found = await data_plane.pinned(profile, sorted(namespaces))
            if isinstance(found, NoAccess):
                return found
            self._found, self._namespaces, self._read_at = found, namespaces, now
        return mark(pods, self._found)
