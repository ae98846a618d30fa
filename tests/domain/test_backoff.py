"""How long failures wait: doubling up to a limit, spread, and always the same for the same key."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.domain.backoff import JITTER, delay, spread, unjittered, waited

BASE, LIMIT = timedelta(seconds=2), timedelta(seconds=300)
SPANS = st.timedeltas(timedelta(milliseconds=1), timedelta(days=30))


def seconds(span: timedelta) -> float:
    return span.total_seconds()


@pytest.mark.parametrize(("attempts", "wait"), [(1, 2), (2, 4), (3, 8), (8, 256), (9, 300), (10, 300), (10**9, 300)])
def test_the_wait_doubles_up_to_the_limit(attempts: int, wait: float) -> None:
    assert seconds(unjittered(attempts, BASE, LIMIT)) == wait


def test_a_limit_below_the_base_holds_from_the_first() -> None:
    assert unjittered(1, LIMIT, BASE) == BASE


@pytest.mark.parametrize(("attempts", "total"), [(1, 0), (2, 2), (3, 6), (4, 14), (10, 2 + 4 + 8 + 16 + 32 + 64 + 128 + 256 + 300)])
def test_attempts_have_waited_between_them_and_not_before_the_first(attempts: int, total: float) -> None:
    assert seconds(waited(attempts, BASE, LIMIT)) == total


@given(st.integers(1, 10**6), SPANS, SPANS, st.text(max_size=20))
def test_jitter_adds_up_to_its_share_and_takes_nothing_away(attempts: int, base: timedelta, limit: timedelta, key: str) -> None:
    least, wait = unjittered(attempts, base, limit), delay(attempts, base, limit, key)
    assert least <= limit
    assert least <= wait <= least * (1 + JITTER)


@given(st.integers(1, 50), SPANS, SPANS)
def test_no_wait_is_shorter_than_the_one_before(attempts: int, base: timedelta, limit: timedelta) -> None:
    assert unjittered(attempts, base, limit) <= unjittered(attempts + 1, base, limit)


def test_the_same_key_and_attempt_always_wait_the_same() -> None:
    assert delay(3, BASE, LIMIT, "shop/checkout") == delay(3, BASE, LIMIT, "shop/checkout")


def test_what_failed_together_does_not_return_together() -> None:
    keys = [f"shop/claim-{number}" for number in range(1000)]
    waits = sorted(seconds(delay(1, BASE, LIMIT, key)) for key in keys)
    assert len(set(waits)) > 990
    # Not in a bunch either: each tenth of the range gets its share of a thousand.
    tenths = [sum(int(spread(key) * 10) == tenth for key in keys) for tenth in range(10)]
    assert all(60 < share < 140 for share in tenths)


def test_one_claim_is_not_always_the_late_one() -> None:
    late = [delay(attempt, LIMIT, LIMIT, "shop/checkout") for attempt in range(1, 9)]
    assert len(set(late)) == len(late)
