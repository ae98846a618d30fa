"""The operator's engine inside the test's own process: the real parts over real HTTP, without a Lease, with delays of a test's size.

Where the process itself is the point (signals, exit codes, the Lease), use `support.operator_process`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Self

from fargateclaims.api.arn import ClusterARN
from fargateclaims.aws.cloud import AWSCloud
from fargateclaims.clock import Clock, SystemClock
from fargateclaims.domain.facts import Rules
from fargateclaims.engine.crd import CRDWatch
from fargateclaims.engine.pace import Paces
from fargateclaims.engine.reporter import Reporter
from fargateclaims.engine.store import Store
from fargateclaims.engine.supervisor import Supervisor
from fargateclaims.engine.telemetry import Telemetry
from fargateclaims.engine.worker import Surroundings
from fargateclaims.handlers import Watch, into
from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.clusters import ClusterAPIs
from fargateclaims.kube.data_plane import DataPlanes
from fargateclaims.kube.events import EventRecorder
from fargateclaims.metrics import Metrics
from fargateclaims.process import rules
from fargateclaims.settings import Settings
from support.crash_points import CrashPoint, MortalCloud, MortalKube
from support.kopf_thread import kopf_has_ended
from support.waiting import until

FAST: Mapping[str, Any] = {
    "poll_min_seconds": 0.02,
    "poll_max_seconds": 0.1,
    "backoff_base_seconds": 0.1,
    "backoff_max_seconds": 0.4,
    "busy_max_seconds": 0.2,
    "settle_seconds": 0.5,
    "resync_seconds": 600,
    "aws_calls_per_second": 1000,
}
SHORT_RULES: Mapping[str, timedelta] = {
    "slow_recheck": timedelta(seconds=0.5),
    "quota_memory": timedelta(seconds=0.5),
}


class Engine:
    """One life of the operator, from its first LIST to its stop or its crash. Use as an async context manager.

    :param selector: a label selector on classes: engines that share an API server leave each other's alone.
    :param tuning: settings, and fields of `Rules`, that differ from `FAST` and `SHORT_RULES`.
    :param crash: where it dies, if it does.
    :param cloud: shared with other engines; else it has one of its own.
    :param watching: whether kopf watches; without it, the test hands over what it has changed with `notice`.
    """

    def __init__(
        self,
        *,
        selector: str = "",
        crash: CrashPoint | None = None,
        cloud: AWSCloud | None = None,
        clock: Clock | None = None,
        watching: bool = True,
        **tuning: Any,
    ) -> None:
        timings = {key: value for key, value in tuning.items() if key in Rules.__dataclass_fields__}
        self._settings = Settings(
            class_selector=selector, **{**FAST, **{key: value for key, value in tuning.items() if key not in timings}}
        )
        self._rules = replace(rules(self._settings), **{**SHORT_RULES, **timings})
        self._crash = crash or CrashPoint()
        self._shared_cloud = cloud
        self._clock = clock or SystemClock()
        self._watching = watching
        self._stopping = False
        self.metrics = Metrics()
        self.watches_ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._kube = await KubeClient.connect(clock=self._clock)
        self._cloud = self._shared_cloud or AWSCloud(
            self._clock, self._settings.aws_calls_per_second, self._settings.installation, lambda *_: None
        )
        self._apis = ClusterAPIs(self._cloud.token, self._clock)
        self._events = EventRecorder(self._kube, self._clock, "test")
        self._telemetry = Telemetry(self.metrics, self._clock)
        kube = MortalKube(self._kube, self._crash)
        self._supervisor = Supervisor(
            kube, self._clock, lambda changed: Store(self._settings.class_matcher.matches, changed), lambda store: self._around(kube, store)
        )
        self._events.start()
        self._watch = Watch(self._supervisor.store, self.metrics, self.watches_ended.set)
        if self._watching:
            self._watch.start()
        self._supervising = asyncio.ensure_future(self._supervisor.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self._stopping:
            await self.stop()

    async def stop(self) -> None:
        """End as the operator does on SIGTERM."""
        self._stopping = True
        await self._supervisor.stop()
        await self._end()

    async def crash(self) -> None:
        """End as on SIGKILL: nothing that is under way is finished."""
        self._stopping = True
        for task in self._supervisor._tasks.values():
            task.cancel()
        await asyncio.gather(*self._supervisor._tasks.values(), return_exceptions=True)
        await self._end()

    def notice(self, plural: str, obj: dict[str, Any]) -> None:
        """Take a change as from a watch."""
        into(self._supervisor.store, plural, "MODIFIED", obj)

    def turns(self, arn: str) -> float:
        """Changes whenever the worker of a cluster has made another turn."""
        return self._telemetry.last_turn.get(ClusterARN.parse(arn), 0.0)

    def knows(self, namespace: str, name: str) -> bool:
        """Whether its store has a claim."""
        return self._supervisor.store.claims.get(namespace, name) is not None

    async def hears(self, claim: dict[str, Any]) -> None:
        """Wait until its store has a claim as it is here: what has changed after the LIST, only the watch can have told."""
        metadata = claim["metadata"]

        def told() -> bool:
            found = self._supervisor.store.claims.get(metadata["namespace"], metadata["name"])
            return found is not None and found.model.metadata.resource_version == metadata["resourceVersion"]

        await until(told)

    def knows_terminating(self, namespace: str) -> bool:
        """Whether its store has a namespace as Terminating."""
        found = self._supervisor.store.namespaces.get("", namespace)
        return found is not None and found.model.terminating

    async def _end(self) -> None:
        self._supervising.cancel()
        await asyncio.gather(self._supervising, return_exceptions=True)
        if self._watching:
            await self._watch.stop()
            await kopf_has_ended()
        await self._events.stop()
        await self._apis.close()
        if self._shared_cloud is None:
            self._cloud.close()
        await self._kube.close()

    def _around(self, kube: Any, store: Store) -> Surroundings:
        settings, clock = self._settings, self._clock
        return Surroundings(
            clock=clock,
            cloud=MortalCloud(self._cloud, self._crash),
            data_planes=DataPlanes(self._apis),
            store=store,
            crd=CRDWatch(kube),
            telemetry=self._telemetry,
            rules=self._rules,
            make_reporter=lambda: Reporter(kube, store, self._events, clock),
            # No other has led before, so there is nothing to wait for.
            hold=lambda: None if self._stopping else 0.0,
            permit=lambda: not self._stopping,
            paces=Paces(settings.poll_min_seconds, settings.poll_max_seconds),
            resync_seconds=settings.resync_seconds,
            busy_max=timedelta(seconds=settings.busy_max_seconds),
        )
