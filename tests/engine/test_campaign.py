"""The thread around leadership; what leadership itself does is in test_leadership.py."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from fargateclaims.engine.campaign import Campaign, CampaignError
from fargateclaims.engine.leadership import LeasePort
from support.memory_lease import Line, MemoryLease
from support.waiting import LIMIT


class Hurried:
    """A clock whose sleepers wake at once: an hour of renewals in a moment."""

    def __init__(self) -> None:
        self._elapsed = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, tzinfo=UTC) + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        for _ in range(10):  # whatever is waited for against this time comes first
            await asyncio.sleep(0)
        self._elapsed += seconds


class World:
    def __init__(self) -> None:
        self.stored = MemoryLease()
        self.clock = Hurried()
        self.fit = True
        self.changes: list[tuple[bool, str]] = []
        self.closed_in = ""
        self.campaign = Campaign(self._open, "me", self.clock, fit=lambda: self.fit, changed=self._changed)

    @asynccontextmanager
    async def leading(self) -> AsyncIterator[None]:
        """It campaigns until the end of the with block, which begins when it leads."""
        self.campaign.start()
        try:
            await asyncio.wait_for(self.campaign.wait_won(), LIMIT)
            yield
        finally:
            await self.campaign.stop()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[LeasePort]:
        try:
            yield Line(self.stored)
        finally:
            self.closed_in = threading.current_thread().name

    def _changed(self, leads: bool) -> None:  # noqa: FBT001
        self.changes.append((leads, threading.current_thread().name))


class NoWay:
    """A way to the Lease that cannot be opened."""

    async def __aenter__(self) -> LeasePort:
        raise OSError("no such kubeconfig")

    async def __aexit__(self, *_: object) -> None:
        """Never entered."""


@pytest.fixture
async def world() -> World:
    return World()


def block_until(done: Callable[[], bool]) -> None:
    """As a pass that never awaits: nothing else of this loop runs meanwhile."""
    waited = threading.Event()
    for _ in range(int(LIMIT * 1000)):
        if done():
            return
        waited.wait(0.001)
    raise AssertionError("it never came")


async def test_the_lease_is_renewed_while_the_main_loop_is_busy(world: World) -> None:
    async with world.leading():
        version = world.stored.version
        block_until(lambda: world.stored.version > version + 20)
        # Renewals go on between the two halves of the question, which is asked of a clock that hurries.
        block_until(lambda: world.campaign.remaining() > 0)


async def test_its_problem_is_that_of_leadership(world: World) -> None:
    assert world.campaign.problem() == "the Lease has not been read yet"
    async with world.leading():
        assert world.campaign.problem() is None


async def test_a_stop_releases_the_lease_and_closes_the_way_to_it(world: World) -> None:
    async with world.leading():
        assert world.stored.get().holder == "me"
    assert world.stored.get().holder == ""
    assert world.campaign.remaining() == 0
    assert world.changes == [(True, "leadership"), (False, "leadership")]
    assert world.closed_in == "leadership"
    await asyncio.wait_for(world.campaign.wait_lost(), LIMIT)


async def test_a_process_that_cannot_work_is_told_that_leadership_is_lost(world: World) -> None:
    async with world.leading():
        world.fit = False
        await asyncio.wait_for(world.campaign.wait_lost(), LIMIT)
        assert world.campaign.remaining() == 0


async def test_who_has_lost_leadership_does_not_lead_anew(world: World) -> None:
    """Its process is stopping: it would say that it leads, and start what is being stopped."""
    async with world.leading():
        world.fit = False
        await asyncio.wait_for(world.campaign.wait_lost(), LIMIT)
        world.fit = True
        await asyncio.sleep(0.1)  # time enough for it: its clock hurries
        assert world.stored.get().holder == "me", "a call of its own may still be under way"
    assert world.changes == [(True, "leadership"), (False, "leadership")]
    assert world.stored.get().holder == ""


async def test_a_stop_before_anything_was_won(world: World) -> None:
    world.fit = False
    world.campaign.start()
    await world.campaign.stop()
    with pytest.raises(CampaignError):
        await world.campaign.wait_won()


async def test_a_thread_that_fails_is_no_candidate_that_is_waited_for_in_vain(caplog: pytest.LogCaptureFixture) -> None:
    campaign = Campaign(NoWay, "me", Hurried(), fit=lambda: True, changed=lambda _leads: None)
    campaign.start()
    with pytest.raises(CampaignError):
        await asyncio.wait_for(campaign.wait_won(), LIMIT)
    await asyncio.wait_for(campaign.wait_lost(), LIMIT)
    await campaign.stop()
    assert "the campaign has failed" in caplog.text
