"""A pod execution role, as IAM describes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fargateclaims.domain.unreadable import Unreadable


@dataclass(frozen=True, slots=True)
class Role:
    """A role that exists.

    :param trust_policy: AssumeRolePolicyDocument, decoded.
    :param attached_policies: the ARNs of its managed policies.
    :param allowed_actions: what its inline and its own account's managed policies allow on any resource, such as `ecr:*`; read only
        where AWS's own policy is not attached, else empty.
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
