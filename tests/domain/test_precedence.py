"""Which of several reasons is shown."""

from collections import Counter
from itertools import permutations

import pytest

from fargateclaims.api.reasons import READY_REASONS, Actor, Reason
from fargateclaims.domain.assessment import Verdict
from fargateclaims.domain.precedence import PRECEDENCE, foremost


def test_every_reason_of_ready_has_one_rank_and_nothing_else_has() -> None:
    assert Counter(PRECEDENCE) == Counter(READY_REASONS.keys())


@pytest.mark.parametrize(
    "ranked",
    [
        (Reason.CLASS_NOT_FOUND, Reason.QUOTA_EXCEEDED, Reason.NOT_ALLOWED, Reason.PAUSED, Reason.QUEUED),
        (Reason.UNAUTHORIZED, Reason.SLOT_BLOCKED, Reason.INVALID, Reason.THROTTLED, Reason.ACTIVE),
        (Reason.DELETE_FAILED, Reason.WAITING_FOR_QUOTA, Reason.CREATE_FAILED, Reason.BACKING_OFF, Reason.PENDING),
        (Reason.CLUSTER_NOT_FOUND, Reason.CLUSTER_NOT_ACTIVE, Reason.CLASS_NOT_READY, Reason.OUTDATED, Reason.CREATING),
    ],
)
def test_the_foremost_is_found_in_whatever_order_they_come(ranked: tuple[Reason, ...]) -> None:
    verdicts = [Verdict(reason, "why") for reason in ranked]
    for order in permutations(verdicts):
        assert foremost(order) is verdicts[0]
    assert foremost(reversed(verdicts[1:])) is verdicts[1]


def test_what_a_person_must_mend_comes_before_what_passes_by_itself() -> None:
    mended = [rank for rank, reason in enumerate(PRECEDENCE) if READY_REASONS[reason].who_acts in (Actor.TEAM, Actor.PLATFORM)]
    passing = [rank for rank, reason in enumerate(PRECEDENCE) if READY_REASONS[reason].who_acts is Actor.NOBODY]
    assert max(mended) < min(passing)


def test_what_blocks_the_platform_comes_before_what_blocks_the_team() -> None:
    platform = [rank for rank, reason in enumerate(PRECEDENCE) if READY_REASONS[reason].who_acts is Actor.PLATFORM]
    team = [rank for rank, reason in enumerate(PRECEDENCE) if READY_REASONS[reason].who_acts is Actor.TEAM]
    assert max(platform) < min(team)


def test_of_two_with_one_reason_the_first_is_shown() -> None:
    first, second = Verdict(Reason.INVALID, "first"), Verdict(Reason.INVALID, "second")
    assert foremost((None, first, second)) is first


@pytest.mark.parametrize("verdicts", [(), (None,), (None, None)])
def test_without_a_verdict_nothing_is_shown(verdicts: tuple[None, ...]) -> None:
    assert foremost(verdicts) is None
