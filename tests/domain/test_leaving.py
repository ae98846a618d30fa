"""What comes before an ACTIVE profile goes: its pods, those that name it, and the operator itself."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import OperationType
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import Step
from fargateclaims.domain.draining import DrainOrder, PodsSeen, Purpose
from fargateclaims.domain.evictions import PodOnProfile
from fargateclaims.domain.no_access import Barrier, NoAccess
from fargateclaims.domain.observation import Quotas
from fargateclaims.domain.own_profile import OwnProfile
from fargateclaims.domain.pinned import PinnedTemplate
from fargateclaims.domain.plan import Plan, plan
from fargateclaims.domain.profile import Profile, ProfileState
from support.builders import (
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
from support.healthy import healthy_inspection

LABELS = [{"labels": {"app": "web"}}]
POD = PodOnProfile("shop", "web-1", "uid-1", "Running", controller="ReplicaSet/web")
AWAY = NoAccess("no answer", Barrier.UNREACHABLE)
FORBIDDEN = NoAccess("no right to list pods", Barrier.FORBIDDEN)
WAITS = {"onDelete": "Wait", "timeout": "10m"}


def profiles(claim: FargateProfileClaim) -> tuple[Profile, Profile]:
    """The one that is to go, and the one in its place."""
    old, new = "shop-checkout-4ecb2a1f-9999", "shop-checkout-4ecb2a1f-9998"
    return make_profile(old, owner=claim), make_profile(new, owner=claim, labels={"app": "web"})


def replaced(
    seen: PodsSeen | None, cls: Any = None, status: Mapping[str, Any] | None = None, **fields: Any
) -> tuple[Plan, DrainOrder | None]:
    """The plan for a claim whose successor is ACTIVE; and whose pods are to be looked at."""
    claim = make_claim(selectors=LABELS, status=status)
    old, new = profiles(claim)
    pods = {} if seen is None else {old.arn: seen}
    found = plan(make_facts(claim, profiles=(old, new), classes=[cls or make_class()], **{"pods": pods, **fields}))
    return found, next((order for _, order in found.drains), None)


def stands(found: Plan) -> tuple[str, str, str]:
    (report,) = found.claims
    return *ready(report), message(report)


def test_a_predecessor_goes_when_its_pods_are_gone() -> None:
    found, order = replaced(None)
    assert stands(found)[:2] == ("Unknown", Reason.DRAINING)
    assert found.action is None
    assert order is not None
    assert (order.purpose, order.profile, order.successor) == (
        Purpose.REPLACE,
        "shop-checkout-4ecb2a1f-9999",
        "shop-checkout-4ecb2a1f-9998",
    )
    found, order = replaced(PodsSeen((POD,), 20))
    assert stands(found) == ("Unknown", Reason.DRAINING, "profile shop-checkout-4ecb2a1f-9999 is draining: 1 of 20 pods left")
    assert found.action is None
    found, order = replaced(PodsSeen((), 20))
    assert order is not None, "until the profile goes"
    assert found.action is not None
    assert (found.action.work.step, found.claims[0].events[-1].reason) == (Step.DELETE, "Replacing")


def test_what_the_class_says_is_done() -> None:
    found, order = replaced(None, make_class(disruption={"onReplace": "Ignore"}))
    assert order is None
    assert found.action is not None
    assert not any(event.warning for event in found.claims[0].events)


def test_the_claim_stays_available_while_it_drains() -> None:
    found, _ = replaced(PodsSeen((POD,), 1))
    available = condition(found.claims[0], "Available")  # type: ignore[arg-type]
    assert available is not None
    assert available.status == "True"


def test_the_time_counts_from_when_draining_began_whoever_asks() -> None:
    found, order = replaced(PodsSeen((POD,), 1))
    assert order is not None
    operation = found.claims[0].status.operation
    assert operation is not None
    assert operation.drain_start_time == order.since
    status = found.claims[0].status.to_dict()
    found, again = replaced(PodsSeen((POD,), 1), status=status, now=after(1799))
    assert again is not None
    assert again.since == order.since
    assert stands(found)[1] == Reason.DRAINING
    found, _ = replaced(PodsSeen((POD,), 1), status=status, now=after(1800))
    assert stands(found)[:2] == ("False", Reason.PODS_REMAIN)
    assert "shop/web-1" in stands(found)[2]
    found, again = replaced(PodsSeen((POD,), 1), status=status, now=after(-3600))
    assert again is not None
    assert again.since == after(-3600), "a clock that was set back makes no wait longer"


@pytest.mark.parametrize("going", [False, True])
def test_a_retry_begins_the_time_anew(*, going: bool) -> None:
    claim = make_claim(selectors=LABELS)
    old, new = profiles(claim)
    if going:
        claim = deleting(settled(claim, make_facts(claim, profiles=[new])))
    standing = [new] if going else [old, new]
    cls = make_class(disruption=WAITS)
    fields: dict[str, Any] = {"profiles": standing, "classes": [cls], "pods": {standing[0].arn: PodsSeen((POD,), 1)}}
    late = make_facts(settled(claim, make_facts(claim, **fields)), now=after(601), **fields)
    assert stands(plan(late))[1] == Reason.PODS_REMAIN
    asking = annotated(settled(late.claims[0], late), retry="1")
    asked = make_facts(asking, now=after(700), **fields)
    assert stands(plan(asked))[1] == Reason.DRAINING
    handled = settled(asking, asked)
    for seconds, reason in ((1299, Reason.DRAINING), (1300, Reason.PODS_REMAIN)):
        assert stands(plan(make_facts(handled, now=after(seconds), **fields)))[1] == reason


def test_time_alone_ends_it() -> None:
    found, _ = replaced(PodsSeen((POD,), 1))
    assert found.wake_at == after(1800)
    found, _ = replaced(PodsSeen(AWAY, 1, blind_since=after(-60)))
    assert found.wake_at == after(240)


@pytest.mark.parametrize("seen", [FORBIDDEN, AWAY])
def test_without_access_it_goes_with_its_pods_and_says_so(seen: NoAccess) -> None:
    blind = replace(healthy_inspection(), workloads=replace(healthy_inspection().workloads, core_dns=AWAY))
    claim = make_claim(selectors=LABELS)
    old, new = profiles(claim)
    found, _ = replaced(PodsSeen(seen), observation=make_observation(old, new, inspection=blind))
    assert found.action is not None
    assert [event.reason for event in found.claims[0].events if event.warning] == ["PodsNotEvicted"]


def test_an_api_that_answered_before_is_waited_for() -> None:
    claim = make_claim(selectors=LABELS)
    old, new = profiles(claim)
    found, _ = replaced(PodsSeen(AWAY), observation=make_observation(old, new, inspection=healthy_inspection()))
    assert found.action is None
    assert stands(found)[1] == Reason.DRAINING


def test_who_is_paused_moves_no_pod() -> None:
    claim = make_claim(selectors=LABELS, annotations={"fargateclaims.dev/paused": "true"})
    old, new = profiles(claim)
    found = plan(make_facts(claim, profiles=(old, new), pods={old.arn: PodsSeen((POD,), 1)}))
    assert found.drains == ()


def test_a_deletion_waits_where_the_class_says_so() -> None:
    claim = deleting(settled(make_claim(), make_facts(make_claim(), profiles=[make_profile(owner=make_claim())])))
    profile = make_profile(owner=claim)
    fields: dict[str, Any] = {"profiles": [profile], "classes": [make_class(disruption=WAITS)]}
    found = plan(make_facts(claim, pods={profile.arn: PodsSeen((POD,), 3)}, **fields))
    assert found.action is None
    assert message(report_of(found, claim)) == f"waiting for the pods on profile {profile.name} to go: 1 of 3 pods left"
    assert [order.purpose for _, order in found.drains] == [Purpose.DELETE]
    late = plan(later(make_facts(claim, pods={profile.arn: PodsSeen((POD,), 3)}, **fields), 601))
    assert ready(report_of(late, claim)) == ("False", Reason.PODS_REMAIN)
    gone = plan(make_facts(claim, pods={profile.arn: PodsSeen((), 3)}, **fields))
    assert gone.action is not None


@pytest.mark.parametrize("runs_there", [True, False])
def test_the_profile_that_the_operator_runs_on_stays(runs_there: bool) -> None:  # noqa: FBT001
    claim = deleting(make_claim())
    profile = make_profile(owner=claim)
    rules = replace(RULES, own_profile=OwnProfile(profile.name if runs_there else "other"))
    found = plan(make_facts(claim, profiles=[profile], rules=rules))
    assert (found.action is None) is runs_there
    if runs_there:
        assert ready(report_of(found, claim)) == ("False", Reason.PODS_REMAIN)
        assert f"the operator itself runs on profile {profile.name}" in message(report_of(found, claim))


@pytest.mark.parametrize("deleted", [True, False])
@pytest.mark.parametrize(("state", "stays"), [(ProfileState.DELETE_FAILED, True), (ProfileState.CREATE_FAILED, False)])
def test_the_operators_own_profile_is_not_deleted_once_more(state: ProfileState, *, stays: bool, deleted: bool) -> None:
    claim = deleting(make_claim()) if deleted else make_claim()
    profile = make_profile(owner=claim, state=state)
    found = plan(make_facts(claim, profiles=[profile], rules=replace(RULES, own_profile=OwnProfile(profile.name))))
    assert (found.action is None) is stays
    assert (ready(report_of(found, claim)) == ("False", Reason.PODS_REMAIN)) is stays


def edit(cls: Any = None, **facts: Any) -> tuple[Plan, Profile]:
    """The plan for an edited claim whose profile takes other pods now.

    :param facts: `pins` of its profile, where somebody has looked or is to look.
    """
    claim = make_claim(selectors=LABELS)
    old = make_profile(owner=claim)
    pins: dict[str, Any] = {"pins": {} if facts["pins"] is ... else {old.arn: facts["pins"]}} if facts else {}
    return plan(make_facts(claim, profiles=[old], classes=[cls or make_class()], pods={}, **pins)), old


@pytest.mark.parametrize("cls", [make_class(), make_class(replacement="DeleteFirst")])
def test_pods_that_name_the_profile_are_found_before_it_is_replaced(cls: Any) -> None:
    found, old = edit(cls, pins=...)
    assert found.action is None
    assert [profile for _, profile in found.replaced] == [old]
    assert stands(found)[1] == Reason.REPLACING
    found, old = edit(cls, pins=(PinnedTemplate("shop", "StatefulSet", "db"),))
    assert found.action is not None
    (pinned,) = [event for event in found.claims[0].events if event.reason == "PodsPinned"]
    assert pinned.warning
    assert "StatefulSet shop/db" in pinned.note
    assert old.name in pinned.note


@pytest.mark.parametrize("facts", [{}, {"pins": ()}, {"pins": AWAY}])
def test_no_replacement_waits_for_pins_that_are_not_there_or_cannot_be_seen(facts: dict[str, Any]) -> None:
    found, _ = edit(**facts)
    assert found.action is not None
    assert not any(event.reason == "PodsPinned" for event in found.claims[0].events)


def test_an_edit_of_what_no_profile_knows_looks_for_nothing() -> None:
    claim = make_claim()
    profile = make_profile(owner=claim)
    settled_claim = settled(claim, make_facts(claim, profiles=[profile]))
    found = plan(make_facts(edited(settled_claim, tags={"a": "b"}), profiles=[profile], pins={}, pods={}))
    assert found.replaced == ()
    assert found.drains == ()


def test_what_comes_back_is_not_moved_after_an_edit_was_taken_back() -> None:
    claim = make_claim(selectors=LABELS)
    older = make_profile("shop-checkout-4ecb2a1f-9999", owner=claim, labels={"app": "web"})
    newer = make_profile("shop-checkout-4ecb2a1f-9998", owner=claim)
    found = plan(make_facts(claim, profiles=(older, newer), pods={newer.arn: PodsSeen((POD,), 1)}))
    assert found.drains == ()
    assert found.action is not None
    assert found.action.work.profile_name == newer.name
    assert [event.reason for event in found.claims[0].events if event.warning] == ["PodsNotEvicted"]


def test_an_edit_during_a_drain_kills_no_pod_that_has_moved() -> None:
    """The successor that is not wanted any more has pods already: they move once more, after those that are on their way."""
    claim = make_claim(selectors=[{"labels": {"app": "third"}}])
    old, new = profiles(claim)
    found = plan(make_facts(claim, profiles=(old, new), pods={old.arn: PodsSeen((POD,), 2)}))
    assert found.action is None
    assert [(order.profile, order.successor) for _, order in found.drains] == [(old.name, new.name)]
    assert stands(found)[1] == Reason.DRAINING
    assert not any(event.warning for event in found.claims[0].events)
    found = plan(make_facts(claim, profiles=(old, new), pods={old.arn: PodsSeen((), 2)}))
    assert found.action is not None
    assert found.action.work.profile_name == old.name


def test_an_edit_that_lets_the_pods_go_is_not_kept_waiting_by_them() -> None:
    """Such as the selector that the first edit forgot: until its profile is there, those pods come back to the old one for ever."""
    claim = make_claim(selectors=[{"labels": {"app": "third"}}])
    old, new = profiles(claim)
    fields: dict[str, Any] = {"pods": {old.arn: PodsSeen((POD,), 2)}}
    waiting = settled(claim, make_facts(claim, profiles=(old, new), **fields))
    late = make_facts(waiting, profiles=(old, new), now=after(1800), **fields)
    asked = plan(replace(late, pins={}))
    assert (asked.action, stands(asked)[1]) == (None, Reason.PODS_REMAIN)
    assert [profile for _, profile in asked.replaced] == [new]
    found = plan(late)
    assert found.action is not None
    assert (found.action.work.step, found.action.work.operation) == (Step.CREATE, OperationType.REPLACE)
    assert [order.profile for _, order in found.drains] == [old.name], "it goes on meanwhile, and its time is not lost"
    full = make_observation(old, new, quotas=Quotas(profiles_per_cluster=2), observed_at=after(1800))
    assert stands(plan(replace(late, observation=full)))[1] == Reason.PODS_REMAIN
    third = make_profile("shop-checkout-4ecb2a1f-9997", owner=claim, labels={"app": "neither"})
    assert stands(plan(replace(late, observation=make_observation(old, new, third))))[1] == Reason.PODS_REMAIN, "never a fourth"


def test_no_place_that_is_to_come_makes_the_operators_own_profile_go() -> None:
    """Deletes that wait would free the place that a replacement lacks; that is no reason to forget what else stands in its way."""
    own = make_claim("own", profileName="own", selectors=LABELS)
    others = [deleting(make_claim(name)) for name in ("a", "b")]
    standing = [make_profile("own", owner=own), *(make_profile(f"other-{claim.metadata.name}", owner=claim) for claim in others)]
    rules = replace(RULES, own_profile=OwnProfile("own"))
    found = plan(make_facts(own, *others, observation=make_observation(*standing, quotas=Quotas(profiles_per_cluster=2)), rules=rules))
    assert ready(report_of(found, own))[1] == Reason.PODS_REMAIN
    assert found.action is None or found.action.claim is not own
