"""A call that was announced: how long nobody knows what became of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.domain.facts import Outcome
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.intent import in_doubt, open_intent
from support.builders import NOW, RULES, after, make_claim, make_facts, make_observation, make_profile

NAME = "shop-checkout-4ecb2a1f-9999"
SETTLE = RULES.settle.total_seconds()
TICK = timedelta(microseconds=1).total_seconds()
KNOWN = {"name": NAME, "arn": make_profile(NAME).arn, "status": "ACTIVE"}


def announced(kind: str = "Create", *, state: str = "InFlight", started: bool = True, **status: Any) -> FargateProfileClaim:
    """A claim whose status tells of a call that was started at NOW."""
    operation = {"type": kind, "state": state, "profileName": NAME, "queueTime": after(-60), "startTime": NOW if started else None}
    return make_claim(status={"observedGeneration": 1, "operation": operation, **status})


def failed(*, unknown: bool) -> Failure:
    return Failure(FailureClass.UNAVAILABLE, "ReadTimeout", "no answer", "CreateFargateProfile", outcome_unknown=unknown)


@pytest.mark.parametrize(
    ("age", "expected"),
    [(0, True), (1, True), (SETTLE - TICK, True), (SETTLE, False), (86400, False), (-TICK, False), (-86400, False)],
)
def test_an_intent_is_open_until_it_has_settled_and_never_from_the_future(age: float, expected: bool) -> None:  # noqa: FBT001
    claim = announced()
    found = open_intent(make_facts(claim, now=after(age)), claim)
    assert found == (claim.status.operation if expected else None)


@pytest.mark.parametrize(
    "claim",
    [make_claim(), announced(state="Queued"), announced(state="BackingOff"), announced(started=False)],
    ids=["no operation", "queued", "backing off", "without a start"],
)
def test_what_was_never_sent_is_neither_open_nor_in_doubt(claim: FargateProfileClaim) -> None:
    facts = make_facts(claim, now=after(1))
    assert open_intent(facts, claim) is None
    assert not in_doubt(facts, claim)


@pytest.mark.parametrize(
    ("outcome", "undecided"),
    [
        (None, True),
        (Outcome(NOW, after(1)), False),
        (Outcome(NOW, after(1), failed(unknown=False)), False),
        (Outcome(NOW, after(1), failed(unknown=True)), True),
        (Outcome(after(-60), after(-59)), True),
    ],
    ids=["none yet", "success", "refused", "no answer", "of an earlier call"],
)
def test_an_outcome_decides_the_intent_that_it_belongs_to(outcome: Outcome | None, undecided: bool) -> None:  # noqa: FBT001
    claim = announced()
    facts = make_facts(claim, now=after(2), outcomes={claim.metadata.uid: outcome} if outcome else {})
    assert (open_intent(facts, claim) is not None) is undecided
    assert in_doubt(facts, claim) is undecided


def test_the_outcome_of_another_claim_says_nothing() -> None:
    claim = announced()
    facts = make_facts(claim, now=after(2), outcomes={"uid-shop-other": Outcome(NOW, after(1))})
    assert open_intent(facts, claim) is not None


@pytest.mark.parametrize(
    ("claim", "profile", "still_open"),
    [
        (announced("Create"), make_profile(NAME, owner=make_claim()), False),
        (announced("Replace"), make_profile(NAME, owner=make_claim()), False),
        (announced("Create"), make_profile(f"{NAME}-other", owner=make_claim()), True),
        (announced("Create"), make_profile(NAME), True),
        (announced("Create"), make_profile(NAME, owner=make_claim("other")), True),
        (announced("Create", profile=KNOWN), make_profile(NAME, owner=make_claim()), True),
        (announced("Create", profile=KNOWN), make_profile(NAME, owner=make_claim(), incarnation=2), False),
        (announced("Replace", previousProfile=KNOWN), make_profile(NAME, owner=make_claim()), True),
        (announced("Delete"), make_profile(NAME, owner=make_claim()), True),
        (announced("Tag"), make_profile(NAME, owner=make_claim()), True),
    ],
    ids=[
        "created",
        "replaced",
        "another name",
        "foreign",
        "of another claim",
        "there before",
        "made anew under the name",
        "the one to go",
        "delete",
        "tag",
    ],
)
def test_a_create_is_known_by_a_profile_that_was_not_there_before(claim: FargateProfileClaim, profile: Any, still_open: bool) -> None:  # noqa: FBT001
    facts = make_facts(claim, profiles=[profile], now=after(2))
    assert (open_intent(facts, claim) is not None) is still_open


def test_what_eks_has_is_not_known_before_the_first_look() -> None:
    claim = announced()
    facts = make_facts(claim, observation=make_observation(profiles=None, observed_at=None), now=after(2))
    assert open_intent(facts, claim) is not None
    assert in_doubt(facts, claim)


@pytest.mark.parametrize(
    ("now", "seen", "doubtful"),
    [
        (SETTLE + 10, 0, True),
        (SETTLE + 10, SETTLE - TICK, True),
        (SETTLE + 10, SETTLE, False),
        (SETTLE + 10, SETTLE + 10, False),
        (-3600, -3602, True),
        (-3600, -3600, False),
    ],
)
def test_absence_is_proved_by_a_look_after_the_call_has_settled(now: float, seen: float, doubtful: bool) -> None:  # noqa: FBT001
    claim = announced()
    facts = make_facts(claim, observation=make_observation(observed_at=after(seen)), now=after(now))
    assert in_doubt(facts, claim) is doubtful


def test_after_the_clock_was_set_back_absence_is_proved_only_once_this_leader_has_waited() -> None:
    claim = announced()
    facts = make_facts(claim, observation=make_observation(observed_at=after(-3600)), now=after(-3600))
    assert in_doubt(replace(facts, may_mutate=False), claim)
    assert not in_doubt(facts, claim)


def test_the_time_to_settle_is_a_setting() -> None:
    claim = announced()
    rules = replace(RULES, settle=timedelta(hours=1))
    assert open_intent(make_facts(claim, rules=rules, now=after(3599)), claim) is not None
    assert open_intent(make_facts(claim, rules=rules, now=after(3600)), claim) is None
