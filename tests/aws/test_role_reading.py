import json
from collections.abc import Callable
from typing import Any

import pytest

from fargateclaims.aws.cloud import AWSCloud
from fargateclaims.aws.roles import SERVICE_LINKED_ROLE
from fargateclaims.domain.checks.trust import FARGATE_PRINCIPAL
from fargateclaims.domain.failure import AWSError, FailureClass
from fargateclaims.domain.iam import Role, RoleReading
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.timing import AWS_STEADY_TTL
from support.canned_aws import ACCOUNT, Answer, Call, CannedAWS, refused
from support.eks_answers import PROD, ROLE
from support.virtual_clock import VirtualClock

NOBODY = refused("NoSuchEntity", "It cannot be found.", 404)
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": FARGATE_PRINCIPAL}, "Action": "sts:AssumeRole"}]}
FARGATE_POLICY = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
PULL_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
OWN_POLICY = f"arn:aws:iam::{ACCOUNT}:policy/team/pull"


class IAM:
    """An account's roles and policies, whose lists have one entry a page."""

    def __init__(self, aws: CannedAWS) -> None:
        self.roles = {"fargate-pods": ROLE, SERVICE_LINKED_ROLE: f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x/{SERVICE_LINKED_ROLE}"}
        self.trust: object = TRUST
        self.attached = [FARGATE_POLICY]
        self.inline: dict[str, Any] = {}
        self.managed: dict[str, dict[str, Any]] = {}
        for operation, answer in (
            ("GetRole", self.role),
            ("ListAttachedRolePolicies", paged("AttachedPolicies", lambda: [{"PolicyArn": arn} for arn in self.attached])),
            ("ListRolePolicies", paged("PolicyNames", lambda: list(self.inline))),
            ("GetRolePolicy", self.inline_policy),
            ("GetPolicy", self.policy),
            ("GetPolicyVersion", self.version),
        ):
            aws.will(operation, answer)

    def role(self, call: Call) -> Answer:
        arn = self.roles.get(call.parameters["RoleName"])
        return NOBODY if arn is None else Answer({"Role": {"Arn": arn, "AssumeRolePolicyDocument": json.dumps(self.trust)}})

    def inline_policy(self, call: Call) -> Answer:
        document = self.inline[call.parameters["PolicyName"]]
        return NOBODY if document is None else Answer({"PolicyDocument": json.dumps(document)})

    def policy(self, call: Call) -> Answer:
        versions = self.managed.get(call.parameters["PolicyArn"])
        return Answer({"Policy": {"DefaultVersionId": list(versions)[-1]}}) if versions else NOBODY

    def version(self, call: Call) -> Answer:
        document = self.managed[call.parameters["PolicyArn"]][call.parameters["VersionId"]]
        return Answer({"PolicyVersion": {"Document": json.dumps(document)}})


def paged(key: str, items: Callable[[], list[Any]]) -> Callable[[Call], Answer]:
    def page(call: Call) -> Answer:
        number, all_items = int(call.parameters.get("Marker", 0)), items()
        more = {"IsTruncated": True, "Marker": str(number + 1)} if number + 1 < len(all_items) else {"IsTruncated": False}
        return Answer({key: all_items[number : number + 1]} | more)

    return page


def allow(*actions: str, resource: str | list[str] = "*") -> dict[str, Any]:
    return {"Statement": {"Effect": "Allow", "Action": list(actions), "Resource": resource}}


@pytest.fixture
def iam(aws: CannedAWS) -> IAM:
    return IAM(aws)


async def read(cloud: AWSCloud, arn: str = ROLE) -> RoleReading:
    gateway = cloud.gateway(PROD)
    return RoleReading.of(await gateway.role(arn), await gateway.permissions(arn))


async def role(cloud: AWSCloud) -> Role:
    found = (await read(cloud)).role
    assert isinstance(found, Role)
    return found


@pytest.mark.usefixtures("iam")
async def test_a_role_with_fargates_policy_costs_two_calls(aws: CannedAWS, cloud: AWSCloud) -> None:
    assert await read(cloud) == RoleReading(Role(ROLE, TRUST, frozenset({FARGATE_POLICY})), service_linked_role=True)
    aws.calls.clear()
    await read(cloud)
    assert [call.operation for call in aws.calls] == ["GetRole", "ListAttachedRolePolicies"]


async def test_that_the_service_linked_role_exists_is_remembered_for_a_day(
    aws: CannedAWS, iam: IAM, clouds: Callable[..., AWSCloud]
) -> None:
    clock = VirtualClock()
    cloud = clouds(clock)

    def asked() -> int:
        return sum(call.parameters.get("RoleName") == SERVICE_LINKED_ROLE for call in aws.calls)

    arn = iam.roles.pop(SERVICE_LINKED_ROLE)
    for count in (1, 2):
        assert (await read(cloud)).service_linked_role is False
        assert asked() == count
    iam.roles[SERVICE_LINKED_ROLE] = arn
    for _ in range(3):
        assert (await read(cloud)).service_linked_role is True
    assert asked() == 3
    await clock.advance(AWS_STEADY_TTL)
    await read(cloud)
    assert asked() == 4


async def test_a_role_without_fargates_policy_is_told_by_what_its_policies_allow(aws: CannedAWS, iam: IAM, cloud: AWSCloud) -> None:
    iam.attached = [OWN_POLICY, PULL_ONLY]
    iam.managed = {OWN_POLICY: {"v1": allow("s3:*"), "v2": allow("ecr:BatchGetImage")}, PULL_ONLY: {"v1": allow("ecr:Get*")}}
    repository = "arn:aws:ecr:eu-west-1:111122223333:repository/*"
    iam.inline = {"a": allow("ecr:BatchCheckLayerAvailability", resource=[repository]), "gone": None}
    assert await role(cloud) == Role(
        ROLE, TRUST, frozenset(iam.attached), frozenset({"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:Get*"})
    )
    aws.calls.clear()
    iam.managed[OWN_POLICY]["v3"] = allow("ecr:*")
    assert "ecr:*" in actions((await role(cloud)).allowed_actions)
    asked = [call.parameters for call in aws.calls if call.operation == "GetPolicyVersion"]
    assert [(each["PolicyArn"], each["VersionId"]) for each in asked] == [(OWN_POLICY, "v3")], "versions never change"


def actions(found: object) -> frozenset[str]:
    assert isinstance(found, frozenset)
    return found


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ({"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}, {"ecr:*"}),
        ({"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}, {"*"}),
        ({"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "arn:aws:ecr:*:*:repository/shop/*"}, {"ecr:BatchGetImage"}),
        ({"Effect": "Allow", "Action": "ecr:*", "Resource": "arn:aws:*"}, {"ecr:*"}),
        ({"Effect": "Allow", "Action": "*", "Resource": ["arn:aws:s3:::bucket/*", "arn:aws:logs:*:*:*"]}, set()),
        ({"Effect": "Allow", "Action": "ecr:*", "NotResource": "arn:aws:s3:::bucket/*"}, {"ecr:*"}),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, {"*"}),
        ({"Effect": "Deny", "Action": "ecr:*", "Resource": "*"}, set()),
        ({"Effect": "Allow", "Action": "ecr:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, {"ecr:*"}),
    ],
)
async def test_what_a_statement_allows(iam: IAM, cloud: AWSCloud, statement: dict[str, Any], allowed: set[str]) -> None:
    iam.attached, iam.inline = [], {"p": {"Statement": [statement]}}
    assert actions((await role(cloud)).allowed_actions) == allowed


@pytest.mark.parametrize("arn", [None, f"arn:aws:iam::{ACCOUNT}:role/team/fargate-pods"])
async def test_a_role_that_does_not_exist(iam: IAM, cloud: AWSCloud, arn: str | None) -> None:
    iam.roles = {"fargate-pods": arn} if arn else {}
    assert await read(cloud) == RoleReading(None, service_linked_role=False)


@pytest.mark.parametrize("operation", ["ListAttachedRolePolicies", "ListRolePolicies"])
async def test_a_role_that_goes_while_it_is_read(aws: CannedAWS, iam: IAM, cloud: AWSCloud, operation: str) -> None:
    iam.attached = []
    aws.will(operation, NOBODY)
    assert await role(cloud) == Role(ROLE, TRUST, frozenset())


@pytest.mark.parametrize(
    ("arn", "why"),
    [
        ("arn:aws:iam::444455556666:role/fargate-pods", "it belongs to account 444455556666, not to the cluster's"),
        (f"arn:aws:iam::{ACCOUNT}:role/team/a/fargate-pods", "it has the path /team/a/"),
    ],
)
async def test_roles_that_are_not_asked_for(aws: CannedAWS, iam: IAM, cloud: AWSCloud, arn: str, why: str) -> None:
    assert await read(cloud, arn) == RoleReading(Unreadable(why), service_linked_role=True)
    assert [call.parameters["RoleName"] for call in aws.calls if call.operation == "GetRole"] == list(iam.roles)[1:]


async def test_without_a_permission_it_is_named(aws: CannedAWS, iam: IAM, cloud: AWSCloud) -> None:
    del iam.roles[SERVICE_LINKED_ROLE]
    iam.attached, iam.inline, iam.managed = [OWN_POLICY], {"p": allow("ecr:*")}, {OWN_POLICY: {"v1": allow("ecr:*")}}
    denied = refused("AccessDenied", "no", 403)
    for operation in ("GetPolicyVersion", "GetPolicy", "GetRolePolicy", "ListRolePolicies"):
        aws.will(operation, denied)
        assert await role(cloud) == Role(ROLE, TRUST, frozenset(iam.attached), Unreadable(f"no permission iam:{operation}"))
    aws.will("ListAttachedRolePolicies", denied)
    assert await role(cloud) == Role(ROLE, TRUST, Unreadable("no permission iam:ListAttachedRolePolicies"))
    aws.will("GetRole", denied)
    missing = Unreadable("no permission iam:GetRole")
    assert await read(cloud) == RoleReading(missing, missing)


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        ("GetRole", refused("ServiceFailure", "oops", 500)),
        ("GetRole", Answer("<html>")),
        ("GetRole", Answer({"Role": {"Arn": ROLE}})),
        ("GetRole", Answer({"Role": {"Arn": ROLE, "AssumeRolePolicyDocument": "[]"}})),
        ("ListAttachedRolePolicies", Answer({})),
        ("ListAttachedRolePolicies", Answer({"AttachedPolicies": [{"PolicyName": "p"}]})),
        ("ListAttachedRolePolicies", Answer({"AttachedPolicies": [], "IsTruncated": True, "Marker": "again"})),
        ("ListRolePolicies", Answer({})),
        ("GetRolePolicy", Answer({"PolicyDocument": "no json"})),
        ("GetRolePolicy", Answer({"PolicyDocument": json.dumps({"Statement": ["Allow"]})})),
        ("GetPolicy", Answer({"Policy": {}})),
        ("GetPolicyVersion", Answer({"PolicyVersion": {}})),
    ],
)
async def test_what_may_pass_by_itself_is_no_fact(aws: CannedAWS, iam: IAM, cloud: AWSCloud, operation: str, answer: Answer) -> None:
    iam.attached, iam.inline, iam.managed = [OWN_POLICY], {"p": allow("ecr:*")}, {OWN_POLICY: {"v1": allow("ecr:*")}}
    aws.will(operation, answer)
    with pytest.raises(AWSError) as raised:
        await read(cloud)
    assert (raised.value.failure.kind, raised.value.failure.operation) == (FailureClass.UNAVAILABLE, operation)
