"""What runs in EKS clusters, in memory, as the engine's ports see it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.evictions import Eviction, EvictionAnswer, PodOnProfile
from fargateclaims.domain.no_access import NoAccess
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.pinned import PinnedTemplate
from fargateclaims.domain.pods.pod import Pod
from fargateclaims.domain.workloads import CoreDNS, Workloads
from support.healthy import healthy_workloads


class MemoryDataPlane:
    """See `DataPlane`.

    :param pods: those on each profile, by its name; an eviction takes one away.
    :param no_access: what every question is answered with, if not None.
    """

    def __init__(self) -> None:
        self.found = healthy_workloads()
        self.pods: dict[str, list[PodOnProfile]] = {}
        self.templates: list[PinnedTemplate] = []
        self.no_access: NoAccess | None = None
        self.evicted: list[str] = []
        self.blocked: set[str] = set()
        self.waiting: list[Pod] = []
        self.deleted: list[str] = []
        self.changes: list[tuple[object, ...]] = []
        self.unchanged: bool | NoAccess = True

    async def workloads(self) -> Workloads:
        """See `DataPlane.workloads`."""
        return Workloads(self.no_access, self.no_access, self.no_access) if self.no_access is not None else self.found

    async def pods_on(self, profile: str) -> tuple[PodOnProfile, ...] | NoAccess:
        """See `DataPlane.pods_on`."""
        return self.no_access or tuple(self.pods.get(profile, ()))

    async def pinned(self, profile: str, namespaces: Sequence[str] | None) -> tuple[PinnedTemplate, ...] | NoAccess:  # noqa: ARG002
        """See `DataPlane.pinned`."""
        return self.no_access or tuple(self.templates)

    async def waiting_pods(self, namespaces: Sequence[str] | None) -> tuple[Pod, ...] | NoAccess:  # noqa: ARG002 - the port's
        """See `DataPlane.waiting_pods`."""
        return self.no_access or tuple(self.waiting)

    async def delete_pod(self, pod: Pod) -> bool | NoAccess:
        """See `DataPlane.delete_pod`."""
        if isinstance(self.unchanged, NoAccess):
            return self.unchanged
        self.deleted.append(pod.name)
        self.waiting = [other for other in self.waiting if other.uid != pod.uid]
        return True

    async def replace_map_roles(self, former: str | None, wanted: str, annotations: Mapping[str, str]) -> bool | NoAccess:
        """See `DataPlane.replace_map_roles`."""
        self.changes.append(("mapRoles", former, wanted, dict(annotations)))
        return self.unchanged

    async def remove_compute_type(self, seen: str) -> bool | NoAccess:
        """See `DataPlane.remove_compute_type`."""
        self.changes.append(("compute-type", seen))
        return self.unchanged

    async def restart_core_dns(self, now: datetime) -> bool | NoAccess:
        """See `DataPlane.restart_core_dns`."""
        self.changes.append(("restart",))
        if self.unchanged is True and isinstance(self.found.core_dns, CoreDNS):
            self.found = replace(self.found, core_dns=replace(self.found.core_dns, restarted=now))
        return self.unchanged

    async def evict(self, pods: Sequence[PodOnProfile], permit: Callable[[], bool]) -> dict[str, Eviction] | NoAccess:
        """See `DataPlane.evict`."""
        if self.no_access is not None:
            return self.no_access
        answers = {}
        for pod in pods:
            if not permit():
                break
            if pod.uid in self.blocked:
                answers[pod.uid] = Eviction(EvictionAnswer.BLOCKED, f"{pod.namespace}/budget")
                continue
            answers[pod.uid] = Eviction(EvictionAnswer.DONE)
            self.evicted.append(pod.name)
            for on_profile in self.pods.values():
                on_profile[:] = [other for other in on_profile if other.uid != pod.uid]
        return answers


class MemoryDataPlanes:
    """See `DataPlanes`."""

    def __init__(self) -> None:
        self._made: dict[ClusterARN, MemoryDataPlane] = {}

    def of(
        self,
        arn: ClusterARN,
        cluster: EKSCluster | None = None,  # noqa: ARG002 - the port's
        assume_role_arn: str = "",  # noqa: ARG002
        external_id: str = "",  # noqa: ARG002
    ) -> MemoryDataPlane:
        """See `DataPlanes.of`."""
        return self._made.setdefault(arn, MemoryDataPlane())

    def put(self, arn: ClusterARN, plane: MemoryDataPlane) -> MemoryDataPlane:
        """Let one cluster's be this one."""
        self._made[arn] = plane
        return plane
