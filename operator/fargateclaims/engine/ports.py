"""What the engine needs of the outside world. `kube/` and `aws/` have the real parts; a model in virtual time has the same methods."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.fargateclass import SubnetSource
from fargateclaims.domain.observation import ClassFacts, EKSCluster, Quotas
from fargateclaims.domain.profile import Profile, ProfileSpec
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

    async def quotas(self) -> Quotas:
        """The quotas of the account and region, as far as they can be read."""

    async def class_facts(self, subnets: SubnetSource, role_arn: str, cluster: EKSCluster) -> ClassFacts:
        """What a class's subnets and role resolve to."""


class Cloud(Protocol):
    """The way to AWS."""

    def gateway(self, arn: ClusterARN, assume_role_arn: str | None = None, external_id: str | None = None) -> Gateway:
        """The gateway of one cluster, as one role."""


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
