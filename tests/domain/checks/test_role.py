from collections.abc import Mapping
from dataclasses import replace

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.checks.role import PULL_ACTIONS, check_role
from fargateclaims.domain.iam import Role, RoleReading
from fargateclaims.domain.unreadable import Unreadable
from support.builders import ARN, ROLE
from support.class_checks import POLICY, READING, trusting

NO_GET_ROLE = Unreadable.without("iam:GetRole")
NO_LIST_POLICIES = Unreadable.without("iam:ListAttachedRolePolicies")
NO_GET_POLICY = Unreadable.without("iam:GetRolePolicy")
NO_LIST_NODEGROUPS = Unreadable.without("eks:ListNodegroups")
OTHER_POLICY = "arn:aws:iam::111122223333:policy/AmazonEKSFargatePodExecutionRolePolicy"


def found(
    reading: RoleReading = READING, node_roles: Mapping[str, str] | Unreadable | None = None, role_arn: str = ROLE, arn: ClusterARN = ARN
) -> Finding:
    return check_role(role_arn, arn, reading, {} if node_roles is None else node_roles)


def role(attached: frozenset[str] | Unreadable, *allowed: str, unreadable: Unreadable | None = None) -> RoleReading:
    return RoleReading(Role(ROLE, trusting(), attached, unreadable or frozenset(allowed)), service_linked_role=True)


@pytest.mark.parametrize(("path", "named"), [("team/", "/team/"), ("team/pods/", "/team/pods/")])
def test_a_path_is_found_before_anything_is_asked(path: str, named: str) -> None:
    arn = f"arn:aws:iam::111122223333:role/{path}fargate-pods"
    finding = found(RoleReading(NO_GET_ROLE, NO_GET_ROLE), NO_LIST_NODEGROUPS, role_arn=arn)
    assert (finding.level, finding.reason) == (Level.ERROR, Reason.ROLE_NOT_USABLE)
    assert finding.sentence == (
        f"role {arn} has the path {named}, and EKS Fargate needs one without; make the role anew without --path, "
        "and put its ARN in spec.podExecutionRoleARN"
    )


@pytest.mark.parametrize("arn", ["arn:aws:iam::999900001111:role/fargate-pods", "arn:aws-cn:iam::111122223333:role/fargate-pods"])
def test_a_role_of_another_account_cannot_be_passed(arn: str) -> None:
    finding = found(RoleReading(NO_GET_ROLE, NO_GET_ROLE), role_arn=arn)
    assert finding.level is Level.ERROR
    assert "IAM lets no role be passed between accounts; make the role in account 111122223333" in finding.sentence


def test_what_iam_does_not_show_stays_open() -> None:
    finding = found(RoleReading(NO_GET_ROLE, NO_GET_ROLE))
    assert (finding.level, finding.reason) == (Level.UNKNOWN, Reason.UNAUTHORIZED)
    assert finding.message == f"whether role {ROLE} is usable cannot be seen: no permission iam:GetRole"


@pytest.mark.parametrize(
    ("reading", "level"),
    [
        (role(frozenset({POLICY})), Level.OK),
        (role(frozenset({POLICY.replace("arn:aws:", "arn:aws-cn:")})), Level.OK),
        (role(frozenset(), *PULL_ACTIONS), Level.OK),
        (role(frozenset(), "ecr:*"), Level.OK),
        (role(frozenset(), "*"), Level.OK),
        (role(frozenset(), "ECR:get*", "ecr:Batch*"), Level.OK),
        (role(NO_LIST_POLICIES, "*"), Level.OK),
        (role(frozenset()), Level.ERROR),
        (role(frozenset({OTHER_POLICY})), Level.ERROR),
        (role(frozenset(), "ecr:GetAuthorizationToken", "s3:*"), Level.ERROR),
        (role(frozenset(), *PULL_ACTIONS[1:]), Level.ERROR),
        (role(NO_LIST_POLICIES), Level.UNKNOWN),
        (role(frozenset(), unreadable=NO_GET_POLICY), Level.UNKNOWN),
        (role(frozenset({POLICY}), unreadable=NO_GET_POLICY), Level.OK),
    ],
)
def test_the_right_to_pull_images(reading: RoleReading, level: Level) -> None:
    assert found(reading).level is level


def test_what_is_lacking_is_named_with_the_command_that_adds_it_in_this_partition() -> None:
    beijing = ClusterARN.parse("arn:aws-cn:eks:cn-north-1:111122223333:cluster/prod")
    arn = "arn:aws-cn:iam::111122223333:role/fargate-pods"
    reading = RoleReading(Role(arn, {"Statement": trusting(Condition=None)["Statement"]}, frozenset(), frozenset({"ecr:Batch*"})), True)  # noqa: FBT003
    finding = found(reading, role_arn=arn, arn=beijing)
    assert finding.message.endswith("its policies lack ecr:GetAuthorizationToken, ecr:GetDownloadUrlForLayer")
    assert finding.fix == (
        "aws iam attach-role-policy --role-name fargate-pods --policy-arn arn:aws-cn:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
    )


def test_a_role_of_node_groups_is_named_with_some_of_them() -> None:
    finding = found(node_roles={f"workers-{number}": ROLE for number in range(7)} | {"other": "arn:aws:iam::111122223333:role/other"})
    assert finding.level is Level.ERROR
    assert "node group workers-0, workers-1, workers-2 and 4 more, and Fargate needs another" in finding.message


def test_unreadable_node_groups_leave_the_role_unknown() -> None:
    finding = found(node_roles=NO_LIST_NODEGROUPS)
    assert finding.level is Level.UNKNOWN
    assert finding.message == f"whether role {ROLE} is also that of a node group cannot be seen: no permission eks:ListNodegroups"


@pytest.mark.parametrize(("exists", "level"), [(True, Level.OK), (False, Level.WARNING), (NO_GET_ROLE, Level.OK)])
def test_the_service_linked_role_is_never_more_than_a_warning(exists: bool | Unreadable, level: Level) -> None:  # noqa: FBT001
    finding = found(replace(READING, service_linked_role=exists))
    assert finding.level is level
    if level is Level.WARNING:
        assert finding.reason is Reason.LIMITED
        assert finding.fix == "else make it: aws iam create-service-linked-role --aws-service-name eks-fargate.amazonaws.com"


def test_several_faults_are_told_the_trust_policy_first() -> None:
    reading = RoleReading(Role(ROLE, {}, frozenset()), service_linked_role=False)
    finding = found(reading, {"workers": ROLE})
    assert "does not trust Fargate" in finding.message
    assert [detail.partition(": ")[0] for detail in finding.details[:1]] == [f"role {ROLE} may not pull images from ECR"]
    assert len(finding.details) == 3
