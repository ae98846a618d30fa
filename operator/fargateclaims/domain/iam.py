"""A pod execution role, as IAM describes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fargateclaims.domain.unreadable import Unreadable

PULL_POLICIES: Final = frozenset(
    {
        "AmazonEKSFargatePodExecutionRolePolicy",
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonEC2ContainerRegistryReadOnly",
        "AmazonEC2ContainerRegistryPowerUser",
        "AmazonEC2ContainerRegistryFullAccess",
        "PowerUserAccess",
        "AdministratorAccess",
    }
)
"""AWS's own managed policies that let a role pull images from ECR; the first is the one that EKS asks for."""


def grants_pulls(policy_arn: str) -> bool:
    """Whether a managed policy is one of `PULL_POLICIES`, in any partition: then the role's other policies need not be read."""
    return ":iam::aws:policy/" in policy_arn and policy_arn.rpartition("/")[2] in PULL_POLICIES


@dataclass(frozen=True, slots=True)
class Role:
    """A role that exists.

    :param trust_policy: AssumeRolePolicyDocument, decoded.
    :param attached_policies: the ARNs of its managed policies.
    :param allowed_actions: what the Allow statements of its inline and attached policies name, such as `ecr:*`, whatever their
        resources and conditions: rights to a few repositories are enough. A statement with NotAction counts as `*`. Read only where no
        attached policy `grants_pulls`, else empty.
    """

    arn: str
    trust_policy: Mapping[str, Any]
    attached_policies: frozenset[str] | Unreadable
    allowed_actions: frozenset[str] | Unreadable = frozenset()


@dataclass(frozen=True, slots=True)
class RoleReading:
    """What IAM said when it was asked for a pod execution role.

    :param role: None if there is none of this ARN.
    :param service_linked_role: whether AWSServiceRoleForAmazonEKSForFargate exists in the account.
    """

    role: Role | Unreadable | None
    service_linked_role: bool | Unreadable
