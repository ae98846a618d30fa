"""A Fargate profile as EKS describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ProfileState(StrEnum):
    """`status` of a profile, in EKS's spelling (eks:DescribeFargateProfile)."""

    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    DELETING = "DELETING"
    CREATE_FAILED = "CREATE_FAILED"
    DELETE_FAILED = "DELETE_FAILED"


MOVING = frozenset({ProfileState.CREATING, ProfileState.DELETING})
"""The states that hold a cluster's one slot."""


@dataclass(frozen=True, slots=True)
class ProfileSelector:
    """One selector of a profile: a namespace and labels, both may have the wildcards `*` and `?`."""

    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """A hashable form that ignores the order of the labels."""
        return self.namespace, tuple(sorted(self.labels.items()))


@dataclass(frozen=True, slots=True)
class HealthProblem:
    """One entry of `health.issues`."""

    code: str
    message: str
    resource_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What DescribeFargateProfile said. The UUID at the end of the ARN tells incarnations of one name apart."""

    name: str
    arn: str
    state: ProfileState
    pod_execution_role_arn: str
    selectors: tuple[ProfileSelector, ...]
    subnet_ids: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime | None = None
    health: tuple[HealthProblem, ...] = ()

    @property
    def moving(self) -> bool:
        """Whether this profile holds the cluster's slot now."""
        return self.state in MOVING


@dataclass(frozen=True, slots=True)
class ProfileSpec:
    """What a profile is to be made of: the parameters of CreateFargateProfile."""

    name: str
    pod_execution_role_arn: str
    selectors: tuple[ProfileSelector, ...]
    subnet_ids: tuple[str, ...]
    tags: Mapping[str, str]
