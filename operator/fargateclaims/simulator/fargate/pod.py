"""One pod's worker: finds out what comes next, waits for as long as that takes, does it, and looks again."""

import asyncio
import logging
from typing import Any, Final

from fargateclaims.clock import Clock
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.kube.errors import KubeError
from fargateclaims.simulator.fargate.eks import EKSUnavailableError, Profiles
from fargateclaims.simulator.fargate.fleet import Fleet
from fargateclaims.simulator.fargate.kubelet import Kubelet
from fargateclaims.simulator.fargate.kubernetes import KubernetesAPI
from fargateclaims.simulator.fargate.lifecycle import Step, completion, is_bound, is_unschedulable, next_step
from fargateclaims.simulator.fargate.nodes import node_name
from fargateclaims.simulator.fargate.scheduler import Refusal, Scheduler, Taken, pod_path
from fargateclaims.simulator.fargate.settings import Behaviour, Timings
from fargateclaims.simulator.fargate.statuses import FOR_GOOD
from fargateclaims.simulator.kube.objects import Obj, metadata_of

RETRY: Final = 0.5
"""Seconds before something is tried again that an API did not take: the pod was changed meanwhile, or the API is away."""

log = logging.getLogger(__name__)


class PodWorker:
    """Looks after one pod until it is cancelled.

    :param region: of the cluster, for the node's name.
    """

    def __init__(  # noqa: PLR0913  (the parts of the world that it works on)
        self,
        pod: Obj,
        *,
        api: KubernetesAPI,
        scheduler: Scheduler,
        kubelet: Kubelet,
        profiles: Profiles,
        fleet: Fleet,
        timings: Timings,
        behaviour: Behaviour,
        clock: Clock,
        region: str,
    ) -> None:
        self._pod = pod
        self._api = api
        self._scheduler = scheduler
        self._kubelet = kubelet
        self._profiles = profiles
        self._fleet = fleet
        self._timings = timings
        self._behaviour = behaviour
        self._clock = clock
        self._region = region
        self._woken = asyncio.Event()
        self._since: dict[Step, float] = {}
        self._taken: Taken | None = None
        self._not_before = 0.0
        self._judged_with: object = None
        self._left_to_others = False

    @property
    def node(self) -> str | None:
        """The name of the node that the pod has, or is about to have."""
        if is_bound(self._pod):
            return str(self._pod["spec"]["nodeName"])
        return node_name(self._taken.place.address, self._region) if self._taken else None

    def see(self, pod: Obj) -> None:
        """Take notice of the pod as a watch has it, which may be older than what is known here."""
        if self._put(pod):
            self._woken.set()

    def wake(self) -> None:
        """Look again: something around the pod has changed."""
        self._woken.set()

    async def run(self) -> None:
        """Look after the pod, for ever."""
        try:
            while True:
                self._woken.clear()
                await self._rest(await self._tried())
        finally:
            self._release()

    async def _tried(self) -> float | None:
        try:
            return await self._step()
        except (KubeError, EKSUnavailableError) as error:
            log.info("pod %s/%s: %s", metadata_of(self._pod)["namespace"], metadata_of(self._pod)["name"], error)
            return RETRY

    async def _rest(self, seconds: float | None) -> None:
        """Wait until woken, or for so long."""
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._woken.wait())]
        if seconds is not None:
            waits.append(asyncio.ensure_future(self._clock.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _step(self) -> float | None:
        """Do what is due; after how many seconds something will be, or None if only a change can bring it."""
        if self._lost_its_profile():
            self._release()
            await self._api.delete(pod_path(self._pod), uid=metadata_of(self._pod)["uid"])
            return None
        match next_step(self._pod):
            case Step.JUDGE:
                return await self._schedule()
            case Step.START:
                return self._left(Step.START, self._timings.start) or self._after(await self._kubelet.start(self._pod))
            case Step.COMPLETE:
                seconds, exit_code = completion(self._pod) or (0.0, 0)
                return self._left(Step.COMPLETE, seconds) or self._after(await self._kubelet.complete(self._pod, exit_code))
            case Step.STOP:
                grace = metadata_of(self._pod)["deletionGracePeriodSeconds"]
                return self._left(Step.STOP, min(self._timings.stop, grace)) or self._after(await self._kubelet.stop(self._pod))
            case Step.REST:
                return await self._schedule() if self._is_to_be_judged_again() else None

    async def _schedule(self) -> float | None:
        wait = self._not_before - self._clock.monotonic()
        if wait > 0:
            return wait
        if self._left_to_others and not self._behaviour.matches_pending_pods:
            return None
        if self._taken is None:
            return await self._judge()
        if left := self._left(Step.JUDGE, self._timings.provision):
            return left
        outcome = await self._scheduler.provision(self._pod, self._taken)
        if isinstance(outcome, Refusal):
            return await self._refuse(outcome)
        return self._after(outcome)

    async def _judge(self) -> float | None:
        self._since.pop(Step.JUDGE, None)
        self._pod, verdict = await self._scheduler.judge(self._pod)
        self._judged_with = self._profiles.latest
        self._left_to_others = verdict is None
        if isinstance(verdict, Refusal):
            return await self._refuse(verdict)
        self._taken = verdict
        return 0.0 if verdict else None

    async def _refuse(self, refusal: Refusal) -> float | None:
        self._release()
        for_good = refusal.reason in FOR_GOOD
        self._not_before = 0.0 if for_good else self._clock.monotonic() + self._timings.retry
        self._after(await self._scheduler.refuse(self._pod, refusal))
        return None if for_good else self._timings.retry

    def _lost_its_profile(self) -> bool:
        """Whether the profile that took the pod is being deleted or gone. EKS then deletes its pods at once, whatever their budgets."""
        if metadata_of(self._pod).get("deletionTimestamp") or self._profiles.latest is None:
            return False
        arn = self._fleet.profile_arn(self._pod["spec"]["nodeName"]) if is_bound(self._pod) else self._taken and self._taken.profile.arn
        if not arn:
            return False
        profile: Profile | None = self._profiles.latest.get(arn)
        return profile is None or profile.state is ProfileState.DELETING

    def _is_to_be_judged_again(self) -> bool:
        """Whether a pod that was left Pending is to be taken after all: where that is wanted, when profiles have changed."""
        if is_bound(self._pod) or metadata_of(self._pod).get("deletionTimestamp") or not is_unschedulable(self._pod):
            return False
        return self._taken is not None or (self._behaviour.matches_pending_pods and self._judged_with != self._profiles.latest)

    def _left(self, step: Step, seconds: float) -> float:
        """How much is left of the time that a step takes from when it was first due."""
        return max(0.0, self._since.setdefault(step, self._clock.monotonic()) + seconds - self._clock.monotonic())

    def _after(self, pod: Obj) -> float:
        """Go on at once with the pod as it is after a step."""
        self._put(pod)
        return 0.0

    def _put(self, pod: Obj) -> bool:
        newer = int(metadata_of(pod)["resourceVersion"]) > int(metadata_of(self._pod)["resourceVersion"])
        if newer:
            self._pod = pod
        return newer

    def _release(self) -> None:
        if self._taken is not None:
            self._fleet.release(self._taken.place)
            self._taken = None
