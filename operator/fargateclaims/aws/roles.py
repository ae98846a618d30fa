"""What IAM says about a pod execution role. What follows from it is decided in `domain/roles.py`."""

from typing import Final

from fargateclaims.aws.calls import Caller
from fargateclaims.aws.shapes import reading
from fargateclaims.domain.failure import AWSError, FailureClass
from fargateclaims.domain.observation import RoleFacts
from fargateclaims.domain.roles import judge_arn, judge_trust_policy, missing_role

_OPERATION: Final = "GetRole"


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
