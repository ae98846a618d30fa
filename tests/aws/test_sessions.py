import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.aws.cloud import AWSCloud, ClusterGateway
from fargateclaims.aws.sessions import Identity, Sessions
from fargateclaims.clock import SystemClock
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.timing import AWS_WRONG_ACCOUNT_RECHECK
from support.canned_aws import ACCOUNT, Answer, Call, CannedAWS, refused
from support.eks_answers import PROD, cluster_answer
from support.virtual_clock import VirtualClock

Clouds = Callable[..., AWSCloud]
OTHER_ACCOUNT = "444455556666"
OTHER = ClusterARN("aws", "eu-west-1", OTHER_ACCOUNT, "prod")
OTHER_ROLE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/operator"
OWN_KEY = "AKIAIOSFODNN7EXAMPLE"


@pytest.fixture(autouse=True)
def _cluster(aws: CannedAWS) -> None:
    aws.will("DescribeCluster", cluster_answer())


async def failure_of(gateway: ClusterGateway) -> Failure:
    with pytest.raises(AWSError) as raised:
        await gateway.describe_cluster()
    return raised.value.failure


def operations(aws: CannedAWS) -> list[str]:
    return [call.operation for call in aws.calls]


async def test_the_account_is_verified_once_before_the_first_call(aws: CannedAWS, cloud: AWSCloud) -> None:
    await asyncio.gather(*(cloud.gateway(PROD).describe_cluster() for _ in range(20)))
    assert operations(aws) == ["GetCallerIdentity"] + 20 * ["DescribeCluster"]


async def test_credentials_of_another_account_make_no_call_but_one(aws: CannedAWS, clouds: Clouds, told: object) -> None:
    clock = VirtualClock()
    gateway = clouds(clock).gateway(OTHER)
    for _ in range(3):
        failure = await failure_of(gateway)
        assert failure.kind is FailureClass.WRONG_ACCOUNT
        assert ACCOUNT in failure.message
        assert OTHER_ACCOUNT in failure.message
        assert "assumeRoleARN" in failure.message
    await clock.advance(AWS_WRONG_ACCOUNT_RECHECK - 1)
    await failure_of(gateway)
    assert operations(aws) == ["GetCallerIdentity"]


async def test_credentials_that_were_put_right_are_found(aws: CannedAWS, clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock()
    gateway = clouds(clock).gateway(OTHER)
    await failure_of(gateway)
    aws.accounts["AKIAOTHER0000000"] = OTHER_ACCOUNT
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOTHER0000000")
    await clock.advance(AWS_WRONG_ACCOUNT_RECHECK)
    await gateway.describe_cluster()
    assert operations(aws) == ["GetCallerIdentity", "GetCallerIdentity", "DescribeCluster"]


async def test_a_wrong_account_is_looked_at_again_though_the_same_credentials_are_right_elsewhere(
    aws: CannedAWS, clouds: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock()
    cloud = clouds(clock)
    await cloud.gateway(PROD).describe_cluster()
    assert (await failure_of(cloud.gateway(OTHER))).kind is FailureClass.WRONG_ACCOUNT
    aws.accounts["AKIAOTHER0000000"] = OTHER_ACCOUNT
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOTHER0000000")
    await cloud.gateway(PROD).describe_cluster()
    await clock.advance(AWS_WRONG_ACCOUNT_RECHECK)
    await cloud.gateway(OTHER).describe_cluster()


async def test_a_role_in_another_account_is_assumed_once(aws: CannedAWS, cloud: AWSCloud) -> None:
    clusters = [ClusterARN("aws", "eu-west-1", OTHER_ACCOUNT, name) for name in ("prod", "test")]
    for arn in clusters:
        await cloud.gateway(arn, OTHER_ROLE, "ticket-7").describe_cluster()
    assert operations(aws) == ["AssumeRole", "GetCallerIdentity", "DescribeCluster", "DescribeCluster"]
    assumed, *others = aws.calls
    assert assumed.access_key == OWN_KEY
    assert "/eu-west-1/sts/" in assumed.headers["Authorization"]
    assert assumed.parameters["ExternalId"] == "ticket-7"
    assert assumed.parameters["RoleSessionName"] == "fargateclaims-test-inst"
    assert {call.access_key[:8] for call in others} == {"ASIAROLE"}


async def test_roles_and_regions_have_sessions_of_their_own(aws: CannedAWS, cloud: AWSCloud) -> None:
    await cloud.gateway(PROD).describe_cluster()
    await cloud.gateway(ClusterARN("aws", "us-east-1", ACCOUNT, "prod")).describe_cluster()
    await cloud.gateway(OTHER, OTHER_ROLE).describe_cluster()
    await cloud.gateway(OTHER, OTHER_ROLE, "other-id").describe_cluster()
    assert (aws.count("GetCallerIdentity"), aws.count("AssumeRole")) == (4, 2)


async def test_renewed_credentials_are_verified_again(aws: CannedAWS, cloud: AWSCloud) -> None:
    def short_lived(call: Call) -> Answer:
        answer = aws._assume_role(call)
        answer.body["Credentials"]["Expiration"] = (datetime.now(UTC) + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return answer

    aws.will("AssumeRole", short_lived)
    gateway = cloud.gateway(OTHER, OTHER_ROLE)
    await gateway.describe_cluster()
    before = aws.count("GetCallerIdentity")
    aws.will("GetCallerIdentity", Answer({"Account": ACCOUNT, "Arn": "a", "UserId": "u"}))
    assert (await failure_of(gateway)).kind is FailureClass.WRONG_ACCOUNT
    assert aws.count("GetCallerIdentity") == before + 1
    assert aws.count("DescribeCluster") == 1


async def test_a_role_that_may_not_be_assumed_names_the_permission(aws: CannedAWS, cloud: AWSCloud) -> None:
    words = f"User: arn:aws:iam::{ACCOUNT}:user/u is not authorized to perform: sts:AssumeRole on resource: {OTHER_ROLE}"
    aws.will("AssumeRole", refused("AccessDenied", words, 403))
    gateway = cloud.gateway(OTHER, OTHER_ROLE)
    failure = await failure_of(gateway)
    assert (failure.kind, failure.operation, failure.permission) == (FailureClass.UNAUTHORIZED, "AssumeRole", "sts:AssumeRole")
    assert failure.message == words
    aws.will("AssumeRole", aws._assume_role)
    await gateway.describe_cluster()


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException"])
async def test_credentials_that_ran_out_are_named_and_read_again(
    aws: CannedAWS, cloud: AWSCloud, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    gateway = cloud.gateway(PROD)
    await gateway.describe_cluster()
    aws.will("DescribeCluster", refused(code, "The security token included in the request is no good", 403))
    failure = await failure_of(gateway)
    assert (failure.kind, failure.code) == (FailureClass.UNAUTHORIZED, code)
    assert "credentials" in failure.message
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANEWNEWNEW000")
    aws.will("DescribeCluster", cluster_answer())
    await gateway.describe_cluster()
    assert aws.calls[-1].access_key == "AKIANEWNEWNEW000"


async def test_no_credentials_are_named_and_looked_for_again(aws: CannedAWS, cloud: AWSCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    gateway = cloud.gateway(PROD)
    failure = await failure_of(gateway)
    assert (failure.kind, failure.code) == (FailureClass.UNAUTHORIZED, "NoCredentialsError")
    assert aws.calls == []
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", OWN_KEY)
    await gateway.describe_cluster()


async def test_an_endpoint_that_is_none_is_said(aws: CannedAWS, cloud: AWSCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_EKS", "nonsense")
    failure = await failure_of(cloud.gateway(PROD))
    assert failure.kind is FailureClass.UNAVAILABLE
    assert "nonsense" in failure.message


async def test_what_aws_echoes_of_the_credentials_is_taken_out(aws: CannedAWS, cloud: AWSCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"AWS_ACCESS_KEY_ID": "unusual-key-id", "AWS_SECRET_ACCESS_KEY": "short secret of ours", "AWS_SESSION_TOKEN": "a-short-token"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    aws.will("DescribeCluster", refused("ClientException", f"you sent {' and '.join(secrets.values())}"))
    with pytest.raises(AWSError) as raised:
        await cloud.gateway(PROD).describe_cluster()
    shown = f"{raised.value} {raised.value.failure} {raised.value.__cause__}"
    assert "you sent" in shown
    assert not any(secret in shown for secret in secrets.values())
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    ("region", "endpoints"),
    [
        ("eu-west-1", ("https://eks.eu-west-1.amazonaws.com", "https://sts.eu-west-1.amazonaws.com", "https://iam.amazonaws.com")),
        (
            "cn-north-1",
            (
                "https://eks.cn-north-1.amazonaws.com.cn",
                "https://sts.cn-north-1.amazonaws.com.cn",
                "https://iam.cn-north-1.amazonaws.com.cn",
            ),
        ),
        (
            "us-gov-west-1",
            ("https://eks.us-gov-west-1.amazonaws.com", "https://sts.us-gov-west-1.amazonaws.com", "https://iam.us-gov.amazonaws.com"),
        ),
    ],
)
def test_endpoints_belong_to_the_partition_and_region(
    aws: CannedAWS, monkeypatch: pytest.MonkeyPatch, region: str, endpoints: tuple[str, str, str]
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    session = Sessions(SystemClock(), "test").get(Identity(region))
    assert tuple(session.client(service).meta.endpoint_url for service in ("eks", "sts", "iam")) == endpoints
    assert session.client("eks") is session.client("eks")
