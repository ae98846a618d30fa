"""Argo CD's health checks and actions, over their own tests in the upstream layout and over every reason of the operator."""

from typing import Any

import pytest
import yaml

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.group import CLAIM_KIND, CLASS_KIND, PAUSED, RETRY
from fargateclaims.api.reasons import READY_REASONS, Actor, Reason
from fargateclaims.domain.retries import paused_by
from support.argocd_lua import Health, act, actions, health, merge_patch
from support.gitops_files import ACTIONS, CUSTOMIZATIONS, objects, script
from support.gitops_situations import with_reason

KINDS = (CLAIM_KIND, CLASS_KIND)
NEW = "2026-11-21T14:00:00Z"
CLAIM_HEALTH = script(CLAIM_KIND, "health.lua")


def loaded(kind: str, path: str) -> Any:
    return yaml.safe_load((CUSTOMIZATIONS / kind / path).read_text(encoding="utf-8"))


def cases(path: str, part: str) -> list[Any]:
    found = [(kind, case) for kind in KINDS for case in loaded(kind, path)[part]]
    return [pytest.param(kind, case, id=f"{kind}-{case.get('action', '')}-{case['inputPath']}") for kind, case in found]


@pytest.mark.parametrize(("kind", "case"), cases("health_test.yaml", "tests"))
def test_health(kind: str, case: dict[str, Any]) -> None:
    assert health(script(kind, "health.lua"), loaded(kind, case["inputPath"])) == Health(**case["healthStatus"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_situation_has_a_health_test(kind: str) -> None:
    tested = {case["inputPath"] for case in loaded(kind, "health_test.yaml")["tests"]}
    assert tested == {f"testdata/{name}.yaml" for name in objects(kind)}


@pytest.mark.parametrize(("kind", "case"), cases("actions/action_test.yaml", "discoveryTests"))
def test_which_actions_are_offered(kind: str, case: dict[str, Any]) -> None:
    found = actions(script(kind, "actions/discovery.lua"), loaded(kind, f"actions/{case['inputPath']}"))
    assert found == {each["name"]: each for each in case["result"]}
    assert set(found) == set(ACTIONS)


@pytest.mark.parametrize(("kind", "case"), cases("actions/action_test.yaml", "actionTests"))
def test_what_an_action_does(kind: str, case: dict[str, Any]) -> None:
    live, expected = (loaded(kind, f"actions/{case[key]}") for key in ("inputPath", "expectedOutputPath"))
    assert act(script(kind, f"actions/{case['action']}/action.lua"), live, case.get("parameters")) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_every_action_has_a_test(kind: str) -> None:
    assert sorted(case["action"] for case in loaded(kind, "actions/action_test.yaml")["actionTests"]) == sorted(ACTIONS)


# Every reason.


def shown(reason: Reason, **fields: Any) -> Health:
    return health(CLAIM_HEALTH, with_reason(reason, **fields))


@pytest.mark.parametrize("reason", list(READY_REASONS))
def test_what_a_person_must_mend_does_not_stay_progressing(reason: Reason) -> None:
    first, later, actor = shown(reason).status, shown(reason, overdue=True).status, READY_REASONS[reason].who_acts
    if actor in (Actor.TEAM, Actor.PLATFORM):
        assert later == "Degraded"
        assert first in ("Degraded", "Progressing")
    elif actor is Actor.WHOEVER_PAUSED:
        assert (first, later) == ("Suspended", "Suspended")
    else:
        assert {first, later} == {"Healthy" if reason is Reason.ACTIVE else "Progressing"}


@pytest.mark.parametrize("reason", [Reason.THROTTLED, Reason.UNAVAILABLE, Reason.PAUSED, Reason.ACTIVE])
def test_what_was_ready_stays_healthy_whatever_keeps_aws_away(reason: Reason) -> None:
    assert shown(reason, ready=True).status == "Healthy"


def test_the_message_begins_with_the_reason() -> None:
    for reason, facts in READY_REASONS.items():
        paused = reason is Reason.PAUSED
        words = "paused by the claim's annotation: EKS is not changed" if paused else facts.meaning
        assert shown(reason).message == f"{reason}: {words}"


def test_what_is_being_deleted_is_progressing_whatever_the_reason() -> None:
    for reason in READY_REASONS:
        for overdue in (False, True):
            found = shown(reason, gone=True, overdue=overdue)
            assert (reason, found.status) == (reason, "Progressing")
            assert found.message.startswith(f"{reason}: ")


def test_what_the_operator_says_of_an_older_generation_does_not_count() -> None:
    for reason in READY_REASONS:
        obj = with_reason(reason)
        obj["metadata"]["generation"] += 1
        assert health(CLAIM_HEALTH, obj) == Health("Progressing", "the operator has not looked at the latest edit yet")
        del obj["status"]["observedGeneration"]
        assert health(CLAIM_HEALTH, obj).status == "Progressing"


def condition(kind: str, status: str = "True") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": f"Of{kind}", "message": "words"}


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (["Ready", "Available", "Paused", "Stalled"], Health("Degraded", "OfStalled: words")),
        (["Ready", "Available", "Paused"], Health("Healthy", "OfPaused: words")),
        (["Ready", "Paused"], Health("Suspended", "OfPaused: words")),
        (["Ready", "Reconciling"], Health("Healthy", "OfReady: words")),
        (["Available"], Health("Progressing", "the operator has not looked at this object yet")),
    ],
)
def test_which_condition_counts_first(conditions: list[str], expected: Health) -> None:
    obj = {"metadata": {"generation": 1}, "status": {"observedGeneration": 1, "conditions": [condition(kind) for kind in conditions]}}
    assert health(CLAIM_HEALTH, obj) == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [{}, {"status": {}}, {"status": {"conditions": []}}, {"status": {"observedGeneration": 1}}])
def test_a_status_that_is_missing_is_progressing(kind: str, status: dict[str, Any]) -> None:
    found = health(script(kind, "health.lua"), {"metadata": {"generation": 1}, **status})
    assert found == Health("Progressing", "the operator has not looked at this object yet")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("words", "message"), [({"reason": "Active"}, "Active: "), ({"message": "words"}, "Ready: words"), ({}, "Ready: ")], ids=str
)
def test_a_condition_need_not_have_a_reason_or_a_message(kind: str, words: dict[str, str], message: str) -> None:
    obj = {"metadata": {"generation": 1}, "status": {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True", **words}]}}
    assert health(script(kind, "health.lua"), obj) == Health("Healthy", message)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spec", [{}, {"spec": {}}], ids=str)
def test_actions_are_offered_whatever_the_spec_lacks(kind: str, spec: dict[str, Any]) -> None:
    offered = {
        name for name, action in actions(script(kind, "actions/discovery.lua"), {"metadata": {}, **spec}).items() if not action["disabled"]
    }
    assert offered == {"pause", "retry"}


def test_a_wait_in_the_queue_says_its_place_and_who_is_ahead() -> None:
    message = health(CLAIM_HEALTH, objects(CLAIM_KIND)["queued"]).message
    assert message.startswith("Queued: waiting, 2nd of 2 on cluster prod: profile shop-search-")
    assert "(claim shop/search) is CREATING since " in message


# Actions, as the operator takes them.


@pytest.mark.parametrize("kind", KINDS)
def test_an_action_that_is_offered_sends_one_annotation_which_the_operator_understands(kind: str) -> None:
    discovery, expected = (
        script(kind, "actions/discovery.lua"),
        {"pause": (PAUSED, "true"), "resume": (PAUSED, None), "retry": (RETRY, NEW)},
    )
    for live in objects(kind).values():
        for name in (name for name, action in actions(discovery, live).items() if not action["disabled"]):
            changed = act(script(kind, f"actions/{name}/action.lua"), live)
            key, value = expected[name]
            alone = name == "resume" and set(live["metadata"]["annotations"]) == {PAUSED}
            assert merge_patch(live, changed) == {"metadata": {"annotations": None if alone else {key: value}}}
            assert is_paused(kind, changed) == (name == "pause")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("others", [{}, {"team": "shop"}], ids=str)
@pytest.mark.parametrize("up_to_3_1_0", [False, True])
def test_resume_takes_off_its_annotation_and_no_other_in_any_argo_cd(kind: str, others: dict[str, str], *, up_to_3_1_0: bool) -> None:
    paused = objects(kind)["paused"]
    live = {**paused, "metadata": {**paused["metadata"], "annotations": {PAUSED: "true", **others}}}
    changed = act(script(kind, "actions/resume/action.lua"), live, up_to_3_1_0=up_to_3_1_0)
    assert changed["metadata"].get("annotations", {}) == others
    assert not is_paused(kind, changed)


def is_paused(kind: str, obj: dict[str, Any]) -> bool:
    if kind == CLAIM_KIND:
        return paused_by(FargateProfileClaim.from_object(obj), None) is not None
    return paused_by(FargateProfileClaim.from_object(objects(CLAIM_KIND)["active"]), FargateProfileClass.from_object(obj)) is not None


def test_an_empty_selector_is_why_no_action_is_offered() -> None:
    live = objects(CLAIM_KIND)["empty-selector"]
    assert all(action["disabled"] for action in actions(script(CLAIM_KIND, "actions/discovery.lua"), live).values())
    changed = act(script(CLAIM_KIND, "actions/pause/action.lua"), live)
    assert merge_patch(live, changed)["spec"] == {"selectors": [[]]}, "the API server would refuse it"
