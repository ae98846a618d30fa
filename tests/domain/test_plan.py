"""One plan for one cluster: at most one call, who waits where, what is watched, and when time alone changes the answer."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import OperationState
from fargateclaims.api.conditions import ConditionType
from fargateclaims.domain.assessment import Step
from fargateclaims.domain.facts import ClusterBusy, Facts, Outcome, QuotaRefusal
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.observation import Quotas
from fargateclaims.domain.plan import Action, Plan, plan
from fargateclaims.domain.profile import HealthProblem, ProfileState
from support.builders import (
    ARN,
    NOW,
    OTHER_ARN,
    RULES,
    after,
    annotated,
    condition,
    deleting,
    edited,
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

CLAIM = make_claim()
PROFILE = make_profile(owner=CLAIM)
FOREIGN = make_profile("terraform", ProfileState.CREATING, created_at=NOW)
BUSY_FAILURE = Failure(FailureClass.BUSY_CLUSTER, "ResourceInUseException", "has an update in progress", "CreateFargateProfile")
DEADLINE = RULES.operation_deadline.total_seconds()
GRACE = RULES.grace.total_seconds()


def numbered(count: int) -> tuple[FargateProfileClaim, ...]:
    """New claims, each made a minute after the one before, whose profiles share no pods."""
    return tuple(
        make_claim(f"c{number}", created=after(60 * (number - count)), selectors=[{"labels": {"app": f"c{number}"}}])
        for number in range(count)
    )


def busy(until: datetime, since: datetime = NOW) -> ClusterBusy:
    return ClusterBusy(BUSY_FAILURE, since, until)


def only_action(facts: Facts) -> Action:
    action = plan(facts).action
    assert action is not None
    return action


def at_rest(claim: FargateProfileClaim = CLAIM, **fields: Any) -> FargateProfileClaim:
    """The claim with a profile as it should be, and all of that reported."""
    return settled(claim, make_facts(claim, profiles=[make_profile(owner=claim)], **fields))


# At most one call.


def test_of_many_claims_one_acts_and_each_of_the_others_has_a_place() -> None:
    claims = numbered(5)
    facts = make_facts(*reversed(claims))
    decided = plan(facts)
    assert decided.action is not None
    assert (decided.action.claim, decided.action.work.step, decided.action.start_time) == (claims[0], Step.CREATE, NOW)
    operations = [report_of(decided, claim).status.operation for claim in claims]
    assert [one and (one.state, one.start_time, one.display) for one in operations] == [
        (OperationState.IN_FLIGHT, NOW, None),
        *((OperationState.QUEUED, None, f"{place}/4") for place in range(1, 5)),
    ]
    assert decided.queue_length == 4


@pytest.mark.parametrize(
    "facts",
    [
        make_facts(CLAIM, may_mutate=False),
        make_facts(CLAIM, profiles=[FOREIGN]),
        make_facts(CLAIM, profiles=[replace(FOREIGN, state=ProfileState.DELETING)]),
        make_facts(CLAIM, busy=busy(after(1))),
    ],
    ids=["not leading, or stopping", "foreign create", "foreign delete", "cluster busy"],
)
def test_nothing_is_sent_and_the_first_still_has_its_place(facts: Facts) -> None:
    decided = plan(facts)
    operation = report_of(decided, CLAIM).status.operation
    assert decided.action is None
    assert operation is not None
    assert (operation.state, operation.start_time, operation.display) == (OperationState.QUEUED, None, "1/1")
    assert decided.queue_length == 1


def test_the_first_asks_again_when_the_wait_for_a_busy_cluster_is_over() -> None:
    facts = make_facts(CLAIM, busy=busy(after(10)), now=after(9.999999))
    assert plan(facts).action is None
    decided = plan(replace(facts, now=after(10)))
    assert decided.action is not None
    assert ready(report_of(decided, CLAIM)) == ("Unknown", "ClusterUpdating")


@pytest.mark.parametrize(
    "first",
    [
        make_claim("c", created=after(-999), className="missing"),
        make_claim("c", created=after(-999), selectors=[{"namespace": "elsewhere"}]),
        annotated(make_claim("c", created=after(-999)), paused="true"),
        make_claim(
            "c",
            created=after(-999),
            status={"observedGeneration": 1, "failedAttempts": 1, "nextAttemptTime": "2026-11-21T14:00:01Z"},
        ),
    ],
    ids=["no class", "not allowed", "paused", "backing off"],
)
def test_what_cannot_run_holds_up_nobody_and_has_no_place(first: FargateProfileClaim) -> None:
    own = {"namespaces": {"from": "All"}}
    decided = plan(make_facts(first, CLAIM, classes=[make_class(claims=own)]))
    assert decided.action is not None
    assert decided.action.claim == CLAIM
    operation = report_of(decided, first).status.operation
    assert operation is None or operation.position is None
    assert decided.queue_length == 0


def test_who_lacks_only_a_place_waits_for_the_delete_that_brings_it() -> None:
    full = make_observation(PROFILE, quotas=Quotas(profiles_per_cluster=1))
    going, waiting = deleting(at_rest()), make_claim("other", created=after(-999))
    decided = plan(make_facts(waiting, going, observation=full))
    assert decided.action is not None
    assert (decided.action.claim, decided.action.work.step) == (going, Step.DELETE)
    assert ready(report_of(decided, waiting)) == ("Unknown", "Queued")
    alone = plan(make_facts(waiting, at_rest(), observation=full))
    assert alone.action is None
    assert ready(report_of(alone, waiting)) == ("False", "QuotaExceeded")


def test_a_place_that_a_replacement_has_left_is_nobody_else_s_though_it_cannot_go_on() -> None:
    between = make_claim(
        "between",
        status={
            "observedGeneration": 1,
            "operation": {"type": "Replace", "state": "Queued", "profileName": "p", "queueTime": "2026-11-21T14:00:00.000000Z"},
        },
    )
    left = make_observation(quotas=Quotas(profiles_per_cluster=1))
    other = make_claim("other", created=after(-999))
    assert only_action(make_facts(other, between, observation=left)).claim == between
    assert plan(make_facts(other, annotated(between, paused="true"), observation=left)).action is None
    assert only_action(make_facts(other, observation=left)).claim == other


# Tags need no slot.


def untagged(name: str, **fields: Any) -> tuple[FargateProfileClaim, Any]:
    claim = make_claim(name, tags={"team": "blue"}, selectors=[{"labels": {"app": name}}], **fields)
    return claim, make_profile(f"shop-{name}-9999", owner=claim, labels={"app": name})


def test_tags_are_set_while_somebody_else_has_the_slot_and_before_what_needs_it() -> None:
    claim, profile = untagged("tagged")
    for others in ([profile, FOREIGN], [profile]):
        action = only_action(make_facts(CLAIM, claim, profiles=others))
        assert (action.claim, action.work.step) == (claim, Step.TAG)


def test_of_several_to_tag_it_is_always_the_same_and_none_has_a_place() -> None:
    (one, first), (two, second) = untagged("one", uid="b"), untagged("two", uid="a")
    for claims in ((one, two), (two, one)):
        decided = plan(make_facts(*claims, profiles=[first, second]))
        assert decided.action is not None
        assert decided.action.claim == two
        assert ready(report_of(decided, one)) == ("Unknown", "Tagging")
        assert decided.queue_length == 0


def test_tags_wait_with_everything_else_while_the_cluster_is_busy() -> None:
    claim, profile = untagged("tagged")
    facts = make_facts(claim, profiles=[profile], busy=busy(after(10)))
    assert plan(facts).action is None
    assert only_action(later(facts, 10)).work.step is Step.TAG
    assert plan(replace(facts, busy=None, may_mutate=False)).action is None


# The intent's time is its name.


def test_a_second_call_at_the_same_moment_has_a_time_of_its_own() -> None:
    facts = make_facts(CLAIM)
    first = only_action(facts).start_time
    facts = make_facts(settled(CLAIM, facts), outcomes={CLAIM.metadata.uid: Outcome(first, NOW, BUSY_FAILURE)})
    second = only_action(facts).start_time
    assert second == first + timedelta(microseconds=1)
    third = make_facts(settled(CLAIM, facts), outcomes={CLAIM.metadata.uid: Outcome(second, NOW, BUSY_FAILURE)})
    assert only_action(third).start_time != second


# Whose claims and classes they are.


def test_a_deletion_that_somebody_else_s_finalizer_holds_up_is_not_ours_and_classes_of_other_clusters_are_not_either() -> None:
    gone = make_claim("gone", deleted=NOW, finalizers=["somebody/else"])
    classes = [make_class("z"), make_class("a"), make_class("elsewhere", clusterARN=str(OTHER_ARN))]
    decided = plan(make_facts(gone, classes=classes))
    assert decided.claims == ()
    assert decided.action is None
    assert [report.cls.metadata.name for report in decided.classes] == ["a", "z"]


@pytest.mark.parametrize(
    ("fields", "reason", "words"),
    [
        ({"classes": []}, "ClassNotFound", 'spec.className: there is no FargateProfileClass "standard"'),
        (
            {"classes": [], "malformed_classes": {"standard": "spec.claims: is required"}},
            "ClassNotReady",
            'class "standard" cannot be read: spec.claims: is required',
        ),
        (
            {"classes": [make_class(clusterARN=str(OTHER_ARN))]},
            "ClassConflict",
            f"now means {OTHER_ARN}; this claim's profile is on {ARN}: make a new claim",
        ),
    ],
    ids=["missing", "malformed", "re-made for another cluster"],
)
def test_what_befalls_the_class_takes_nothing_from_a_claim_that_works(fields: dict[str, Any], reason: str, words: str) -> None:
    claim = at_rest()
    decided = plan(make_facts(claim, profiles=[PROFILE], **fields))
    report = report_of(decided, claim)
    assert decided.action is None
    assert ready(report) == ("True", reason)
    assert words in message(report)
    assert report.status.resolved == claim.status.resolved
    for kind, status in ((ConditionType.AVAILABLE, "True"), (ConditionType.ACCEPTED, "False"), (ConditionType.SYNCED, "Unknown")):
        found = condition(report, kind)
        assert found is not None
        assert (kind, found.status) == (kind, status)
    for other in (edited(claim, tags={"a": "b"}), claim):  # its own edit cannot be followed; a profile that is gone cannot be made
        profiles = [PROFILE] if other is not claim else []
        decided = plan(make_facts(other, profiles=profiles, **fields))
        assert decided.action is None
        assert ready(report_of(decided, other)) == ("False", reason)


@pytest.mark.parametrize("state", [state for state in ProfileState if state is not ProfileState.ACTIVE])
def test_a_profile_that_takes_no_pods_any_more_is_not_ready_whatever_the_class(state: ProfileState) -> None:
    claim = at_rest()
    decided = plan(make_facts(claim, profiles=[replace(PROFILE, state=state)], classes=[]))
    assert decided.action is None
    assert ready(report_of(decided, claim)) == ("False", "ClassNotFound")


def test_a_call_under_way_holds_the_slot_though_its_class_is_gone() -> None:
    begun = settled(CLAIM, make_facts(CLAIM))
    other = make_claim("other", className="second")
    facts = make_facts(begun, other, classes=[make_class("second")], now=after(1))
    decided = plan(facts)
    operation = report_of(decided, begun).status.operation
    assert decided.action is None
    assert operation is not None
    assert (operation.state, operation.start_time) == (OperationState.IN_FLIGHT, NOW)
    assert decided.watch == {operation.profile_name}
    assert not decided.slot.free


def test_a_claim_that_goes_without_class_and_status_cannot_tell_its_cluster_and_stays() -> None:
    claim = make_claim(deleted=NOW)
    facts = make_facts(claim, classes=[])
    report = report_of(plan(facts), claim)
    assert not report.release
    assert report.finalizer
    assert ready(report) == ("False", "ClassNotFound")
    assert message(report) == 'class "standard" is needed to find this claim\'s profile: make the class again'
    assert report_of(plan(replace(facts, crd_terminating=True)), claim).release
    known = deleting(at_rest())
    assert only_action(make_facts(known, classes=[], profiles=[PROFILE])).work.step is Step.DELETE


# What is watched.


def test_a_claim_s_own_profile_is_watched_and_others_only_while_somebody_waits_for_them() -> None:
    mine = replace(PROFILE, state=ProfileState.CREATING)
    assert plan(make_facts(CLAIM, profiles=[mine, FOREIGN])).watch == {mine.name}
    assert plan(make_facts(CLAIM, make_claim("other"), profiles=[mine, FOREIGN])).watch == {mine.name, FOREIGN.name}
    assert plan(make_facts(CLAIM, profiles=[FOREIGN])).watch == {FOREIGN.name}
    assert plan(make_facts(profiles=[FOREIGN])).watch == frozenset()
    assert plan(make_facts(CLAIM, profiles=[PROFILE, make_profile("foreign")])).watch == frozenset()
    assert plan(make_facts(CLAIM, observation=make_observation(profiles=None))).watch == frozenset()


def test_what_a_call_may_have_made_is_watched_before_it_is_seen() -> None:
    begun = settled(CLAIM, make_facts(CLAIM))
    assert begun.status.operation is not None
    facts = make_facts(begun, make_claim("other"), profiles=[FOREIGN], now=after(1))
    assert plan(facts).watch == {begun.status.operation.profile_name, FOREIGN.name}


def test_eks_is_read_anew_only_before_the_absence_of_a_profile_is_believed() -> None:
    begun = deleting(settled(CLAIM, make_facts(CLAIM)), after(1))
    old = make_observation(observed_at=after(29))
    assert not plan(make_facts(begun, observation=old, now=after(29))).look_again
    assert plan(make_facts(begun, observation=old, now=after(30))).look_again
    assert not plan(make_facts(begun, observation=replace(old, observed_at=after(30)), now=after(30))).look_again
    assert not plan(make_facts(CLAIM)).look_again


# When time alone changes the plan.


def failing(state: ProfileState) -> tuple[FargateProfileClaim, Any]:
    broken = replace(PROFILE, state=state, health=(HealthProblem("InternalFailure", "words"),))
    claim = deleting(at_rest())
    return settled(claim, make_facts(claim, profiles=[broken])), broken


def wake_at(*claims: FargateProfileClaim, now: datetime = NOW, **facts: Any) -> datetime | None:
    return plan(make_facts(*claims, now=now, **facts)).wake_at


def test_at_rest_nothing_is_due() -> None:
    assert wake_at(at_rest(), profiles=[PROFILE], now=after(1)) is None
    assert wake_at() is None


def test_the_next_attempt_is_due() -> None:
    claim, broken = failing(ProfileState.DELETE_FAILED)
    due = claim.status.next_attempt_time
    assert due is not None
    assert NOW < due < after(RULES.settle.total_seconds())
    assert wake_at(claim, profiles=[broken]) == due


def test_the_end_of_a_call_s_uncertainty_is_due() -> None:
    begun = settled(CLAIM, make_facts(CLAIM))
    assert wake_at(begun, now=after(1)) == NOW + RULES.settle


def test_the_end_of_a_grace_is_due() -> None:
    missing = settled(CLAIM, make_facts(CLAIM, classes=[]))
    assert wake_at(missing, classes=[], now=after(1)) == after(GRACE)
    assert wake_at(missing, classes=[], now=after(GRACE)) is None


def test_the_deadline_of_whoever_holds_the_slot_is_due() -> None:
    facts: dict[str, Any] = {"profiles": [FOREIGN], "moving_since": {FOREIGN.arn: NOW}}
    assert wake_at(now=after(GRACE + 1), **facts) == after(DEADLINE)
    assert wake_at(now=after(DEADLINE), **facts) is None


def test_the_end_of_a_busy_cluster_s_rest_is_due() -> None:
    assert wake_at(CLAIM, busy=busy(after(7))) == after(7)
    # Afterwards nothing is due before it lasts longer than EKS should take.
    assert wake_at(CLAIM, busy=busy(after(7)), now=after(7)) == after(DEADLINE)


def test_the_deadline_of_an_update_that_eks_shows_is_due() -> None:
    arn = str(make_facts().observation.arn)
    assert wake_at(now=after(1), moving_since={arn: NOW}) == after(DEADLINE)
    assert wake_at(now=after(DEADLINE), moving_since={arn: NOW}) is None


def test_a_refusal_for_the_quota_is_forgotten_in_time() -> None:
    refusal = QuotaRefusal(count=1, at=NOW)
    memory = RULES.quota_memory.total_seconds()
    facts: dict[str, Any] = {"profiles": [PROFILE], "quota_refusal": refusal}
    assert wake_at(at_rest(), now=after(1), **facts) == after(memory)
    assert wake_at(at_rest(), now=after(memory), **facts) is None


def test_the_end_of_a_wait_for_pods_is_due() -> None:
    patient = make_class(disruption={"onDelete": "Wait", "timeout": "10m"})
    claim = deleting(at_rest())
    claim = settled(claim, make_facts(claim, profiles=[PROFILE], classes=[patient]))
    facts: dict[str, Any] = {"profiles": [PROFILE], "classes": [patient]}
    assert wake_at(claim, now=after(GRACE), **facts) == after(600)
    assert plan(make_facts(claim, now=after(600), **facts)).wake_at is None
    assert ready(report_of(plan(make_facts(claim, now=after(600), **facts)), claim)) == ("False", "PodsRemain")


def test_the_earliest_of_all_is_due() -> None:
    claim, broken = failing(ProfileState.DELETE_FAILED)
    facts: dict[str, Any] = {"profiles": [broken], "quota_refusal": QuotaRefusal(1, NOW)}
    assert wake_at(claim, busy=busy(after(1)), **facts) == after(1)
    assert wake_at(claim, busy=busy(after(200)), **facts) == claim.status.next_attempt_time


def test_an_empty_cluster_has_an_empty_plan() -> None:
    assert plan(make_facts(classes=[])) == Plan(
        claims=(), classes=(), action=None, watch=frozenset(), look_again=False, wake_at=None, queue_length=0, slot=plan(make_facts()).slot
    )
