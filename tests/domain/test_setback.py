"""Failures of a claim's operation: each class of them, what is remembered between passes, and when it is tried again."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.backoff import JITTER
from fargateclaims.domain.facts import Facts, Outcome
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.plan import plan
from fargateclaims.domain.profile import HealthProblem, ProfileState
from fargateclaims.domain.report import ClaimReport
from fargateclaims.domain.setback import Setback
from support.builders import (
    NOW,
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


def refused(claim: FargateProfileClaim, kind: FailureClass, now: datetime = NOW, words: str = "words of AWS") -> Facts:
    """The facts after the claim's next call was refused."""
    facts = make_facts(claim, now=now)
    action = plan(facts).action
    assert action is not None
    failure = Failure(
        kind, "Code", words, "CreateFargateProfile", permission="eks:CreateFargateProfile" if kind == "Unauthorized" else None
    )
    return make_facts(settled(claim, facts), now=now, outcomes={claim.metadata.uid: Outcome(action.start_time, now, failure)})


def only_report(facts: Facts) -> ClaimReport:
    return report_of(plan(facts), facts.claims[0])


def waits(report: ClaimReport, now: datetime = NOW) -> timedelta | None:
    due = report.status.next_attempt_time
    return due - now if due is not None else None


SOON = (timedelta(seconds=2), timedelta(seconds=2 * (1 + JITTER)))
SLOW = (RULES.slow_recheck, RULES.slow_recheck * (1 + JITTER))


@pytest.mark.parametrize(
    ("kind", "reason", "attempts", "bounds", "words"),
    [
        (FailureClass.INVALID, ("False", "Invalid"), 1, SLOW, "EKS refuses the profile: words of AWS; correct the claim or its class"),
        (FailureClass.PROPAGATING, ("Unknown", "Propagating"), 1, SOON, "may not have reached EKS yet"),
        (FailureClass.UNAUTHORIZED, ("False", "Unauthorized"), None, SLOW, "needed: eks:CreateFargateProfile"),
        (FailureClass.THROTTLED, ("Unknown", "Throttled"), 1, SOON, "AWS throttles CreateFargateProfile"),
        (FailureClass.UNAVAILABLE, ("Unknown", "Unavailable"), 1, SOON, "CreateFargateProfile: words of AWS"),
        (FailureClass.EXISTS, ("Unknown", "BackingOff"), 1, SOON, "CreateFargateProfile: words of AWS"),
    ],
)
def test_a_refusal(
    kind: FailureClass, reason: tuple[str, str], attempts: int | None, bounds: tuple[timedelta, timedelta], words: str
) -> None:
    facts = refused(make_claim(), kind)
    report, wait = only_report(facts), waits(only_report(facts))
    assert plan(facts).action is None
    assert ready(report) == reason
    assert words in message(report)
    assert report.status.failed_attempts == attempts
    assert wait is not None
    assert bounds[0] <= wait <= bounds[1]
    assert plan(facts).wake_at == min(facts.now + wait, plan(facts).wake_at or NOW)


@pytest.mark.parametrize("kind", [FailureClass.BUSY_PROFILE, FailureClass.BUSY_CLUSTER, FailureClass.QUOTA_EXCEEDED, FailureClass.GONE])
def test_what_is_no_fault_of_the_claim_is_not_held_against_it(kind: FailureClass) -> None:
    report = only_report(refused(make_claim(), kind))
    assert (report.status.failed_attempts, report.status.next_attempt_time) == (None, None)


def test_a_failure_is_counted_once_however_often_it_is_looked_at() -> None:
    facts = refused(make_claim(), FailureClass.UNAVAILABLE)
    for _ in range(4):
        facts = replace(facts, claims=(settled(facts.claims[0], facts),))
    assert facts.claims[0].status.failed_attempts == 1


def test_waits_grow_and_the_words_are_kept() -> None:
    claim, now, before = make_claim(), NOW, timedelta()
    for attempt in range(1, 9):
        facts = refused(claim, FailureClass.UNAVAILABLE, now)
        claim = settled(facts.claims[0], facts)
        wait = waits(only_report(facts), now)
        assert wait is not None
        assert wait > before or wait >= RULES.backoff_max
        assert claim.status.failed_attempts == attempt
        idle = later(replace(facts, claims=(claim,), outcomes={}), 1)
        assert message(only_report(idle)) == "CreateFargateProfile: words of AWS"
        before, now = wait, now + wait
    assert before <= RULES.backoff_max * (1 + JITTER)


def test_a_trust_policy_becomes_invalid_after_the_iam_window() -> None:
    claim, now = make_claim(), NOW
    reasons: list[tuple[datetime, str]] = []
    while len(reasons) < 20:
        facts = refused(claim, FailureClass.PROPAGATING, now)
        claim = settled(facts.claims[0], facts)
        reasons.append((now, ready(claim.status)[1]))
        assert claim.status.next_attempt_time is not None
        now = claim.status.next_attempt_time
    over = next(moment for moment, reason in reasons if reason == "Invalid")
    assert RULES.iam_window <= over - NOW <= 2 * RULES.iam_window


@pytest.mark.parametrize("change", ["edit", "retry", "class"])
def test_what_clears_a_setback(change: str) -> None:
    facts = refused(make_claim(), FailureClass.INVALID)
    claim, cls = settled(facts.claims[0], facts), make_class()
    assert plan(make_facts(claim, now=after(5))).action is None
    if change == "edit":
        claim = edited(claim, tags={"team": "blue"})
    elif change == "retry":
        claim = annotated(claim, retry="now")
    else:
        cls = make_class(podExecutionRoleARN="arn:aws:iam::111122223333:role/mended")
    facts = make_facts(claim, classes=[cls], now=after(5))
    assert plan(facts).action is not None
    assert only_report(facts).status.failed_attempts is None


@pytest.mark.parametrize(("jump", "waiting"), [(-3600, False), (-5, True), (3600, False)])
def test_a_clock_that_was_set_back_does_not_make_the_wait_endless(jump: float, waiting: bool) -> None:  # noqa: FBT001
    facts = refused(make_claim(), FailureClass.UNAVAILABLE)
    claim = settled(facts.claims[0], facts)
    assert (plan(make_facts(claim, now=after(jump))).action is None) is waiting


def test_a_profile_that_could_not_be_made_is_cleared_away_at_once_and_made_again_later() -> None:
    claim = make_claim()
    broken = make_profile(
        state=ProfileState.CREATE_FAILED, owner=claim, health=(HealthProblem("AccessDenied", "no"), HealthProblem("Other", "why"))
    )
    facts = make_facts(claim, profiles=[broken])
    action, report = plan(facts).action, only_report(facts)
    assert action is not None
    assert action.work.profile == broken
    assert message(report, ConditionType.SYNCED) == f"profile {broken.name} is CREATE_FAILED: AccessDenied: no; Other: why (attempt 1 of 3)"
    gone = make_facts(settled(claim, facts), outcomes={claim.metadata.uid: Outcome(action.start_time, NOW)})
    assert plan(gone).action is None
    assert ready(only_report(gone))[1] == "BackingOff"
    assert plan(later(gone, 3)).action is not None


def failed_before(
    attempts: int, reason: str, *, words: str = "profile p is CREATE_FAILED: no", due: datetime | None = NOW
) -> FargateProfileClaim:
    """A claim whose profile EKS has failed to make or delete so often."""
    synced = {"type": "Synced", "status": "False", "reason": reason, "message": words, "lastTransitionTime": NOW, "observedGeneration": 1}
    return make_claim(status={"observedGeneration": 1, "failedAttempts": attempts, "nextAttemptTime": due, "conditions": [synced]})


@pytest.mark.parametrize("kind", [FailureClass.THROTTLED, FailureClass.UNAVAILABLE])
@pytest.mark.parametrize("attempts", [1, 2])
def test_a_refusal_that_passes_by_itself_takes_nothing_from_the_count(kind: FailureClass, attempts: int) -> None:
    claim, now = failed_before(attempts, "BackingOff"), NOW
    for _ in range(5):
        facts = refused(claim, kind, now)
        claim = settled(facts.claims[0], facts)
        told = message(claim.status, ConditionType.SYNCED)
        assert (claim.status.failed_attempts, ready(claim.status)[1]) == (attempts, "BackingOff")
        assert "CreateFargateProfile" in told
        assert told.count("before that") == 1
        assert told.endswith("profile p is CREATE_FAILED: no")
        assert claim.status.operation is not None
        assert claim.status.operation.queue_time == now, "behind the others"
        assert claim.status.next_attempt_time is not None
        assert claim.status.next_attempt_time - now >= timedelta(seconds=8)
        now = claim.status.next_attempt_time
    facts = make_facts(claim, now=now)
    claim, action = settled(claim, facts), plan(facts).action
    assert action is not None
    assert message(claim.status, ConditionType.SYNCED) == "profile p is CREATE_FAILED: no"
    broken = make_profile(action.work.profile_name, ProfileState.CREATE_FAILED, owner=claim)
    assert settled(claim, make_facts(claim, profiles=[broken], now=now)).status.failed_attempts == attempts + 1


@pytest.mark.parametrize("kind", [FailureClass.THROTTLED, FailureClass.UNAVAILABLE])
def test_what_failed_for_good_stays_so_though_clearing_it_away_is_refused(kind: FailureClass) -> None:
    claim = failed_before(2, "BackingOff")
    broken = make_profile(state=ProfileState.CREATE_FAILED, owner=claim)
    facts = make_facts(claim, profiles=[broken])
    action = plan(facts).action
    assert action is not None
    failure = Failure(kind, "Code", "words", "DeleteFargateProfile")
    facts = make_facts(settled(claim, facts), profiles=[broken], outcomes={claim.metadata.uid: Outcome(action.start_time, NOW, failure)})
    claim = settled(facts.claims[0], facts)
    assert (claim.status.failed_attempts, ready(claim.status)) == (3, ("False", "CreateFailed"))
    due = claim.status.next_attempt_time
    assert due is not None
    assert plan(facts).action is None
    assert plan(facts).wake_at == due
    assert plan(make_facts(claim, profiles=[broken], now=due - timedelta(seconds=1))).action is None
    again = make_facts(claim, profiles=[broken], now=due)
    assert plan(again).action is not None
    claim = settled(claim, again)
    gone = make_facts(claim, now=due, outcomes={claim.metadata.uid: Outcome(plan(again).action.start_time, due)})  # type: ignore[union-attr]
    assert plan(gone).action is None
    assert ready(settled(claim, gone).status) == ("False", "CreateFailed")
    assert "before that" not in message(settled(claim, gone).status)


def test_a_delete_that_failed_is_tried_again_after_a_throttled_call() -> None:
    claim = failed_before(3, "DeleteFailed", words="profile p is DELETE_FAILED: no")
    claim = claim.model_copy(update={"metadata": deleting(claim).metadata.model_copy(update={"generation": 1})})
    stuck = make_profile(state=ProfileState.DELETE_FAILED, owner=claim)
    shown = {"name": stuck.name, "arn": stuck.arn, "status": "DELETE_FAILED"}
    claim = claim.model_copy(update={"status": type(claim.status).parse({**claim.status.to_dict(), "profile": shown})})
    facts = make_facts(claim, profiles=[stuck])
    action = plan(facts).action
    assert action is not None
    failure = Failure(FailureClass.THROTTLED, "Code", "words", "DeleteFargateProfile")
    facts = make_facts(settled(claim, facts), profiles=[stuck], outcomes={claim.metadata.uid: Outcome(action.start_time, NOW, failure)})
    claim = settled(facts.claims[0], facts)
    assert (claim.status.failed_attempts, ready(claim.status)[1]) == (3, "DeleteFailed")
    assert claim.status.next_attempt_time is not None
    assert plan(make_facts(claim, profiles=[stuck], now=claim.status.next_attempt_time)).action is not None


def test_an_outage_during_a_restart_takes_nothing_from_what_is_remembered() -> None:
    claim = failed_before(3, "CreateFailed", due=None)
    down = Failure(FailureClass.UNAVAILABLE, "ServerException", "internal error", "ListFargateProfiles")
    facts = make_facts(claim, observation=make_observation(profiles=None, failure=down))
    claim = settled(claim, facts)
    synced = condition(claim.status, ConditionType.SYNCED)
    assert synced is not None
    assert (synced.status, synced.reason, synced.message) == ("Unknown", "CreateFailed", "profile p is CREATE_FAILED: no")
    assert ready(settled(claim, make_facts(claim)).status) == ("False", "CreateFailed")


def test_eks_may_give_no_reason() -> None:
    claim = make_claim()
    facts = make_facts(claim, profiles=[make_profile(state=ProfileState.CREATE_FAILED, owner=claim)])
    assert "EKS gives no reason" in message(only_report(facts), ConditionType.SYNCED)


def test_the_last_attempt_is_final_and_stays_so_after_a_restart() -> None:
    claim = make_claim(status={"observedGeneration": 1, "failedAttempts": 2})
    facts = make_facts(claim, profiles=[make_profile(state=ProfileState.CREATE_FAILED, owner=claim)])
    report = only_report(facts)
    assert ready(report) == ("False", "CreateFailed")
    assert condition(report, ConditionType.STALLED) is not None
    assert report.status.next_attempt_time is None
    claim = settled(claim, facts)
    claim = claim.model_copy(update={"status": claim.status.model_copy(update={"operation": None})})
    later_on = make_facts(claim, now=after(86400))
    assert plan(later_on).action is None
    assert ready(only_report(later_on)) == ("False", "CreateFailed")


def test_a_refused_delete_of_what_failed_waits_like_any_other() -> None:
    claim = make_claim()
    broken = make_profile(state=ProfileState.CREATE_FAILED, owner=claim)
    facts = make_facts(claim, profiles=[broken])
    action = plan(facts).action
    assert action is not None
    denied = Failure(FailureClass.UNAUTHORIZED, "AccessDenied", "no", "DeleteFargateProfile", permission="eks:DeleteFargateProfile")
    facts = make_facts(settled(claim, facts), profiles=[broken], outcomes={claim.metadata.uid: Outcome(action.start_time, NOW, denied)})
    assert plan(facts).action is None
    assert "eks:DeleteFargateProfile" in message(only_report(facts))


def test_a_status_of_another_version_is_not_a_crash() -> None:
    claim = make_claim(
        status={
            "observedGeneration": 1,
            "failedAttempts": 1,
            "nextAttemptTime": "2026-11-21T14:00:30Z",
            "conditions": [
                {"type": kind, "status": "False", "reason": "FromTheFuture", "message": "?", "lastTransitionTime": "2026-11-21T13:00:00Z"}
                for kind in ("Ready", "Synced", "Available", "Reconciling", "Stalled")
            ],
        }
    )
    for facts in (make_facts(claim), make_facts(claim, profiles=[make_profile(owner=claim)])):
        plan(facts)
        plan(replace(facts, observation=replace(facts.observation, profiles=None)))
    assert "attempt 1 failed" in message(only_report(make_facts(claim)))


@pytest.mark.parametrize(
    ("back", "holds"),
    [
        (Setback(1, Reason.BACKING_OFF, ""), False),
        (Setback(1, Reason.BACKING_OFF, "", after(1)), True),
        (Setback(1, Reason.BACKING_OFF, "", NOW), False),
        (Setback(1, Reason.CREATE_FAILED, "", None, final=True), True),
    ],
)
def test_holds(back: Setback, holds: bool) -> None:  # noqa: FBT001
    assert back.holds(NOW) is holds
