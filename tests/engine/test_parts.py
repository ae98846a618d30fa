"""The small parts of the engine: ways to a cluster, refusals, the CRD."""

from datetime import timedelta

import pytest

from fargateclaims.domain.assessment import Step
from fargateclaims.domain.facts import QuotaRefusal
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.profile import ProfileState
from fargateclaims.engine.access import Access, access_of, accesses
from fargateclaims.engine.busy import Refusals
from fargateclaims.engine.crd import CRDWatch
from fargateclaims.kube.errors import Missing, Throttled, Unavailable
from fargateclaims.timing import UNANSWERED_RETRY
from support.builders import NOW, ROLE, after, make_claim, make_class
from support.memory_kube import MemoryKube
from support.virtual_loop import LoopClock, run_virtually

BUSY = Failure(FailureClass.BUSY_CLUSTER, "ResourceInUseException", "an update in progress")
BLOCKED = Failure(FailureClass.BUSY_PROFILE, "ResourceInUseException", "b is CREATING", blocker=("b", ProfileState.CREATING))
FULL = Failure(FailureClass.QUOTA_EXCEEDED, "ResourceLimitExceededException", "no more")
INVALID = Failure(FailureClass.INVALID, "InvalidParameterException", "no")
THROTTLED = Failure(FailureClass.THROTTLED, "ThrottlingException", "Rate exceeded")
DOWN = Failure(FailureClass.UNAVAILABLE, "ServerException", "internal error", outcome_unknown=True)


def refusals() -> Refusals:
    return Refusals("c", timedelta(seconds=2), timedelta(seconds=30))


def test_a_busy_cluster_is_left_alone_for_longer_each_time_up_to_the_limit() -> None:
    found, waits = refusals(), []
    for _ in range(8):
        found.learn(Step.CREATE, BUSY, 3, NOW)
        assert found.busy is not None
        waits.append((found.busy.until - NOW).total_seconds())
    assert waits[0] < waits[3] <= max(waits) <= 30
    assert waits[-1] > 10


@pytest.mark.parametrize(
    ("step", "between"),
    [
        (Step.CREATE, THROTTLED),
        (Step.DELETE, DOWN),
        (Step.CREATE, INVALID),
        (Step.CREATE, FULL),
        (Step.TAG, None),
        (Step.UNTAG, None),
        (Step.TAG, THROTTLED),
    ],
)
def test_a_cluster_is_busy_since_the_first_refusal_until_eks_takes_a_create_or_delete(step: Step, between: Failure | None) -> None:
    found = refusals()
    found.learn(Step.CREATE, BUSY, 3, NOW)
    first = found.busy
    found.learn(step, between, 3, after(30))
    assert found.busy == first
    found.learn(Step.CREATE, BUSY, 3, after(60))
    assert found.busy is not None
    assert found.busy.since == NOW
    assert found.busy.until - after(60) >= timedelta(seconds=4), "the waits go on growing"


@pytest.mark.parametrize("step", [Step.CREATE, Step.DELETE])
def test_a_create_or_delete_that_eks_took_ends_it(step: Step) -> None:
    found = refusals()
    found.learn(Step.CREATE, BUSY, 3, NOW)
    found.learn(step, None, 3, after(1))
    ended = found.busy
    found.learn(step, BUSY, 3, after(2))
    again = found.busy
    assert ended is None
    assert again is not None
    assert again.since == after(2)
    assert again.until - after(2) < timedelta(seconds=4)


def test_what_nobody_asked_for_a_while_has_not_lasted_all_the_time() -> None:
    found = refusals()
    found.learn(Step.CREATE, BUSY, 3, NOW)
    found.learn(Step.CREATE, BUSY, 3, after(3600))
    assert found.busy is not None
    assert found.busy.since == after(3600)


def test_a_known_blocker_is_watched_so_the_wait_stays_short() -> None:
    found = refusals()
    for _ in range(5):
        found.learn(Step.CREATE, BLOCKED, 3, NOW)
    assert found.busy is not None
    assert found.busy.until == after(2)


@pytest.mark.parametrize(
    ("step", "outcome", "profiles", "remembered"),
    [
        (Step.CREATE, INVALID, 10, True),
        (Step.CREATE, THROTTLED, 10, True),
        (Step.CREATE, BUSY, 10, True),
        (Step.TAG, None, 10, True),
        (Step.DELETE, None, 10, True),  # the profile that goes is still counted
        (Step.DELETE, None, 11, True),
        (Step.CREATE, None, 9, True),
        (Step.CREATE, None, 10, True),  # full again, as EKS said
        (Step.CREATE, None, 11, False),
    ],
)
def test_a_full_quota_is_remembered_until_more_profiles_were_possible(
    step: Step, outcome: Failure | None, profiles: int, *, remembered: bool
) -> None:
    found = refusals()
    found.learn(Step.CREATE, FULL, 10, NOW)
    assert found.quota == QuotaRefusal(10, NOW)
    found.learn(step, outcome, profiles, after(1))
    assert found.quota == (QuotaRefusal(10, NOW) if remembered else None)


def test_the_ways_to_a_cluster_are_its_classes_then_its_claims_each_once() -> None:
    classes = [make_class("a", assumeRoleARN=ROLE, externalID="x1"), make_class("b"), make_class("c")]
    resolved = make_claim(status={"resolved": {"assumeRoleARN": "arn:aws:iam::111122223333:role/old"}})
    ways = accesses(classes, [make_claim("new"), resolved])
    assert ways == (Access(ROLE, "x1"), Access(), Access("arn:aws:iam::111122223333:role/old"))


def test_with_nothing_to_go_by_the_own_identity_is_the_way() -> None:
    assert accesses((), ()) == (Access(),)
    assert access_of(make_claim()) == Access()


def test_whether_the_crd_goes_is_asked_of_the_api_server(caplog: pytest.LogCaptureFixture) -> None:
    async def play() -> None:
        kube = MemoryKube(LoopClock().now)
        watch = CRDWatch(kube)
        assert await watch.ask() == 0
        assert not watch.terminating
        assert not caplog.messages
        kube.crd_terminating = True
        for _ in range(3):
            assert await watch.ask() == 0
            assert watch.terminating
        (said,) = caplog.messages
        assert "their profiles stay in EKS" in said

    run_virtually(play())


def test_a_crd_that_is_gone_counts_as_one_that_goes_and_silence_as_no_answer() -> None:
    async def play() -> None:
        kube = MemoryKube(LoopClock().now)
        watch = CRDWatch(kube)
        kube.fail("crd", Unavailable("503"), Throttled("429", retry_after=20), Missing("404", status=404))
        assert await watch.ask() == UNANSWERED_RETRY
        assert await watch.ask() == 20
        assert not watch.terminating
        assert await watch.ask() == 0
        assert watch.terminating

    run_virtually(play())
