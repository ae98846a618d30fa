"""A pod execution role, as IAM describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from fargateclaims.domain.unreadable import Unreadable

POD_EXECUTION_POLICY: Final = "AmazonEKSFargatePodExecutionRolePolicy"
"""AWS's own managed policy for pod execution roles: it lets them pull images from ECR."""


def is_pod_execution_policy(policy_arn: str) -> bool:
    """Whether it is AWS's policy, in any partition, and not one of the same name that an account made."""
    return policy_arn.endswith(f":iam::aws:policy/{POD_EXECUTION_POLICY}")


@dataclass(frozen=True, slots=True)
class Role:
    """A role that exists.

    :param trust_policy: AssumeRolePolicyDocument, decoded.
    :param attached_policies: the ARNs of its managed policies.
    :param allowed_actions: what the Allow statements of its inline and attached policies name, such as `ecr:*`, on any resource or on
        some of ECR's, whatever their conditions: rights to a few repositories are enough. A statement with NotAction counts as `*`.
        Read only where no attached policy `is_pod_execution_policy`, else empty.
    """

    arn: str
    trust_policy: Mapping[str, Any]
    attached_policies: frozenset[str] | Unreadable
    allowed_actions: frozenset[str] | Unreadable = frozenset()


@dataclass(frozen=True, slots=True)
class RolePermissions:
    """What a role may do, read apart from its trust policy. Parameters as `Role` and `RoleReading`."""

    attached_policies: frozenset[str] | Unreadable
    allowed_actions: frozenset[str] | Unreadable
    service_linked_role: bool | Unreadable


@dataclass(frozen=True, slots=True)
class RoleReading:
    """What IAM said when it was asked for a pod execution role.

    :param role: None if there is none of this ARN.
    :param service_linked_role: whether AWSServiceRoleForAmazonEKSForFargate exists in the account.
    """

    role: Role | Unreadable | None
    service_linked_role: bool | Unreadable

    @classmethod
    def of(cls, role: Role | Unreadable | None, permissions: RolePermissions) -> "RoleReading":
        """Of a role and what it may do, which are read apart."""
        if isinstance(role, Role):
            role = replace(role, attached_policies=permissions.attached_policies, allowed_actions=permissions.allowed_actions)
        return cls(role, permissions.service_linked_role)
