"""What was seen of one EKS cluster: the facts that a plan is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.failure import Failure
from fargateclaims.domain.profile import Profile

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
class SubnetFacts:
    """What a class's subnets resolve to.

    :param ids: the private subnets to use, sorted.
    :param problem: why creates must wait, as one sentence; None if the subnets are usable.
    :param unreadable: why nothing can be said; the given ids, if any, are used as they are.
    """

    ids: tuple[str, ...] = ()
    problem: str | None = None
    unreadable: str | None = None


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """What can be said of a class's pod execution role: `problem` if creates must wait, `unreadable` if nothing."""

    problem: str | None = None
    unreadable: str | None = None


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """The AWS side of one class."""

    subnets: SubnetFacts
    role: RoleFacts


@dataclass(frozen=True, slots=True)
class Observation:
    """The cluster as last seen.

    :param cluster: None until DescribeCluster has answered once, or when it said NotFound (`failure` says so).
    :param profiles: by name; None until a complete List and the Describes behind it have succeeded.
    :param observed_at: when `profiles` was last read as a whole.
    :param failure: why the last read failed; None if the facts are fresh.
    :param classes: facts by class name.
    """

    arn: ClusterARN
    cluster: EKSCluster | None = None
    profiles: Mapping[str, Profile] | None = None
    observed_at: datetime | None = None
    failure: Failure | None = None
    quotas: Quotas = Quotas()
    classes: Mapping[str, ClassFacts] = field(default_factory=dict)
