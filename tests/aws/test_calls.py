import asyncio
import threading
from collections.abc import Callable

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.aws.cloud import AWSCloud
from fargateclaims.aws.departure import NotPermitted
from fargateclaims.aws.limits import THREADS_PER_ACCOUNT_REGION
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.timing import AWS_READ_LIMIT, MUTATION_LIMIT
from support.canned_aws import Answer, Call, CannedAWS, Drop, Told, refused
from support.eks_answers import PROD, ROLE, SPEC, cluster_answer, profile_answer
from support.virtual_clock import VirtualClock
from support.waiting import LIMIT, until

Clouds = Callable[..., AWSCloud]


def yes() -> bool:
    return True


async def failure_of(awaitable: "asyncio.Future[object] | asyncio.Task[object]") -> Failure:
    with pytest.raises(AWSError) as raised:
        await awaitable
    return raised.value.failure


class Gate:
    """Holds calls of one operation until it is opened."""

    def __init__(self, aws: CannedAWS, operation: str, answer: Callable[[Call], Answer]) -> None:
        self._open = threading.Event()
        self._answer = answer
        aws.will(operation, self._hold)

    def open(self) -> None:
        self._open.set()

    def _hold(self, call: Call) -> Answer:
        assert self._open.wait(LIMIT)
        return self._answer(call)


async def test_the_event_loop_runs_on_while_every_thread_waits_for_aws(aws: CannedAWS, cloud: AWSCloud) -> None:
    gate = Gate(aws, "DescribeCluster", lambda _: cluster_answer())
    gateway = cloud.gateway(PROD)
    calls = [asyncio.create_task(gateway.describe_cluster()) for _ in range(2 * THREADS_PER_ACCOUNT_REGION)]
    await until(lambda: aws.count("DescribeCluster") == THREADS_PER_ACCOUNT_REGION)
    for _ in range(10_000):
        await asyncio.sleep(0)
    assert not any(call.done() for call in calls)
    assert aws.count("DescribeCluster") == THREADS_PER_ACCOUNT_REGION
    gate.open()
    assert {(await call).name for call in calls} == {"prod"}


async def test_a_region_that_hangs_holds_up_no_other(aws: CannedAWS, cloud: AWSCloud) -> None:
    aws.hang("ListFargateProfiles")
    aws.will("DescribeCluster", cluster_answer())
    stuck = [asyncio.create_task(cloud.gateway(PROD).list_profiles()) for _ in range(2 * THREADS_PER_ACCOUNT_REGION)]
    await until(lambda: aws.count("ListFargateProfiles") == THREADS_PER_ACCOUNT_REGION)
    other = cloud.gateway(ClusterARN("aws", "us-east-1", PROD.account, "prod"))
    assert (await other.describe_cluster()).name == "prod"
    for task in stuck:
        task.cancel()


async def test_iam_that_hangs_does_not_hold_up_eks(aws: CannedAWS, cloud: AWSCloud) -> None:
    aws.hang("GetRole")
    aws.will("DescribeCluster", cluster_answer())
    stuck = [asyncio.create_task(cloud.gateway(PROD).role(ROLE)) for _ in range(2 * THREADS_PER_ACCOUNT_REGION)]
    await until(lambda: aws.count("GetRole") == THREADS_PER_ACCOUNT_REGION)
    async with asyncio.timeout(LIMIT):
        assert (await cloud.gateway(PROD).describe_cluster()).name == "prod"
    for task in stuck:
        task.cancel()


async def test_without_a_permit_nothing_is_sent(aws: CannedAWS, cloud: AWSCloud, told: Told) -> None:
    aws.will("CreateFargateProfile", profile_answer())
    with pytest.raises(NotPermitted):
        await cloud.gateway(PROD).create_profile(SPEC, lambda: False)
    assert aws.count("CreateFargateProfile") == 0
    assert told.calls == []


async def test_the_permit_is_asked_last_of_all_and_on_the_worker_thread(aws: CannedAWS, cloud: AWSCloud) -> None:
    aws.will("CreateFargateProfile", profile_answer(status="CREATING"))
    asked: list[tuple[str, list[str]]] = []

    def permit() -> bool:
        asked.append((threading.current_thread().name, [call.operation for call in aws.calls]))
        return True

    await cloud.gateway(PROD).create_profile(SPEC, permit)
    [(thread, before)] = asked
    assert thread.startswith(f"aws-{PROD.account}-eu-west-1-")
    assert before == ["GetCallerIdentity"]


async def test_a_mutation_without_an_answer_is_abandoned_and_its_outcome_unknown(aws: CannedAWS, clouds: Clouds, told: Told) -> None:
    clock = VirtualClock()
    aws.hang("CreateFargateProfile")
    call = asyncio.create_task(clouds(clock).gateway(PROD).create_profile(SPEC, yes))
    await until(lambda: aws.count("CreateFargateProfile"))
    await clock.advance(MUTATION_LIMIT - 0.1)
    assert not call.done()
    await clock.advance(0.1)
    failure = await failure_of(call)
    assert (failure.kind, failure.operation, failure.outcome_unknown) == (FailureClass.UNAVAILABLE, "CreateFargateProfile", True)
    assert told.calls == [("CreateFargateProfile", "Unavailable")]


async def test_a_read_without_an_answer_is_abandoned_too(aws: CannedAWS, clouds: Clouds) -> None:
    clock = VirtualClock()
    aws.hang("DescribeCluster")
    call = asyncio.create_task(clouds(clock).gateway(PROD).describe_cluster())
    await until(lambda: aws.count("DescribeCluster"))
    await clock.advance(AWS_READ_LIMIT)
    failure = await failure_of(call)
    assert (failure.kind, failure.outcome_unknown) == (FailureClass.UNAVAILABLE, False)


@pytest.mark.parametrize("ending", ["limit", "cancel"])
async def test_a_mutation_that_was_given_up_before_it_left_never_leaves(aws: CannedAWS, clouds: Clouds, ending: str) -> None:
    clock = VirtualClock()
    gate = Gate(aws, "GetCallerIdentity", aws._identity)
    aws.will("CreateFargateProfile", profile_answer())
    aws.will("DescribeCluster", cluster_answer())
    gateway = clouds(clock).gateway(PROD)
    asked = threading.Event()

    def permit() -> bool:
        asked.set()
        return True

    call = asyncio.create_task(gateway.create_profile(SPEC, permit))
    await until(lambda: aws.count("GetCallerIdentity"))
    if ending == "limit":
        await clock.advance(MUTATION_LIMIT)
        failure = await failure_of(call)
        assert (failure.kind, failure.outcome_unknown) == (FailureClass.UNAVAILABLE, False)
    else:
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    gate.open()
    await until(asked.is_set)
    await gateway.describe_cluster()
    assert aws.count("CreateFargateProfile") == 0


async def test_a_refused_connection_is_no_unknown_outcome(aws: CannedAWS, cloud: AWSCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_EKS", "http://127.0.0.1:1")
    failure = await failure_of(asyncio.create_task(cloud.gateway(PROD).create_profile(SPEC, yes)))
    assert (failure.kind, failure.outcome_unknown) == (FailureClass.UNAVAILABLE, False)


async def test_a_call_that_failed_before_the_mutation_left_is_no_unknown_outcome(aws: CannedAWS, cloud: AWSCloud) -> None:
    def cut(_: Call) -> Answer:
        raise Drop

    aws.will("GetCallerIdentity", cut)
    failure = await failure_of(asyncio.create_task(cloud.gateway(PROD).create_profile(SPEC, yes)))
    assert (failure.kind, failure.outcome_unknown) == (FailureClass.UNAVAILABLE, False)


async def test_no_call_is_repeated_behind_our_back(aws: CannedAWS, cloud: AWSCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    gateway = cloud.gateway(PROD)
    for operation in ("CreateFargateProfile", "DescribeCluster"):
        aws.will(operation, refused("ServerException", "oops", 500))
    assert (await failure_of(asyncio.create_task(gateway.create_profile(SPEC, yes)))).outcome_unknown
    await failure_of(asyncio.create_task(gateway.describe_cluster()))
    assert (aws.count("CreateFargateProfile"), aws.count("DescribeCluster")) == (1, 1)


async def test_throttling_is_shared_by_the_clusters_of_an_account_and_region(aws: CannedAWS, clouds: Clouds, told: Told) -> None:
    clock = VirtualClock()
    cloud = clouds(clock)
    aws.will("DescribeCluster", refused("ThrottlingException", "Rate exceeded", 429))
    bucket = cloud._shared_by(PROD.account, PROD.region).calls.bucket
    while not bucket.paused_seconds:
        # A full jitter may be next to nothing.
        failure = await failure_of(asyncio.create_task(cloud.gateway(PROD).describe_cluster()))
        assert failure.kind is FailureClass.THROTTLED
    aws.will("DescribeCluster", cluster_answer())
    same_region = asyncio.create_task(cloud.gateway(ClusterARN("aws", "eu-west-1", PROD.account, "test")).describe_cluster())
    await cloud.gateway(ClusterARN("aws", "us-east-1", PROD.account, "test")).describe_cluster()
    assert not same_region.done()
    await clock.advance(bucket.paused_seconds + 0.01)
    await same_region
    assert set(told.calls) == {("DescribeCluster", "Throttled"), ("DescribeCluster", "ok")}


async def test_a_closed_cloud_calls_nobody(aws: CannedAWS, cloud: AWSCloud) -> None:
    gateway = cloud.gateway(PROD)
    cloud.close()
    with pytest.raises(RuntimeError, match="closed"):
        await gateway.describe_cluster()
    assert aws.calls == []
