from pathlib import Path

import pytest

from fargateclaims.api.conditions import Condition
from fargateclaims.api.reasons import (
    OTHER_REASONS,
    READY_REASONS,
    Actor,
    Kstatus,
    OtherReason,
    ReadyReason,
    ReadyValue,
    Reason,
    reasons_table,
)

_PAGE = Path(__file__).parents[3] / "docs" / "reasons.md"


def test_every_reason_has_one_row() -> None:
    assert set(READY_REASONS) | set(OTHER_REASONS) == set(Reason)
    assert not set(READY_REASONS) & set(OTHER_REASONS)
    assert set(READY_REASONS) | set(OTHER_REASONS) == {reason for reason in Reason if f"| `{reason}` |" in reasons_table()}


def test_the_page_is_what_the_facts_say() -> None:
    assert _PAGE.read_text(encoding="utf-8") == reasons_table(), "run `make docs-tables` and commit the result"


@pytest.mark.parametrize(
    ("names", "ready", "kstatus", "who_acts"),
    [
        ("Active", "True", Kstatus.CURRENT, "nobody"),
        (
            "Pending Queued Creating Replacing Draining Deleting ClusterUpdating BackingOff Propagating Tagging",
            "Unknown",
            Kstatus.RECONCILING,
            "nobody",
        ),
        ("Throttled Unavailable", "as it was", Kstatus.RECONCILING_UNLESS_READY, "nobody"),
        ("ClassNotFound ClassNotReady Unauthorized QuotaExceeded", "False", Kstatus.STALLED_AFTER_GRACE, "platform"),
        ("WaitingForQuota", "Unknown", Kstatus.STALLED_AFTER_GRACE, "platform"),
        ("ClusterNotFound ClusterNotActive ClassConflict SlotBlocked", "False", Kstatus.STALLED_AFTER_GRACE, "platform"),
        ("Invalid NotAllowed Conflict CreateFailed Outdated", "False", Kstatus.STALLED, "team"),
        ("DeleteFailed TimedOut PodsRemain", "False", Kstatus.STALLED, "platform"),
        ("Paused", "as it was", Kstatus.NEITHER, "whoever paused"),
    ],
)
def test_the_reasons_of_ready(names: str, ready: str, kstatus: Kstatus, who_acts: str) -> None:
    for name in names.split():
        facts = READY_REASONS[Reason(name)]
        assert (facts.ready, facts.kstatus, facts.who_acts) == (ReadyValue(ready), kstatus, Actor(who_acts)), name


def test_the_reasons_of_ready_are_all_named_above() -> None:
    assert len(READY_REASONS) == 31


def test_every_row_says_what_it_means_and_what_to_do() -> None:
    rows: list[tuple[Reason, ReadyReason | OtherReason]] = [*READY_REASONS.items(), *OTHER_REASONS.items()]
    for reason, facts in rows:
        assert facts.meaning.endswith("."), reason
        assert facts.remedy.endswith("."), reason
        assert "\n" not in facts.meaning + facts.remedy, reason


def test_who_has_to_act_is_given_something_to_do() -> None:
    idle = [r for r, facts in READY_REASONS.items() if facts.who_acts is not Actor.NOBODY and facts.remedy.startswith("Nothing")]
    assert idle == []


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_one_that_kubernetes_takes(reason: Reason) -> None:
    raw = {"type": "Ready", "status": "True", "reason": reason, "message": "", "lastTransitionTime": "2026-11-21T14:02:11Z"}
    assert Condition.model_validate(raw).reason == reason.value
