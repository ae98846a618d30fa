from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from fargateclaims.aws.cloud import AWSCloud, ClusterGateway
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.profile import HealthProblem, Profile, ProfileState
from support.canned_aws import Answer, Call, CannedAWS, refused
from support.eks_answers import PROD, ROLE, SPEC, cluster_answer, profile_answer

ARN = "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/shop/4ec5"


def yes() -> bool:
    return True


@pytest.fixture
def gateway(cloud: AWSCloud) -> ClusterGateway:
    return cloud.gateway(PROD)


async def failure_of(awaitable: Awaitable[object]) -> Failure:
    with pytest.raises(AWSError) as raised:
        await awaitable
    return raised.value.failure


async def test_a_cluster_is_read(aws: CannedAWS, gateway: ClusterGateway) -> None:
    aws.will("DescribeCluster", cluster_answer())
    assert await gateway.describe_cluster() == EKSCluster(
        "prod", "ACTIVE", "1.35", "vpc-1", ("subnet-1", "subnet-2"), "API", private_access=False
    )


async def test_a_cluster_that_says_little_is_an_old_one(aws: CannedAWS, gateway: ClusterGateway) -> None:
    aws.will("DescribeCluster", Answer({"cluster": {"name": "prod", "status": "CREATING"}}))
    assert await gateway.describe_cluster() == EKSCluster("prod", "CREATING", "", "", (), "CONFIG_MAP", private_access=False)


async def test_a_profile_is_read_whole(aws: CannedAWS, gateway: ClusterGateway) -> None:
    issue = {"code": "AccessDenied", "message": "no", "resourceIds": ["r"]}
    aws.will("DescribeFargateProfile", profile_answer(status="CREATE_FAILED", health={"issues": [issue, {"code": "InternalFailure"}]}))
    assert await gateway.describe_profile("shop") == Profile(
        name="shop",
        arn=ARN,
        state=ProfileState.CREATE_FAILED,
        pod_execution_role_arn=ROLE,
        selectors=SPEC.selectors,
        subnet_ids=("subnet-1", "subnet-2"),
        tags={"owner": "platform"},
        created_at=datetime(2026, 11, 21, 16, tzinfo=UTC),
        health=(HealthProblem("AccessDenied", "no", ("r",)), HealthProblem("InternalFailure", "")),
    )
    assert aws.calls[-1].parameters == {"clusterName": "prod", "fargateProfileName": "shop"}


async def test_a_create_sends_what_was_asked_for(aws: CannedAWS, gateway: ClusterGateway) -> None:
    aws.will("CreateFargateProfile", profile_answer(status="CREATING"))
    profile = await gateway.create_profile(SPEC, yes)
    assert (profile.name, profile.state) == ("shop", ProfileState.CREATING)
    sent = dict(aws.calls[-1].parameters)
    assert {name: sent[name] for name in ("clusterName", "fargateProfileName", "podExecutionRoleArn", "selectors", "subnets", "tags")} == {
        "clusterName": "prod",
        "fargateProfileName": "shop",
        "podExecutionRoleArn": ROLE,
        "selectors": [{"namespace": "shop", "labels": {"app": "web"}}, {"namespace": "shop-*"}],
        "subnets": ["subnet-1", "subnet-2"],
        "tags": {"owner": "platform"},
    }


async def test_deleting_and_tagging(aws: CannedAWS, gateway: ClusterGateway) -> None:
    aws.will("DeleteFargateProfile", profile_answer(status="DELETING"))
    assert (await gateway.delete_profile("shop", yes)).state is ProfileState.DELETING
    aws.will("TagResource", Answer())
    aws.will("UntagResource", Answer())
    await gateway.tag(ARN, {"a": "b"}, yes)
    await gateway.untag(ARN, ["c", "d"], yes)
    tag, untag = aws.calls[-2:]
    assert (tag.parameters["resourceArn"], tag.parameters["tags"]) == (ARN, {"a": "b"})
    assert (untag.parameters["resourceArn"], untag.parameters["tagKeys"]) == (ARN, ["c", "d"])


async def test_a_list_is_read_to_its_end(aws: CannedAWS, gateway: ClusterGateway) -> None:
    pages = {None: (["b", "a"], "1"), "1": (["c"], "2"), "2": ([], None)}

    def page(call: Call) -> Answer:
        names, following = pages[call.parameters.get("nextToken")]
        return Answer({"fargateProfileNames": names} | ({"nextToken": following} if following else {}))

    aws.will("ListFargateProfiles", page)
    assert await gateway.list_profiles() == ("a", "b", "c")
    assert [call.parameters["maxResults"] for call in aws.calls[1:]] == ["100"] * 3


async def test_half_a_list_is_an_error(aws: CannedAWS, gateway: ClusterGateway) -> None:
    def page(call: Call) -> Answer:
        first = Answer({"fargateProfileNames": [], "nextToken": "1"})
        return refused("ServerException", "oops", 500) if "nextToken" in call.parameters else first

    aws.will("ListFargateProfiles", page)
    assert (await failure_of(gateway.list_profiles())).kind is FailureClass.UNAVAILABLE


async def test_a_list_without_end_ends(aws: CannedAWS, gateway: ClusterGateway) -> None:
    aws.will("ListFargateProfiles", Answer({"fargateProfileNames": ["a"], "nextToken": "1"}))
    assert "did not end" in (await failure_of(gateway.list_profiles())).message


READS: dict[str, Callable[[ClusterGateway], Awaitable[object]]] = {
    "DescribeCluster": lambda gateway: gateway.describe_cluster(),
    "ListFargateProfiles": lambda gateway: gateway.list_profiles(),
    "DescribeFargateProfile": lambda gateway: gateway.describe_profile("shop"),
    "CreateFargateProfile": lambda gateway: gateway.create_profile(SPEC, yes),
    "DeleteFargateProfile": lambda gateway: gateway.delete_profile("shop", yes),
}


@pytest.mark.parametrize("operation", READS)
@pytest.mark.parametrize("body", ["<html>sign in</html>", "{}", "[]", '{"cluster": {}, "fargateProfile": {}}'])
async def test_an_answer_that_makes_no_sense_is_no_answer(aws: CannedAWS, gateway: ClusterGateway, operation: str, body: str) -> None:
    aws.will(operation, Answer(body))
    failure = await failure_of(READS[operation](gateway))
    assert (failure.kind, failure.operation) == (FailureClass.UNAVAILABLE, operation)
    assert failure.outcome_unknown == operation.startswith(("Create", "Delete"))


async def test_a_status_that_is_new_at_eks_is_said_and_nothing_is_guessed(aws: CannedAWS, gateway: ClusterGateway) -> None:
    aws.will("DescribeFargateProfile", profile_answer(status="HIBERNATING"))
    failure = await failure_of(gateway.describe_profile("shop"))
    assert failure.kind is FailureClass.UNAVAILABLE
    assert failure.message == "profile shop has the status HIBERNATING, unknown to this version"
