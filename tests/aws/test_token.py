"""Tokens for EKS clusters, taken apart as the authenticator of a cluster does it."""

import asyncio
import threading
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fargateclaims.api.arn import ClusterARN
from fargateclaims.aws.cloud import AWSCloud
from fargateclaims.domain.failure import AWSError, FailureClass
from fargateclaims.domain.no_access import NoAccess
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.kube.clusters import ClusterAPIs
from fargateclaims.redaction import redact
from fargateclaims.timing import AWS_READ_LIMIT, CLUSTER_TOKEN_RENEWAL
from support.canned_aws import ACCOUNT, Answer, Call, CannedAWS, Drop, refused
from support.eks_answers import PROD
from support.scripted_server import answer, failure, scripted_server
from support.virtual_clock import VirtualClock
from support.waiting import until

Clouds = Callable[..., AWSCloud]
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/teams/operator"


@dataclass(frozen=True)
class Token:
    """What is in a token."""

    host: str
    path: str
    query: dict[str, str]


def taken_apart(token: str) -> Token:
    prefix, _, encoded = token.partition(".")
    assert prefix == "k8s-aws-v1"
    assert "=" not in encoded
    url = urlsplit(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode())
    assert url.scheme == "https"
    query = parse_qs(url.query, strict_parsing=True)
    return Token(url.netloc, url.path, {name: value for name, (value,) in query.items()})


def signature(token: Token, cluster: str, credentials: Credentials, monkeypatch: pytest.MonkeyPatch) -> str:
    """What STS would compute for the same request, made with this cluster's name."""
    then = datetime.strptime(token.query["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
    _signed_at(lambda: then, monkeypatch)
    url = f"https://{token.host}{token.path}?Action={token.query['Action']}&Version={token.query['Version']}"
    request = AWSRequest("GET", url, headers={"x-k8s-aws-id": cluster})
    region = token.query["X-Amz-Credential"].split("/")[2]
    SigV4QueryAuth(credentials, "sts", region, expires=int(token.query["X-Amz-Expires"])).add_auth(request)
    return parse_qs(urlsplit(str(request.url)).query)["X-Amz-Signature"][0]


def _signed_at(now: Callable[[], datetime], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: now().replace(tzinfo=None))


async def test_a_token_is_a_signed_question_who_we_are(aws: CannedAWS, cloud: AWSCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    found = taken_apart(await cloud.token(PROD).token())
    assert (found.host, found.path) == ("sts.eu-west-1.amazonaws.com", "/"), "not the endpoint that was configured: EKS would refuse it"
    query = found.query
    assert (query["Action"], query["Version"], query["X-Amz-Expires"]) == ("GetCallerIdentity", "2011-06-15", "60")
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["X-Amz-SignedHeaders"] == "host;x-k8s-aws-id"
    key, date, region, service, end = query["X-Amz-Credential"].split("/")
    assert (key, region, service, end) == ("AKIAIOSFODNN7EXAMPLE", "eu-west-1", "sts", "aws4_request")
    assert query["X-Amz-Date"].startswith(date)
    allowed = {"Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature", "Security-Token"}
    assert set(query) <= {"Action", "Version"} | {f"X-Amz-{name}" for name in allowed}, "the authenticator refuses any other"
    credentials = Credentials("AKIAIOSFODNN7EXAMPLE", SECRET)
    assert query["X-Amz-Signature"] == signature(found, "prod", credentials, monkeypatch)
    assert query["X-Amz-Signature"] != signature(found, "test", credentials, monkeypatch)


async def test_an_assumed_role_signs_with_its_session_token(aws: CannedAWS, cloud: AWSCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    source = cloud.token(PROD, ROLE, "ticket-7")
    assert source.principal == ""
    found = taken_apart(await source.token())
    assert source.principal == ROLE, "with its path, which STS does not tell"
    key = found.query["X-Amz-Credential"].split("/")[0]
    assert key.startswith("ASIAROLE")
    assert found.query["X-Amz-Security-Token"] == "t" * 300
    credentials = Credentials(key, "s" * 40, "t" * 300)
    assert found.query["X-Amz-Signature"] == signature(found, "prod", credentials, monkeypatch)
    assert [call.operation for call in aws.calls] == ["AssumeRole", "GetCallerIdentity"]


@pytest.mark.parametrize(
    ("arn", "principal"),
    [
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/fargateclaims/i-0123", f"arn:aws:iam::{ACCOUNT}:role/fargateclaims"),
        (f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/r/s/t", f"arn:aws-cn:iam::{ACCOUNT}:role/r"),
        (f"arn:aws:iam::{ACCOUNT}:user/teams/u", f"arn:aws:iam::{ACCOUNT}:user/teams/u"),
    ],
)
async def test_whom_a_token_stands_for_is_what_an_access_entry_names(aws: CannedAWS, cloud: AWSCloud, arn: str, principal: str) -> None:
    aws.will("GetCallerIdentity", Answer({"Account": ACCOUNT, "Arn": arn, "UserId": "A"}))
    source = cloud.token(PROD)
    await source.token()
    assert source.principal == principal


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "us-east-1", "sts.us-east-1.amazonaws.com"),
        ("aws-cn", "cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
        ("aws-us-gov", "us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
    ],
)
async def test_the_endpoint_is_that_of_the_clusters_partition_and_region(
    aws: CannedAWS, cloud: AWSCloud, partition: str, region: str, host: str
) -> None:
    found = taken_apart(await cloud.token(ClusterARN(partition, region, ACCOUNT, "prod")).token())
    assert (found.host, found.query["X-Amz-Credential"].split("/")[2]) == (host, region)


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_STS_REGIONAL_ENDPOINTS", "legacy"), ("AWS_USE_FIPS_ENDPOINT", "true"), ("AWS_USE_DUALSTACK_ENDPOINT", "true")]
)
async def test_the_endpoint_is_one_that_every_cluster_takes(
    aws: CannedAWS, cloud: AWSCloud, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert taken_apart(await cloud.token(ClusterARN("aws", "us-east-1", ACCOUNT, "prod")).token()).host == "sts.us-east-1.amazonaws.com"


async def test_a_token_is_made_anew_after_ten_minutes(aws: CannedAWS, clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock()
    source = clouds(clock).token(PROD)
    _signed_at(clock.now, monkeypatch)
    first = await source.token()
    await clock.advance(CLUSTER_TOKEN_RENEWAL - 1)
    assert await source.token() == first
    await clock.advance(1)
    second = await source.token()
    assert taken_apart(second).query["X-Amz-Date"] == "20261121T121000Z"
    clock.freeze(3600)
    assert await source.token() != second, "the machine was suspended"
    assert aws.count("GetCallerIdentity") == 1


async def test_a_token_that_was_refused_is_made_anew_once(aws: CannedAWS, clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock()
    source = clouds(clock).token(PROD)
    _signed_at(clock.now, monkeypatch)
    first = await source.token()
    await clock.advance(1)
    source.distrust(first)
    second = await source.token()
    assert second != first
    await clock.advance(1)
    source.distrust(first)
    assert await source.token() == second, "the others that were refused with the old one do not cost the new one"


async def test_many_who_need_a_token_get_the_same(aws: CannedAWS, cloud: AWSCloud) -> None:
    source = cloud.token(PROD, ROLE)
    assert len(set(await asyncio.gather(*(source.token() for _ in range(50))))) == 1
    assert aws.count("AssumeRole") == 1


async def test_credentials_that_are_missing_or_of_another_account_make_no_token(
    aws: CannedAWS, cloud: AWSCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AWSError) as wrong:
        await cloud.token(ClusterARN("aws", "eu-west-1", "444455556666", "prod")).token()
    assert wrong.value.failure.kind is FailureClass.WRONG_ACCOUNT
    aws.will("AssumeRole", refused("AccessDenied", "User: u is not authorized to perform: sts:AssumeRole on resource: r", 403))
    with pytest.raises(AWSError) as denied:
        await cloud.token(PROD, ROLE).token()
    assert (denied.value.failure.kind, denied.value.failure.permission) == (FailureClass.UNAUTHORIZED, "sts:AssumeRole")
    aws.will("AssumeRole", aws._assume_role)
    assert await cloud.token(PROD, ROLE).token(), "asked for again"


async def test_sts_that_hangs_is_given_up(aws: CannedAWS, clouds: Clouds) -> None:
    clock = VirtualClock()
    asked = threading.Event()

    def hang(_call: Call) -> Answer:
        asked.set()
        aws.released.wait()
        raise Drop

    aws.will("AssumeRole", hang)
    making = asyncio.ensure_future(clouds(clock).token(PROD, ROLE).token())
    await until(asked.is_set)
    await clock.advance(AWS_READ_LIMIT)
    with pytest.raises(AWSError) as error:
        await making
    assert error.value.failure.kind is FailureClass.UNAVAILABLE


async def test_it_is_what_a_clusters_api_is_asked_with(aws: CannedAWS, cloud: AWSCloud) -> None:
    async with scripted_server() as server:
        server.will(failure(401, "Unauthorized", "Unauthorized"), answer({"gitVersion": "v1"}))
        apis = ClusterAPIs(cloud.token, VirtualClock())
        api = await apis.of(PROD, EKSCluster("prod", "ACTIVE", "1.35", "vpc-1", (), "API", endpoint=server.url), ROLE)
        found = await api.ask(lambda client: client.request("get", "/version"))
        await apis.close()
    # Signed anew within the same second, it may be the same, and is then not sent again.
    assert isinstance(found, NoAccess) or found == {"gitVersion": "v1"}
    assert not isinstance(found, NoAccess) or ROLE in found.why
    for asked in server.asked:
        token = taken_apart(asked.headers["Authorization"].removeprefix("Bearer "))
        assert token.query["X-Amz-SignedHeaders"] == "host;x-k8s-aws-id"


async def test_a_token_is_no_secret_in_a_log(aws: CannedAWS, cloud: AWSCloud) -> None:
    source = cloud.token(PROD)
    token = await source.token()
    assert token[:30] not in redact(f"GET /x with {token} failed, and {token!r}")
    assert token[:30] not in repr(source)
