"""What kstatus, and so Flux and `kubectl wait`, makes of every reason."""

from typing import Any

import pytest

from fargateclaims.api.crd import claim_crd, class_crd
from fargateclaims.api.group import CLAIM_KIND, CLASS_KIND
from fargateclaims.api.reasons import READY_REASONS, Actor, Reason
from support import flux_health
from support.gitops_files import objects
from support.gitops_situations import with_reason
from support.kstatus import Result, compute


def condition(kind: str, status: str = "True") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": f"Of{kind}", "message": f"of {kind}"}


@pytest.mark.parametrize(
    ("metadata", "status", "expected"),
    [
        (
            {"deletionTimestamp": "2026-11-21T14:00:00Z"},
            {"observedGeneration": 1},
            Result("Terminating", "Resource scheduled for deletion"),
        ),
        ({}, {"observedGeneration": 1}, Result("InProgress", "Kind generation is 2, but latest observed generation is 1")),
        ({}, {"conditions": [condition("Ready"), condition("Reconciling")]}, Result("InProgress", "of Reconciling")),
        ({}, {"conditions": [condition("Ready"), condition("Stalled")]}, Result("Failed", "of Stalled")),
        ({}, {"conditions": [condition("Stalled", "False"), condition("Ready")]}, Result("Current", "Resource is Ready")),
        ({}, {"conditions": [condition("Ready", "False")]}, Result("InProgress", "of Ready")),
        ({}, {"conditions": [condition("Ready", "Unknown")]}, Result("InProgress", "of Ready")),
        ({}, {"conditions": [condition("Available")]}, Result("Current", "Resource is current")),
        ({}, {}, Result("Current", "Resource is current")),
    ],
)
def test_the_rules(metadata: dict[str, Any], status: dict[str, Any], expected: Result) -> None:
    assert compute({"kind": "Kind", "metadata": {"generation": 2, **metadata}, "status": status}) == expected


@pytest.mark.parametrize("reason", list(READY_REASONS))
def test_what_a_person_must_mend_does_not_stay_in_progress(reason: Reason) -> None:
    first, later = compute(with_reason(reason)).status, compute(with_reason(reason, overdue=True)).status
    if READY_REASONS[reason].who_acts in (Actor.TEAM, Actor.PLATFORM):
        assert later == "Failed"
        assert first in ("Failed", "InProgress")
    else:
        assert {first, later} == {"Current" if reason is Reason.ACTIVE else "InProgress"}


@pytest.mark.parametrize("reason", [Reason.THROTTLED, Reason.UNAVAILABLE, Reason.PAUSED])
def test_what_was_ready_stays_current(reason: Reason) -> None:
    assert compute(with_reason(reason, ready=True)).status == "Current"


def test_what_is_being_deleted_is_terminating() -> None:
    assert {compute(with_reason(reason, gone=True)).status for reason in READY_REASONS} == {"Terminating"}


@pytest.mark.parametrize(("kind", "crd"), [(CLAIM_KIND, claim_crd()), (CLASS_KIND, class_crd())])
def test_the_crd_s_default_is_why_an_object_that_nobody_has_seen_is_not_current(kind: str, crd: dict[str, Any]) -> None:
    bare = objects(kind)["without-status"]
    assert compute(bare).status == "Current"
    default = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["default"]
    assert compute({**bare, "status": default}) == Result("InProgress", "the operator has not looked at this object yet")


def test_a_class_that_somebody_must_mend_fails_by_flux_s_expressions() -> None:
    known = objects(CLASS_KIND)
    found = {name: flux_health.compute(obj) for name, obj in known.items() if "status" in obj}
    assert [name for name, status in found.items() if status == "InProgress"] == ["never-seen", "not-observed", "edited"]
    # With AWS out of reach, claims say what becomes of them: the class must not hold up what comes after it.
    assert [name for name, status in found.items() if status == "Current"] == ["usable", "throttled", "unavailable", "paused"]
    mended = [name for name, obj in known.items() if name in found and found[name] == "Failed"]
    assert {compute(known[name]).status for name in mended} == {"InProgress", "Terminating"}, "kstatus alone would wait"
