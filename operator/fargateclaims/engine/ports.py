"""What the engine needs of the outside world. `kube/` and `aws/` have the real parts; a model in virtual time has the same methods."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.access import AccessEntry, ClusterAccess
from fargateclaims.domain.evictions import Eviction, PodOnProfile
from fargateclaims.domain.iam import Role, RolePermissions
from fargateclaims.domain.network import Network
from fargateclaims.domain.no_access import NoAccess
from fargateclaims.domain.observation import EKSCluster, Quotas
from fargateclaims.domain.pinned import PinnedTemplate
from fargateclaims.domain.pods.pod import Pod
from fargateclaims.domain.profile import Profile, ProfileSpec
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.domain.workloads import Workloads
from fargateclaims.kube.events import EventType, ObjectRef

Object = dict[str, Any]
"""An object of Kubernetes as plain data."""

Permit = Callable[[], bool]
"""Asked on the thread that sends a mutation, right before: whether it may still be sent."""


class Gateway(Protocol):
    """AWS for one cluster. All methods raise AWSError; those that change something raise NotPermitted if the permit says no."""

    async def describe_cluster(self, *, urgent: bool = False) -> EKSCluster:
        """The cluster; CLUSTER_GONE if there is none."""

    async def list_profiles(self, *, urgent: bool = False) -> tuple[str, ...]:
        """The names of all profiles: complete, or an error."""

    async def describe_profile(self, name: str, *, urgent: bool = False) -> Profile:
        """One profile; GONE if there is none."""

    async def create_profile(self, spec: ProfileSpec, permit: Permit) -> Profile:
        """Begin to create a profile."""

    async def delete_profile(self, name: str, permit: Permit) -> Profile:
        """Begin to delete a profile."""

    async def tag(self, arn: str, tags: Mapping[str, str], permit: Permit) -> None:
        """Set tags of a profile."""

    async def untag(self, arn: str, keys: Iterable[str], permit: Permit) -> None:
        """Remove tags of a profile."""

    async def create_access_entry(self, role_arn: str, permit: Permit) -> AccessEntry:
        """Let the nodes of a pod execution role into the cluster; EXISTS if it has an entry."""

    async def update_addon(self, name: str, configuration: str, permit: Permit) -> None:
        """Begin to give an add-on another configuration."""

    async def quotas(self) -> Quotas:
        """The quotas of the account and region, as far as they can be read."""

    async def subnets(self, cluster: EKSCluster, subnet_ids: Collection[str]) -> Network:
        """The subnets of the cluster's VPC, those named by id, and the route tables; the rest of the network is NOT_YET."""

    async def role(self, role_arn: str) -> Role | Unreadable | None:
        """A pod execution role and its trust policy, None if there is none; what it may do is NOT_YET."""

    async def egress(self, cluster: EKSCluster) -> Network:
        """What `subnets` leaves out, and nothing else. In the background."""

    async def permissions(self, role_arn: str) -> RolePermissions:
        """What `role` leaves out. In the background."""

    async def access(self, cluster: EKSCluster, role_arns: Collection[str]) -> ClusterAccess:
        """How the cluster knows these roles, and what else EKS says of it. In the background."""


class Cloud(Protocol):
    """The way to AWS."""

    def gateway(self, arn: ClusterARN, assume_role_arn: str | None = None, external_id: str | None = None) -> Gateway:
        """The gateway of one cluster, as one role."""


class DataPlane(Protocol):
    """What runs in one EKS cluster, through its own Kubernetes API. Raises nothing: where there is no access, that is the answer."""

    async def workloads(self) -> Workloads:
        """What the checks want to know."""

    async def pods_on(self, profile: str) -> tuple[PodOnProfile, ...] | NoAccess:
        """The pods on a profile; what names that profile is not looked at."""

    async def pinned(self, profile: str, namespaces: Sequence[str] | None) -> tuple[PinnedTemplate, ...] | NoAccess:
        """What will make pods that name a profile."""

    async def waiting_pods(self, namespaces: Sequence[str] | None) -> tuple[Pod, ...] | NoAccess:
        """The Pending pods without a node, in these namespaces; None for all."""

    async def delete_pod(self, pod: Pod) -> bool | NoAccess:
        """Delete this very pod, if it still is as it was seen; whether it was."""

    async def replace_map_roles(self, former: str | None, wanted: str, annotations: Mapping[str, str]) -> bool | NoAccess:
        """Replace mapRoles of aws-auth, if it still is as it was seen; whether it was."""

    async def remove_compute_type(self, seen: str) -> bool | NoAccess:
        """Remove CoreDNS's annotation, if it still is as it was seen; whether it was."""

    async def restart_core_dns(self, now: datetime) -> bool | NoAccess:
        """Make CoreDNS's pods anew; whether there is one."""

    async def evict(self, pods: Sequence[PodOnProfile], permit: Permit) -> dict[str, Eviction] | NoAccess:
        """Ask for the eviction of these pods, each if the permit says so; the answers by UID, as far as there are any."""


class DataPlanes(Protocol):
    """The way to the Kubernetes APIs of EKS clusters, wherever they are."""

    def of(self, arn: ClusterARN, cluster: EKSCluster, assume_role_arn: str = "", external_id: str = "") -> DataPlane:
        """One cluster's, as one identity; nothing is sent yet."""


class Kube(Protocol):
    """The API server, for our kinds. All methods raise KubeError."""

    async def list_all(self, plural: str) -> tuple[list[Object], str]:
        """All objects of one of our kinds."""

    async def list_namespaces(self) -> tuple[list[Object], str]:
        """All namespaces."""

    async def get(self, plural: str, namespace: str | None, name: str) -> Object:
        """One object of our kinds."""

    async def get_crd(self, name: str) -> Object:
        """A CustomResourceDefinition."""

    async def put_status(self, obj: Mapping[str, Any], *, urgent: bool = False) -> Object:
        """Replace the status of an object that is still as it was read; returns it as it is now. Urgent: a call to AWS waits for it."""

    async def patch_finalizers(self, obj: Mapping[str, Any], finalizers: Sequence[str], *, urgent: bool = False) -> Object:
        """Set the finalizers of an object that is still as it was read; returns it as it is now. Urgent: as above."""


class Events(Protocol):
    """Where events go; never fails, never waits."""

    def emit(self, regarding: ObjectRef, event_type: EventType, reason: str, action: str, note: str) -> None:
        """Post an event about an object."""
