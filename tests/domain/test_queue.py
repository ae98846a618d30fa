"""Whose turn it is."""

from datetime import datetime
from typing import Any

import pytest

from fargateclaims.api.claim_status import OperationType
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import Assessment, Step, Verdict, Work
from fargateclaims.domain.facts import Facts, Outcome
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.observation import Quotas
from fargateclaims.domain.profile import ProfileState
from fargateclaims.domain.queue import ordered, queue_time, with_places_to_come
from fargateclaims.domain.setback import Setback
from support.builders import NOW, after, make_claim, make_facts, make_observation, make_profile

CREATE, DELETE, REPLACE, TAG = OperationType.CREATE, OperationType.DELETE, OperationType.REPLACE, OperationType.TAG
ACTIVE, CREATING, DELETING = ProfileState.ACTIVE, ProfileState.CREATING, ProfileState.DELETING
NO_PLACE = Verdict(Reason.QUOTA_EXCEEDED, "no place")
FACTS = make_facts()


def waits(
    name: str = "checkout",
    since: datetime = NOW,
    *,
    operation: OperationType = CREATE,
    step: Step | None = None,
    urgent: bool = False,
    created: datetime = NOW,
    uid: str | None = None,
    **fields: Any,
) -> Assessment:
    """A claim whose status says since when its operation waits."""
    queued = {"type": operation, "state": "Queued", "profileName": name, "queueTime": since}
    claim = make_claim(name, created=created, uid=uid, status={"observedGeneration": 1, "operation": queued})
    default = Step.DELETE if operation is DELETE else Step.CREATE
    return Assessment(claim, work=Work(operation, step or default, name, urgent=urgent), **fields)


def names(items: tuple[Assessment, ...]) -> list[str]:
    return [item.claim.metadata.name for item in items]


def with_quota(limit: int, *items: Assessment, profiles: int = 0, leaving: int = 0) -> Facts:
    """A cluster with so many profiles at rest, and so many DELETING."""
    seen = [make_profile(f"p{number}", ACTIVE if number < profiles else DELETING) for number in range(profiles + leaving)]
    observation = make_observation(*seen, quotas=Quotas(profiles_per_cluster=limit))
    return make_facts(*(item.claim for item in items), observation=observation)


@pytest.mark.parametrize(
    "items",
    [
        [waits("first", after(-2)), waits("second", after(-1))],
        [waits("first", after(-1), urgent=True), waits("second", after(-2))],
        [waits("first", after(-2), urgent=True), waits("second", after(-1), urgent=True)],
        [waits("first", created=after(-2), uid="z"), waits("second", created=after(-1), uid="a")],
        [waits("first", uid="a"), waits("second", uid="z")],
        [waits("first", after(-2), operation=DELETE), waits("second", after(-1))],
        [waits("first", after(-2)), waits("second", after(-1), operation=DELETE)],
    ],
    ids=["time", "urgent", "both urgent", "older claim", "uid", "delete before", "create before"],
)
def test_who_goes_first(items: list[Assessment]) -> None:
    assert names(ordered(FACTS, items)) == ["first", "second"]
    assert names(ordered(FACTS, reversed(items))) == ["first", "second"]


@pytest.mark.parametrize(
    "item",
    [
        Assessment(make_claim()),
        waits(verdict=Verdict(Reason.PAUSED, "")),
        waits(operation=TAG, step=Step.TAG),
        waits(operation=TAG, step=Step.UNTAG),
    ],
    ids=["nothing to do", "cannot run", "tag", "untag"],
)
def test_who_does_not_queue(item: Assessment) -> None:
    assert ordered(FACTS, [item, waits("other")]) == (waits("other"),)


@pytest.mark.parametrize(
    ("limit", "profiles", "expected"),
    [(5, 5, ["delete", "urgent", "create"]), (5, 4, ["urgent", "create", "delete"])],
    ids=["full", "a place"],
)
def test_a_delete_goes_before_the_creates_that_need_its_place(limit: int, profiles: int, expected: list[str]) -> None:
    items = [waits("urgent", urgent=True), waits("create", after(-9)), waits("delete", operation=DELETE)]
    assert names(ordered(with_quota(limit, *items, profiles=profiles), items)) == expected


def test_a_replacement_that_deletes_first_makes_its_own_place() -> None:
    items = [waits("create", after(-9)), waits("replace", operation=REPLACE, step=Step.DELETE)]
    assert names(ordered(with_quota(3, *items, profiles=3), items)) == ["replace", "create"]


# Places to come: a create behind each profile that goes.


@pytest.mark.parametrize(
    ("leaving", "deletes", "promoted"),
    [(0, 0, []), (1, 0, ["oldest"]), (0, 1, ["oldest"]), (1, 1, ["oldest", "middle"]), (2, 2, ["oldest", "middle", "newest"])],
)
def test_as_many_creates_queue_as_places_will_come(leaving: int, deletes: int, promoted: list[str]) -> None:
    lacking = [
        waits(name, after(age), verdict=NO_PLACE, only_lacks_place=True) for name, age in (("middle", -2), ("newest", -1), ("oldest", -3))
    ]
    going = [waits(f"d{number}", after(-1 - number), operation=DELETE) for number in range(deletes)]
    items = [*lacking, *going]
    facts = with_quota(4, *items, profiles=4 - leaving, leaving=leaving)
    found = with_places_to_come(facts, items)
    assert [item.claim for item in found] == [item.claim for item in items]
    assert {item.claim.metadata.name for item in found if item.verdict == NO_PLACE} == {"oldest", "middle", "newest"} - set(promoted)
    queue = names(ordered(facts, found))
    assert queue[deletes:] == promoted
    assert set(queue[:deletes]) == {item.claim.metadata.name for item in going}


def test_what_goes_from_a_cluster_over_its_quota_makes_no_place_yet() -> None:
    lacking = [waits(name, verdict=NO_PLACE, only_lacks_place=True) for name in ("a", "b", "c")]
    items = (*lacking, waits("gone", operation=DELETE))
    for profiles in (3, 4):
        assert with_places_to_come(with_quota(2, *items, profiles=profiles), items) == items


def test_a_predecessor_that_goes_leaves_its_place_to_others() -> None:
    items = (waits(verdict=NO_PLACE, only_lacks_place=True), waits("old", operation=REPLACE, step=Step.DELETE, urgent=True))
    profiles = [make_profile("p0", owner=items[1].claim), make_profile("p1", owner=items[1].claim)]
    observation = make_observation(*profiles, quotas=Quotas(profiles_per_cluster=2))
    facts = make_facts(*(item.claim for item in items), observation=observation)
    assert names(ordered(facts, with_places_to_come(facts, items))) == ["old", "checkout"]


def test_an_urgent_create_takes_the_first_place_that_comes() -> None:
    items = [
        waits("older", after(-9), verdict=NO_PLACE, only_lacks_place=True),
        waits("urgent", urgent=True, verdict=NO_PLACE, only_lacks_place=True),
    ]
    facts = with_quota(1, *items, leaving=1)
    assert names(ordered(facts, with_places_to_come(facts, items))) == ["urgent"]


@pytest.mark.parametrize(
    "other",
    [
        waits("gone", operation=DELETE, verdict=Verdict(Reason.PAUSED, "")),
        waits("gone", operation=REPLACE, step=Step.DELETE),
        Assessment(make_claim("gone")),
    ],
    ids=["a delete that cannot run", "a replacement that takes the place itself", "nothing to do"],
)
def test_what_frees_no_place_lets_nobody_queue(other: Assessment) -> None:
    items = (waits(verdict=NO_PLACE, only_lacks_place=True), other)
    assert with_places_to_come(with_quota(2, *items, profiles=2), items) == items


def test_a_place_is_for_who_lacks_nothing_else() -> None:
    items = (waits(verdict=Verdict(Reason.PAUSED, "")), waits("gone", operation=DELETE))
    assert with_places_to_come(with_quota(2, *items, profiles=2), items) == items


def test_nothing_is_counted_before_the_first_look() -> None:
    items = (waits(verdict=NO_PLACE, only_lacks_place=True),)
    assert with_places_to_come(make_facts(observation=make_observation(profiles=None)), items) == items


# Since when it waits.

BEFORE, CREATED, DELETED = after(-100), after(-200), after(-50)


def test_no_place_is_to_come_that_is_kept_for_somebody_else() -> None:
    between = waits("between", operation=REPLACE, verdict=Verdict(Reason.PAUSED, ""))
    items = (waits(verdict=NO_PLACE, only_lacks_place=True), between)
    assert with_places_to_come(with_quota(2, *items, profiles=1), items) == items
    assert ordered(FACTS, with_places_to_come(with_quota(3, *items, profiles=1), items))


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (CREATE, CREATE, BEFORE),
        (CREATE, REPLACE, BEFORE),
        (REPLACE, CREATE, BEFORE),
        (REPLACE, REPLACE, BEFORE),
        (TAG, TAG, BEFORE),
        (CREATE, None, BEFORE),
        (TAG, REPLACE, NOW),
        (CREATE, TAG, NOW),
        (None, CREATE, NOW),
    ],
)
def test_queue_time_belongs_to_the_operation(was: OperationType | None, now: OperationType | None, expected: datetime) -> None:
    operation = {"type": was, "state": "Queued", "profileName": "p", "queueTime": BEFORE} if was else None
    claim = make_claim(created=CREATED, status={"observedGeneration": 1, "operation": operation})
    work = Work(now, Step.TAG if now is TAG else Step.CREATE, "p") if now else None
    assert queue_time(FACTS, Assessment(claim, work=work)) == expected


@pytest.mark.parametrize(
    ("was", "observed", "expected"),
    [(DELETE, 1, BEFORE), (CREATE, 1, DELETED), (None, 1, DELETED), (None, None, DELETED)],
    ids=["kept", "waited to be made", "nothing waited", "status lost"],
)
def test_a_delete_queues_since_the_claim_was_deleted(was: OperationType | None, observed: int | None, expected: datetime) -> None:
    operation = {"type": was, "state": "Queued", "profileName": "p", "queueTime": BEFORE} if was else None
    claim = make_claim(created=CREATED, deleted=DELETED, status={"observedGeneration": observed, "operation": operation})
    assert queue_time(FACTS, Assessment(claim, work=Work(DELETE, Step.DELETE, "p"))) == expected


def test_who_lost_the_status_queues_since_the_claim_was_made() -> None:
    assert queue_time(FACTS, Assessment(make_claim(created=CREATED), work=Work(CREATE, Step.CREATE, "p"))) == CREATED


@pytest.mark.parametrize(("attempts", "expected"), [(None, BEFORE), (1, BEFORE), (2, NOW)], ids=["no failure", "known", "failed again"])
def test_who_failed_again_goes_behind_the_others(attempts: int | None, expected: datetime) -> None:
    operation = {"type": "Create", "state": "InFlight", "profileName": "p", "queueTime": BEFORE, "startTime": after(-10)}
    claim = make_claim(status={"observedGeneration": 1, "operation": operation, "failedAttempts": 1})
    back = Setback(attempts, Reason.BACKING_OFF, "") if attempts else None
    assert queue_time(FACTS, Assessment(claim, work=Work(CREATE, Step.CREATE, "p"), setback=back)) == expected


@pytest.mark.parametrize(
    ("kind", "told", "expected"),
    [
        (FailureClass.QUOTA_EXCEEDED, -10, NOW),
        (FailureClass.QUOTA_EXCEEDED, -11, BEFORE),
        (FailureClass.THROTTLED, -10, NOW),
        (FailureClass.UNAVAILABLE, -10, NOW),
        (FailureClass.BUSY_CLUSTER, -10, BEFORE),
        (None, -10, BEFORE),
    ],
    ids=["no place", "of an earlier call", "throttled", "5xx", "busy", "taken"],
)
def test_who_was_refused_what_others_may_get_goes_behind_the_others(kind: FailureClass | None, told: int, expected: datetime) -> None:
    operation = {"type": "Create", "state": "InFlight", "profileName": "p", "queueTime": BEFORE, "startTime": after(-10)}
    claim = make_claim(status={"observedGeneration": 1, "operation": operation})
    outcome = Outcome(after(told), NOW, Failure(kind, "Code", "words") if kind else None)
    facts = make_facts(claim, outcomes={claim.metadata.uid: outcome})
    assert queue_time(facts, Assessment(claim, work=Work(CREATE, Step.CREATE, "p"))) == expected


def test_the_time_stands_still_while_a_call_may_still_take_effect() -> None:
    operation = {"type": "Create", "state": "InFlight", "profileName": "p", "queueTime": BEFORE, "startTime": after(-10)}
    claim = make_claim(status={"observedGeneration": 1, "operation": operation})
    lost = Failure(FailureClass.UNAVAILABLE, "Code", "words", outcome_unknown=True)
    facts = make_facts(claim, outcomes={claim.metadata.uid: Outcome(after(-10), NOW, lost)})
    assert queue_time(facts, Assessment(claim, in_flight=(CREATE, "p"))) == BEFORE


@pytest.mark.parametrize(
    ("shown", "state", "work", "expected"),
    [
        ("CREATING", ACTIVE, Work(REPLACE, Step.CREATE, "q"), NOW),
        ("CREATING", ACTIVE, Work(REPLACE, Step.DELETE, "p", urgent=True), BEFORE),
        ("CREATING", ACTIVE, None, BEFORE),
        ("CREATING", CREATING, Work(REPLACE, Step.CREATE, "q"), BEFORE),
        ("ACTIVE", ACTIVE, Work(REPLACE, Step.CREATE, "q"), BEFORE),
        (None, ACTIVE, Work(REPLACE, Step.CREATE, "q"), BEFORE),
        ("CREATING", None, Work(REPLACE, Step.CREATE, "q"), BEFORE),
    ],
    ids=["completed, and another", "its predecessor goes", "completed", "not completed", "had completed", "not seen", "vanished"],
)
def test_who_edits_all_the_time_goes_behind_the_others(
    shown: str | None, state: ProfileState | None, work: Work | None, expected: datetime
) -> None:
    profile = make_profile("p", state) if state else None
    told = {"name": "p", "arn": make_profile("p").arn, "status": shown} if shown else None
    operation = {"type": "Replace", "state": "InFlight", "profileName": "p", "queueTime": BEFORE, "startTime": after(-10)}
    claim = make_claim(status={"observedGeneration": 1, "operation": operation, "profile": told})
    assert queue_time(FACTS, Assessment(claim, work=work, profile=profile)) == expected
