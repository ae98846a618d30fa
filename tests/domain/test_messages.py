"""Sentences about the queue, word for word: they are what people read while they wait."""

import pytest

from fargateclaims.api.claim_status import Blocker, BlockerOrigin, ClaimRef
from fargateclaims.domain.messages import describe, held_by, ordinal, waiting
from fargateclaims.domain.slot import Slot
from support.builders import NOW

NAMED = Blocker(profile_name="shop-b", status="CREATING", origin=BlockerOrigin.CLAIM, claim_ref=ClaimRef(namespace="shop", name="b"))
HIDDEN = Blocker(profile_name="shop-b", status="CREATING", origin=BlockerOrigin.CLAIM)
FOREIGN = Blocker(profile_name="tf-legacy", status="DELETING", origin=BlockerOrigin.FOREIGN)
SINCE = NOW.replace(minute=2, second=11, microsecond=999_999)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (10, "10th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (14, "14th"),
        (20, "20th"),
        (21, "21st"),
        (22, "22nd"),
        (23, "23rd"),
        (100, "100th"),
        (101, "101st"),
        (111, "111th"),
        (112, "112th"),
        (113, "113th"),
        (1002, "1002nd"),
    ],
)
def test_a_place_is_written_as_people_say_it(number: int, text: str) -> None:
    assert ordinal(number) == text


@pytest.mark.parametrize(
    ("blocker", "text"),
    [
        (NAMED, "profile shop-b (claim shop/b)"),
        (HIDDEN, "profile shop-b (another claim's)"),
        (FOREIGN, "profile tf-legacy (not made by a claim)"),
    ],
)
def test_a_blocker_is_named_with_whose_it_is(blocker: Blocker, text: str) -> None:
    assert describe(blocker) == text


@pytest.mark.parametrize(
    ("slot", "text"),
    [
        (Slot(), ""),
        (Slot(free=False, blocker=NAMED, since=SINCE), "profile shop-b (claim shop/b) is CREATING since 14:02:11Z"),
        (Slot(free=False, blocker=FOREIGN), "profile tf-legacy (not made by a claim) is DELETING"),
        (
            Slot(free=False, updating=True, since=SINCE),
            "EKS says that the cluster has an update in progress since 14:02:11Z",
        ),
        (
            Slot(free=False, updating=True),
            "EKS says that the cluster has an update in progress",
        ),
    ],
)
def test_who_holds_the_slot_is_said_with_the_time_of_day_that_it_began(slot: Slot, text: str) -> None:
    assert held_by(slot) == text


def test_a_wait_says_the_place_and_behind_whom() -> None:
    slot = Slot(free=False, blocker=NAMED, since=SINCE)
    assert waiting("prod", 2, 5, slot) == ("waiting, 2nd of 5 on cluster prod: profile shop-b (claim shop/b) is CREATING since 14:02:11Z")


def test_a_wait_behind_nobody_says_only_the_place() -> None:
    assert waiting("prod", 1, 1, Slot()) == "waiting, 1st of 1 on cluster prod"
