"""What is written back for a claim: its whole status from facts, once, and nothing when nothing has changed."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from fargateclaims.api.claim_status import ClaimStatus
from fargateclaims.api.group import FINALIZER
from fargateclaims.domain.facts import Facts, Namespace, Outcome
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.plan import plan
from fargateclaims.domain.profile import HealthProblem, ProfileState
from fargateclaims.domain.report import ClaimReport
from support.builders import (
    NOW,
    after,
    annotated,
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
from support.pure_operator import Operator, come_to_rest
from support.pure_world import World

BUSY = make_profile("foreign", ProfileState.CREATING)
CREATING = ProfileState.CREATING


def only_report(facts: Facts) -> ClaimReport:
    return report_of(plan(facts), facts.claims[0])


SITUATIONS = {
    "new": make_facts(make_claim(), profiles=[BUSY]),
    "creating": make_facts(make_claim(), profiles=[make_profile(state=CREATING, owner=make_claim())]),
    "active": make_facts(make_claim(), profiles=[make_profile(owner=make_claim())]),
    "lost": make_facts(settled(make_claim(), make_facts(make_claim(), profiles=[make_profile(owner=make_claim())])), profiles=[BUSY]),
    "no class": make_facts(make_claim(), classes=[]),
    "not allowed": make_facts(make_claim(profileName="x"), classes=[make_class(claims={"namespaces": {"from": "All"}})]),
    "not read": make_facts(make_claim(), observation=make_observation(profiles=None)),
    "paused": make_facts(make_claim(annotations={"fargateclaims.dev/paused": "true"})),
    "failed": make_facts(make_claim(), profiles=[make_profile(state=ProfileState.CREATE_FAILED, owner=make_claim()), BUSY]),
    "two": make_facts(
        make_claim(),
        profiles=[make_profile("p-9998", owner=make_claim()), make_profile("p-9999", owner=make_claim(), labels={"a": "b"}), BUSY],
    ),
}


@pytest.mark.parametrize("facts", SITUATIONS.values(), ids=SITUATIONS)
def test_a_status_that_was_written_is_not_written_again(facts: Facts) -> None:
    facts = replace(facts, may_mutate=False)
    first = only_report(facts)
    assert ClaimStatus.parse(first.status.to_dict()) == first.status, "it reads back as it was written"
    claim = settled(facts.claims[0], facts)
    for seconds in (0, 1, 100):
        again = only_report(later(replace(facts, claims=(claim,)), seconds))
        assert again.status == claim.status
        assert again.events == ()
        assert again.finalizer == (FINALIZER in claim.metadata.finalizers)


def test_the_profile_as_eks_describes_it() -> None:
    claim = make_claim()
    profile = make_profile(owner=claim, health=(HealthProblem("PodExecutionRoleAlreadyInUse", "in use", ("arn:x",)),))
    shown = only_report(make_facts(claim, profiles=[profile])).status.profile
    assert shown is not None
    assert (shown.name, shown.arn, shown.status, shown.creation_time) == (profile.name, profile.arn, "ACTIVE", profile.created_at)
    assert [(issue.code, issue.message, issue.resource_ids) for issue in shown.health_issues] == [
        ("PodExecutionRoleAlreadyInUse", "in use", ("arn:x",))
    ]


def test_the_intent_of_the_next_call() -> None:
    facts = make_facts(make_claim())
    decided = plan(facts)
    operation = decided.claims[0].status.operation
    assert decided.action is not None
    assert operation is not None
    assert (operation.type, operation.state, operation.start_time) == ("Create", "InFlight", decided.action.start_time)
    assert operation.profile_name == decided.action.work.profile_name
    assert (operation.position, operation.length, operation.display, operation.blocked_by) == (None, None, None, None)
    assert decided.claims[0].finalizer


def test_every_intent_differs_from_the_one_before_even_within_the_same_moment() -> None:
    facts = make_facts(make_claim())
    claim, starts = facts.claims[0], []
    refused = Failure(FailureClass.BUSY_CLUSTER, "ResourceInUseException", "words")
    for _ in range(3):
        action = plan(facts).action
        assert action is not None
        starts.append(action.start_time)
        claim = settled(claim, facts)
        facts = replace(facts, claims=(claim,), outcomes={claim.metadata.uid: Outcome(action.start_time, NOW, refused)})
    assert all(one != other for one, other in pairwise(starts))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (SITUATIONS["new"], False),
        (SITUATIONS["active"], True),
        (SITUATIONS["creating"], True),
        (SITUATIONS["not allowed"], False),
        (make_facts(make_claim()), True),
        (make_facts(make_claim(), may_mutate=False), False),
        (make_facts(make_claim(finalizers=[FINALIZER]), profiles=[BUSY]), True),
        (make_facts(make_claim(), profiles=[make_profile(owner=make_claim())], namespaces={"shop": Namespace(terminating=True)}), False),
    ],
)
def test_the_finalizer_comes_with_the_first_call_or_with_a_profile_that_is_recognised(facts: Facts, *, expected: bool) -> None:
    assert only_report(facts).finalizer is expected


def test_nothing_is_decided_before_eks_was_read() -> None:
    claim = make_claim()
    claim = settled(claim, make_facts(claim, profiles=[BUSY]))
    facts = make_facts(annotated(edited(claim, tags={"a": "b"}), retry="1"), observation=make_observation(profiles=None))
    status = only_report(facts).status
    assert (status.observed_generation, status.operation, status.resolved) == (1, claim.status.operation, claim.status.resolved)
    assert (status.last_handled_retry, status.failed_attempts, status.next_attempt_time) == (None, None, None)


def test_retries_are_noted_once_they_were_handled() -> None:
    claim = annotated(settled(make_claim(), make_facts(make_claim(), profiles=[BUSY])), retry="2")
    status = only_report(make_facts(claim, classes=[make_class(annotations={"fargateclaims.dev/retry": "c"})], profiles=[BUSY])).status
    assert (status.last_handled_retry, status.last_handled_class_retry) == ("2", "c")
    kept = only_report(make_facts(make_claim(status=status.to_dict()), classes=[])).status
    assert (kept.last_handled_retry, kept.last_handled_class_retry) == ("2", "c")


@pytest.mark.parametrize(
    ("claim", "profiles", "reason", "words"),
    [
        ({}, [], "Creating", "profile {name} is being created"),
        ({"profileName": "fixed"}, [], "Creating", "profile fixed is being created"),
        ({"selectors": [{"labels": {"a": "b"}}]}, [make_profile("p-9999", owner=make_claim())], "Replacing", "in place of profile p-9999"),
        (
            {"selectors": [{"labels": {"a": "b"}}], "replacement": "DeleteFirst"},
            [make_profile("p-9999", owner=make_claim())],
            "Replacing",
            "profile p-9999 is being deleted",
        ),
        ({"tags": {"a": "b"}}, [make_profile("p-9999", owner=make_claim())], "Tagging", "the tags of profile p-9999 are being changed"),
        ({}, [make_profile("p", ProfileState.CREATE_FAILED, owner=make_claim())], "Creating", "p, which could not be created, is being"),
    ],
)
def test_what_is_said_of_a_call_that_begins(claim: dict[str, Any], profiles: list[Any], reason: str, words: str) -> None:
    facts = make_facts(make_claim(**claim), profiles=profiles)
    action = plan(facts).action
    assert action is not None
    assert ready(only_report(facts)) == ("Unknown", reason)
    assert words.format(name=action.work.profile_name) in message(only_report(facts))


def test_tags_that_wait_for_a_mutation_to_be_allowed() -> None:
    facts = make_facts(make_claim(tags={"a": "b"}), profiles=[make_profile("p-9999", owner=make_claim())], may_mutate=False)
    assert message(only_report(facts)) == "the tags of profile p-9999 are to be changed"
    assert plan(facts).queue_length == 0


def test_few_writes_for_a_claim_alone_and_none_at_rest() -> None:
    world = World()
    world.put_class(world.classes["standard"], plan(make_facts(make_claim())).classes[0].status, finalizer=True)
    operator = Operator(world)
    world.apply("a")
    operator = come_to_rest(operator)
    claim_writes = world.status_writes["shop", "a"]
    assert claim_writes <= 4, "queued, intent, creating, active"
    before = world.writes
    come_to_rest(operator)
    assert world.writes == before


# When the plan wants to be made again.


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (make_facts(), None),
        (SITUATIONS["active"], None),
        (make_facts(make_claim(), classes=[]), after(300)),
        (make_facts(make_claim(status={"nextAttemptTime": after(7), "failedAttempts": 1, "observedGeneration": 1})), after(7)),
        (make_facts(make_claim(), profiles=[replace(BUSY, created_at=NOW - timedelta(minutes=29))]), after(60)),
    ],
)
def test_wake_at(facts: Facts, expected: object) -> None:
    assert plan(facts).wake_at == expected


def test_what_is_watched_is_what_somebody_waits_for() -> None:
    foreign = make_profile("foreign", ProfileState.DELETING)
    assert plan(make_facts(profiles=[foreign])).watch == frozenset()
    assert plan(make_facts(make_claim(), profiles=[foreign])).watch == {"foreign"}
    own = make_profile("own", CREATING, owner=make_claim())
    assert plan(make_facts(make_claim(), profiles=[own])).watch == {"own"}
