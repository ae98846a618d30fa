"""EKS's schedulers: which pods a profile takes, what is said of the others, and how a pod gets its node."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fargateclaims.clock import Clock
from fargateclaims.domain.pods.combinations import COMBINATIONS, Combination
from fargateclaims.domain.pods.sizing import ResourcesError, TooLargeError, size_of
from fargateclaims.domain.profile import Profile
from fargateclaims.kube.errors import Conflict, Missing
from fargateclaims.simulator.fargate import aws_auth, eligibility, marks, statuses
from fargateclaims.simulator.fargate.addresses import Place
from fargateclaims.simulator.fargate.eks import API, CONFIG_MAP, EKS, EKSUnavailableError, Profiles
from fargateclaims.simulator.fargate.events import DEFAULT_SCHEDULER, FARGATE_SCHEDULER, Events
from fargateclaims.simulator.fargate.fleet import Fleet
from fargateclaims.simulator.fargate.kubernetes import MERGE, KubernetesAPI
from fargateclaims.simulator.fargate.matching import profile_for
from fargateclaims.simulator.fargate.nodes import TAINTS, fargate_node
from fargateclaims.simulator.fargate.settings import Behaviour
from fargateclaims.simulator.kube.objects import Obj, metadata_of

_AWS_AUTH: Final = f"/api/v1/namespaces/{aws_auth.NAMESPACE}/configmaps/{aws_auth.NAME}"
_BLOCKED: Final = "Misconfigured Fargate Profile: fargate profile {} blocked for new launches due to: {}"
_NOT_LET_IN: Final = "Pod execution role is not found in auth config or does not have all required permissions for launching fargate pods."
_NOT_ASSUMED: Final = (
    "Failed to assume PodExecutionRole; Please make sure the role exists and trusts the eks-fargate-pods.amazonaws.com service principal"
)
_TOO_LARGE: Final = "Your pod's cpu/memory requirements exceed the max Fargate configuration"
_ACCOUNT_LIMIT: Final = "Your AWS account has reached the limit on the number of Fargate pods it can run concurrently"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A pod gets no node.

    :param reason: for the condition PodScheduled; one of `statuses.FOR_GOOD` if nothing around the pod changes that any more.
    """

    message: str
    reason: str = statuses.UNSCHEDULABLE
    scheduler: str = FARGATE_SCHEDULER


@dataclass(frozen=True, slots=True)
class Taken:
    """A profile takes the pod, at this place."""

    profile: Profile
    place: Place


class Scheduler:
    """Decides about pods and provisions them. Its methods raise KubeError and EKSUnavailableError: then nothing is decided."""

    def __init__(  # noqa: PLR0913  (the parts of the world that it works on)
        self, *, api: KubernetesAPI, eks: EKS, profiles: Profiles, fleet: Fleet, behaviour: Behaviour, clock: Clock, region: str
    ) -> None:
        self._api = api
        self._eks = eks
        self._profiles = profiles
        self._fleet = fleet
        self._behaviour = behaviour
        self._clock = clock
        self._region = region
        self._events = Events(api, clock)

    async def judge(self, pod: Obj) -> tuple[Obj, Taken | Refusal | None]:
        """Decide about a pod; returns it as it is then, and None if it is left to the scheduler of other nodes.

        A place that it was given is the caller's to release.
        """
        profiles = await self._profiles.read()
        if profiles is None:
            raise EKSUnavailableError("the simulated EKS does not know the cluster any more")
        profile = profile_for(pod, profiles.values())
        if profile is None:
            if self._fleet.has_other_nodes:
                return pod, None
            return pod, Refusal(_no_node(len(self._fleet.fargate_nodes)), scheduler=DEFAULT_SCHEDULER)
        pod = await self._mark(pod, profile)
        problem = eligibility.unsupported(pod, await self._claim_problems(pod))
        if problem:
            return pod, Refusal(problem)
        return pod, await self._place(pod, profile)

    async def refuse(self, pod: Obj, refusal: Refusal) -> Obj:
        """Say why a pod gets no node, in its condition and by an event; returns it as it is then."""
        await self._events.post(pod, refusal.scheduler, "FailedScheduling", refusal.message)
        if statuses.scheduling_problem(pod) == (refusal.reason, refusal.message):
            return pod
        status = statuses.not_scheduled(refusal.reason, refusal.message, self._clock.now())
        return await self._api.patch(f"{pod_path(pod)}/status", {"metadata": {"uid": metadata_of(pod)["uid"]}, "status": status})

    async def provision(self, pod: Obj, taken: Taken) -> Obj | Refusal:
        """Make the pod's node and bind it; returns the pod as it is then, or why that was not possible this time."""
        if self._behaviour.provisioning_times_out:
            return _timed_out(pod)
        node = fargate_node(taken.place, self._region, _size(pod) or COMBINATIONS[0], taken.profile.arn, self._clock.now())
        name = metadata_of(node)["name"]
        try:
            made = await self._api.create("/api/v1/nodes", node)
        except Conflict:
            # Of an earlier try: the place is this pod's.
            made = await self._api.get(f"/api/v1/nodes/{name}")
        if made["spec"].get("taints") != TAINTS:
            # An API server taints nodes as not ready when they are made; nobody else here would take that back.
            await self._api.patch(f"/api/v1/nodes/{name}", {"spec": {"taints": TAINTS}}, MERGE)
        metadata = metadata_of(pod)
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"]},
            "target": {"apiVersion": "v1", "kind": "Node", "name": name},
        }
        await self._api.create(f"{pod_path(pod)}/binding", binding)
        where = f"{metadata['namespace']}/{metadata['name']}"
        await self._events.post(pod, FARGATE_SCHEDULER, "Scheduled", f"Successfully assigned {where} to {name}")
        return await self._api.get(pod_path(pod))

    async def add_to_aws_auth(self, role: str) -> None:
        """Let a pod execution role in, as EKS does when a profile is made on a cluster that knows roles by aws-auth alone."""
        if await self._eks.authentication_mode() != CONFIG_MAP:
            return
        try:
            known = await self._api.get(_AWS_AUTH)
        except Missing:
            metadata = {"name": aws_auth.NAME, "namespace": aws_auth.NAMESPACE}
            data = {aws_auth.MAP_ROLES: aws_auth.with_role("", role)}
            await self._api.create(
                _AWS_AUTH.rpartition("/")[0], {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
            )
            return
        before = (known.get("data") or {}).get(aws_auth.MAP_ROLES) or ""
        version = metadata_of(known)["resourceVersion"]
        data = {aws_auth.MAP_ROLES: aws_auth.with_role(before, role)}
        await self._api.patch(_AWS_AUTH, {"metadata": {"resourceVersion": version}, "data": data}, MERGE)

    async def _mark(self, pod: Obj, profile: Profile) -> Obj:
        metadata = metadata_of(pod)
        size = _size(pod)
        annotations = {marks.CAPACITY: str(size)} if size else {}
        labels = {marks.PROFILE: profile.name}
        if labels.items() <= (metadata.get("labels") or {}).items() and annotations.items() <= (metadata.get("annotations") or {}).items():
            return pod
        return await self._api.patch(pod_path(pod), {"metadata": {"uid": metadata["uid"], "labels": labels, "annotations": annotations}})

    async def _claim_problems(self, pod: Obj) -> Mapping[str, str]:
        namespace = metadata_of(pod)["namespace"]
        problems = {name: await self._claim_problem(namespace, name) for name in eligibility.claim_names(pod)}
        return {name: problem for name, problem in problems.items() if problem}

    async def _claim_problem(self, namespace: str, name: str) -> str | None:
        try:
            claim = await self._api.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}")
        except Missing:
            return f'persistentvolumeclaim "{name}" not found'
        bound_to = claim["spec"].get("volumeName")
        try:
            volume = await self._api.get(f"/api/v1/persistentvolumes/{bound_to}") if bound_to else None
        except Missing:
            volume = None
        return eligibility.claim_problem(claim, volume)

    async def _place(self, pod: Obj, profile: Profile) -> Taken | Refusal:
        if _size(pod) is None:
            return Refusal(_TOO_LARGE, statuses.TOO_LARGE)
        if self._behaviour.role_cannot_be_assumed:
            return Refusal(_BLOCKED.format(profile.name, _NOT_ASSUMED), statuses.SCHEDULER_ERROR)
        if not await self._lets_in(profile.pod_execution_role_arn):
            return Refusal(_BLOCKED.format(profile.name, _NOT_LET_IN), statuses.SCHEDULER_ERROR)
        subnets = await self._eks.subnets(profile.subnet_ids)
        # Nothing is awaited from here on: two pods never get the last place.
        limit = self._behaviour.account_limit
        if limit is not None and self._fleet.size >= limit:
            return Refusal(_ACCOUNT_LIMIT, statuses.SCHEDULER_ERROR)
        place = self._fleet.reserve(subnets)
        return _timed_out(pod) if place is None else Taken(profile, place)

    async def _lets_in(self, role: str) -> bool:
        mode = await self._eks.authentication_mode()
        if API in mode and await self._eks.has_fargate_entry(role):
            return True
        if CONFIG_MAP not in mode:
            return False
        try:
            known = await self._api.get(_AWS_AUTH)
        except Missing:
            return False
        return aws_auth.lets_in((known.get("data") or {}).get(aws_auth.MAP_ROLES) or "", role)


def pod_path(pod: Obj) -> str:
    """Where the API server has a pod."""
    return f"/api/v1/namespaces/{metadata_of(pod)['namespace']}/pods/{metadata_of(pod)['name']}"


def _no_node(count: int) -> str:
    if not count:
        return "no nodes available to schedule pods"
    taint = f"{count} node(s) had untolerated taint {{{marks.COMPUTE_TYPE}: {marks.FARGATE}}}"
    return (
        f"0/{count} nodes are available: {taint}. "
        f"preemption: 0/{count} nodes are available: {count} Preemption is not helpful for scheduling."
    )


def _timed_out(pod: Obj) -> Refusal:
    metadata = metadata_of(pod)
    message = f"Pod provisioning timed out (will retry) for pod: {metadata['namespace']}/{metadata['name']}"
    return Refusal(message, statuses.SCHEDULER_ERROR)


def _size(pod: Obj) -> Combination | None:
    try:
        return size_of(pod["spec"]).combination
    except (ResourcesError, TooLargeError):
        return None
