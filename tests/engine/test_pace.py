"""When a profile in motion is looked at: few looks, and one soon after the end."""

from itertools import count, pairwise
from random import Random
from statistics import mean, median

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.profile import ProfileState
from fargateclaims.engine.pace import Pace, Paces

CREATING, DELETING = ProfileState.CREATING, ProfileState.DELETING


NAMES = (f"profile-{number}" for number in count())


def looks(pace: Pace, seconds: float, state: ProfileState = CREATING) -> list[float]:
    """The ages at which another profile is looked at that is done after so many seconds; the pace learns of it."""
    name = next(NAMES)
    ages = [pace.next_wait(state, 0.0, name)]
    while ages[-1] < seconds:
        ages.append(ages[-1] + pace.next_wait(state, ages[-1], name))
    pace.ended(state, ages[-1])
    return ages


def test_with_nothing_to_go_by_every_look_is_the_longest_wait_apart() -> None:
    assert looks(Pace(2, 15), 40) == [15, 30, 45]


def test_what_always_lasts_the_same_is_mostly_looked_at_once() -> None:
    pace = Pace(2, 15)
    for _ in range(20):
        looks(pace, 60)
    last = [len(looks(pace, 60)) for _ in range(8)]
    assert mean(last) <= 1.5
    assert max(last) == 2


def test_durations_that_vary_cost_about_nine_looks_and_a_few_seconds() -> None:
    pace, rng = Pace(2, 15), Random(7)
    durations = [rng.uniform(40, 150) for _ in range(400)]
    schedules = [looks(pace, seconds) for seconds in durations]
    later = list(zip(durations, schedules, strict=True))[100:]
    assert mean(len(ages) for _, ages in later) < 9.7
    assert mean(ages[-1] - seconds for seconds, ages in later) < 3.5


def test_an_exception_does_not_make_all_others_be_looked_at_early() -> None:
    pace = Pace(2, 15)
    for _ in range(90):
        looks(pace, 60)
    pace.ended(CREATING, 40)
    assert median(len(looks(pace, 60)) for _ in range(40)) == 1


def test_one_duration_is_no_reason_to_sleep_through_a_much_shorter_one() -> None:
    pace = Pace(2, 15)
    pace.ended(CREATING, 90)
    assert looks(pace, 50)[-1] < 55


def test_a_lone_cluster_is_not_late_by_more_than_it_must_be() -> None:
    rng, late, total = Random(3), 0.0, 0.0
    for _ in range(50):
        pace = Pace(2, 15)
        for seconds in [rng.uniform(40, 150) for _ in range(10)]:
            late += looks(pace, seconds)[-1] - seconds
            total += seconds
    assert late / total < 0.07


def test_an_eks_that_becomes_faster_is_noticed() -> None:
    pace = Pace(2, 15)
    for _ in range(100):
        looks(pace, 180)
    for _ in range(120):
        looks(pace, 60)
    assert mean(looks(pace, 60)[-1] for _ in range(4)) < 75


def test_one_that_took_hours_leaves_no_other_unseen_for_hours() -> None:
    pace = Pace(2, 15)
    pace.ended(CREATING, 7200)
    ages = looks(pace, 130)
    assert ages[-1] < 260
    assert max(after - before for before, after in pairwise([0.0, *ages])) == 120


def test_something_slow_is_looked_at_ever_more_seldom_up_to_the_longest_wait() -> None:
    pace = Pace(2, 15)
    for _ in range(20):
        looks(pace, 60)
    waits = [after - before for before, after in pairwise(looks(pace, 1000))]
    late = waits[5:]
    assert all(after > before - 1e-6 for before, after in pairwise(late))
    assert late[-2] == pytest.approx(15)


def test_no_two_looks_are_nearer_than_the_shortest_wait() -> None:
    pace, rng = Pace(2, 15), Random(1)
    for seconds in [rng.uniform(10, 20) for _ in range(60)]:
        ages = looks(pace, seconds)
        assert all(after - before > 2 - 1e-6 for before, after in pairwise([0.0, *ages]))


def test_creates_tell_nothing_about_deletes() -> None:
    pace = Pace(2, 15)
    looks(pace, 100)
    assert pace.next_wait(DELETING, 0.0) == 15


def test_clusters_of_one_account_and_region_share_what_was_learnt() -> None:
    paces = Paces(2, 15)
    one, two, far = (
        ClusterARN.parse(f"arn:aws:eks:{region}:111122223333:cluster/{name}")
        for region, name in (("eu-west-1", "one"), ("eu-west-1", "two"), ("us-east-1", "one"))
    )
    paces.of(one).ended(CREATING, 60)
    assert paces.of(two) is paces.of(one)
    assert paces.of(far).next_wait(CREATING, 0.0) == 15
