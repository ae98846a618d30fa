"""Faults as a client sees them, and what the ledger says of them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS
from support.waiting import LIMIT, NEVER, until

Create = Callable[..., Any]
Aws = Callable[..., Any]


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return str(refused.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("throttling", "ThrottlingException", 429),
        ("server_error", "ServerException", 500),
        ("unavailable", "ServiceUnavailableException", 503),
        ("access_denied", "AccessDeniedException", 403),
        ("expired_credentials", "ExpiredTokenException", 403),
    ],
)
def test_errors_before_the_change(simulated: SimulatedEKS, create: Create, kind: str, code: str, status: int) -> None:
    simulated.fault(kind, calls=1, operation="CreateFargateProfile")
    with pytest.raises(ClientError) as refused:
        create()
    assert (refused.value.response["Error"]["Code"], refused.value.response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert simulated.profiles("c") == {}
    recorded = simulated.calls(operation="CreateFargateProfile")[0]
    assert (recorded.status, recorded.error, recorded.changed, recorded.fault) == (status, code, False, kind)
    create()


def test_an_error_after_the_change(simulated: SimulatedEKS, create: Create) -> None:
    simulated.fault("server_error", when="after", calls=1)
    assert code_of(create) == "ServerException"
    assert simulated.profiles("c")["a"]["status"] == "CREATING"
    assert simulated.calls(operation="CreateFargateProfile")[0].changed


@pytest.mark.parametrize(("when", "made"), [("before", []), ("after", ["a"])])
async def test_a_hanging_answer(simulated: SimulatedEKS, aws: Aws, seeded: Seeded, when: str, made: list[str]) -> None:
    simulated.fault("hang", when=when, seconds=NEVER, calls=1, operation="CreateFargateProfile")
    impatient = aws("eks", seeded, read_timeout=0.3)
    with pytest.raises(ReadTimeoutError):
        impatient.create_fargate_profile(
            clusterName="c", fargateProfileName="a", podExecutionRoleArn=seeded.pod_execution_role_arn, selectors=[{"namespace": "n"}]
        )
    # Who gives up so soon may do so before the simulator has looked.
    await until(lambda: simulated.calls(operation="CreateFargateProfile"))
    assert list(simulated.profiles("c")) == made
    recorded = simulated.calls(operation="CreateFargateProfile")[0]
    assert (recorded.status, recorded.changed, recorded.fault) == (0, bool(made), "hang")
    assert len(simulated.transitions()) == len(made)


@pytest.mark.parametrize(("when", "made"), [("before", []), ("after", ["a"])])
def test_a_connection_that_closes(simulated: SimulatedEKS, create: Create, when: str, made: list[str]) -> None:
    simulated.fault("disconnect", when=when, calls=1, operation="CreateFargateProfile")
    with pytest.raises(ConnectionClosedError):
        create()
    assert list(simulated.profiles("c")) == made


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_slow_answer_comes(eks: Any, simulated: SimulatedEKS, when: str) -> None:
    simulated.fault("delay", when=when, seconds=0.3, calls=1)
    before = time.monotonic()
    eks.list_clusters()
    assert time.monotonic() - before >= 0.3
    assert simulated.calls(operation="ListClusters")[0].seconds >= 0.3


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_call_is_held_until_the_fault_is_removed(eks: Any, simulated: SimulatedEKS, when: str) -> None:
    for kind, end in (("delay", None), ("hang", ConnectionClosedError)):
        fault = simulated.fault(kind, when=when, seconds=3600)
        with ThreadPoolExecutor() as threads:
            held = threads.submit(eks.list_clusters)
            await until(lambda: simulated.faults()[0]["met"])
            simulated.clear_faults(fault)
            assert isinstance(held.exception(LIMIT), end or type(None))


def test_a_dribbling_answer_outlasts_a_read_timeout(simulated: SimulatedEKS, aws: Aws, seeded: Seeded) -> None:
    simulated.fault("dribble", seconds=1.2)
    eks = aws("eks", seeded, read_timeout=0.8)

    def seconds_of_an_answer() -> float:
        before = time.monotonic()
        assert eks.list_clusters()["clusters"] == ["c"]
        return time.monotonic() - before

    # A pause of the machine between two bytes ends an answer as well; not many in a row.
    for _ in range(20):
        with suppress(ReadTimeoutError):
            assert seconds_of_an_answer() >= 1.0
            break
    else:
        pytest.fail("no answer came in time")


async def test_one_slow_call_holds_up_no_other(eks: Any, simulated: SimulatedEKS, aws: Aws, seeded: Seeded) -> None:
    simulated.fault("hang", seconds=NEVER, operation="DescribeCluster")
    with pytest.raises(ReadTimeoutError):
        aws("eks", seeded, read_timeout=0.2).describe_cluster(name="c")
    await until(lambda: simulated.calls(operation="DescribeCluster"))
    assert eks.list_clusters()["clusters"] == ["c"]


@pytest.mark.parametrize(
    ("service", "call", "codes"),
    [
        ("sts", lambda client: client.get_caller_identity(), ("AccessDenied", "ExpiredToken", "Throttling")),
        ("iam", lambda client: client.list_roles(), ("AccessDenied", "ExpiredToken", "Throttling")),
        ("ec2", lambda client: client.describe_subnets(), ("UnauthorizedOperation", "RequestExpired", "RequestLimitExceeded")),
        (
            "service-quotas",
            lambda client: client.get_service_quota(ServiceCode="eks", QuotaCode="L-33415657"),
            ("AccessDeniedException", "ExpiredTokenException", "TooManyRequestsException"),
        ),
    ],
)
def test_faults_speak_each_services_protocol(
    simulated: SimulatedEKS, aws: Aws, service: str, call: Callable[[Any], object], codes: tuple[str, ...]
) -> None:
    client = aws(service, simulated.seed())
    for kind, code in zip(("access_denied", "expired_credentials", "throttling"), codes, strict=True):
        simulated.fault(kind, calls=1)
        assert code_of(lambda: call(client)) == code
    call(client)
    assert [recorded.error for recorded in simulated.calls()] == [*codes, None]


def test_faults_are_listed_counted_and_removed(eks: Any, simulated: SimulatedEKS) -> None:
    kept = simulated.fault("throttling", operation="ListClusters")
    gone = simulated.fault("server_error")
    simulated.clear_faults(gone)
    assert code_of(eks.list_clusters) == "ThrottlingException"
    assert [(fault["id"], fault["met"]) for fault in simulated.faults()] == [(kept, 1)]
    simulated.clear_faults()
    eks.list_clusters()


def test_lags_over_http(eks: Any, simulated: SimulatedEKS, create: Create) -> None:
    simulated.behave(describe_lag=500, list_lag=1000)
    create()
    assert code_of(lambda: eks.describe_fargate_profile(clusterName="c", fargateProfileName="a")) == "ResourceNotFoundException"
    simulated.advance(500)
    eks.describe_fargate_profile(clusterName="c", fargateProfileName="a")
    assert eks.list_fargate_profiles(clusterName="c")["fargateProfileNames"] == []
    simulated.advance(500)
    assert eks.list_fargate_profiles(clusterName="c")["fargateProfileNames"] == ["a"]


def test_the_ledger_tells_the_whole_story(eks: Any, simulated: SimulatedEKS, seeded: Seeded, create: Create) -> None:
    begun = time.monotonic()
    create("a")
    assert code_of(lambda: create("b")) == "ResourceInUseException"
    simulated.advance(60)
    eks.delete_fargate_profile(clusterName="c", fargateProfileName="a")
    simulated.advance(90)
    calls = simulated.calls(service="eks")
    assert [(call.operation, call.profile, call.status) for call in calls] == [
        ("CreateFargateProfile", "a", 200),
        ("CreateFargateProfile", "b", 409),
        ("DeleteFargateProfile", "a", 200),
    ]
    assert {(call.caller, call.access_key, call.account) for call in calls} == {
        ("arn:aws:iam::123456789012:user/simulator", seeded.access_key_id, "123456789012")
    }
    assert "Boto3" in calls[0].user_agent
    assert [change.after for change in simulated.transitions(cluster="c")] == ["CREATING", "ACTIVE", "DELETING", None]
    judged = simulated.verdict("c")
    assert (judged.operations, judged.refused) == ({"CreateFargateProfile": 1, "DeleteFargateProfile": 1}, 1)
    assert judged.floor_seconds == pytest.approx(150)
    assert 149.9 < judged.elapsed_seconds < 150.1 + time.monotonic() - begun
    simulated.clear_ledger()
    assert simulated.ledger() == []
