"""Rollout Automatic: the claims of a changed class are replaced one by one, and a failure stops the rest."""

from dataclasses import replace
from typing import Any

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.plan import plan
from fargateclaims.domain.profile import Profile, ProfileState
from support.builders import (
    NOW,
    OTHER_ROLE,
    annotated,
    edited,
    make_claim,
    make_class,
    make_facts,
    make_profile,
    message,
    ready,
    report_of,
    settled,
)

CHANGED = make_class(podExecutionRoleARN=OTHER_ROLE, rollout="Automatic")
BUSY = make_profile("foreign", ProfileState.CREATING)


def old(claim: FargateProfileClaim) -> Profile:
    return make_profile(f"{claim.metadata.name}-9999", owner=claim)


def new(claim: FargateProfileClaim, state: ProfileState = ProfileState.ACTIVE) -> Profile:
    return make_profile(f"{claim.metadata.name}-9998", state, owner=claim, pod_execution_role_arn=OTHER_ROLE, created_at=NOW)


def claims(*names: str) -> list[FargateProfileClaim]:
    made = [make_claim(name) for name in names]
    return [settled(claim, make_facts(claim, profiles=[old(claim)])) for claim in made]


def reasons(facts: Facts) -> list[str]:
    return [ready(report)[1] for report in plan(facts).claims]


def rolled_out(*some: FargateProfileClaim, profiles: list[Profile], **fields: Any) -> Facts:
    return make_facts(*some, profiles=profiles, classes=[CHANGED], **fields)


def test_one_begins_and_the_others_wait_without_a_place() -> None:
    some = claims("a", "b", "c")
    facts = rolled_out(*some, profiles=[old(claim) for claim in some])
    decided = plan(facts)
    assert decided.action is not None
    assert decided.queue_length == 0
    assert sorted(reasons(facts)) == ["Queued", "Queued", "Replacing"]
    waiting = next(report for report in decided.claims if ready(report)[1] == "Queued")
    assert message(waiting) == 'waiting for the rollout of class "standard": one claim at a time'
    assert waiting.status.operation is not None
    assert (waiting.status.operation.type, waiting.status.operation.position) == ("Replace", None)


def test_the_next_begins_when_the_one_before_is_done() -> None:
    a, b = claims("a", "b")
    for first, expected in (
        ([old(a), new(a, ProfileState.CREATING)], None),
        ([old(a), new(a)], "a"),
        ([new(a)], "b"),
    ):
        action = plan(rolled_out(a, b, profiles=[*first, old(b)])).action
        assert (action and action.claim.metadata.name) == expected


def test_a_failure_stops_the_rest() -> None:
    a, b = claims("a", "b")
    facts = rolled_out(a, b, profiles=[old(a), new(a, ProfileState.CREATE_FAILED), old(b), BUSY])
    assert "it stopped at a claim that fails" in message(report_of(plan(facts), b))


def test_an_edit_is_no_part_of_the_rollout() -> None:
    a, b, c = claims("a", "b", "c")
    c = edited(c, selectors=[{"labels": {"app": "x"}}])
    decided = plan(rolled_out(a, b, c, profiles=[old(a), old(b), old(c), BUSY]))
    assert decided.queue_length == 2, "one of the rollout, and the edited one"


def test_an_edit_waits_for_no_claim_of_the_class_that_fails_also_after_it_was_reported() -> None:
    a, b, c = claims("a", "b", "c")
    b = edited(b, selectors=[{"labels": {"app": "x"}}])
    profiles = [old(a), new(a, ProfileState.CREATE_FAILED), old(b), old(c)]
    b = settled(b, rolled_out(a, b, c, profiles=[*profiles, BUSY]))
    assert b.status.observed_generation == b.metadata.generation
    a = settled(a, rolled_out(a, profiles=profiles))
    decided = plan(rolled_out(a, b, c, profiles=[*profiles, BUSY]))
    assert "rollout" not in message(report_of(decided, b))
    assert "it stopped at a claim that fails" in message(report_of(decided, c))


def test_classes_are_rolled_out_side_by_side() -> None:
    a, b = claims("a", "b")
    other = edited(make_claim("c"), className="second")
    second = make_class("second", podExecutionRoleARN=OTHER_ROLE, rollout="Automatic")
    facts = rolled_out(a, b, other, profiles=[old(a), old(b), old(other), BUSY])
    classes = {"standard": CHANGED, "second": second}
    seen = dict.fromkeys(classes, facts.observation.classes["standard"])
    facts = replace(facts, classes=classes, observation=replace(facts.observation, classes=seen))
    assert plan(facts).queue_length == 2


def test_on_claim_change_nothing_moves_but_what_asks_for_it() -> None:
    a, b = claims("a", "b")
    cls = make_class(podExecutionRoleARN=OTHER_ROLE)
    facts = make_facts(a, b, profiles=[old(a), old(b)], classes=[cls])
    assert plan(facts).action is None
    assert reasons(facts) == ["Active", "Active"]
    facts = make_facts(a, annotated(b, retry="1"), profiles=[old(a), old(b)], classes=[cls])
    action = plan(facts).action
    assert action is not None
    assert action.claim.metadata.name == "b"
