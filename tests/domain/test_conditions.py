"""The conditions of a claim, for each reason that Ready can have: its value, kstatus, the grace, and times that move rarely."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fargateclaims.api.claim_status import ClaimStatus
from fargateclaims.api.conditions import MESSAGE_MAX_LENGTH, Condition, ConditionStatus, ConditionType
from fargateclaims.api.crd import claim_crd
from fargateclaims.api.reasons import READY_REASONS, Reason
from fargateclaims.api.reasons.facts import Kstatus, ReadyValue
from fargateclaims.domain.assessment import Assessment, Verdict
from fargateclaims.domain.conditions import Stand, claim_conditions, conditions
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.profile import ProfileState
from fargateclaims.domain.setback import Setback
from support.builders import NOW, RULES, after, condition, later, make_claim, make_facts, make_observation, make_profile

READY, STALLED, RECONCILING = ConditionType.READY, ConditionType.STALLED, ConditionType.RECONCILING
TRUE, FALSE, UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN
EARLIER = NOW - timedelta(hours=1)


def one(kind: ConditionType, status: ConditionStatus, reason: str, since: object = EARLIER, generation: int | None = 1) -> Condition:
    return Condition.model_validate(
        {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": "before",
            "lastTransitionTime": since,
            "observedGeneration": generation,
        }
    )


def shown(reason: Reason, *before: Condition, facts: Facts | None = None, synced: bool | None = False, **fields: object) -> ClaimStatus:
    """What a claim with this verdict shows, after what it showed before."""
    claim = make_claim(status=ClaimStatus(observed_generation=1, conditions=before))
    item = Assessment(claim, verdict=Verdict(reason, "words"), synced=synced, **fields)  # type: ignore[arg-type]
    return ClaimStatus(conditions=claim_conditions(facts or make_facts(claim), item, Stand(Verdict(reason, "words"))))


def status_of(status: ClaimStatus, kind: ConditionType) -> ConditionStatus | None:
    found = condition(status, kind)
    return found.status if found else None


@pytest.mark.parametrize("before", [None, TRUE, FALSE, UNKNOWN])
@pytest.mark.parametrize("reason", list(READY_REASONS))
def test_every_reason_has_its_value_and_never_both_of_kstatus(reason: Reason, before: ConditionStatus | None) -> None:
    status = shown(reason, *([one(READY, before, "Queued")] if before else []))
    ready, table = status_of(status, READY), READY_REASONS[reason]
    assert ready == (before or UNKNOWN) if table.ready is ReadyValue.UNCHANGED else ready == table.ready.value
    progress = (status_of(status, RECONCILING) is not None, status_of(status, STALLED) is not None)
    expected = {
        Kstatus.CURRENT: (False, False),
        Kstatus.RECONCILING: (True, False),
        Kstatus.STALLED_AFTER_GRACE: (True, False),
        Kstatus.STALLED: (False, True),
        Kstatus.RECONCILING_UNLESS_READY: (ready is not TRUE, False),
        Kstatus.NEITHER: (False, False),
    }
    assert progress == expected[table.kstatus]
    assert {found.observed_generation for found in status.conditions} == {1}


WITH_GRACE = [reason for reason, table in READY_REASONS.items() if table.kstatus is Kstatus.STALLED_AFTER_GRACE]


@pytest.mark.parametrize("reason", WITH_GRACE)
def test_what_others_may_bring_is_waited_for_before_the_claim_stalls(reason: Reason) -> None:
    facts = make_facts()
    status = shown(reason, one(READY, UNKNOWN, "Queued"), one(RECONCILING, TRUE, "Queued"), facts=facts)
    assert status_of(status, RECONCILING) is TRUE
    for seconds in (1, RULES.grace.total_seconds() - 1):
        status = shown(reason, *status.conditions, facts=later(facts, seconds))
        assert status_of(status, RECONCILING) is TRUE
    for seconds in (RULES.grace.total_seconds(), 86400):
        status = shown(reason, *status.conditions, facts=later(facts, seconds))
        assert (status_of(status, RECONCILING), status_of(status, STALLED)) == (None, TRUE)
    another = next(other for other in WITH_GRACE if other is not reason)
    assert status_of(shown(another, *status.conditions, facts=later(facts, 86401)), STALLED) is TRUE, "until it clears by itself"
    assert status_of(shown(Reason.QUEUED, *status.conditions, facts=later(facts, 86402)), STALLED) is None


def test_a_grace_begins_anew_after_a_stall_of_another_kind() -> None:
    status = shown(Reason.CLASS_NOT_FOUND, one(READY, FALSE, "Invalid"), one(STALLED, TRUE, "Invalid"))
    assert (status_of(status, RECONCILING), status_of(status, STALLED)) == (TRUE, None)
    assert condition(status, RECONCILING).last_transition_time == NOW  # type: ignore[union-attr]


def test_what_is_ready_does_not_stall() -> None:
    status = shown(Reason.CLASS_NOT_FOUND, one(READY, TRUE, "Active"), synced=None)
    assert (status_of(status, READY), status_of(status, RECONCILING), status_of(status, STALLED)) == (TRUE, None, None)


@pytest.mark.parametrize(
    ("reason", "synced", "before", "expected"),
    [
        (Reason.PENDING, None, TRUE, TRUE),  # not known now, but it was
        (Reason.PENDING, None, FALSE, UNKNOWN),
        (Reason.UNAUTHORIZED, None, TRUE, TRUE),
        (Reason.UNAUTHORIZED, False, TRUE, FALSE),
        (Reason.PAUSED, True, None, TRUE),  # a paused claim with a profile as specified, after its status was lost
        (Reason.PAUSED, False, None, UNKNOWN),
        (Reason.PAUSED, False, TRUE, TRUE),
        (Reason.THROTTLED, None, FALSE, FALSE),
    ],
)
def test_ready_as_it_was(reason: Reason, *, synced: bool | None, before: ConditionStatus | None, expected: ConditionStatus) -> None:
    status = shown(reason, *([one(READY, before, "Active")] if before else []), synced=synced)
    assert status_of(status, READY) is expected


@pytest.mark.parametrize(
    ("reason", "synced", "expected"),
    [
        (Reason.PAUSED, False, UNKNOWN),
        (Reason.UNAVAILABLE, False, UNKNOWN),
        (Reason.THROTTLED, None, UNKNOWN),
        (Reason.PENDING, None, UNKNOWN),
        (Reason.PAUSED, True, TRUE),  # the edit asks for nothing of EKS
        (Reason.INVALID, False, FALSE),
    ],
)
def test_an_edit_that_waits_makes_ready_unknown(reason: Reason, *, synced: bool | None, expected: ConditionStatus) -> None:
    claim = make_claim(generation=2, status=ClaimStatus(observed_generation=1, conditions=(one(READY, TRUE, "Active"),)))
    item = Assessment(claim, verdict=Verdict(reason, "words"), synced=synced)
    status = ClaimStatus(conditions=claim_conditions(make_facts(claim), item, Stand(Verdict(reason, "words"))))
    assert status_of(status, READY) is expected


@pytest.mark.parametrize(
    ("profile", "previous", "expected", "words"),
    [
        (None, None, FALSE, "no ACTIVE profile"),
        (ProfileState.CREATING, None, FALSE, "no ACTIVE profile"),
        (ProfileState.ACTIVE, None, TRUE, "profile new takes pods"),
        (ProfileState.CREATING, ProfileState.ACTIVE, TRUE, "profile old takes pods"),
        (ProfileState.ACTIVE, ProfileState.DELETING, TRUE, "profile new takes pods"),
        (ProfileState.CREATE_FAILED, ProfileState.DELETING, FALSE, "no ACTIVE profile"),
    ],
)
def test_available(profile: ProfileState | None, previous: ProfileState | None, expected: ConditionStatus, words: str) -> None:
    status = shown(
        Reason.REPLACING,
        profile=make_profile("new", profile) if profile else None,
        previous=make_profile("old", previous) if previous else None,
    )
    found = condition(status, ConditionType.AVAILABLE)
    assert found is not None
    assert found.status is expected
    assert words in found.message


def test_available_is_kept_until_eks_was_read() -> None:
    facts = make_facts(observation=make_observation(profiles=None))
    assert status_of(shown(Reason.PENDING, facts=facts), ConditionType.AVAILABLE) is UNKNOWN
    kept = one(ConditionType.AVAILABLE, TRUE, "ProfileActive")
    assert status_of(shown(Reason.PENDING, kept, facts=facts), ConditionType.AVAILABLE) is TRUE
    strange = one(ConditionType.AVAILABLE, TRUE, "FromTheFuture")
    assert status_of(shown(Reason.PENDING, strange, facts=facts), ConditionType.AVAILABLE) is UNKNOWN


def test_accepted_says_what_the_class_does_not_allow() -> None:
    status = shown(Reason.ACTIVE, refused=Verdict(Reason.NOT_ALLOWED, "spec.tags: no"))
    found = condition(status, ConditionType.ACCEPTED)
    assert found is not None
    assert (found.status, found.reason, found.message) == (FALSE, "NotAllowed", "spec.tags: no")
    unseen = shown(Reason.PENDING, refused=Verdict(Reason.PENDING, "namespace shop has not been seen yet"))
    assert status_of(unseen, ConditionType.ACCEPTED) is UNKNOWN
    assert status_of(shown(Reason.QUOTA_EXCEEDED), ConditionType.ACCEPTED) is TRUE, "a full quota is no fault of the claim"


OUTAGE = make_observation(failure=Failure(FailureClass.UNAVAILABLE, "Code", "down"))


@pytest.mark.parametrize(
    ("reason", "fields", "facts", "expected"),
    [
        (Reason.ACTIVE, {"synced": True}, None, (TRUE, "Synced")),
        (Reason.ACTIVE, {"synced": True, "class_changed": True}, None, (FALSE, "ClassChanged")),
        (Reason.QUEUED, {"synced": False}, None, (FALSE, "Queued")),
        (Reason.PENDING, {"synced": None}, None, (UNKNOWN, "Pending")),
        (Reason.UNAVAILABLE, {"synced": True}, make_facts(observation=OUTAGE), (UNKNOWN, "Unavailable")),
        (Reason.UNAVAILABLE, {"setback": Setback(1, Reason.INVALID, "no")}, make_facts(observation=OUTAGE), (UNKNOWN, "Invalid")),
        (Reason.QUEUED, {"setback": Setback(1, Reason.INVALID, "no")}, None, (FALSE, "Invalid")),
        (Reason.THROTTLED, {"setback": Setback(1, Reason.THROTTLED, "slow")}, None, (UNKNOWN, "Throttled")),
        (Reason.UNAVAILABLE, {"setback": Setback(1, Reason.UNAVAILABLE, "down")}, None, (UNKNOWN, "Unavailable")),
        (Reason.BACKING_OFF, {"setback": Setback(1, Reason.BACKING_OFF, "no")}, None, (FALSE, "BackingOff")),
    ],
)
def test_synced(reason: Reason, fields: dict[str, Any], facts: Facts | None, expected: tuple[ConditionStatus, str]) -> None:
    found = condition(shown(reason, facts=facts, **fields), ConditionType.SYNCED)
    assert found is not None
    assert (found.status, found.reason) == expected


def test_times_move_only_where_a_status_does() -> None:
    before = [one(READY, UNKNOWN, "Queued"), one(ConditionType.SYNCED, FALSE, "Queued"), one(RECONCILING, TRUE, "Queued")]
    status = shown(Reason.CREATING, *before)
    assert {found.last_transition_time for found in status.conditions if found.type in (READY, "Synced", RECONCILING)} == {EARLIER}
    status = shown(Reason.ACTIVE, *status.conditions, synced=True)
    assert condition(status).last_transition_time == NOW  # type: ignore[union-attr]


def test_the_time_of_the_definition_s_default_means_nothing() -> None:
    default = claim_crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["default"]
    status = shown(Reason.QUEUED, *ClaimStatus.parse(default).conditions)
    assert {found.last_transition_time for found in status.conditions} == {NOW}


def test_a_message_is_cut_to_what_kubernetes_takes() -> None:
    (made,) = conditions([(READY, FALSE, Verdict(Reason.INVALID, "x" * (MESSAGE_MAX_LENGTH + 1)))], (), NOW, 1)
    assert len(made.message) == MESSAGE_MAX_LENGTH


def test_paused_and_overlapping_are_there_only_while_true() -> None:
    claim = make_claim(annotations={"fargateclaims.dev/paused": "true"})
    verdict = Verdict(Reason.ACTIVE, "")
    found = {c.type: c for c in claim_conditions(make_facts(claim), Assessment(claim), Stand(verdict, overlap="profile x wins"))}
    assert found[ConditionType.PAUSED].message == "paused by the claim's annotation: EKS is not changed"
    assert found[ConditionType.OVERLAPPING].message == "profile x wins"
    found = {c.type: c for c in claim_conditions(make_facts(claim), Assessment(make_claim()), Stand(verdict))}
    assert not {ConditionType.PAUSED, ConditionType.OVERLAPPING} & set(found)


def test_a_clock_that_was_set_back_only_lengthens_a_grace() -> None:
    status = shown(Reason.CLASS_NOT_FOUND)
    assert status_of(shown(Reason.CLASS_NOT_FOUND, *status.conditions, facts=replace(make_facts(), now=after(-3600))), RECONCILING) is TRUE
