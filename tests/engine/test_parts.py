"""The small parts of the engine: ways to a cluster, refusals, the CRD, metrics."""

import asyncio
from datetime import timedelta

import pytest

from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.plan import plan
from fargateclaims.domain.profile import ProfileState
from fargateclaims.engine.access import Access, access_of, accesses
from fargateclaims.engine.busy import Refusals
from fargateclaims.engine.crd import CRDWatch
from fargateclaims.engine.telemetry import Telemetry
from fargateclaims.kube.errors import Missing, Unavailable
from fargateclaims.metrics import Metrics
from support.builders import ARN, NOW, ROLE, after, make_claim, make_class, make_facts, make_profile
from support.memory_kube import MemoryKube
from support.virtual_loop import LoopClock, run_virtually

BUSY = Failure(FailureClass.BUSY_CLUSTER, "ResourceInUseException", "an update in progress")
BLOCKED = Failure(FailureClass.BUSY_PROFILE, "ResourceInUseException", "b is CREATING", blocker=("b", ProfileState.CREATING))
FULL = Failure(FailureClass.QUOTA_EXCEEDED, "ResourceLimitExceededException", "no more")
INVALID = Failure(FailureClass.INVALID, "InvalidParameterException", "no")


def refusals() -> Refusals:
    return Refusals("c", timedelta(seconds=2), timedelta(seconds=30))


def test_a_busy_cluster_is_left_alone_for_longer_each_time_up_to_the_limit() -> None:
    found, waits = refusals(), []
    for _ in range(8):
        found.learn(BUSY, 3, NOW)
        assert found.busy is not None
        waits.append((found.busy.until - NOW).total_seconds())
    assert waits[0] < waits[3] <= max(waits) <= 30
    assert waits[-1] > 10


def test_a_busy_cluster_is_busy_since_the_first_refusal() -> None:
    found = refusals()
    found.learn(BUSY, 3, NOW)
    found.learn(BUSY, 3, after(60))
    assert found.busy is not None
    assert found.busy.since == NOW


def test_a_known_blocker_is_watched_so_the_wait_stays_short() -> None:
    found = refusals()
    for _ in range(5):
        found.learn(BLOCKED, 3, NOW)
    assert found.busy is not None
    assert found.busy.until == after(2)


@pytest.mark.parametrize("outcome", [None, INVALID, FULL])
def test_any_other_answer_means_that_the_cluster_is_not_busy(outcome: Failure | None) -> None:
    found = refusals()
    found.learn(BUSY, 3, NOW)
    found.learn(outcome, 3, after(1))
    assert found.busy is None


def test_a_full_quota_is_remembered_until_more_profiles_were_possible() -> None:
    found = refusals()
    found.learn(FULL, 10, NOW)
    assert found.quota is not None
    assert (found.quota.count, found.quota.at) == (10, NOW)
    found.learn(INVALID, 10, NOW)
    found.learn(None, 9, NOW)
    assert found.quota is not None
    found.learn(None, 10, NOW)
    assert found.quota is None


def test_the_ways_to_a_cluster_are_its_classes_then_its_claims_each_once() -> None:
    classes = [make_class("a", assumeRoleARN=ROLE, externalID="x1"), make_class("b"), make_class("c")]
    resolved = make_claim(status={"resolved": {"assumeRoleARN": "arn:aws:iam::111122223333:role/old"}})
    ways = accesses(classes, [make_claim("new"), resolved])
    assert ways == (Access(ROLE, "x1"), Access(), Access("arn:aws:iam::111122223333:role/old"))


def test_with_nothing_to_go_by_the_own_identity_is_the_way() -> None:
    assert accesses((), ()) == (Access(),)
    assert access_of(make_claim()) == Access()


def test_whether_the_crd_goes_is_asked_of_the_api_server() -> None:
    async def play() -> None:
        kube = MemoryKube(LoopClock().now)
        watch = CRDWatch(kube)
        assert await watch.ask()
        assert not watch.terminating
        kube.crd_terminating = True
        assert await watch.ask()
        assert watch.terminating

    run_virtually(play())


def test_a_crd_that_is_gone_counts_as_one_that_goes_and_silence_as_no_answer() -> None:
    async def play() -> None:
        kube = MemoryKube(LoopClock().now)
        watch = CRDWatch(kube)
        kube.fail("crd", Unavailable("503"), Missing("404", status=404))
        assert not await watch.ask()
        assert not watch.terminating
        assert await watch.ask()
        assert watch.terminating

    run_virtually(play())


def test_metrics_follow_an_operation_from_its_queue_to_its_end() -> None:
    async def play() -> None:
        clock, metrics = LoopClock(), Metrics()
        telemetry = Telemetry(metrics, clock)

        def value(name: str, **labels: str) -> float | None:
            return metrics.registry.get_sample_value(f"fargateclaims_{name}", labels)

        claim = make_claim()
        decided = plan(make_facts(claim))
        assert decided.action is not None
        waiting = make_claim(status=plan(make_facts(claim, may_mutate=False)).claims[0].status.to_dict())
        again = plan(make_facts(waiting, now=after(5)))
        assert again.action is not None
        telemetry.turned(ARN, again, 0.5)
        telemetry.acted(again.action, INVALID)
        assert value("operations_total", operation="Create", outcome="Invalid") == 1
        telemetry.acted(again.action, None)
        assert value("queue_wait_seconds_sum", operation="Create") == 5
        await asyncio.sleep(60)
        done = plan(make_facts(claim, profiles=[make_profile(owner=claim)]))
        telemetry.turned(ARN, done, 0.1)
        assert value("operation_duration_seconds_sum", operation="Create", outcome="succeeded") == 60
        assert value("claims", cluster=str(ARN), reason="Active") == 1
        telemetry.forget(ARN)
        assert value("queue_length", cluster=str(ARN)) is None

    run_virtually(play())


@pytest.mark.parametrize(("owned", "origin"), [(True, "claim"), (False, "foreign")])
def test_metrics_say_whose_profile_holds_the_slot(owned: bool, origin: str) -> None:  # noqa: FBT001
    async def play() -> None:
        metrics = Metrics()
        telemetry = Telemetry(metrics, LoopClock())
        claim = make_claim()
        moving = make_profile("other", ProfileState.CREATING, owner=claim if owned else None)
        telemetry.turned(ARN, plan(make_facts(claim, profiles=[moving])), 0.1)
        labels = {"cluster": str(ARN), "origin": origin}
        assert metrics.registry.get_sample_value("fargateclaims_slot_held", labels) == 1

    run_virtually(play())


def test_metrics_of_claims_without_a_cluster_have_no_queue() -> None:
    async def play() -> None:
        metrics = Metrics()
        telemetry = Telemetry(metrics, LoopClock())
        claim = make_claim(className="none")
        telemetry.turned(None, plan(make_facts(claim, classes=[])), 0.1)
        assert metrics.registry.get_sample_value("fargateclaims_claims", {"cluster": "", "reason": "ClassNotFound"}) == 1
        telemetry.forget(None)

    run_virtually(play())
