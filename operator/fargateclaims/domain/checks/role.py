"""RoleUsable: whether pods can start with the class's pod execution role."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.checks.texts import listed
from fargateclaims.domain.checks.trust import FARGATE_PRINCIPAL, distrust
from fargateclaims.domain.checks.verdicts import conclude, unseen
from fargateclaims.domain.iam import POD_EXECUTION_POLICY, Role, RoleReading, is_pod_execution_policy
from fargateclaims.domain.patterns import matches
from fargateclaims.domain.unreadable import Unreadable

_CONDITION: Final = ConditionType.ROLE_USABLE
_finding = partial(Finding, _CONDITION)
_error = partial(_finding, Level.ERROR, Reason.ROLE_NOT_USABLE)

PULL_ACTIONS: Final = ("ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")
"""What pulling an image from ECR takes: what AWS's own policy for pod execution roles allows."""
_MAKE_SERVICE_LINKED_ROLE: Final = "aws iam create-service-linked-role --aws-service-name eks-fargate.amazonaws.com"


def check_role(role_arn: str, cluster_arn: ClusterARN, reading: RoleReading, node_roles: Mapping[str, str] | Unreadable) -> Finding:
    """Decide by the ARN, then by what IAM says of the role, then by who else uses it.

    :param node_roles: the role of each managed node group of the cluster, by its name.
    """
    known = check_role_arn(role_arn, cluster_arn)
    if known is not None:
        return known
    match reading.role:
        case None:
            return _error(f"role {role_arn} does not exist", "create it or correct spec.podExecutionRoleARN")
        case Unreadable() as fact:
            return unseen(_CONDITION, f"whether role {role_arn} is usable", fact)
        case Role() as role:
            usable = _finding(Level.OK, Reason.USABLE, f"role {role_arn} trusts {FARGATE_PRINCIPAL} and may pull images from ECR")
            problems = [
                *_trust(role_arn, role, cluster_arn),
                *_pulls(role_arn, role, cluster_arn),
                *_node_groups(role_arn, node_roles),
                *_service_linked_role(reading, cluster_arn),
            ]
            return conclude(usable, problems)


def check_role_arn(role_arn: str, cluster_arn: ClusterARN) -> Finding | None:
    """Decide by the ARN alone; None if IAM has to be asked."""
    _, partition, _, _, account, resource = role_arn.split(":", 5)
    path, _, _ = resource.removeprefix("role").rpartition("/")
    if path:
        # A path keeps Fargate's nodes from being known by the role.
        return _error(
            f"role {role_arn} has the path {path}/, and EKS Fargate needs one without",
            "make the role anew without --path, and put its ARN in spec.podExecutionRoleARN",
        )
    if (partition, account) != (cluster_arn.partition, cluster_arn.account):
        return _error(
            f"role {role_arn} belongs to account {account}, and cluster {cluster_arn.name} to {cluster_arn.account}: "
            "IAM lets no role be passed between accounts",
            f"make the role in account {cluster_arn.account}, and put its ARN in spec.podExecutionRoleARN",
        )
    return None


def _trust(role_arn: str, role: Role, cluster_arn: ClusterARN) -> Iterable[Finding]:
    found = distrust(role.trust_policy, cluster_arn)
    if found is not None:
        yield _error(f"role {role_arn} {found.problem}", found.fix)


def _pulls(role_arn: str, role: Role, cluster_arn: ClusterARN) -> Iterable[Finding]:
    attached, allowed = role.attached_policies, role.allowed_actions
    if not isinstance(attached, Unreadable) and any(map(is_pod_execution_policy, attached)):
        return
    patterns = [] if isinstance(allowed, Unreadable) else [action.lower() for action in allowed]
    lacking = [action for action in PULL_ACTIONS if not any(matches(pattern, action.lower()) for pattern in patterns)]
    if not lacking:
        return
    for fact in (attached, allowed):
        if isinstance(fact, Unreadable):
            yield unseen(_CONDITION, f"whether role {role_arn} may pull images from ECR", fact)
            return
    policy = f"arn:{cluster_arn.partition}:iam::aws:policy/{POD_EXECUTION_POLICY}"
    yield _error(
        f"role {role_arn} may not pull images from ECR: its policies lack {listed(lacking, len(lacking))}",
        f"aws iam attach-role-policy --role-name {_name(role_arn)} --policy-arn {policy}",
    )


def _node_groups(role_arn: str, node_roles: Mapping[str, str] | Unreadable) -> Iterable[Finding]:
    if isinstance(node_roles, Unreadable):
        yield unseen(_CONDITION, f"whether role {role_arn} is also that of a node group", node_roles)
        return
    groups = sorted(name for name, role in node_roles.items() if role == role_arn)
    if groups:
        yield _error(
            f"role {role_arn} is also that of node group {listed(groups)}, and Fargate needs another (PodExecutionRoleAlreadyInUse)",
            "make a role for Fargate alone, and put its ARN in spec.podExecutionRoleARN",
        )


def _service_linked_role(reading: RoleReading, cluster_arn: ClusterARN) -> Iterable[Finding]:
    # Where it may not be read nothing is said: EKS makes it with the first profile, and says so if it cannot.
    if reading.service_linked_role is False:
        yield _finding(
            Level.WARNING,
            Reason.LIMITED,
            f"account {cluster_arn.account} has no role AWSServiceRoleForAmazonEKSForFargate yet; EKS makes it with the first profile "
            "if the operator has iam:CreateServiceLinkedRole",
            f"else make it: {_MAKE_SERVICE_LINKED_ROLE}",
        )


def _name(role_arn: str) -> str:
    return role_arn.rpartition("/")[2]
