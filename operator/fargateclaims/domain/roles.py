"""Whether a pod execution role lets Fargate use it, by its trust policy."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from fargateclaims.domain.observation import RoleFacts

FARGATE_PRINCIPAL: Final = "eks-fargate-pods.amazonaws.com"
"""The service that assumes a pod execution role (EKS user guide, "Amazon EKS pod execution IAM role")."""
_ASSUME_ROLE: Final = "sts:assumerole"


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


def missing_role(role_arn: str) -> RoleFacts:
    """Return the facts about a role that does not exist."""
    return RoleFacts(problem=f"role {role_arn} does not exist; create it or correct spec.podExecutionRoleARN")


def _lets_fargate_in(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    # `"Principal": "*"` means AWS accounts and identities, no services.
    services = _as_list(principal.get("Service")) if isinstance(principal, Mapping) else []
    may_assume = any(fnmatchcase(_ASSUME_ROLE, str(action).lower()) for action in _as_list(statement.get("Action")))
    return statement.get("Effect") == "Allow" and may_assume and FARGATE_PRINCIPAL in services


def _as_list(value: object) -> list[Any]:
    """IAM writes a list of one as the item alone."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
