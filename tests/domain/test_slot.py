"""The one place for a create or delete in flight: who holds it, since when, and whose name is told."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import Blocker, BlockerOrigin, ClaimRef, OperationType
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import Assessment, Step, Verdict, Work
from fargateclaims.domain.facts import ClusterBusy
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.identity import Identity
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.domain.slot import Slot, slot_of
from support.builders import NOW, RULES, after, make_claim, make_facts, make_observation, make_profile

CLAIM, OTHER = make_claim(), make_claim("search", "data")
BY_OTHER = ClaimRef(namespace="data", name="search")
HIDDEN = replace(RULES, show_blocking_claim=False)
CREATING, DELETING = ProfileState.CREATING, ProfileState.DELETING
DEADLINE = RULES.operation_deadline


def waiting(step: Step = Step.CREATE, *, verdict: Verdict | None = None) -> Assessment:
    """A claim with something to do."""
    return Assessment(CLAIM, work=Work(OperationType.CREATE, step, "wanted"), verdict=verdict)


def blocked(name: str, state: str, origin: BlockerOrigin = BlockerOrigin.FOREIGN, claim_ref: ClaimRef | None = None) -> Blocker:
    return Blocker(profile_name=name, status=state, origin=origin, claim_ref=claim_ref)


def busy(until: float, *, blocker: tuple[str, ProfileState] | None = None, since: datetime = NOW) -> ClusterBusy:
    kind = FailureClass.BUSY_CLUSTER if blocker is None else FailureClass.BUSY_PROFILE
    failure = Failure(kind, "ResourceInUseException", "busy", "CreateFargateProfile", blocker=blocker)
    return ClusterBusy(failure, since=since, until=after(until))


@pytest.mark.parametrize("state", [ProfileState.ACTIVE, ProfileState.CREATE_FAILED, ProfileState.DELETE_FAILED])
def test_a_profile_at_rest_holds_nothing(state: ProfileState) -> None:
    assert slot_of(make_facts(CLAIM, profiles=[make_profile(state=state)]), [waiting()]) == Slot()


@pytest.mark.parametrize("state", [CREATING, DELETING])
@pytest.mark.parametrize(
    ("owner", "shown", "origin", "ref"),
    [
        (None, True, BlockerOrigin.FOREIGN, None),
        (OTHER, True, BlockerOrigin.CLAIM, BY_OTHER),
        (OTHER, False, BlockerOrigin.CLAIM, None),
        (make_claim("deleted-long-ago"), True, BlockerOrigin.FOREIGN, None),
        (Identity("another-installation", "data", "search"), True, BlockerOrigin.FOREIGN, None),
    ],
    ids=["foreign", "claim's", "claim's, not shown", "claim is gone", "other installation"],
)
def test_a_profile_that_moves_holds_the_slot(
    state: ProfileState,
    owner: FargateProfileClaim | Identity | None,
    shown: bool,  # noqa: FBT001
    origin: BlockerOrigin,
    ref: ClaimRef | None,
) -> None:
    mover = make_profile("mover", state, owner=owner, created_at=after(-60))
    facts = make_facts(CLAIM, OTHER, profiles=[mover], rules=RULES if shown else HIDDEN, moving_since={mover.arn: after(-60)})
    assert slot_of(facts, [waiting()]) == Slot(free=False, blocker=blocked("mover", state, origin, ref), since=after(-60))


def test_of_several_that_move_the_first_by_name_is_told() -> None:
    profiles: list[Profile] = [make_profile(name, DELETING) for name in ("b", "a", "c")]
    blocker = slot_of(make_facts(CLAIM, profiles=profiles), []).blocker
    assert blocker is not None
    assert blocker.profile_name == "a"


@pytest.mark.parametrize(("age", "overdue"), [(DEADLINE - timedelta(seconds=1), False), (DEADLINE, True)])
def test_a_profile_that_moves_too_long_is_overdue(age: timedelta, overdue: bool) -> None:  # noqa: FBT001
    mover = make_profile(state=CREATING, created_at=NOW - age)
    slot = slot_of(make_facts(CLAIM, profiles=[mover], moving_since={mover.arn: NOW - age}), [])
    assert slot.overdue is overdue
    assert not slot.free


def sent(kind: OperationType, *, started: datetime | None) -> Assessment:
    """A claim that a call is under way for, of whose effect nothing is to be seen yet."""
    operation = {"type": kind, "state": "InFlight", "profileName": "sent", "queueTime": after(-60), "startTime": started}
    claim = make_claim("search", "data", status={"operation": operation if started else None})
    return Assessment(claim, in_flight=(kind, "sent"))


@pytest.mark.parametrize(
    ("item", "profiles", "state", "since"),
    [
        (sent(OperationType.CREATE, started=after(-5)), [], "CREATING", after(-5)),
        (sent(OperationType.REPLACE, started=after(-5)), [], "CREATING", after(-5)),
        (sent(OperationType.DELETE, started=after(-5)), [make_profile("sent")], "DELETING", after(-5)),
        (sent(OperationType.DELETE, started=after(-5)), [], "DELETING", after(-5)),
        (sent(OperationType.REPLACE, started=after(-5)), [make_profile("sent")], "DELETING", after(-5)),
        (sent(OperationType.CREATE, started=None), [], "CREATING", NOW),
    ],
    ids=["create", "successor", "delete", "delete of what is gone", "predecessor", "start not known"],
)
def test_a_call_whose_effect_is_not_seen_holds_the_slot(item: Assessment, profiles: list[Profile], state: str, since: datetime) -> None:
    facts = make_facts(CLAIM, item.claim, profiles=profiles)
    expected = Slot(free=False, blocker=blocked("sent", state, BlockerOrigin.CLAIM, BY_OTHER), since=since)
    assert slot_of(facts, [waiting(), item]) == expected


def test_what_moves_in_eks_goes_before_what_was_sent() -> None:
    facts = make_facts(CLAIM, OTHER, profiles=[make_profile("mover", DELETING)])
    blocker = slot_of(facts, [sent(OperationType.CREATE, started=NOW)]).blocker
    assert blocker is not None
    assert blocker.profile_name == "mover"


def test_tags_need_no_slot() -> None:
    assert slot_of(make_facts(CLAIM, OTHER), [waiting(), sent(OperationType.TAG, started=NOW)]) == Slot()


def test_before_the_first_look_only_what_was_sent_is_known() -> None:
    facts = make_facts(CLAIM, OTHER, observation=make_observation(profiles=None))
    assert slot_of(facts, [waiting()]) == Slot()
    blocker = slot_of(facts, [sent(OperationType.DELETE, started=NOW)]).blocker
    assert blocker == blocked("sent", "DELETING", BlockerOrigin.CLAIM, BY_OTHER)


@pytest.mark.parametrize(("now", "free"), [(9.9, False), (10, True), (60, True)])
def test_a_refusal_holds_the_slot_until_the_next_probe(now: float, free: bool) -> None:  # noqa: FBT001
    facts = make_facts(CLAIM, now=after(now), busy=busy(10))
    assert slot_of(facts, [waiting()]) == Slot(free=free, updating=True, since=NOW)
    facts = replace(facts, busy=busy(10, blocker=("hidden", DELETING)))
    assert slot_of(facts, [waiting()]) == Slot(free=free, blocker=blocked("hidden", "DELETING"), since=NOW)


def test_whose_profile_eks_named_is_known_if_it_was_seen() -> None:
    facts = make_facts(CLAIM, OTHER, profiles=[make_profile("named", owner=OTHER)], busy=busy(10, blocker=("named", DELETING)))
    assert slot_of(facts, [waiting()]).blocker == blocked("named", "DELETING", BlockerOrigin.CLAIM, BY_OTHER)
    assert slot_of(replace(facts, rules=HIDDEN), [waiting()]).blocker == blocked("named", "DELETING", BlockerOrigin.CLAIM)
    unseen = replace(facts, observation=make_observation(profiles=None))
    assert slot_of(unseen, [waiting()]).blocker == blocked("named", "DELETING")


def test_eks_may_name_no_profile() -> None:
    failure = Failure(FailureClass.BUSY_PROFILE, "ResourceInUseException", "busy", "CreateFargateProfile")
    facts = make_facts(CLAIM, busy=ClusterBusy(failure, since=NOW, until=after(10)))
    assert slot_of(facts, [waiting()]) == Slot(free=False, updating=True, since=NOW)


@pytest.mark.parametrize("blocker", [None, ("hidden", CREATING)])
@pytest.mark.parametrize(("age", "overdue"), [(DEADLINE - timedelta(seconds=1), False), (DEADLINE, True)])
def test_a_cluster_that_is_busy_too_long_is_overdue(
    blocker: tuple[str, ProfileState] | None,
    age: timedelta,
    overdue: bool,  # noqa: FBT001
) -> None:
    facts = make_facts(CLAIM, busy=busy(10, blocker=blocker, since=NOW - age))
    assert slot_of(facts, [waiting()]).overdue is overdue


@pytest.mark.parametrize(
    "items",
    [[], [Assessment(CLAIM)], [waiting(Step.TAG)], [waiting(verdict=Verdict(Reason.PAUSED, ""))]],
    ids=["nobody", "nothing to do", "only tags", "cannot run"],
)
def test_nobody_knows_that_a_cluster_is_busy_when_nobody_asks(items: list[Assessment]) -> None:
    assert slot_of(make_facts(CLAIM, busy=busy(10)), items) == Slot()
