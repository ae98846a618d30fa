"""How a move of pods is measured, and each way in which it may go wrong is found."""

from dataclasses import replace

import pytest

from fargateclaims.cli.demonstration.moves import Move, Moved, lines_of, measure, pending_line, problems_of
from fargateclaims.cli.demonstration.pods import Moment, PodView

PENDING = Moment(10, {}, waiting=3, refused=3, why="no nodes")
THERE = Moment(14, {"old": 3})
ARRIVED = Moment(19, {"new": 3})
EVICTED = PodView("web-1", "old", ready=False, terminating=True, evicted=True, refused="")
MOVE = Move(
    what="deploy/web",
    replicas=3,
    budget=2,
    timeline=[
        Moment(9, {}, waiting=1),
        PENDING,
        Moment(13, {"old": 2}, waiting=1),
        THERE,
        Moment(15, {"old": 2}, waiting=1),
        Moment(16, {"old": 2, "new": 1}),
        Moment(17, {"old": 1, "new": 1}, waiting=1),
        Moment(18, {"new": 2}, waiting=1),
        ARRIVED,
        Moment(30, {"new": 3}),
    ],
    gone=[EVICTED, PodView("early", "", ready=False, terminating=True, evicted=False, refused="no nodes")],
    complete=True,
)


def test_a_move_within_its_budget() -> None:
    assert measure(MOVE, "new") == Moved(seconds=4, lowest=2)
    assert list(problems_of(MOVE, "old", "new")) == []
    assert list(lines_of(MOVE, "old", "new")) == ["deploy/web: 3 pods moved from old to new in 4.0 s, never fewer than 2 ready (budget: 2)"]


def test_how_long_pods_were_pending() -> None:
    line = "deploy/web: 3 pods were Pending for 4.0 s (no nodes), until they were made again for their profile"
    assert list(pending_line(MOVE)) == [line]
    assert list(pending_line(replace(MOVE, timeline=[PENDING]))) == []
    assert list(pending_line(replace(MOVE, timeline=MOVE.timeline[2:]))) == []


@pytest.mark.parametrize(
    ("move", "problem"),
    [
        (
            replace(MOVE, timeline=[*MOVE.timeline[:6], Moment(16.5, {"old": 1}), *MOVE.timeline[6:]]),
            "only 1 pods of deploy/web were ready after 7.5 s, where its disruption budget asks for 2",
        ),
        (replace(MOVE, timeline=[*MOVE.timeline, Moment(31, {"new": 2})]), "the 3 pods of deploy/web are not all ready on new"),
        (replace(MOVE, timeline=[*MOVE.timeline, THERE]), "the 3 pods of deploy/web are not all ready on new"),
        (replace(MOVE, timeline=[PENDING, ARRIVED]), "the pods of deploy/web did not begin on old"),
        (replace(MOVE, timeline=[PENDING, Moment(13, {"old": 2})]), "the 3 pods of deploy/web were never all ready"),
        (replace(MOVE, complete=False), "the pods of deploy/web were not watched all the time"),
        (
            replace(MOVE, gone=[EVICTED, replace(EVICTED, name="web-2", evicted=False)]),
            "pods of old were not evicted, but deleted: web-2",
        ),
    ],
)
def test_what_went_wrong_is_named(move: Move, problem: str) -> None:
    assert list(problems_of(move, "old", "new")) == [problem]


def test_pods_that_never_arrive_are_not_measured() -> None:
    for timeline in (MOVE.timeline[:-2], [PENDING], []):
        assert measure(replace(MOVE, timeline=timeline), "new") is None


def test_pods_that_never_left_took_no_time() -> None:
    assert measure(replace(MOVE, timeline=[ARRIVED]), "new") == Moved(0, 3)
