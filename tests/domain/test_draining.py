"""Whether a profile may go, and what is done about its pods meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.api.fargateclass import Disruption, DrainPolicy, WaitPolicy
from fargateclaims.domain.draining import EVICTIONS_PER_ROUND, Drain, DrainState, Purpose, Situation, decide
from fargateclaims.domain.evictions import Eviction, EvictionAnswer, Held, PodOnProfile, remember
from fargateclaims.domain.no_access import Barrier, NoAccess
from fargateclaims.timing import DRAIN_BLIND_GRACE, EVICTED_AGAIN

BEGUN = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 14, 2, 11, tzinfo=UTC)
BLOCKED = Eviction(EvictionAnswer.BLOCKED, "shop/web")
DONE = Drain(DrainState.DONE)
FORBIDDEN = NoAccess("no right to list pods", Barrier.FORBIDDEN)
AWAY = NoAccess("no answer", Barrier.UNREACHABLE)
UNKNOWN = NoAccess("who?", Barrier.NOT_KNOWN)


def pod(name: str = "web-1", **changes: Any) -> PodOnProfile:
    whole = PodOnProfile("shop", name, f"uid-{name}", "Running", created=BEGUN - timedelta(hours=1), controller="ReplicaSet/web")
    return replace(whole, **changes)


def replacing(pods: Sequence[PodOnProfile] | NoAccess, **changes: Any) -> Situation:
    situation = Situation("old", Purpose.REPLACE, Disruption(), pods, BEGUN, LATER, successor="new")
    return replace(situation, **changes)


def deleting(pods: Sequence[PodOnProfile] | NoAccess, **changes: Any) -> Situation:
    disruption = Disruption(on_delete=WaitPolicy.WAIT)
    return replace(replacing(pods, purpose=Purpose.DELETE, disruption=disruption, successor=None), **changes)


def held(eviction: Eviction = BLOCKED, since: datetime = LATER, tried: datetime = LATER) -> Held:
    return Held(eviction, since, tried)


class TestReplacement:
    def test_without_pods_it_may_go(self) -> None:
        assert decide(replacing([])) == DONE

    @pytest.mark.parametrize("kind", [{"phase": "Succeeded"}, {"phase": "Failed"}, {"exempt": True}])
    def test_pods_that_need_not_move_hold_nothing_up(self, kind: dict[str, Any]) -> None:
        assert decide(replacing([pod(**kind)])) == DONE

    @pytest.mark.parametrize("phase", ["Running", "Pending", "Unknown", ""])
    def test_all_others_are_evicted(self, phase: str) -> None:
        drain = decide(replacing([pod("b", phase=phase), pod("a")]))
        assert (drain.state, [one.name for one in drain.evict]) == (DrainState.DRAINING, ["a", "b"])
        assert drain.message == "profile old is draining: 2 of 2 pods left"

    def test_pods_are_left_alone_where_the_class_says_so(self) -> None:
        assert decide(replacing([pod()], disruption=Disruption(on_replace=DrainPolicy.IGNORE))) == DONE

    def test_without_a_successor_nothing_is_moved(self) -> None:
        assert decide(replacing([pod()], successor=None)) == DONE

    def test_only_a_few_go_at_a_time(self) -> None:
        drain = decide(replacing([pod(f"web-{n:05}") for n in range(10_000)], total=10_000))
        assert len(drain.evict) == EVICTIONS_PER_ROUND
        assert drain.message == "profile old is draining: 10000 of 10000 pods left"

    @pytest.mark.parametrize(
        ("kind", "said"),
        [
            ({"terminating": True}, "1 terminating"),
            ({"controller": None}, "1 without a controller that would make it again"),
            ({"pinned": True}, "1 pinned to this profile by label"),
            ({"created": LATER}, "1 made anew on this profile"),
        ],
    )
    def test_what_an_eviction_would_not_move_is_not_evicted_and_said(self, kind: dict[str, Any], said: str) -> None:
        drain = decide(replacing([pod(**kind)], total=20))
        assert drain == Drain(DrainState.DRAINING, (), f"profile old is draining: 1 of 20 pods left, {said}")

    def test_what_came_back_is_evicted_again_after_a_while(self) -> None:
        back = pod(created=BEGUN + timedelta(seconds=1))
        again = BEGUN + timedelta(seconds=1 + EVICTED_AGAIN)
        assert decide(replacing([back], now=again - timedelta(seconds=1))).evict == ()
        assert decide(replacing([back], now=again)).evict == (back,)

    def test_a_budget_in_the_way_is_named_with_since_when(self) -> None:
        pods = [pod("a"), pod("b"), pod("c", terminating=True)]
        known = {"uid-a": held(since=LATER, tried=LATER), "uid-b": held(since=LATER + timedelta(seconds=9))}
        drain = decide(replacing(pods, total=20, held=known))
        assert (
            drain.message
            == "profile old is draining: 3 of 20 pods left, 1 terminating, 2 waiting for disruption budget shop/web since 14:02:11Z"
        )
        assert [one.name for one in drain.evict] == ["a"], "one shows whether the budget still holds them"

    @pytest.mark.parametrize(
        ("eviction", "said"),
        [
            (Eviction(EvictionAnswer.BLOCKED), "waiting for a disruption budget since 14:02:11Z"),
            (Eviction(EvictionAnswer.REFUSED, words="two budgets"), "not to be evicted (two budgets) since 14:02:11Z"),
        ],
    )
    def test_what_else_holds_a_pod_is_said(self, eviction: Eviction, said: str) -> None:
        assert (
            decide(replacing([pod()], held={"uid-web-1": held(eviction)})).message == f"profile old is draining: 1 of 1 pods left, 1 {said}"
        )

    def test_nobody_waits_for_ever_behind_those_that_cannot_go(self) -> None:
        pods = [pod(f"web-{n:02}") for n in range(3 * EVICTIONS_PER_ROUND)]
        known: dict[str, Held] = {}
        tried: list[str] = []
        now = LATER
        for _ in range(3 + 3 * EVICTIONS_PER_ROUND):
            now += timedelta(seconds=10)
            evict = decide(replacing(pods, held=known, now=now)).evict
            tried += [one.name for one in evict]
            known = remember(known, {one.uid: BLOCKED for one in evict}, now)
        assert all(tried.count(one.name) >= 2 for one in pods)
        assert len(tried) <= 3 * EVICTIONS_PER_ROUND + 3 * EVICTIONS_PER_ROUND + 2, "once each, and then one at a time"

    def test_after_the_timeout_a_person_has_to_act(self) -> None:
        pods = [pod(f"web-{n}") for n in range(6)] + [pod("bare", controller=None)]
        situation = replacing(pods, total=20, now=BEGUN + timedelta(minutes=30), held={"uid-web-0": held()})
        drain = decide(situation)
        assert (drain.state, drain.evict) == (DrainState.TIMED_OUT, ())
        assert drain.message == (
            "after 30m, 7 of 20 pods still run on profile old: shop/bare (without a controller that would make it again), "
            "shop/web-0 (waiting for disruption budget shop/web), shop/web-1, shop/web-2, shop/web-3 and 2 more; delete them, "
            "or set disruption.onReplace: Ignore on the class, and they go with the profile"
        )
        assert decide(replace(situation, now=BEGUN + timedelta(minutes=29, seconds=59))).state is DrainState.DRAINING
        assert decide(replace(situation, pods=[])) == DONE, "they are gone after all"

    def test_a_clock_that_was_set_back_ends_no_drain(self) -> None:
        assert decide(replacing([pod()], now=BEGUN - timedelta(days=1))).state is DrainState.DRAINING


class TestDeletion:
    def test_by_default_pods_go_with_their_profile(self) -> None:
        assert decide(deleting([pod()], disruption=Disruption())) == DONE

    def test_where_asked_for_they_are_waited_for_and_never_evicted(self) -> None:
        drain = decide(deleting([pod(), pod("bare", controller=None)], total=3))
        assert drain == Drain(DrainState.DRAINING, (), "waiting for the pods on profile old to go: 2 of 3 pods left")
        assert decide(deleting([])) == DONE

    def test_after_the_timeout_they_are_named(self) -> None:
        drain = decide(deleting([pod()], now=BEGUN + timedelta(minutes=30)))
        assert drain.state is DrainState.TIMED_OUT
        assert drain.message == (
            "after 30m, 1 of 1 pods still run on profile old: shop/web-1; delete them, or set disruption.onDelete: Ignore on the class, "
            "and they go with the profile"
        )


class TestWithoutAccess:
    def test_a_replacement_goes_on_without_eviction_and_says_so(self) -> None:
        drain = decide(replacing(FORBIDDEN))
        assert (drain.state, drain.evict) == (DrainState.DONE, ())
        assert drain.message == "profile old is deleted with its pods, which could not be evicted: no right to list pods"

    @pytest.mark.parametrize("lost", [AWAY, UNKNOWN])
    def test_what_may_pass_is_waited_for(self, lost: NoAccess) -> None:
        late = BEGUN + timedelta(minutes=20)
        assert decide(replacing(lost, now=late)).state is DrainState.DRAINING, "this process has not looked before"
        soon = late + timedelta(seconds=DRAIN_BLIND_GRACE)
        drain = decide(replacing(lost, blind_since=late, now=soon - timedelta(seconds=1)))
        assert drain == Drain(DrainState.DRAINING, (), f"whether pods still run on profile old cannot be seen: {lost.why}")
        assert decide(replacing(lost, blind_since=late, now=soon)).state is DrainState.DONE
        assert decide(replacing(lost, blind_since=late, never_seen=True, now=late)).state is DrainState.DONE

    @pytest.mark.parametrize("lost", [FORBIDDEN, AWAY])
    def test_access_that_was_lost_on_the_way_deletes_no_pods(self, lost: NoAccess) -> None:
        assert decide(replacing(lost, total=20, now=BEGUN + timedelta(minutes=29))).state is DrainState.DRAINING
        assert decide(replacing(lost, total=20, now=BEGUN + timedelta(minutes=30))).state is DrainState.TIMED_OUT

    @pytest.mark.parametrize("lost", [FORBIDDEN, AWAY])
    def test_a_deletion_that_is_to_wait_keeps_its_promise(self, lost: NoAccess) -> None:
        assert decide(deleting(lost, now=BEGUN + timedelta(minutes=29))).state is DrainState.DRAINING
        late = decide(deleting(lost, now=BEGUN + timedelta(minutes=31)))
        assert late.state is DrainState.TIMED_OUT
        assert late.message.startswith(f"whether pods still run on profile old cannot be seen: {lost.why}; ")
        assert late.message.endswith("then set disruption.onDelete: Ignore on the class")

    def test_who_ignores_pods_needs_no_access(self) -> None:
        assert decide(replacing(FORBIDDEN, disruption=Disruption(on_replace=DrainPolicy.IGNORE))) == DONE
        assert decide(deleting(FORBIDDEN, disruption=Disruption())) == DONE


def test_what_is_held_is_remembered_until_it_is_not() -> None:
    first = remember({}, {"a": BLOCKED, "b": Eviction(EvictionAnswer.DONE), "c": Eviction(EvictionAnswer.GONE)}, BEGUN)
    assert first == {"a": Held(BLOCKED, BEGUN, BEGUN)}
    other = Eviction(EvictionAnswer.REFUSED, words="no")
    assert remember(first, {"a": other}, LATER) == {"a": Held(other, BEGUN, LATER)}
    assert remember(first, {"b": BLOCKED}, LATER) == first | {"b": Held(BLOCKED, LATER, LATER)}
    assert remember(first, {"a": Eviction(EvictionAnswer.DONE)}, LATER) == {}


MOMENTS = st.datetimes(datetime(2026, 11, 21, 13), datetime(2026, 11, 21, 15), timezones=st.just(UTC))  # noqa: DTZ001
PODS = st.builds(
    PodOnProfile,
    namespace=st.sampled_from(["shop", "data"]),
    name=st.text("ab", min_size=1, max_size=3),
    uid=st.uuids().map(str),
    phase=st.sampled_from(["Running", "Pending", "Succeeded", "Failed", "Unknown"]),
    created=st.none() | MOMENTS,
    terminating=st.booleans(),
    controller=st.sampled_from([None, "ReplicaSet/web"]),
    exempt=st.booleans(),
    pinned=st.booleans(),
)


@given(
    pods=st.lists(PODS, max_size=30),
    purpose=st.sampled_from(Purpose),
    disruption=st.builds(Disruption, on_replace=st.sampled_from(DrainPolicy), on_delete=st.sampled_from(WaitPolicy)),
    now=MOMENTS,
    successor=st.sampled_from([None, "new"]),
    kept=st.sets(st.integers(0, 29)),
)
def test_whatever_is_seen(  # noqa: PLR0917
    pods: list[PodOnProfile], purpose: Purpose, disruption: Disruption, now: datetime, successor: str | None, kept: set[int]
) -> None:
    known: Mapping[str, Held] = {one.uid: held() for number, one in enumerate(pods) if number in kept}
    drain = decide(Situation("old", purpose, disruption, pods, BEGUN, now, held=known, successor=successor))
    left = [one for one in pods if one.holds]
    assert "\n" not in drain.message
    assert set(drain.evict) <= set(left)
    assert len(drain.evict) == len(set(drain.evict)) <= EVICTIONS_PER_ROUND
    for one in drain.evict:
        assert (one.terminating, one.pinned) == (False, False)
        assert one.controller is not None
    if drain.evict:
        assert (drain.state, purpose, disruption.on_replace) == (DrainState.DRAINING, Purpose.REPLACE, DrainPolicy.EVICT)
    waits = disruption.on_delete is WaitPolicy.WAIT if purpose is Purpose.DELETE else disruption.on_replace is DrainPolicy.EVICT
    if drain.state is DrainState.DONE:
        assert not left or not waits or (purpose is Purpose.REPLACE and successor is None)
    else:
        assert left
        assert waits
        assert drain.message
