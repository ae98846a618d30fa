"""The data plane of one EKS cluster: watches its pods and nodes, looks at its profiles, and has a worker for each pod."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from fargateclaims.api.arn import ClusterARN
from fargateclaims.clock import Clock, SystemClock
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.kube.errors import KubeError
from fargateclaims.simulator.fargate.eks import EKS, EKSUnavailableError, Profiles
from fargateclaims.simulator.fargate.fleet import Fleet
from fargateclaims.simulator.fargate.informer import Informer
from fargateclaims.simulator.fargate.kubelet import Kubelet
from fargateclaims.simulator.fargate.kubernetes import KubernetesAPI
from fargateclaims.simulator.fargate.pod import RETRY, PodWorker
from fargateclaims.simulator.fargate.scheduler import Scheduler
from fargateclaims.simulator.fargate.settings import Behaviour, Timings
from fargateclaims.simulator.kube.objects import Obj, metadata_of

DEFAULT_ACCESS_KEY_ID = "simulator"
"""Any key that the simulator does not know belongs to its default account."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """Which cluster, where its two APIs are, and how its data plane behaves.

    :param access_key_id: one of the cluster's account, as the simulator seeds them.
    """

    cluster: ClusterARN
    kubeconfig: Path
    eks_url: str
    access_key_id: str = DEFAULT_ACCESS_KEY_ID
    timings: Timings = field(default_factory=Timings)
    behaviour: Behaviour = field(default_factory=Behaviour)


class DataPlane:
    """One cluster's. `settings.behaviour` may be changed while it runs."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._workers: dict[str, tuple[PodWorker, asyncio.Task[None]]] = {}
        self._sweep = asyncio.Event()
        self.ready = asyncio.Event()
        """Set once it has seen all pods, nodes and profiles."""

    async def run(self) -> None:
        """Run until cancelled; what is in the cluster stays as it is then, and another run goes on from there.

        Raises ConfigurationError for a kubeconfig that cannot be used, EKSUnavailableError if the simulated EKS does not answer at the
        start or has no such cluster. Later on, an API that is away is waited for.
        """
        settings = self._settings
        async with KubernetesAPI(settings.kubeconfig) as api, aiohttp.ClientSession() as session:
            self._api = api
            self._eks = EKS(settings.eks_url, settings.cluster, settings.access_key_id, session)
            self._profiles = Profiles(self._eks)
            self._nodes = Informer(api, "/api/v1/nodes", self._clock, lambda _uid, _node: self._sweep.set())
            self._pods = Informer(api, "/api/v1/pods", self._clock, self._see_pod)
            self._fleet = Fleet(self._nodes.objects)
            self._kubelet = Kubelet(api, self._clock)
            self._scheduler = Scheduler(
                api=api,
                eks=self._eks,
                profiles=self._profiles,
                fleet=self._fleet,
                behaviour=settings.behaviour,
                clock=self._clock,
                region=settings.cluster.region,
            )
            try:
                await self._run_tasks()
            finally:
                await self._profiles.close()

    async def _run_tasks(self) -> None:
        if await self._profiles.read() is None:
            raise EKSUnavailableError(f"the simulated EKS at {self._settings.eks_url} has no cluster {self._settings.cluster}")
        async with asyncio.TaskGroup() as self._tasks:
            self._tasks.create_task(self._nodes.run(), name="nodes")
            # Whether a cluster has other nodes decides what is said of its pods.
            await self._nodes.synced.wait()
            self._tasks.create_task(self._pods.run(), name="pods")
            await self._pods.synced.wait()
            self._tasks.create_task(self._follow_profiles(), name="profiles")
            self._tasks.create_task(self._remove_nodes(), name="empty nodes")
            self.ready.set()

    def _see_pod(self, uid: str, pod: Obj | None) -> None:
        known = self._workers.get(uid)
        if pod is None:
            if known is not None:
                del self._workers[uid]
                known[1].cancel()
            self._sweep.set()
        elif known is None:
            worker = self._worker(pod)
            self._workers[uid] = worker, self._tasks.create_task(worker.run(), name=metadata_of(pod)["name"])
        else:
            known[0].see(pod)

    def _worker(self, pod: Obj) -> PodWorker:
        return PodWorker(
            pod,
            api=self._api,
            scheduler=self._scheduler,
            kubelet=self._kubelet,
            profiles=self._profiles,
            fleet=self._fleet,
            timings=self._settings.timings,
            behaviour=self._settings.behaviour,
            clock=self._clock,
            region=self._settings.cluster.region,
        )

    async def _follow_profiles(self) -> None:
        known = set(self._profiles.latest or {})
        while True:
            await self._clock.sleep(self._settings.timings.poll)
            try:
                profiles = await self._profiles.read()
                for profile in (profiles or {}).values():
                    await self._welcome(profile, known)
            except (EKSUnavailableError, KubeError) as error:
                log.warning("%s", error)
            if self._profiles.changed.is_set():
                self._profiles.changed.clear()
                for worker, _ in self._workers.values():
                    worker.wake()

    async def _welcome(self, profile: Profile, known: set[str]) -> None:
        """Do once what EKS does when a profile is made. Who takes the role's entry away later finds it gone."""
        if profile.arn not in known and profile.state in {ProfileState.CREATING, ProfileState.ACTIVE}:
            await self._scheduler.add_to_aws_auth(profile.pod_execution_role_arn)
            known.add(profile.arn)

    async def _remove_nodes(self) -> None:
        """Remove the nodes whose pod is gone."""
        while True:
            await self._sweep.wait()
            self._sweep.clear()
            in_use = {worker.node for worker, _ in self._workers.values()}
            await asyncio.gather(*(self._remove(node) for node in self._fleet.fargate_nodes if metadata_of(node)["name"] not in in_use))

    async def _remove(self, node: Obj) -> None:
        metadata = metadata_of(node)
        try:
            await self._api.delete(f"/api/v1/nodes/{metadata['name']}", uid=metadata["uid"])
        except KubeError as error:
            if error.status not in {404, 409}:
                log.warning("%s", error)
                await self._clock.sleep(RETRY)
                self._sweep.set()


@asynccontextmanager
async def running(settings: Settings, clock: Clock | None = None) -> AsyncIterator[DataPlane]:
    """Run a data plane until the end of the with block, from when it is ready; raises what `DataPlane.run` raises."""
    plane = DataPlane(settings, clock)
    task = asyncio.create_task(plane.run(), name="fargate data plane")
    ready = asyncio.create_task(plane.ready.wait())
    try:
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        yield plane
    finally:
        ready.cancel()
        task.cancel()
        await asyncio.wait({task, ready})
        if not task.cancelled() and (error := task.exception()):
            raise error
