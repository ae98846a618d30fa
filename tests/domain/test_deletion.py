"""A claim that is being deleted: each way to the end of its finalizer, and each reason why it must stay."""

from dataclasses import replace
from typing import Any

import pytest

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import OperationType
from fargateclaims.domain.assessment import Step
from fargateclaims.domain.facts import Facts, Outcome
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.identity import OWNERSHIP_KEYS
from fargateclaims.domain.plan import plan
from fargateclaims.domain.profile import HealthProblem, ProfileState
from fargateclaims.domain.report import ClaimReport
from support.builders import (
    NOW,
    RULES,
    after,
    annotated,
    deleting,
    later,
    make_claim,
    make_class,
    make_facts,
    make_observation,
    make_profile,
    message,
    ready,
    report_of,
    settled,
)

PROFILE = make_profile(owner=make_claim())
WAIT = make_class(disruption={"onDelete": "Wait", "timeout": "10m"})
RETAIN = make_class(reclaimPolicy="Retain")


def deleted_claim(**fields: Any) -> FargateProfileClaim:
    """A claim that had its profile, and then was deleted."""
    claim = make_claim(**fields)
    return deleting(settled(claim, make_facts(claim, profiles=[PROFILE])))


def only_report(facts: Facts) -> ClaimReport:
    return report_of(plan(facts), facts.claims[0])


def failure(kind: FailureClass, operation: str = "DescribeCluster", *, unknown: bool = False) -> Failure:
    return Failure(kind, "Code", "words of AWS", operation, outcome_unknown=unknown)


def test_the_profile_is_deleted_and_only_then_the_finalizer_goes() -> None:
    claim = deleted_claim()
    facts = make_facts(claim, profiles=[PROFILE])
    action = plan(facts).action
    assert action is not None
    assert (action.work.operation, action.work.step, action.work.profile_name) == (OperationType.DELETE, Step.DELETE, PROFILE.name)
    assert only_report(facts).finalizer
    going = settled(claim, facts)
    known = {claim.metadata.uid: Outcome(action.start_time, NOW)}
    facts = make_facts(going, profiles=[replace(PROFILE, state=ProfileState.DELETING)], outcomes=known)
    assert plan(facts).action is None
    assert not only_report(facts).release
    assert plan(facts).watch == {PROFILE.name}
    facts = make_facts(settled(going, facts), outcomes=known, now=after(90))
    report = only_report(facts)
    assert report.release
    assert [event.reason for event in report.events] == ["Deleted"]


def test_a_claim_without_our_finalizer_is_nobody_s_business() -> None:
    claim = make_claim(deleted=NOW, finalizers=["someone.else/finalizer"])
    decided = plan(make_facts(claim, profiles=[PROFILE]))
    assert decided.claims == ()
    assert decided.action is None


@pytest.mark.parametrize(
    "facts",
    [
        make_facts(deleted_claim()),
        make_facts(deleted_claim(), observation=make_observation(failure=failure(FailureClass.CLUSTER_GONE))),
        make_facts(deleted_claim(), observation=make_observation(profiles=None, failure=failure(FailureClass.CLUSTER_GONE))),
        make_facts(deleted_claim(), profiles=[PROFILE], crd_terminating=True),
        make_facts(deleted_claim(), profiles=[replace(PROFILE, tags={})]),
    ],
    ids=["profile gone", "cluster gone", "cluster gone at the first look", "CRD goes", "profile is no longer ours"],
)
def test_when_the_finalizer_goes(facts: Facts) -> None:
    decided = plan(facts)
    assert decided.action is None
    assert only_report(facts).release


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (make_facts(deleted_claim(), observation=make_observation(profiles=None)), "Pending"),
        (
            make_facts(deleted_claim(), observation=make_observation(profiles=None, failure=failure(FailureClass.UNAUTHORIZED))),
            "Unauthorized",
        ),
        (make_facts(deleted_claim(), observation=make_observation(failure=failure(FailureClass.UNAVAILABLE))), "Unavailable"),
        (make_facts(deleted_claim(), observation=make_observation(failure=failure(FailureClass.WRONG_ACCOUNT))), "ClassConflict"),
        (make_facts(make_claim(deleted=NOW), classes=[], observation=make_observation(profiles=None)), "ClassNotFound"),
    ],
)
def test_what_could_not_be_read_proves_nothing(facts: Facts, reason: str) -> None:
    report = only_report(facts)
    assert not report.release
    assert report.finalizer
    assert ready(report)[1] == reason


def test_a_call_whose_outcome_is_unknown_is_waited_for_and_then_eks_is_read_once_more() -> None:
    claim = make_claim()
    facts = make_facts(claim)
    action = plan(facts).action
    assert action is not None
    claim = deleting(settled(claim, facts), after(1))
    lost = {claim.metadata.uid: Outcome(action.start_time, after(10), failure(FailureClass.UNAVAILABLE, unknown=True))}
    facts = make_facts(claim, outcomes=lost, now=after(10))
    assert "what became of the last call" in message(only_report(facts))
    facts = replace(later(facts, 25), observation=make_observation(observed_at=after(20)))
    assert plan(facts).look_again
    assert not only_report(facts).release
    facts = replace(facts, observation=make_observation(observed_at=after(35)))
    assert only_report(facts).release


def test_retain_takes_only_the_tags_off() -> None:
    action = plan(make_facts(deleted_claim(), profiles=[PROFILE], classes=[RETAIN])).action
    assert action is not None
    assert (action.work.step, action.work.tag_keys) == (Step.UNTAG, OWNERSHIP_KEYS)


@pytest.mark.parametrize(
    ("claim", "cls", "seconds", "reason", "words"),
    [
        (annotated(deleted_claim(), paused="true"), make_class(), 0, "Paused", "the deletion waits: paused by the claim's annotation"),
        (deleted_claim(), WAIT, 60, "Draining", "cannot be seen"),
        (deleted_claim(), WAIT, 700, "PodsRemain", f"eks.amazonaws.com/fargate-profile={PROFILE.name}"),
    ],
)
def test_what_holds_up_a_deletion(claim: FargateProfileClaim, cls: Any, seconds: float, reason: str, words: str) -> None:
    facts = make_facts(claim, profiles=[PROFILE], classes=[cls], now=after(seconds))
    assert plan(facts).action is None
    assert ready(only_report(facts))[1] == reason
    assert words in message(only_report(facts))


def test_retain_waits_for_no_pods() -> None:
    cls = make_class(reclaimPolicy="Retain", disruption={"onDelete": "Wait"})
    assert plan(make_facts(deleted_claim(), profiles=[PROFILE], classes=[cls])).action is not None


def test_an_outage_holds_up_a_deletion() -> None:
    seen = make_observation(PROFILE, failure=failure(FailureClass.THROTTLED))
    facts = make_facts(deleted_claim(), observation=seen)
    assert plan(facts).action is None
    assert ready(only_report(facts)) == ("True", "Throttled")


@pytest.mark.parametrize(("state", "words"), [(ProfileState.CREATING, "then it will be deleted"), (ProfileState.DELETING, "is DELETING")])
def test_what_moves_is_waited_for_until_the_deadline(state: ProfileState, words: str) -> None:
    moving = replace(PROFILE, state=state, created_at=NOW)
    facts = make_facts(deleted_claim(), profiles=[moving], moving_since={moving.arn: NOW})
    assert plan(facts).action is None
    assert ready(only_report(facts)) == ("Unknown", "Deleting")
    assert words in message(only_report(facts))
    late = later(facts, RULES.operation_deadline.total_seconds())
    assert ready(only_report(late)) == ("False", "TimedOut")
    assert not only_report(late).release


def test_delete_failed_is_tried_again_with_growing_waits() -> None:
    broken = replace(PROFILE, state=ProfileState.DELETE_FAILED, health=(HealthProblem("InternalFailure", "network interface in use"),))
    facts = make_facts(deleted_claim(), profiles=[broken])
    report = only_report(facts)
    assert plan(facts).action is None
    assert ready(report)[1] == "BackingOff"
    assert "network interface in use (attempt 1 of 3)" in message(report)
    assert report.status.failed_attempts == 1
    assert report.status.next_attempt_time is not None
    again = later(replace(facts, claims=(settled(facts.claims[0], facts),)), 10)
    assert plan(again).action is not None
    assert only_report(again).status.failed_attempts == 1


def test_both_profiles_of_a_replacement_go_the_older_first() -> None:
    older = make_profile("z-9999", owner=make_claim())
    action = plan(make_facts(deleted_claim(), profiles=[make_profile("z-9998", owner=make_claim()), older])).action
    assert action is not None
    assert action.work.profile == older


def test_the_class_may_be_gone_if_the_claim_knows_its_cluster() -> None:
    action = plan(make_facts(deleted_claim(), profiles=[PROFILE], classes=[])).action
    assert action is not None
    assert action.work.step is Step.DELETE


UNREAD: dict[str, Any] = {"classes": [], "malformed_classes": {"standard": "spec.rollout: is not known"}}


@pytest.mark.parametrize("claim", [deleted_claim(), deleting(make_claim())], ids=["knows its cluster", "knows nothing"])
@pytest.mark.parametrize("state", [ProfileState.ACTIVE, ProfileState.CREATE_FAILED, ProfileState.DELETE_FAILED])
def test_while_the_class_cannot_be_read_the_profile_stays_since_it_may_say_so(claim: FargateProfileClaim, state: ProfileState) -> None:
    facts = make_facts(claim, profiles=[replace(PROFILE, state=state)], **UNREAD)
    decided, report = plan(facts), only_report(facts)
    assert (decided.action, decided.drains, decided.queue_length, report.release) == (None, (), 0, False)
    assert report.status.operation is None
    assert ready(report)[1] == "ClassNotReady"
    assert message(report) == 'class "standard" cannot be read: spec.rollout: is not known'


def test_a_class_that_cannot_be_read_keeps_no_claim_that_has_nothing_left() -> None:
    assert only_report(make_facts(deleted_claim(), **UNREAD)).release


@pytest.mark.parametrize("trouble", [None, failure(FailureClass.UNAVAILABLE)])
def test_what_is_in_doubt_stays_in_doubt_until_eks_was_read_late_enough(trouble: Failure | None) -> None:
    announced = {"type": "Delete", "state": "InFlight", "profileName": PROFILE.name, "queueTime": NOW, "startTime": NOW}
    claim = make_claim(deleted=NOW, status={"observedGeneration": 1, "operation": announced})
    late = after(RULES.settle.total_seconds() + 1)
    facts = make_facts(claim, observation=make_observation(observed_at=after(1), failure=trouble), now=late)
    report = only_report(facts)
    assert report.finalizer
    assert report.status.operation == claim.status.operation
    assert plan(facts).look_again is (trouble is None)
    assert not only_report(replace(facts, observation=make_observation(observed_at=late))).finalizer
