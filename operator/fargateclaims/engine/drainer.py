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
from collections.abc import Callable, Iterable, Mapping

from fargateclaims.clock import Clock
from fargateclaims.domain.draining import DrainOrder, PodsSeen, decide
from fargateclaims.domain.evictions import Held, remember
from fargateclaims.domain.no_access import Barrier, NoAccess
from fargateclaims.domain.pinned import PinnedTemplate
from fargateclaims.domain.profile import Profile
from fargateclaims.domain.selectors import literal_namespaces
from fargateclaims.engine.ports import DataPlane, Permit
from fargateclaims.timing import WORKER_RETRY

log = logging.getLogger(__name__)


class Drainer:
    """The pods of one cluster's profiles that are to go.

    :param interval: seconds between two looks at a profile's pods.
    :param permit: asked before each round of evictions.
    :param seen: called whenever something new was seen.
    """

    def __init__(self, name: str, clock: Clock, interval: float, permit: Permit, seen: Callable[[], None]) -> None:
        self._name = name
        self._clock = clock
        self._interval = interval
        self._permit = permit
        self._seen = seen
        self._data_plane: DataPlane | None = None
        self._orders: dict[str, DrainOrder] = {}
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

    def follow(self, data_plane: DataPlane | None, orders: Iterable[DrainOrder], replaced: Iterable[Profile]) -> None:
        """Drain these profiles, look for pods that name those, and leave all others alone.

        :param data_plane: as whom; None only where there is nothing to do.
        """
        self._orders = {order.arn: order for order in orders}
        self._data_plane = data_plane
        wanted = {f"drain {arn}": arn for arn in self._orders}
        looked_for = {f"pins {profile.arn}": profile for profile in replaced}
        for key in [key for key in self._tasks if key not in wanted and key not in looked_for]:
            self._tasks.pop(key).cancel()
            kind, _, arn = key.partition(" ")
            (self._pods if kind == "drain" else self._pins).pop(arn, None)
        for key, arn in wanted.items():
            if key not in self._tasks:
                self._tasks[key] = asyncio.create_task(self._drain(arn), name=f"{key} of {self._name}")
        for key, profile in looked_for.items():
            if key not in self._tasks:
                self._tasks[key] = asyncio.create_task(self._look_for_pins(profile), name=f"{key} of {self._name}")

    async def stop(self) -> None:
        """Leave everything alone."""
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _drain(self, arn: str) -> None:
        held: dict[str, Held] = {}
        total = 0
        while True:
            wait = self._interval
            try:
                order, data_plane = self._orders[arn], self._data_plane
                assert data_plane is not None
                pods = await data_plane.pods_on(order.profile)
                if not isinstance(pods, NoAccess):
                    total = max(total, sum(pod.holds for pod in pods))
                self._publish(arn, PodsSeen(pods, total, dict(held)))
                held = await self._evict(data_plane, arn, held)
            except Exception as error:
                log.exception("a look at the pods of a profile failed", extra={"fields": {"cluster": self._name, "profile": arn}})
                self._publish(arn, PodsSeen(NoAccess(type(error).__name__, Barrier.FAILING), total, dict(held)))
                wait = WORKER_RETRY
            await self._clock.sleep(wait)

    async def _evict(self, data_plane: DataPlane, arn: str, held: dict[str, Held]) -> dict[str, Held]:
        order, seen = self._orders.get(arn), self._pods.get(arn)
        if order is None or seen is None:
            return held
        evict = decide(order.situation(seen, self._clock.now())).evict
        if not evict or not self._permit():
            return held
        answers = await data_plane.evict(evict)
        if isinstance(answers, NoAccess):
            self._publish(arn, PodsSeen(answers, seen.total, dict(held)))
            return held
        held = remember(held, answers, self._clock.now())
        self._publish(arn, PodsSeen(seen.pods, seen.total, dict(held)))
        return held

    async def _look_for_pins(self, profile: Profile) -> None:
        data_plane = self._data_plane
        assert data_plane is not None
        try:
            found = await data_plane.pinned(profile.name, literal_namespaces(profile.selectors))
        except Exception as error:
            log.exception("a look for pinned pods failed", extra={"fields": {"cluster": self._name, "profile": profile.arn}})
            # It is for people to know: no replacement waits for it.
            found = NoAccess(f"{type(error).__name__}", Barrier.FAILING)
        self._pins[profile.arn] = found
        self._seen()

    def _publish(self, arn: str, seen: PodsSeen) -> None:
        if arn in self._orders and self._pods.get(arn) != seen:
            self._pods[arn] = seen
            self._seen()
