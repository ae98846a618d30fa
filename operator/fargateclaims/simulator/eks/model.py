"""The nouns of EKS Fargate: profile, health issue, quotas, transition."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ProfileStatus(StrEnum):
    """EKS's status values of a Fargate profile."""

    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    DELETING = "DELETING"
    CREATE_FAILED = "CREATE_FAILED"
    DELETE_FAILED = "DELETE_FAILED"


IN_FLIGHT = frozenset({ProfileStatus.CREATING, ProfileStatus.DELETING})


class Operation(StrEnum):
    """The two operations that take a cluster's slot."""

    CREATE = "create"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class HealthIssue:
    """An entry of ``health.issues``: PodExecutionRoleAlreadyInUse, AccessDenied, ClusterUnreachable or InternalFailure."""

    code: str = "InternalFailure"
    message: str = "The operation failed for an internal reason."
    resource_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A Fargate profile as DescribeFargateProfile shows it at one moment; a change makes a new object.

    Attributes:
        selectors: Each with ``namespace`` and, if given, ``labels``.
        created_at: Seconds on the control plane's clock.

    """

    name: str
    arn: str
    cluster_name: str
    pod_execution_role_arn: str
    selectors: tuple[Mapping[str, Any], ...]
    subnets: tuple[str, ...]
    created_at: float
    status: ProfileStatus
    tags: Mapping[str, str] = field(default_factory=dict)
    issues: tuple[HealthIssue, ...] = ()


@dataclass(slots=True)
class Quotas:
    """EKS's Fargate quotas; AWS can raise each of them at any time.

    Attributes:
        profiles: Fargate profiles per cluster (L-33415657).
        selectors: Selectors per profile (L-D78D8AF8).
        labels: Label pairs per selector (L-23414FF3).

    """

    profiles: int = 10
    selectors: int = 5
    labels: int = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one operation is to go, instead of what ``Timings`` draws.

    Attributes:
        seconds: How long it takes; ``math.inf`` never ends by itself; None leaves it to ``Timings``.
        issue: Set, the operation ends in CREATE_FAILED or DELETE_FAILED with this issue.

    """

    seconds: float | None = None
    issue: HealthIssue | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of a profile's status.

    Attributes:
        at: Seconds on the control plane's clock, the moment of the change itself rather than of its discovery.
        before: None for a profile that begins to exist.
        after: None for one that is gone.

    """

    at: float
    cluster_name: str
    profile: str
    arn: str
    before: ProfileStatus | None
    after: ProfileStatus | None
