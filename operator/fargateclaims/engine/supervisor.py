"""Keeps the store whole and one worker running for each cluster that has work. Runs on the leader only.

```
watch ──▶ store ──▶ mark ──▶ worker of the cluster
LIST  ──▶   ▲   (on winning leadership and at each resync: replaces what was there)
```
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable

from fargateclaims.api.group import CLAIM_PLURAL, CLASS_PLURAL
from fargateclaims.clock import Clock
from fargateclaims.domain.backoff import delay
from fargateclaims.engine.loop import Loop
from fargateclaims.engine.ports import Kube
from fargateclaims.engine.store import Place, Store, Versions
from fargateclaims.engine.unplaced import UnplacedWorker
from fargateclaims.engine.worker import ClusterWorker, Surroundings
from fargateclaims.kube.errors import KubeError, Throttled
from fargateclaims.timing import MUTATION_LIMIT, RESYNC_JITTER

log = logging.getLogger(__name__)

_PARSED_AT_ONCE = 50
"""Objects of a LIST between which the event loop may do other things: some 50 ms of work."""


class Supervisor:
    """All workers of one process.

    :param surroundings: given the store, what the workers share.
    """

    def __init__(
        self, kube: Kube, clock: Clock, store: Callable[[Callable[[Place], None]], Store], around: Callable[[Store], Surroundings]
    ) -> None:
        self._kube = kube
        self._clock = clock
        self.store = store(self._mark)
        self._around = around(self.store)
        self._workers: dict[Place, Loop] = {}
        self._tasks: dict[Place, asyncio.Task[None]] = {}
        self.listed = False

    async def run(self) -> None:
        """List everything now and at each resync, until cancelled; workers start with the first LIST.

        A LIST that fails, for whatever reason, is logged and made again: without LISTs the store would go stale unnoticed.
        """
        failures = 0
        while True:
            try:
                await self._list()
            except KubeError as error:
                failures += 1
                wait = self._back_off(failures)
                if isinstance(error, Throttled):
                    wait = max(wait, error.retry_after)
                log.warning("the objects cannot be listed; trying again in %.0f s: %s", wait, error)
            except Exception:
                failures += 1
                wait = self._back_off(failures)
                log.exception("the objects could not be taken in; trying again in %.0f s", wait)
            else:
                failures = 0
                wait = self._around.resync_seconds * (1 + RESYNC_JITTER * random.random())  # noqa: S311 - no secret depends on it
            await self._clock.sleep(wait)

    async def stop(self) -> None:
        """Let calls under way end, within the limit for one, then end all workers. To be called when no new one may begin."""
        finishing = [worker.finish() for worker in self._workers.values() if isinstance(worker, ClusterWorker)]
        if finishing:
            await asyncio.wait([asyncio.ensure_future(each) for each in finishing], timeout=MUTATION_LIMIT)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def problem(self) -> str | None:
        """What is wrong with the workers, for the probes; None if nothing is. For any thread."""
        now = time.monotonic()
        hanging = sum(worker.hangs(now) for worker in list(self._workers.values()))
        return f"{hanging} workers hang" if hanging else None

    def _back_off(self, failures: int) -> float:
        rules = self._around.rules
        return delay(failures, rules.backoff_base, rules.backoff_max, "list").total_seconds()

    async def _list(self) -> None:
        claims, claims_version = await self._kube.list_all(CLAIM_PLURAL)
        classes, classes_version = await self._kube.list_all(CLASS_PLURAL)
        namespaces, namespaces_version = await self._kube.list_namespaces()
        for number, claim in enumerate(claims):
            self.store.claims.parse_ahead(claim)
            if number % _PARSED_AT_ONCE == 0:
                await asyncio.sleep(0)
        self.store.replace(claims, classes, namespaces, Versions(claims_version, classes_version, namespaces_version))
        if not self.listed:
            # Until here `_mark` has heard nothing.
            self.listed = True
            for place in self.store.places():
                self._mark(place)
        self._retire()
        for kind, count in (
            ("claim", len(self.store.claims)),
            ("class", len(self.store.classes)),
            ("namespace", len(self.store.namespaces)),
        ):
            self._around.telemetry.metrics.store_objects.labels(kind).set(count)
        log.info("%d claims, %d classes, %d clusters", len(self.store.claims), len(self.store.classes), len(self._workers))

    def _mark(self, place: Place) -> None:
        """Something about this place has changed. Before the first LIST nothing is known well enough to act on."""
        if not self.listed:
            return
        if place not in self._workers:
            worker = self._workers[place] = self._make(place)
            self._tasks[place] = asyncio.get_running_loop().create_task(worker.run(), name=f"worker {place or 'unplaced'}")
        self._workers[place].mark()

    def _make(self, place: Place) -> Loop:
        around = self._around
        if place is None:
            return UnplacedWorker(around.clock, self.store, around.rules, around.make_reporter(), around.telemetry)
        return ClusterWorker(place, around)

    def _retire(self) -> None:
        """End the workers of clusters that no class and no claim names any more."""
        for place in set(self._workers) - set(self.store.places()):
            del self._workers[place]
            self._tasks.pop(place).cancel()
            self._around.telemetry.forget(place)
