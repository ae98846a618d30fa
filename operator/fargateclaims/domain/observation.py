"""What was seen of one EKS cluster: the facts that a plan is made from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.access import ClusterAccess
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.failure import Failure
from fargateclaims.domain.iam import RolePermissions
from fargateclaims.domain.network import Network
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.domain.workloads import Workloads

DEFAULT_PROFILES_PER_CLUSTER = 10
DEFAULT_SELECTORS_PER_PROFILE = 5
DEFAULT_LABELS_PER_SELECTOR = 5


@dataclass(frozen=True, slots=True)
class EKSCluster:
    """What DescribeCluster said.

    :param endpoint: where its Kubernetes API is, as a URL; empty while the cluster is being made.
    :param certificate_authority: the CA of that API, PEM in base64.
    :param on_outposts: whether it is a local cluster on AWS Outposts.
    :param security_group_id: the cluster security group, which Fargate's nodes get too.
    """

    name: str
    status: str
    version: str
    vpc_id: str
    subnet_ids: tuple[str, ...]
    authentication_mode: str
    platform_version: str = ""
    endpoint: str = ""
    certificate_authority: str = ""
    private_access: bool = True
    public_access: bool = True
    on_outposts: bool = False
    security_group_id: str = ""


@dataclass(frozen=True, slots=True)
class Quotas:
    """Service Quotas of Fargate on EKS; None where they may not be read (L-33415657, L-D78D8AF8, L-23414FF3)."""

    profiles_per_cluster: int | None = None
    selectors_per_profile: int | None = None
    labels_per_selector: int | None = None


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """What a class's subnets and role are good for.

    :param subnet_ids: the subnets that new profiles get, sorted; those that are given count as they are where EC2 may not be read.
    :param subnets: whether they can be used; an error holds creates.
    :param role: whether the pod execution role can be used; an error holds creates.
    """

    subnet_ids: tuple[str, ...]
    subnets: Finding
    role: Finding

    @property
    def error(self) -> Finding | None:
        """What holds creates; None if nothing does."""
        return next((found for found in (self.subnets, self.role) if found.level is Level.ERROR), None)


def active_arns(profiles: Iterable[Profile]) -> frozenset[str]:
    """The ARNs of those that are ACTIVE."""
    return frozenset(profile.arn for profile in profiles if profile.state is ProfileState.ACTIVE)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was looked at in the background: it is for people to know, and holds nothing.

    :param network: what is not read with the classes: all but subnets and route tables.
    :param roles: what each class's pod execution role may do, by its ARN.
    :param workloads: what runs in the cluster, as far as its own Kubernetes API lets us see.
    :param profile_arns: the profiles that were ACTIVE before: what was looked at says nothing of those that came later.
    """

    network: Network
    roles: Mapping[str, RolePermissions]
    access: ClusterAccess
    workloads: Workloads
    profile_arns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Observation:
    """The cluster as last seen.

    :param cluster: None until DescribeCluster has answered once, or when it said NotFound (`failure` says so).
    :param profiles: by name; None until a complete List and the Describes behind it have succeeded.
    :param observed_at: when `profiles` was last read as a whole.
    :param failure: why the last read failed; None if the facts are fresh.
    :param classes: facts by class name.
    :param network: the cluster's, as far as it was read.
    :param inspection: None until the first one has ended.
    """

    arn: ClusterARN
    cluster: EKSCluster | None = None
    profiles: Mapping[str, Profile] | None = None
    observed_at: datetime | None = None
    failure: Failure | None = None
    quotas: Quotas = Quotas()
    classes: Mapping[str, ClassFacts] = field(default_factory=dict)
    network: Network | None = None
    inspection: Inspection | None = None
