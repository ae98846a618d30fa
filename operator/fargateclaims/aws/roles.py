"""What IAM says about a pod execution role. What follows from it is decided in `domain/checks/`."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from fargateclaims.aws.answers import all_pages, existing, readable
from fargateclaims.aws.calls import Caller
from fargateclaims.aws.memory import AccountMemory
from fargateclaims.aws.shapes import reading
from fargateclaims.domain.iam import Role, RolePermissions, is_pod_execution_policy
from fargateclaims.domain.unreadable import NOT_YET, Unreadable

SERVICE_LINKED_ROLE: Final = "AWSServiceRoleForAmazonEKSForFargate"
"""What EKS manages Fargate's nodes with; there is one in each account that has had a profile."""
_OPERATION: Final = "GetRole"
_ANYTHING: Final = "*"


async def read_role(caller: Caller, role_arn: str) -> Role | Unreadable | None:
    """Return the pod execution role `role_arn` with its trust policy, by one call; what it may do is NOT_YET.

    A role of another account, or with a path, is not asked for. Raises AWSError where IAM does not answer; a missing permission is a fact.
    """
    name, why = _name(caller, role_arn)
    return Unreadable(why) if why else await readable(existing(_described(caller, role_arn, name)))


async def read_permissions(caller: Caller, memory: AccountMemory, role_arn: str) -> RolePermissions:
    """Find out what the pod execution role `role_arn` may do, and whether Fargate has its service-linked role.

    It costs one call for a role with AWS's policy for Fargate's pods; for one without that, one more, and one for each other policy,
    whose documents are remembered by version. One more until the service-linked role exists, then one a day for each account and region.

    Raises AWSError where IAM does not answer; a missing permission is a fact, and a role that does not exist may do nothing.
    """
    name, why = _name(caller, role_arn)
    linked = await readable(_has_service_linked_role(caller, memory))
    if why:
        return RolePermissions(Unreadable(why), Unreadable(why), linked)
    attached = await readable(existing(_attached_policies(caller, name)))
    if attached is None:
        return RolePermissions(frozenset(), frozenset(), linked)
    if isinstance(attached, Unreadable) or any(map(is_pod_execution_policy, attached)):
        return RolePermissions(attached, frozenset(), linked)
    allowed = await readable(existing(_allowed_actions(caller, memory, name, attached)))
    return RolePermissions(attached, frozenset() if allowed is None else allowed, linked)


def _name(caller: Caller, role_arn: str) -> tuple[str, str]:
    """Return the role's name, and why it is not asked for; empty if it is."""
    _, _, _, _, account, resource = role_arn.split(":", 5)
    path, _, name = resource.removeprefix("role/").rpartition("/")
    if path:
        return name, f"it has the path /{path}/"
    if account != caller.account_region.account:
        return name, f"it belongs to account {account}, not to the cluster's"
    return name, ""


async def _described(caller: Caller, role_arn: str, name: str) -> Role | None:
    answer = await caller.read("iam", _OPERATION, {"RoleName": name})
    with reading(_OPERATION):
        role = answer["Role"]
        # IAM's names are unique over all paths: another ARN has the name, and is not the one that was asked for.
        return Role(role_arn, _document(role["AssumeRolePolicyDocument"]), NOT_YET, NOT_YET) if role["Arn"] == role_arn else None


async def _attached_policies(caller: Caller, name: str) -> frozenset[str]:
    async def ask(page: Mapping[str, object]) -> Mapping[str, Any]:
        return await caller.read("iam", "ListAttachedRolePolicies", {"RoleName": name, **page})

    found = await all_pages("ListAttachedRolePolicies", "AttachedPolicies", ask, "Marker")
    with reading("ListAttachedRolePolicies"):
        return frozenset(each["PolicyArn"] for each in found)


async def _allowed_actions(caller: Caller, memory: AccountMemory, name: str, attached: frozenset[str]) -> frozenset[str]:
    async def ask(page: Mapping[str, object]) -> Mapping[str, Any]:
        return await caller.read("iam", "ListRolePolicies", {"RoleName": name, **page})

    inline = await all_pages("ListRolePolicies", "PolicyNames", ask, "Marker")
    actions: set[str] = set()
    for policy in inline:
        actions |= await existing(_actions_of_inline(caller, name, policy)) or set()
    for arn in sorted(attached):
        actions |= await existing(_actions_of_managed(caller, memory, arn)) or set()
    return frozenset(actions)


async def _actions_of_inline(caller: Caller, role: str, policy: str) -> frozenset[str]:
    answer = await caller.read("iam", "GetRolePolicy", {"RoleName": role, "PolicyName": policy})
    with reading("GetRolePolicy"):
        return ecr_actions(_document(answer["PolicyDocument"]))


async def _actions_of_managed(caller: Caller, memory: AccountMemory, arn: str) -> frozenset[str]:
    answer = await caller.read("iam", "GetPolicy", {"PolicyArn": arn})
    with reading("GetPolicy"):
        version = answer["Policy"]["DefaultVersionId"]
    known = memory.policies.get((arn, version))
    if known is not None:
        return known
    answer = await caller.read("iam", "GetPolicyVersion", {"PolicyArn": arn, "VersionId": version})
    with reading("GetPolicyVersion"):
        actions = ecr_actions(_document(answer["PolicyVersion"]["Document"]))
    memory.policies.put((arn, version), actions)
    return actions


def ecr_actions(document: Mapping[str, Any]) -> frozenset[str]:
    """Return what a policy allows on any resource or on some of ECR's, as it says it: patterns such as `ecr:*`.

    Conditions and denials are not weighed: only AWS knows whether they apply, and what it would allow must not hold creates.
    """
    allowed: set[str] = set()
    for statement in _listed(document.get("Statement")):
        if statement.get("Effect") != "Allow" or not any(map(_may_be_of_ecr, _listed(statement.get("Resource", _ANYTHING)))):
            continue
        # All but some: which of ECR's are among them is not looked at.
        allowed.update(map(str, _listed(statement.get("Action", _ANYTHING))))
    return frozenset(allowed)


def _may_be_of_ecr(resource: str) -> bool:
    """Whether a pattern of ARNs, or the one for all, may mean repositories of ECR."""
    _, _, service, *_ = [*resource.split(":"), *[_ANYTHING] * 2]
    return fnmatchcase("ecr", service)


async def _has_service_linked_role(caller: Caller, memory: AccountMemory) -> bool:
    if memory.linked_roles.get(SERVICE_LINKED_ROLE):
        return True
    if await existing(caller.read("iam", _OPERATION, {"RoleName": SERVICE_LINKED_ROLE})) is None:
        return False
    memory.linked_roles.put(SERVICE_LINKED_ROLE, fact=True)
    return True


def _document(policy: object) -> Mapping[str, Any]:
    """Return a policy document as botocore has decoded it. Raises TypeError for what is none."""
    if not isinstance(policy, Mapping):
        raise TypeError("a policy document is no JSON object")
    return policy


def _listed(value: object) -> list[Any]:
    """IAM writes a list of one as the item alone."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
