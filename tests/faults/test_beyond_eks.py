"""Clocks, credentials, statuses and namespaces change under the operator's feet."""

import asyncio
import itertools
import time
from datetime import datetime, timedelta, tzinfo
from typing import Any, Self

import pytest

from fargateclaims import clock
from fargateclaims.api.group import CLAIM_PLURAL
from support.crash_points import CrashPoint, Moment, first
from support.embedded_world import EmbeddedWorld
from support.engine_in_process import Engine
from support.fault_world import CREATE, DELETE, World, condition, profile_of, stands
from support.scenarios import CleanRun, one_claim, two_claims
from support.settable_clock import SettableClock
from support.waiting import LIMIT, until

HOUR = timedelta(hours=1)
OTHER_ACCOUNT = "222233334444"


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
async def test_fault_33_clock_jumps_while_a_call_is_open(world: World, clean: CleanRun, jump: timedelta) -> None:
    """The process restarts an hour off, with an intent of its earlier life whose call had been sent."""
    expected = await clean(one_claim)
    point = CrashPoint(first("create_profile"), Moment.AFTER)
    async with Engine(selector=world.selector, crash=point) as engine:
        await world.claim()
        await asyncio.wait_for(point.crashed.wait(), LIMIT)
        await engine.crash()
    async with Engine(selector=world.selector, clock=SettableClock(jump)) as engine:
        await world.until_active()
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert len(world.calls(CREATE)) == 1
    await world.check_always()


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
async def test_fault_33_clock_jumps_while_backing_off(world: World, clean: CleanRun, jump: timedelta) -> None:
    """The next attempt is neither an hour away nor one of a storm."""
    expected = await clean(one_claim)
    fault = world.eks.fault("unavailable", operation=CREATE, **world.target())
    async with Engine(selector=world.selector):
        await world.claim()
        await world.until(lambda claim: claim["status"].get("failedAttempts", 0) >= 3)
    before = len(world.calls(CREATE))
    async with Engine(selector=world.selector, clock=SettableClock(jump)) as engine:
        await world.until_eks(lambda: len(world.calls(CREATE)) >= before + 3)
        attempts = world.calls(CREATE)[before:]
        # The count of failures was kept: the waits are those of a late attempt, not of a first.
        assert all(later.at - earlier.at >= 0.4 for earlier, later in itertools.pairwise(attempts))
        world.eks.clear_faults(fault)
        await world.until_active()
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert world.begun(CREATE) == 1
    await world.check_always()


class SetClock(datetime):
    """Python's `datetime` on a machine whose clock somebody sets while processes run."""

    ahead = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(time.time() + cls.ahead.total_seconds(), tz)


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
async def test_fault_33_clock_jumps_in_a_running_process(
    world: World, clean: CleanRun, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    """While it backs off, and again while EKS is at work: no attempt comes early or never, and no deadline is over or out of reach."""
    expected = await clean(one_claim)
    monkeypatch.setattr(clock, "datetime", SetClock)
    monkeypatch.setattr(SetClock, "ahead", timedelta())
    fault = world.eks.fault("unavailable", operation=CREATE, **world.target())
    async with Engine(selector=world.selector, operation_deadline_seconds=1800) as engine:
        await world.claim()
        await world.until(lambda claim: claim["status"].get("failedAttempts", 0) >= 3)
        before = len(world.calls(CREATE))
        monkeypatch.setattr(SetClock, "ahead", jump)
        await world.until_eks(lambda: len(world.calls(CREATE)) >= before + 3)
        # Each wait from the third on is the longest one, also the one in which the clock was set.
        attempts = world.calls(CREATE)[2:]
        assert all(later.at - earlier.at >= 0.4 for earlier, later in itertools.pairwise(attempts))
        world.eks.next("create", never_ends=True, **world.target())
        world.eks.clear_faults(fault)
        await world.until(lambda claim: stands(claim)[1] == "Creating" and profile_of(claim))
        monkeypatch.setattr(SetClock, "ahead", 2 * jump)
        await world.check_at_rest(lambda: engine.turns(world.arn))
        await world.finish()
        await world.until_active()
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert world.begun(CREATE) == 1
    await world.check_always()


async def test_fault_33_clock_behind_that_of_aws(world: World) -> None:
    """EKS says that a profile was created in the future: that it takes too long is noticed all the same."""
    world.eks.next("create", never_ends=True, **world.target())
    behind = SettableClock(-HOUR)
    async with Engine(selector=world.selector, clock=behind, operation_deadline_seconds=1800):
        await world.claim()
        await world.until(lambda claim: stands(claim)[1] == "Creating" and profile_of(claim))
        # By our clock, EKS is still to begin.
        behind.ahead += HOUR * 2 / 3
        await world.until(lambda claim: stands(claim) == ("False", "TimedOut"))
        await world.finish()
        await world.until_active()
    assert len(world.calls(CREATE)) == 1
    await world.check_always()


async def test_fault_35_credentials_of_another_account(world: World, monkeypatch: pytest.MonkeyPatch, clean: CleanRun) -> None:
    """Nothing is asked of the wrong account but who we are, and its NotFound lets no finalizer go."""
    expected = await clean(one_claim)
    async with Engine(selector=world.selector) as engine:
        await one_claim(world, engine)
    stranger = world.eks.seed([world.name], account=OTHER_ACCOUNT)
    with monkeypatch.context() as patch:
        for name, value in stranger.environment(world.eks.url).items():
            patch.setenv(name, value)
        async with Engine(selector=world.selector) as engine:
            told = await world.until(lambda claim: stands(claim, "Synced")[1] == "ClassConflict")
            assert OTHER_ACCOUNT in condition(told, "Synced")["message"]
            assert stands(told)[0] == stands(told, "Available")[0] == "True"
            await world.claim("new")
            refused = await world.until(lambda claim: stands(claim) == ("False", "ClassConflict"), "new")
            assert "finalizers" not in refused["metadata"]
            await world.delete()
            await world.until(lambda claim: stands(claim)[1] == "ClassConflict" and told_of_all(claim))
            await world.check_at_rest(lambda: engine.turns(world.arn))
            left = await world.read()
            assert left is not None
            assert left["metadata"]["finalizers"]
    asked = {call.operation for call in world.eks.calls() if call.access_key == stranger.access_key_id}
    assert asked == {"GetCallerIdentity"}
    assert len(world.profiles()) == len(expected["profiles"])
    async with Engine(selector=world.selector):
        await world.until_gone()
        await world.until_active("new")
    await world.check_always()


def told_of_all(claim: dict[str, Any]) -> bool:
    """Whether what its status says is of the claim as it now is; a deletion counts as a change."""
    return bool(condition(claim)["observedGeneration"] == claim["metadata"]["generation"])


async def test_fault_36_all_status_wiped(world: World, clean: CleanRun) -> None:
    expected = await clean(two_claims)
    async with Engine(selector=world.selector) as engine:
        await two_claims(world, engine)
        before = world.profiles()
        for name in ("first", "second"):
            found = await world.read(name)
            assert found is not None
            (await world.api.replace(f"{world.path()}/{name}/status", {**found, "status": {}})).ok()
        await world.until_active("first", "second")
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn), ["first", "second"])
    assert world.profiles() == before
    assert [call.operation for call in world.calls() if call.changed] == [CREATE, CREATE]
    await world.check_always()


async def test_fault_36_status_wiped_while_refused(world: World) -> None:
    """What is lost is the memory of the refusal: it costs one more attempt."""
    refusal = {"code": "InvalidParameterException", "message": "refused whatever happens"}
    world.eks.fault("error", operation=CREATE, **refusal, **world.target())
    async with Engine(selector=world.selector, slow_recheck=HOUR) as engine:
        await world.claim()
        found = await world.until(lambda claim: stands(claim) == ("False", "Invalid"))
        (await world.api.replace(f"{world.path()}/web/status", {**found, "status": {}})).ok()
        await world.until(lambda claim: stands(claim) == ("False", "Invalid") and len(world.calls(CREATE)) == 2)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert len(world.calls(CREATE)) == 2
    await world.check_always()


async def test_fault_39_namespace_terminating(world: World, clean: CleanRun, caplog: pytest.LogCaptureFixture) -> None:
    """What is served goes with its profile; what only waits goes at once and costs no call; then the namespace goes."""
    expected = await clean(one_claim)
    await world.make_namespace("doomed")
    async with Engine(selector=world.selector) as engine:
        await one_claim(world, engine)
        await world.claim("served", namespace="doomed")
        await world.until_active("served", namespace="doomed")
        world.eks.foreign_create(world.name, "by-terraform", never_ends=True)
        await world.claim("waits", namespace="doomed")
        await world.until(lambda claim: stands(claim)[1] == "Queued", "waits", "doomed")
        (await world.api.delete("/api/v1/namespaces/doomed")).ok()
        await world.until_gone("waits", namespace="doomed")
        left = await world.until(lambda claim: stands(claim)[1] == "Queued", "served", "doomed")
        assert left["metadata"]["finalizers"]
        await world.finish()
        await world.until_gone("served", namespace="doomed")
        await world.wait(lambda: world.api.get("/api/v1/namespaces/doomed"), lambda answer: answer.code == 404)
        expected["profiles"]["by-terraform"] = (await world.picture())["profiles"]["by-terraform"]
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 1)
    assert not [call for call in world.calls(CREATE) if "waits" in str(call.profile)]
    assert not [record for record in caplog.records if record.exc_info]
    await world.check_always()


async def test_fault_39_nothing_new_in_a_terminating_namespace(world: EmbeddedWorld) -> None:
    """It is seen to terminate before its claim's deletion is, and it is that claim's turn: it gets neither finalizer nor profile."""
    await world.make_namespace("doomed")
    world.eks.foreign_create(world.name, "by-terraform", never_ends=True)
    async with Engine(selector=world.selector) as engine:
        await world.claim("late", namespace="doomed")
        held = {"metadata": {"finalizers": ["example.com/hold"]}}
        (await world.api.patch(f"{world.path('doomed')}/late", held)).ok()
        await world.until(lambda claim: stands(claim)[1] == "Queued", "late", "doomed")
        await world.claim()
        await world.until(lambda claim: stands(claim)[1] == "Queued")
        await world.silence(engine)
        (await world.api.delete("/api/v1/namespaces/doomed")).ok()
        await until(lambda: engine.knows_terminating("doomed"))
        world.kube.admin.clear_ledger()
        await world.finish()
        await world.until_active()
        world.kube.admin.resume_watches(CLAIM_PLURAL)
        await world.check_at_rest(lambda: engine.turns(world.arn))
        left = await world.read("late", "doomed")
        assert left is not None
        assert left["metadata"]["finalizers"] == ["example.com/hold"]
    assert not world.kube.admin.ledger(verb="patch", name="late"), "a finalizer was asked for"
    assert len(world.calls(CREATE)) == 1
    await world.check_always()
