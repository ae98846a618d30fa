import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fargateclaims.aws.throttle import Lane, TokenBucket
from fargateclaims.timing import AWS_THROTTLE_BACKOFF_BASE, AWS_THROTTLE_BACKOFF_MAX
from support.virtual_clock import VirtualClock

ROUNDING = 1e-6


class Crowd:
    """Callers of one bucket, and when each got through."""

    def __init__(self, clock: VirtualClock, bucket: TokenBucket) -> None:
        self.clock, self.bucket = clock, bucket
        self.passed: list[tuple[float, Lane, int]] = []
        self.tasks: list[asyncio.Task[None]] = []

    def arrive(self, lane: Lane = Lane.ROUTINE) -> None:
        self.tasks.append(asyncio.create_task(self._pass(lane, len(self.tasks))))

    async def _pass(self, lane: Lane, number: int) -> None:
        await self.bucket.acquire(lane)
        self.passed.append((self.clock.monotonic(), lane, number))


async def crowd(per_second: float, jitter: float = 0.5) -> Crowd:
    clock = VirtualClock()
    return Crowd(clock, TokenBucket(clock, per_second, jitter=lambda: jitter))


arrivals = st.lists(st.tuples(st.floats(0, 3), st.sampled_from(Lane), st.booleans()), max_size=40)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([0.3, 1, 2.5, 10]), arrivals)
async def test_no_span_of_time_sees_more_than_the_rate_and_what_was_saved_up(rate: float, arrivals: list[tuple[float, Lane, bool]]) -> None:
    callers = await crowd(rate)
    for pause, lane, gives_up in arrivals:
        callers.arrive(lane)
        await callers.clock.settle()
        if gives_up:
            callers.tasks[-1].cancel()
        await callers.clock.advance(pause)
    await callers.clock.advance(2 + 41 / rate)
    times = [time for time, _, _ in callers.passed]
    for first in range(len(times)):
        for last in range(first, len(times)):
            assert last - first + 1 <= max(1, rate) + rate * (times[last] - times[first]) + ROUNDING
    # Whoever did not give up has got through: nobody starves, and no token is lost.
    assert all(task.done() for task in callers.tasks)
    numbers = {number for _, _, number in callers.passed}
    assert {number for number, (_, _, gives_up) in enumerate(arrivals) if not gives_up} <= numbers


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from(Lane), min_size=1, max_size=40))
async def test_each_lane_keeps_its_order(lanes: list[Lane]) -> None:
    callers = await crowd(2)
    for lane in lanes:
        callers.arrive(lane)
    await callers.clock.advance(30)
    for lane in Lane:
        numbers = [number for _, its, number in callers.passed if its is lane]
        assert numbers == sorted(numbers)
    assert len(callers.passed) == len(lanes)


async def test_urgent_calls_go_first_and_routine_ones_still_move() -> None:
    callers = await crowd(1)
    callers.arrive(Lane.URGENT)
    for _ in range(20):
        callers.arrive(Lane.ROUTINE)
    for _ in range(20):
        callers.arrive(Lane.URGENT)
    await callers.clock.advance(15)
    lanes = [lane for _, lane, _ in callers.passed][1:]
    assert lanes.count(Lane.ROUTINE) == 3
    assert lanes[:4].count(Lane.URGENT) >= 3


async def test_throttling_stops_everybody_until_the_pause_is_over() -> None:
    callers = await crowd(10, jitter=0.9)
    grant = await callers.bucket.acquire()
    callers.bucket.throttled(grant)
    pause = 0.9 * AWS_THROTTLE_BACKOFF_BASE
    assert callers.bucket.paused_seconds == pytest.approx(pause)
    begun = callers.clock.monotonic()
    for lane in (Lane.ROUTINE, Lane.URGENT):
        callers.arrive(lane)
    await callers.clock.advance(pause - 0.01)
    assert callers.passed == []
    await callers.clock.advance(0.1)
    assert [time >= begun + pause for time, _, _ in callers.passed] == [True, True]


async def test_a_pause_counts_for_who_waits_already() -> None:
    callers = await crowd(1, jitter=1.0)
    grant = await callers.bucket.acquire()
    callers.arrive()
    await callers.clock.advance(0.9)
    callers.bucket.throttled(grant)
    await callers.clock.advance(0.9)
    assert callers.passed == []
    await callers.clock.advance(0.2)
    assert len(callers.passed) == 1


async def test_calls_that_were_throttled_together_count_once() -> None:
    callers = await crowd(10, jitter=1.0)
    grants = [await callers.bucket.acquire() for _ in range(5)]
    for grant in grants:
        callers.bucket.throttled(grant)
    assert callers.bucket.paused_seconds == pytest.approx(AWS_THROTTLE_BACKOFF_BASE)


async def test_pauses_double_up_to_their_bound_and_a_success_ends_the_row() -> None:
    callers = await crowd(10, jitter=1.0)
    pauses = []
    for _ in range(20):
        grant = await callers.bucket.acquire()
        callers.bucket.throttled(grant)
        pauses.append(callers.bucket.paused_seconds)
        await callers.clock.advance(AWS_THROTTLE_BACKOFF_MAX + 1)
    assert pauses[0] == pytest.approx(AWS_THROTTLE_BACKOFF_BASE)
    assert all(later >= earlier for earlier, later in pairwise(pauses))
    assert pauses[-1] == pytest.approx(AWS_THROTTLE_BACKOFF_MAX)
    callers.bucket.succeeded(await callers.bucket.acquire())
    callers.bucket.throttled(await callers.bucket.acquire())
    assert callers.bucket.paused_seconds == pytest.approx(AWS_THROTTLE_BACKOFF_BASE)


async def test_a_late_success_does_not_shorten_what_came_after_it() -> None:
    callers = await crowd(10, jitter=1.0)
    early, later = await callers.bucket.acquire(), await callers.bucket.acquire()
    callers.bucket.throttled(later)
    callers.bucket.succeeded(early)
    await callers.clock.advance(2)
    callers.bucket.throttled(await callers.bucket.acquire())
    assert callers.bucket.paused_seconds == pytest.approx(2 * AWS_THROTTLE_BACKOFF_BASE)


async def test_who_gives_up_in_the_moment_of_getting_through_leaves_the_place_to_the_next() -> None:
    callers = await crowd(1)
    for _ in range(2):
        callers.arrive()
    await callers.clock.settle()
    callers.clock.freeze(1)
    callers.bucket._admit()
    callers.tasks[1].cancel()
    await callers.clock.settle()
    callers.arrive()
    await callers.clock.settle()
    assert [number for _, _, number in callers.passed] == [0, 2]


async def test_closing_ends_all_waits() -> None:
    callers = await crowd(1)
    for _ in range(3):
        callers.arrive()
    await callers.clock.settle()
    callers.bucket.close()
    await callers.clock.settle()
    assert [task.cancelled() for task in callers.tasks] == [False, True, True]


async def test_background_calls_leave_half_of_what_is_saved_up_to_the_others() -> None:
    callers = await crowd(10)
    for _ in range(20):
        callers.arrive(Lane.BACKGROUND)
    await callers.clock.settle()
    assert len(callers.passed) == 5
    callers.arrive(Lane.URGENT)
    callers.arrive(Lane.ROUTINE)
    await callers.clock.settle()
    assert [lane for _, lane, _ in callers.passed[5:]] == [Lane.URGENT, Lane.ROUTINE]


async def test_background_calls_move_even_if_others_never_end() -> None:
    callers = await crowd(1)
    callers.arrive(Lane.ROUTINE)
    callers.arrive(Lane.BACKGROUND)
    for _ in range(60):
        callers.arrive(Lane.URGENT)
    await callers.clock.advance(30)
    assert Lane.BACKGROUND in {lane for _, lane, _ in callers.passed}


async def test_an_urgent_call_does_not_wait_as_long_as_a_background_one() -> None:
    callers = await crowd(10)
    for _ in range(10):
        callers.arrive(Lane.URGENT)
    callers.arrive(Lane.BACKGROUND)
    await callers.clock.settle()
    assert len(callers.passed) == 10
    callers.arrive(Lane.URGENT)
    await callers.clock.advance(0.11)
    assert [lane for _, lane, _ in callers.passed[10:]] == [Lane.URGENT]
