"""The operator as a process: what is started in which order, and how it stops.

A stop goes: no new mutation → calls under way end or are abandoned → watches and events end → the Lease is released → exit 0.
Losing the Lease, the watches or the LISTs ends the process with 1: what starts it, starts it anew.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, Final

from fargateclaims.api.group import CLAIM_PLURAL, CLASS_PLURAL, GROUP
from fargateclaims.aws.cloud import AWSCloud
from fargateclaims.clock import Clock, SystemClock
from fargateclaims.domain.facts import Rules
from fargateclaims.domain.own_profile import OwnProfile
from fargateclaims.engine.campaign import Campaign, CampaignError
from fargateclaims.engine.crd import CRDWatch
from fargateclaims.engine.heartbeat import Heartbeat
from fargateclaims.engine.leadership import UNREAD, identity
from fargateclaims.engine.pace import Paces
from fargateclaims.engine.probes import Probes, ProbesError
from fargateclaims.engine.reporter import Reporter
from fargateclaims.engine.store import Store
from fargateclaims.engine.supervisor import Supervisor
from fargateclaims.engine.telemetry import Telemetry
from fargateclaims.engine.worker import Surroundings
from fargateclaims.handlers import Watch
from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.clusters import ClusterAPIs
from fargateclaims.kube.config import own_certificate_authority
from fargateclaims.kube.data_plane import DataPlanes
from fargateclaims.kube.errors import ConfigurationError, KubeError, Missing, Refused, Throttled
from fargateclaims.kube.events import EventRecorder
from fargateclaims.kube.lease import LeaseClient
from fargateclaims.metrics import Metrics
from fargateclaims.settings import Settings
from fargateclaims.timing import (
    HEARTBEAT_LOST,
    IAM_PROPAGATION_WINDOW,
    KUBE_UNREACHABLE_RETRY,
    MUTATION_LIMIT,
    QUOTA_MEMORY,
    SLOW_RECHECK,
    STALLED_GRACE,
)

log = logging.getLogger(__name__)

_UNLISTED: Final = "the objects have not been listed yet"


class StartError(Exception):
    """The operator cannot start; one line that says why and what to do."""


class Process:
    """One operator process."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._metrics = Metrics()
        self._telemetry = Telemetry(self._metrics, self._clock)
        self._heartbeat = Heartbeat(self._clock)
        self._stopping = False
        self._asked_to_stop = asyncio.Event()
        self._leading_since: float | None = None

    async def run(self) -> int:
        """Work until SIGTERM or SIGINT (0), or until the Lease, the watches or the LISTs are lost (1). Raises StartError."""
        for caution in self._settings.cautions:
            log.warning(caution)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._asked_to_stop.set)
        probes = self._probes()
        try:
            probes.start()
            kube = await self._connect()
        except (ProbesError, ConfigurationError) as error:
            raise StartError(str(error)) from None
        beating = asyncio.ensure_future(self._heartbeat.run())
        try:
            if not await self._unless_stopped(self._wait_for_crds(kube)):
                return 0
            return await self._campaign(kube, probes)
        finally:
            beating.cancel()
            await kube.close()
            probes.stop()

    def _probes(self) -> Probes:
        """The probes, with what `/readyz` says until there is more to say.

        A replica that cannot reach the API server, may not touch its Lease or is about to give up for want of the CRDs must not be
        ready: a rollout would end the one that works.
        """
        probes = Probes(self._settings.http_address, self._metrics.exposition, self._heartbeat)
        probes.add_readiness("stopping", lambda: "the operator is stopping" if self._asked_to_stop.is_set() or self._stopping else None)
        probes.add_readiness("lease", lambda: UNREAD)
        probes.add_readiness("listed", lambda: None if self._leading_since is None else _UNLISTED)
        return probes

    async def _wait_for_crds(self, kube: KubeClient) -> None:
        """Return when both CRDs are there. An API server that does not answer is waited for; one without them is not."""
        for name in (f"{CLAIM_PLURAL}.{GROUP}", f"{CLASS_PLURAL}.{GROUP}"):
            while True:
                try:
                    await kube.get_crd(name)
                except Missing:
                    raise StartError(f"the CRD {name} is not installed: kubectl apply --server-side -f crds/") from None
                except Refused as error:
                    raise StartError(f"the CRD {name} cannot be read: {error}; see the operator's ClusterRole") from None
                except KubeError as error:
                    log.warning("the API server does not answer yet: %s", error)
                    await self._clock.sleep(error.retry_after if isinstance(error, Throttled) else KUBE_UNREACHABLE_RETRY)
                else:
                    break

    async def _connect(self) -> KubeClient:
        return await KubeClient.connect(clock=self._clock, observe=lambda verb, end: self._metrics.kube_requests.labels(verb, end).inc())

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[LeaseClient]:
        kube = await self._connect()
        try:
            yield LeaseClient(kube, self._settings.lease_namespace, self._settings.lease_name)
        finally:
            await kube.close()

    async def _campaign(self, kube: KubeClient, probes: Probes) -> int:
        holder = identity()
        campaign = Campaign(
            self._lease,
            holder,
            self._clock,
            fit=lambda: self._heartbeat.silence() < HEARTBEAT_LOST,
            changed=self._leadership_changed,
        )
        probes.add_readiness("lease", campaign.problem)
        campaign.start()
        try:
            if not await self._unless_stopped(campaign.wait_won()):
                return 0
            return await self._lead(kube, probes, campaign, holder)
        except CampaignError as error:
            raise StartError(str(error)) from None
        finally:
            await campaign.stop()

    async def _lead(self, kube: KubeClient, probes: Probes, campaign: Campaign, holder: str) -> int:
        settings, clock = self._settings, self._clock
        cloud = AWSCloud(clock, settings.aws_calls_per_second, settings.installation, self._observe_aws)
        apis = ClusterAPIs(cloud.token, clock, lambda verb, end: self._metrics.cluster_requests.labels(verb, end).inc())
        events = EventRecorder(kube, clock, holder, observe=lambda end: self._metrics.events.labels(end).inc())
        crd = CRDWatch(kube)
        paces = Paces(settings.poll_min_seconds, settings.poll_max_seconds)

        def surroundings(store: Store) -> Surroundings:
            return Surroundings(
                clock=clock,
                cloud=cloud,
                data_planes=DataPlanes(apis),
                store=store,
                crd=crd,
                telemetry=self._telemetry,
                rules=rules(settings),
                make_reporter=lambda: Reporter(kube, store, events, clock, written=self._metrics.status_writes.inc),
                hold=self._hold,
                permit=lambda: not self._stopping and campaign.remaining() >= MUTATION_LIMIT,
                paces=paces,
                resync_seconds=settings.resync_seconds,
                busy_max=timedelta(seconds=settings.busy_max_seconds),
            )

        supervisor = Supervisor(kube, clock, lambda changed: Store(settings.class_matcher.matches, changed), surroundings)
        watches_ended = asyncio.Event()
        watch = Watch(supervisor.store, self._metrics, watches_ended.set)
        probes.add_liveness("watch", watch.problem)
        probes.add_liveness("workers", supervisor.problem)
        probes.add_readiness("listed", lambda: None if supervisor.listed else _UNLISTED)
        events.start()
        # The watches begin before the LIST, so that no change falls between the two.
        watch.start()
        supervising = asyncio.ensure_future(supervisor.run())
        ends = {
            "asked to stop": self._asked_to_stop.wait(),
            "leadership is lost": campaign.wait_lost(),
            "the watches have ended": watches_ended.wait(),
            "the LISTs have ended": asyncio.wait({supervising}),
        }
        why = await _first(ends)
        self._stopping = True
        (log.info if why == "asked to stop" else log.error)("stopping: %s", why)
        await supervisor.stop()
        supervising.cancel()
        (fault,) = await asyncio.gather(supervising, return_exceptions=True)
        if isinstance(fault, Exception):
            log.error("the LISTs have failed", exc_info=fault)
        await watch.stop()
        await events.stop()
        await apis.close()
        cloud.close()
        return 0 if why == "asked to stop" else 1

    def _hold(self) -> float | None:
        """See `Surroundings.hold`: a new leader waits until what an earlier one sent must be visible."""
        if self._stopping or self._leading_since is None:
            return None
        return max(0.0, self._leading_since + self._settings.settle_seconds - self._clock.monotonic())

    def _leadership_changed(self, leads: bool) -> None:  # noqa: FBT001 - the callback's only argument
        self._leading_since = self._clock.monotonic() if leads else None
        self._metrics.leader.set(leads)

    def _observe_aws(self, operation: str, outcome: str, _seconds: float) -> None:
        self._metrics.aws_calls.labels(operation, outcome).inc()

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Await `work`; returns False if the process was asked to stop before it was done."""
        doing, stopped = asyncio.ensure_future(work), asyncio.ensure_future(self._asked_to_stop.wait())
        try:
            await asyncio.wait({doing, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                doing.result()
                return True
            return False
        finally:
            for task in (doing, stopped):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(doing, stopped, return_exceptions=True)


def rules(settings: Settings) -> Rules:
    """The settings and fixed delays that decisions depend on."""
    return Rules(
        installation=settings.installation,
        settle=timedelta(seconds=settings.settle_seconds),
        operation_deadline=timedelta(seconds=settings.operation_deadline_seconds),
        max_attempts=settings.max_attempts,
        backoff_base=timedelta(seconds=settings.backoff_base_seconds),
        backoff_max=timedelta(seconds=settings.backoff_max_seconds),
        slow_recheck=timedelta(seconds=SLOW_RECHECK),
        iam_window=timedelta(seconds=IAM_PROPAGATION_WINDOW),
        grace=timedelta(seconds=STALLED_GRACE),
        quota_memory=timedelta(seconds=QUOTA_MEMORY),
        show_blocking_claim=settings.show_blocking_claim,
        own_profile=OwnProfile(settings.own_profile, own_certificate_authority()) if settings.own_profile else None,
    )


async def _first(waits: dict[str, Coroutine[Any, Any, Any]]) -> str:
    """The name of the first of these that ends."""
    tasks = {asyncio.ensure_future(wait): name for name, wait in waits.items()}
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    return tasks[next(iter(done))]
