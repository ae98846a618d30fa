from typing import Any

import pytest

from fargateclaims.domain.observation import RoleFacts
from fargateclaims.domain.roles import FARGATE_PRINCIPAL, judge_arn, judge_trust_policy, missing_role

ROLE = "arn:aws:iam::111122223333:role/fargate-pods"


def policy(**changes: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": FARGATE_PRINCIPAL}, "Action": "sts:AssumeRole"} | changes
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    "trusting",
    [
        policy(),
        policy(Principal={"Service": ["eks.amazonaws.com", FARGATE_PRINCIPAL]}),
        policy(Principal="*"),
        policy(Principal={"AWS": "*"}),
        policy(Principal={"Service": ["ec2.amazonaws.com", "*"]}),
        policy(Action=["sts:TagSession", "sts:AssumeRole"]),
        policy(Action="sts:*"),
        policy(Action="STS:assumerole"),
        policy(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/*"}}),
        {"Statement": policy()["Statement"][0]},
        {"Statement": [*policy(Effect="Deny", Principal="*")["Statement"], *policy()["Statement"]]},
    ],
)
def test_a_role_that_trusts_fargate_is_no_problem(trusting: dict[str, Any]) -> None:
    assert judge_trust_policy(ROLE, trusting) == RoleFacts()


@pytest.mark.parametrize(
    "closed",
    [
        {},
        {"Statement": []},
        {"Statement": "nonsense"},
        {"Statement": [None, 3]},
        policy(Effect="Deny"),
        policy(Principal={"Service": "ec2.amazonaws.com"}),
        policy(Principal={"AWS": "arn:aws:iam::111122223333:root"}),
        policy(Effect="Deny", Principal="*"),
        policy(Principal=None),
        policy(Action="sts:AssumeRoleWithWebIdentity"),
        policy(Action=None),
    ],
)
def test_a_role_that_does_not_trust_fargate_is(closed: dict[str, Any]) -> None:
    problem = judge_trust_policy(ROLE, closed).problem
    assert problem is not None
    assert ROLE in problem
    assert FARGATE_PRINCIPAL in problem


def test_a_missing_role_is_named() -> None:
    assert missing_role(ROLE).problem == f"role {ROLE} does not exist; create it or correct spec.podExecutionRoleARN"


@pytest.mark.parametrize(("path", "named"), [("team/", "/team/"), ("team/pods/", "/team/pods/")])
def test_a_role_with_a_path_cannot_be_used_and_the_message_names_it_and_the_remedy(path: str, named: str) -> None:
    role = f"arn:aws:iam::111122223333:role/{path}fargate-pods"
    found = judge_arn(role)
    assert found is not None
    assert found.problem == (
        f"role {role} has the path {named}, and EKS Fargate needs one without: make the role anew without --path, "
        "and put its ARN in spec.podExecutionRoleARN"
    )


def test_a_role_without_a_path_is_judged_by_its_trust_policy() -> None:
    assert judge_arn(ROLE) is None
