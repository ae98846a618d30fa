"""What runs in the EKS clusters, through their own Kubernetes APIs: reads and changes as the engine needs them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.evictions import Eviction, PodOnProfile
from fargateclaims.domain.no_access import NoAccess
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.pinned import PinnedTemplate
from fargateclaims.domain.pods.pod import Pod
from fargateclaims.domain.workloads import Workloads
from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.clusters import ClusterAPI, ClusterAPIs
from fargateclaims.kube.pods import delete, evict_all, pods_on_profile, waiting_pods
from fargateclaims.kube.workloads import pinned_templates, read_workloads, remove_compute_type, replace_map_roles, restart_core_dns


class ClusterDataPlane:
    """One cluster's, as one identity. Nothing is sent before it is asked for; where there is no access, that is the answer."""

    def __init__(self, apis: ClusterAPIs, arn: ClusterARN, cluster: EKSCluster, assume_role_arn: str, external_id: str) -> None:
        self._apis = apis
        self._arn = arn
        self._cluster = cluster
        self._identity = (assume_role_arn or None, external_id or None)

    async def workloads(self) -> Workloads:
        """Return what the checks want to know of the cluster."""
        return await read_workloads(await self._api())

    async def pods_on(self, profile: str) -> tuple[PodOnProfile, ...] | NoAccess:
        """Return the pods on a profile; what names that profile is not looked at."""

        async def read(client: KubeClient) -> tuple[PodOnProfile, ...]:
            return tuple(await pods_on_profile(client, profile))

        return await (await self._api()).ask(read)

    async def pinned(self, profile: str, namespaces: Sequence[str] | None) -> tuple[PinnedTemplate, ...] | NoAccess:
        """Return what will make pods that name a profile, in these namespaces; None for all."""

        async def read(client: KubeClient) -> tuple[PinnedTemplate, ...]:
            return tuple(await pinned_templates(client, profile, namespaces))

        return await (await self._api()).ask(read)

    async def evict(self, pods: Sequence[PodOnProfile], permit: Callable[[], bool]) -> dict[str, Eviction] | NoAccess:
        """Ask for the eviction of these pods, with regard to disruption budgets; the answers by UID, as far as there are any.

        :param permit: asked before each.
        """

        async def ask(client: KubeClient) -> dict[str, Eviction]:
            return await evict_all(client, pods, permit)

        return await (await self._api()).ask(ask)

    async def waiting_pods(self, namespaces: Sequence[str] | None) -> tuple[Pod, ...] | NoAccess:
        """Return the Pending pods without a node, in these namespaces; None for all."""

        async def read(client: KubeClient) -> tuple[Pod, ...]:
            return tuple(await waiting_pods(client, namespaces))

        return await (await self._api()).ask(read)

    async def delete_pod(self, pod: Pod) -> bool | NoAccess:
        """Delete this very pod, if it still is as it was seen; return whether it was."""
        return await (await self._api()).ask(lambda client: delete(client, pod))

    async def replace_map_roles(self, former: str | None, wanted: str, annotations: Mapping[str, str]) -> bool | NoAccess:
        """Replace mapRoles of aws-auth, if it still is as it was seen; return whether it was."""
        return await (await self._api()).ask(lambda client: replace_map_roles(client, former, wanted, annotations))

    async def remove_compute_type(self, seen: str) -> bool | NoAccess:
        """Remove CoreDNS's annotation that keeps it off Fargate, if it still is as it was seen; return whether it was."""
        return await (await self._api()).ask(lambda client: remove_compute_type(client, seen))

    async def restart_core_dns(self, now: datetime) -> bool | NoAccess:
        """Make CoreDNS's pods anew; return whether there is one."""
        return await (await self._api()).ask(lambda client: restart_core_dns(client, now))

    async def _api(self) -> ClusterAPI:
        return await self._apis.of(self._arn, self._cluster, *self._identity)


class DataPlanes:
    """Those of all clusters.

    :param apis: kept and closed by whoever has made them.
    """

    def __init__(self, apis: ClusterAPIs) -> None:
        self._apis = apis

    def of(self, arn: ClusterARN, cluster: EKSCluster, assume_role_arn: str = "", external_id: str = "") -> ClusterDataPlane:
        """Return one cluster's, as one identity; it is light, and nothing is sent yet."""
        return ClusterDataPlane(self._apis, arn, cluster, assume_role_arn, external_id)
