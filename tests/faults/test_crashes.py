"""A crash at any point, then a restart: the same end as without it, nothing twice, nothing left behind."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from fargateclaims.api.group import CLAIM_PLURAL
from fargateclaims.aws.cloud import AWSCloud
from fargateclaims.clock import SystemClock
from support.crash_points import CrashPoint, Moment, first, never, nth
from support.engine_in_process import Engine
from support.fault_world import CREATE, DELETE, World, assert_same
from support.scenarios import CleanRun, Worlds, one_claim
from support.waiting import LIMIT

pytestmark = pytest.mark.timeout(600)

BATCH = 8
MOST_WRITES = 60
"""Above the writes of any run: the enumeration ends where a run has no such write any more."""


@pytest.fixture
async def lives() -> AsyncIterator[tuple[AWSCloud, AWSCloud]]:
    """The AWS clients of all first lives, and those of all second ones: making them takes longer than a run."""

    def make() -> AWSCloud:
        return AWSCloud(SystemClock(), 1000, "fargateclaims", lambda *_: None)

    made = make(), make()
    yield made
    for cloud in made:
        cloud.close()


@dataclass
class Run:
    """Create, replace and delete of one claim on a cluster of its own, with a crash and a restart at one point."""

    world: World
    point: CrashPoint
    lives: tuple[AWSCloud, AWSCloud]
    pictures: list[Any] = field(default_factory=list)

    async def play(self) -> None:
        self._engine = await self._begin(self.point, self.lives[0])
        restarting = asyncio.ensure_future(self._restart())
        try:
            await self._story()
        finally:
            restarting.cancel()
            await asyncio.gather(restarting, return_exceptions=True)
            await self._engine.stop()

    async def _story(self) -> None:
        self._notice(await self.world.claim())
        await self.world.until_active()
        self.pictures.append(await self.world.rest())
        self._notice(await self.world.edit(app="other"))
        await self.world.until_active()
        self.pictures.append(await self.world.rest())
        left = await self.world.delete()
        assert left is not None
        self._notice(left)
        await self.world.until_gone()
        self.pictures.append(await self.world.rest())

    def _notice(self, claim: dict[str, Any]) -> None:
        # The engine that runs once the change is made: who begins later finds it in its LIST.
        self._engine.notice(CLAIM_PLURAL, claim)

    async def _begin(self, point: CrashPoint, cloud: AWSCloud) -> Engine:
        # The watch is not the point here: the test hands over its own changes, and a restart begins with a LIST anyway.
        return await Engine(selector=self.world.selector, crash=point, cloud=cloud, watching=False).__aenter__()

    async def _restart(self) -> None:
        await self.point.crashed.wait()
        await self._engine.crash()
        self._engine = await self._begin(CrashPoint(), self.lives[1])


def check(run: Run, clean: Run) -> None:
    """What the crash has changed: nothing."""
    where = f"crash {run.point.moment} {run.point.writes[-1]}, write {len(run.point.writes)}"
    for picture, expected in zip(run.pictures, clean.pictures, strict=True):
        assert_same({"": where, **expected}, {"": where, **picture})
    for operation in (CREATE, DELETE):
        assert run.world.begun(operation) == clean.world.begun(operation), where


@pytest.mark.parametrize("moment", list(Moment))
async def test_fault_03_crash_around_every_write(worlds: Worlds, lives: tuple[AWSCloud, AWSCloud], moment: Moment) -> None:
    clean = Run(await worlds("clean"), CrashPoint(never), lives)
    await clean.play()
    assert (clean.world.begun(CREATE), clean.world.begun(DELETE)) == (2, 2)
    survived: set[str] = set()
    for start in range(0, MOST_WRITES, BATCH):
        runs = [Run(await worlds(f"{moment}-{index}"), CrashPoint(nth(index), moment), lives) for index in range(start, start + BATCH)]
        await asyncio.gather(*(run.play() for run in runs))
        for run in runs:
            if run.point.crashed.is_set():
                check(run, clean)
                await run.world.check_always()
                survived.add(run.point.writes[-1])
        if not runs[-1].point.crashed.is_set():
            break
    assert not runs[-1].point.crashed.is_set(), "a run has more writes than were tried"
    assert survived == set(clean.point.writes)


async def test_fault_01_crash_before_the_create(world: World, clean: CleanRun) -> None:
    await crash_at_the_create(world, clean, Moment.BEFORE)


async def test_fault_02_crash_after_the_create(world: World, clean: CleanRun) -> None:
    await crash_at_the_create(world, clean, Moment.AFTER)


async def crash_at_the_create(world: World, clean: CleanRun, moment: Moment) -> None:
    expected = await clean(one_claim)
    point = CrashPoint(first("create_profile"), moment)
    async with Engine(selector=world.selector, crash=point) as engine:
        await world.claim()
        await asyncio.wait_for(point.crashed.wait(), LIMIT)
        intent = (await world.read() or {})["status"]["operation"]
        assert (intent["type"], intent["state"]) == ("Create", "InFlight")
        await engine.crash()
    async with Engine(selector=world.selector) as engine:
        await world.until_active()
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert world.begun(CREATE) == len(world.calls(CREATE)) == 1
    assert list(world.profiles()) == [intent["profileName"]]
    await world.check_always()
