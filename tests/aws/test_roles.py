import json

import pytest

from fargateclaims.api.fargateclass import SubnetsFrom, SubnetSource
from fargateclaims.aws.cloud import AWSCloud
from fargateclaims.domain.failure import AWSError, FailureClass
from fargateclaims.domain.observation import EKSCluster, RoleFacts
from fargateclaims.domain.roles import FARGATE_PRINCIPAL
from support.canned_aws import ACCOUNT, Answer, CannedAWS, refused
from support.eks_answers import PROD, ROLE

CLUSTER = EKSCluster("prod", "ACTIVE", "1.35", "vpc-1", (), "API")


@pytest.fixture(autouse=True)
def _subnets(aws: CannedAWS) -> None:
    aws.will("DescribeSubnets", Answer({}))
    aws.will("DescribeRouteTables", Answer({}))


async def facts(cloud: AWSCloud, role_arn: str = ROLE) -> RoleFacts:
    return (await cloud.gateway(PROD).class_facts(SubnetSource(from_=SubnetsFrom.CLUSTER), role_arn, CLUSTER)).role


def role(principal: str, arn: str = ROLE) -> Answer:
    policy = {"Statement": [{"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}]}
    return Answer({"Role": {"Arn": arn, "RoleName": "fargate-pods", "AssumeRolePolicyDocument": json.dumps(policy)}})


async def test_a_role_that_trusts_fargate(aws: CannedAWS, cloud: AWSCloud) -> None:
    aws.will("GetRole", role(FARGATE_PRINCIPAL))
    assert await facts(cloud) == RoleFacts()
    assert aws.calls[-1].parameters["RoleName"] == "fargate-pods"


async def test_a_role_that_trusts_someone_else(aws: CannedAWS, cloud: AWSCloud) -> None:
    aws.will("GetRole", role("ec2.amazonaws.com"))
    problem = (await facts(cloud)).problem
    assert problem is not None
    assert FARGATE_PRINCIPAL in problem


@pytest.mark.parametrize(
    "answer",
    [
        refused("NoSuchEntity", "The role with name fargate-pods cannot be found.", 404),
        role(FARGATE_PRINCIPAL, f"arn:aws:iam::{ACCOUNT}:role/team/fargate-pods"),
    ],
)
async def test_a_role_that_does_not_exist(aws: CannedAWS, cloud: AWSCloud, answer: Answer) -> None:
    aws.will("GetRole", answer)
    problem = (await facts(cloud)).problem
    assert problem is not None
    assert "does not exist" in problem


async def test_without_the_permission_it_is_named(aws: CannedAWS, cloud: AWSCloud) -> None:
    aws.will("GetRole", refused("AccessDenied", "no", 403))
    assert await facts(cloud) == RoleFacts(unreadable="no permission iam:GetRole")


async def test_a_role_of_another_account_is_not_asked_for(aws: CannedAWS, cloud: AWSCloud) -> None:
    found = await facts(cloud, "arn:aws:iam::444455556666:role/fargate-pods")
    assert found.problem is None
    assert found.unreadable is not None
    assert "444455556666" in found.unreadable
    assert aws.count("GetRole") == 0


@pytest.mark.parametrize("answer", [refused("ServiceFailure", "oops", 500), Answer("<html>"), Answer({"Role": {"Arn": ROLE}})])
async def test_what_may_pass_by_itself_is_no_fact(aws: CannedAWS, cloud: AWSCloud, answer: Answer) -> None:
    aws.will("GetRole", answer)
    with pytest.raises(AWSError) as raised:
        await facts(cloud)
    assert raised.value.failure.kind is FailureClass.UNAVAILABLE


@pytest.mark.parametrize("account", [ACCOUNT, "444455556666"])
async def test_a_role_with_a_path_is_not_asked_for(aws: CannedAWS, cloud: AWSCloud, account: str) -> None:
    problem = (await facts(cloud, f"arn:aws:iam::{account}:role/team/fargate-pods")).problem
    assert problem is not None
    assert "/team/" in problem
    assert aws.count("GetRole") == 0
