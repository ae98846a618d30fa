"""What IAM says about a pod execution role. What follows from it is decided in `domain/roles.py` and `domain/checks/`."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from fargateclaims.aws.answers import all_pages, existing, readable
from fargateclaims.aws.calls import Caller
from fargateclaims.aws.memory import AccountMemory
from fargateclaims.aws.shapes import reading
from fargateclaims.domain.failure import AWSError, FailureClass
from fargateclaims.domain.iam import Role, RoleReading, is_pod_execution_policy
from fargateclaims.domain.observation import RoleFacts
from fargateclaims.domain.roles import judge_arn, judge_trust_policy, missing_role
from fargateclaims.domain.unreadable import Unreadable

SERVICE_LINKED_ROLE: Final = "AWSServiceRoleForAmazonEKSForFargate"
"""What EKS manages Fargate's nodes with; there is one in each account that has had a profile."""
_OPERATION: Final = "GetRole"
_ANYTHING: Final = "*"


async def read_role_facts(caller: Caller, role_arn: str) -> RoleFacts:
    """Find out whether Fargate may use the role `role_arn`.

    What may not be read is a fact as well: `unreadable` says why. Raises AWSError for all else.
    """
    known = judge_arn(role_arn)
    if known is not None:
        return known
    _, _, _, _, account, resource = role_arn.split(":", 5)
    if account != caller.account_region.account:
        return RoleFacts(unreadable=f"role {role_arn} belongs to account {account}, not to the cluster's, and cannot be read from there")
    try:
        answer = await caller.read("iam", _OPERATION, {"RoleName": resource.removeprefix("role/")})
    except AWSError as error:
        if error.failure.kind is FailureClass.GONE:
            return missing_role(role_arn)
        if error.failure.kind is not FailureClass.UNAUTHORIZED or error.failure.permission is None:
            raise
        return RoleFacts(unreadable=f"no permission {error.failure.permission}")
    with reading(_OPERATION):
        role = answer["Role"]
        if role["Arn"] != role_arn:
            # IAM's names are unique over all paths: this one has the name, and is not the one that was asked for.
            return missing_role(role_arn)
        return judge_trust_policy(role_arn, role["AssumeRolePolicyDocument"])


async def read_role(caller: Caller, memory: AccountMemory, role_arn: str) -> RoleReading:
    """Find out what IAM says about the pod execution role `role_arn` and about Fargate's service-linked role.

    It costs two calls for a role with AWS's policy for Fargate's pods; for one without that, one more, and one for each other policy,
    whose documents are remembered by version. One more until the service-linked role exists, then one a day for each account and
    region. A role of another account, or with a path, is not asked for.

    Raises AWSError where IAM does not answer; a missing permission is a fact.
    """
    name, why = _name(caller, role_arn)
    role = Unreadable(why) if why else await readable(existing(_described(caller, memory, role_arn, name)))
    return RoleReading(role, await readable(_has_service_linked_role(caller, memory)))


def _name(caller: Caller, role_arn: str) -> tuple[str, str]:
    """Return the role's name, and why it is not asked for; empty if it is."""
    _, _, _, _, account, resource = role_arn.split(":", 5)
    path, _, name = resource.removeprefix("role/").rpartition("/")
    if path:
        return name, f"it has the path /{path}/"
    if account != caller.account_region.account:
        return name, f"it belongs to account {account}, not to the cluster's"
    return name, ""


async def _described(caller: Caller, memory: AccountMemory, role_arn: str, name: str) -> Role | None:
    answer = await caller.read("iam", _OPERATION, {"RoleName": name})
    with reading(_OPERATION):
        role = answer["Role"]
        trust_policy = _document(role["AssumeRolePolicyDocument"])
        if role["Arn"] != role_arn:
            # IAM's names are unique over all paths: this one has the name, and is not the one that was asked for.
            return None
    attached = await readable(_attached_policies(caller, name))
    if isinstance(attached, Unreadable) or any(map(is_pod_execution_policy, attached)):
        return Role(role_arn, trust_policy, attached)
    return Role(role_arn, trust_policy, attached, await readable(_allowed_actions(caller, memory, name, attached)))


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
