"""The demo cannot lie: each way in which its story may fail is found."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from fargateclaims.cli.demonstration.claims import ClaimView, Key
from fargateclaims.cli.demonstration.judgement import Evidence, Expected, judge, without_active_profile
from fargateclaims.cli.demonstration.moves import Move
from fargateclaims.cli.demonstration.pods import Moment
from fargateclaims.simulator.eks.ledger import Call, Entry, StatusChange

KEPT, EDITED, GONE, REFUSED = Key("a", "kept"), Key("a", "edited"), Key("a", "gone"), Key("a", "refused")
EXPECTED = Expected(active=(KEPT, EDITED), deleted=(GONE,), refused=REFUSED, edited=EDITED, foreign_profile="theirs")


def call(at: float, operation: str, profile: str, caller: str = "us", **more: Any) -> Call:
    fields: dict[str, Any] = {"account": "1", "region": "r", "service": "eks", "cluster": "c", "access_key": "k", "user_agent": "u"}
    outcome: dict[str, Any] = {"status": 200, "changed": True, **more}
    return Call(at=at, monotonic=at, seconds=0.0, operation=operation, profile=profile, caller=caller, **fields, **outcome)


def change(at: float, profile: str, before: str | None, after: str | None) -> StatusChange:
    return StatusChange(
        at=at, account="1", region="r", cluster="c", profile=profile, arn=f"arn/{profile}", before=before, after=after, caller="us"
    )


def made(at: float, profile: str, caller: str = "us") -> list[Entry]:
    return [
        call(at, "CreateFargateProfile", profile, caller),
        change(at, profile, None, "CREATING"),
        change(at + 1, profile, "CREATING", "ACTIVE"),
    ]


def deleted(at: float, profile: str) -> list[Entry]:
    return [
        call(at, "DeleteFargateProfile", profile),
        change(at, profile, "ACTIVE", "DELETING"),
        change(at + 1, profile, "DELETING", None),
    ]


def view(key: Key, profile: str, **more: Any) -> ClaimView:
    fields: dict[str, Any] = {
        "ready": "True",
        "reason": "Active",
        "message": "",
        "class_name": "c",
        "queue": "",
        "created": datetime.now(UTC),
        "current": True,
        "profiles": (profile,),
        "foreign_blocker": None,
    }
    return ClaimView(key=key, profile=profile, **{**fields, **more})


ENTRIES: list[Entry] = [
    *made(0, "kept"),
    *made(1, "edited-2"),
    *made(2, "gone"),
    *made(3, "theirs", "foreign"),
    *made(4, "edited-1"),
    *deleted(5, "edited-2"),
    *deleted(6, "gone"),
    call(7, "CreateFargateProfile", "refused", status=400, error="InvalidParameterException", message="subnet-1 is public", changed=False),
]
EVIDENCE = Evidence(
    entries=ENTRIES,
    claims={
        KEPT: view(KEPT, "kept"),
        EDITED: view(EDITED, "edited-1"),
        REFUSED: view(REFUSED, "", ready="False", reason="Invalid", message="subnet-1 is public", profiles=()),
    },
    profiles={KEPT: {"kept"}, EDITED: {"edited-1", "edited-2"}, GONE: {"gone"}, REFUSED: set()},
    waited_for={"theirs": KEPT},
    subnet="subnet-1",
    move=Move(
        what="deploy/web",
        replicas=1,
        budget=0,
        timeline=[Moment(0, {}, refused=1, why="no node"), Moment(2, {"edited-2": 1}), Moment(3, {}), Moment(5, {"edited-1": 1})],
        gone=[],
        complete=True,
    ),
)


def test_a_story_that_held() -> None:
    findings = judge(EVIDENCE, EXPECTED)
    assert findings.problems == ()
    assert findings.lines == (
        "5 operations on 1 cluster (3 creates, 1 replacement, 1 delete; 1 more by others), 0 refused because the cluster was busy",
        "c    7.0 s of EKS's own time,   7.0 s on the clock (1.00)",
        "a/edited was edited: edited-1 was ACTIVE 0.00 s before edited-2 began to go, 0.00 s without an ACTIVE profile",
        "deploy/web: 1 pods were Pending for 2.0 s (no node), until they were made again for their profile",
        "deploy/web: 1 pods moved from edited-2 to edited-1 in 2.0 s, never fewer than 0 ready (budget: 0)",
        "a/kept waited for theirs, which is not a claim's, and said so",
        "a/refused was refused once, and says why: subnet-1 is public",
    )


def refusal(**more: Any) -> Call:
    return call(9, "CreateFargateProfile", "kept", status=409, error="ResourceInUseException", message="busy", changed=False, **more)


def with_claim(key: Key, **more: Any) -> Evidence:
    return replace(EVIDENCE, claims={**EVIDENCE.claims, key: replace(EVIDENCE.claims[key], **more)})


@pytest.mark.parametrize(
    ("evidence", "problem"),
    [
        (replace(EVIDENCE, entries=[*ENTRIES, refusal()]), "EKS refused CreateFargateProfile of kept: busy"),
        (
            replace(EVIDENCE, entries=[*ENTRIES, *made(0.5, "other"), *deleted(8, "other")]),
            "2 profiles of cluster c were CREATING or DELETING at once",
        ),
        (
            replace(EVIDENCE, entries=[*ENTRIES, *deleted(8, "kept")[:2]]),
            "1 profiles of cluster c are still CREATING or DELETING",
        ),
        (
            replace(EVIDENCE, entries=[*ENTRIES[:12], *deleted(4, "edited-2"), *made(6, "edited-1"), *deleted(8, "gone")]),
            "a/edited was 3.00 s without an ACTIVE profile",
        ),
        (
            replace(EVIDENCE, entries=[each for each in ENTRIES if "edited-1" not in str(each) and "edited-2" not in str(each)]),
            "a/edited was not replaced once",
        ),
        (
            replace(EVIDENCE, entries=[*ENTRIES, *made(8, "orphan")]),
            "EKS has the profiles edited-1, kept, orphan, theirs; expected were edited-1, kept, theirs",
        ),
        (
            replace(EVIDENCE, move=replace(EVIDENCE.move, budget=1)),
            "only 0 pods of deploy/web were ready after 3.0 s, where its disruption budget asks for 1",
        ),
        (
            replace(EVIDENCE, move=replace(EVIDENCE.move, timeline=EVIDENCE.move.timeline[1:])),
            "the pods of deploy/web were not Pending before there was a profile for them, or never ran",
        ),
        (with_claim(KEPT, ready="Unknown"), "a/kept is not Active"),
        (with_claim(KEPT, current=False), "a/kept is not Active"),
        (replace(EVIDENCE, claims={**EVIDENCE.claims, GONE: view(GONE, "gone")}), "a/gone is still there"),
        (replace(EVIDENCE, entries=ENTRIES[:-1]), "EKS was never asked for a profile in subnet-1"),
        (with_claim(REFUSED, message="no"), "a/refused does not say that subnet-1 is public"),
        (with_claim(REFUSED, ready="True"), "a/refused does not say that subnet-1 is public"),
        (replace(EVIDENCE, waited_for={}), "no claim has said that it waits for theirs"),
    ],
)
def test_what_went_wrong_is_named(evidence: Evidence, problem: str) -> None:
    assert problem in judge(evidence, EXPECTED).problems


def test_what_others_were_refused_is_not_our_fault() -> None:
    judged = judge(replace(EVIDENCE, entries=[*ENTRIES, replace(refusal(), caller="foreign")]), EXPECTED)
    assert judged.problems == ()
    assert "0 refused" in judged.lines[0]


@pytest.mark.parametrize(
    ("changes", "gap"),
    [
        ([], float("inf")),
        ([change(0, "p", "CREATING", "ACTIVE")], 0),
        ([change(0, "p", "CREATING", "ACTIVE"), change(2, "p", "ACTIVE", "DELETING")], float("inf")),
        ([change(2, "p", "ACTIVE", "DELETING"), change(0, "p", "CREATING", "ACTIVE"), change(2, "q", "CREATING", "ACTIVE")], 0),
        ([change(0, "p", "CREATING", "ACTIVE"), change(2, "p", "ACTIVE", "DELETING"), change(5, "q", "CREATING", "ACTIVE")], 3),
        ([change(0, "p", "CREATING", "ACTIVE"), change(1, "x", "ACTIVE", "DELETING")], 0),
    ],
)
def test_time_without_an_active_profile(changes: list[StatusChange], gap: float) -> None:
    assert without_active_profile(changes, ["p", "q"]) == gap
