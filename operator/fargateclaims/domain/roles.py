"""Whether a pod execution role lets Fargate use it, by its trust policy."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from fargateclaims.domain.observation import RoleFacts

FARGATE_PRINCIPAL: Final = "eks-fargate-pods.amazonaws.com"
"""The service that assumes a pod execution role (EKS user guide, "Amazon EKS pod execution IAM role")."""
_ASSUME_ROLE: Final = "sts:assumerole"
_EVERYONE: Final = "*"


def judge_trust_policy(role_arn: str, policy: Mapping[str, Any]) -> RoleFacts:
    """Decide by `AssumeRolePolicyDocument`, decoded, whether creates must wait.

    Conditions are not weighed: only EKS knows whether they are met.
    """
    statements = _as_list(policy.get("Statement"))
    if any(isinstance(statement, Mapping) and _lets_fargate_in(statement) for statement in statements):
        return RoleFacts()
    return RoleFacts(
        problem=f"role {role_arn} does not trust Fargate: let the service {FARGATE_PRINCIPAL} do sts:AssumeRole in its trust policy"
    )


def judge_arn(role_arn: str) -> RoleFacts | None:
    """Decide by the ARN alone; None if IAM has to be asked. A path keeps Fargate's nodes from being known by the role."""
    path, _, _ = role_arn.split(":", 5)[5].removeprefix("role").rpartition("/")
    if not path:
        return None
    return RoleFacts(
        problem=f"role {role_arn} has the path {path}/, and EKS Fargate needs one without: make the role anew without --path, "
        "and put its ARN in spec.podExecutionRoleARN"
    )


def missing_role(role_arn: str) -> RoleFacts:
    """Return the facts about a role that does not exist."""
    return RoleFacts(problem=f"role {role_arn} does not exist; create it or correct spec.podExecutionRoleARN")


def _lets_fargate_in(statement: Mapping[str, Any]) -> bool:
    may_assume = any(fnmatchcase(_ASSUME_ROLE, str(action).lower()) for action in _as_list(statement.get("Action")))
    return statement.get("Effect") == "Allow" and may_assume and _may_mean_fargate(statement.get("Principal"))


def _may_mean_fargate(principal: object) -> bool:
    """Whether it names Fargate or everyone: what EKS might accept must not hold creates. IAM takes "*" and {"AWS": "*"} for the same."""
    if not isinstance(principal, Mapping):
        return principal == _EVERYONE
    services, accounts = _as_list(principal.get("Service")), _as_list(principal.get("AWS"))
    return FARGATE_PRINCIPAL in services or _EVERYONE in [*services, *accounts]


def _as_list(value: object) -> list[Any]:
    """IAM writes a list of one as the item alone."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
