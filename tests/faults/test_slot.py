"""The slot is held by what never ends, or by somebody else."""

from datetime import timedelta

from fargateclaims.simulator.eks.verdict import FOREIGN
from support.engine_in_process import Engine
from support.fault_world import CREATE, DELETE, World, condition, profile_of, stands
from support.scenarios import CleanRun, one_of_two_gone, two_claims
from support.settable_clock import SettableClock

HOUR = timedelta(hours=1)
"""Longer than EKS may take, and than others are waited for."""


async def test_fault_27_creating_never_ends(world: World, clean: CleanRun) -> None:
    expected = await clean(two_claims)
    world.eks.next("create", never_ends=True, **world.target())
    clock = SettableClock()
    async with Engine(selector=world.selector, clock=clock) as engine:
        await world.claim("first")
        await world.until(lambda claim: stands(claim)[1] == "Creating" and profile_of(claim), "first")
        await world.claim("second")
        await world.until(lambda claim: stands(claim)[1] == "Queued", "second")
        clock.ahead += HOUR
        stuck = await world.until(lambda claim: stands(claim) == ("False", "TimedOut"), "first")
        assert condition(stuck, "Stalled")["status"] == "True"
        blocked = await world.until(lambda claim: stands(claim) == ("False", "SlotBlocked"), "second")
        assert stuck["status"]["profile"]["name"] in condition(blocked)["message"]
        assert blocked["status"]["operation"]["state"] == "Queued"
        assert "failedAttempts" not in blocked["status"]
        cls = await world.until_class(lambda cls: condition(cls, "SlotBlocked"))
        assert stuck["status"]["profile"]["name"] in condition(cls, "SlotBlocked")["message"]
        await world.finish()
        await world.until_active("first", "second")
        await world.until_class(lambda cls: not condition(cls, "SlotBlocked"))
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn), ["first", "second"])
    assert world.begun(CREATE) == 2
    await world.check_always()


async def test_fault_27_deleting_never_ends(world: World, clean: CleanRun) -> None:
    expected = await clean(one_of_two_gone)
    clock = SettableClock()
    async with Engine(selector=world.selector, clock=clock) as engine:
        await world.claim("first")
        await world.until_active("first")
        world.eks.next("delete", never_ends=True, **world.target())
        await world.delete("first")
        await world.until(lambda claim: stands(claim)[1] == "Deleting" and claim["status"]["profile"]["status"] == "DELETING", "first")
        clock.ahead += HOUR
        stuck = await world.until(lambda claim: stands(claim) == ("False", "TimedOut"), "first")
        assert stands(stuck, "Stalled") == ("True", "TimedOut")
        assert stuck["metadata"]["finalizers"]
        profile = stuck["status"]["profile"]["name"]
        await world.claim("second")
        blocked = await world.until(lambda claim: stands(claim) == ("False", "SlotBlocked"), "second")
        assert profile in condition(blocked)["message"]
        assert blocked["status"]["operation"]["state"] == "Queued"
        assert blocked["status"]["operation"]["blockedBy"] == {
            "profileName": profile,
            "status": "DELETING",
            "origin": "Claim",
            "claimRef": {"namespace": world.name, "name": "first"},
        }
        assert "failedAttempts" not in blocked["status"]
        cls = await world.until_class(lambda cls: condition(cls, "SlotBlocked"))
        assert profile in condition(cls, "SlotBlocked")["message"]
        await world.check_at_rest(lambda: engine.turns(world.arn), ["first", "second"])
        await world.finish()
        await world.until_gone("first")
        await world.until_active("second")
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn), ["second"])
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 1)
    await world.check_always()


async def test_fault_32_foreign_actor_at_random(world: World) -> None:
    """Somebody creates and deletes all the time: his turns are his, and all of ours come, too."""
    names = [f"web-{number}" for number in range(4)]
    world.eks.timings(0.1, 0.1, **world.target())
    world.eks.hire(seed=7, mean_pause=0.15, max_profiles=2, **world.target())

    def had_a_turn() -> bool:
        return any(call.caller == FOREIGN and call.changed for call in world.calls(ours=False))

    async with Engine(selector=world.selector) as engine:
        await world.until_eks(had_a_turn)  # else a slow machine could have us at work whenever he comes
        for name in names:
            await world.claim(name)
        await world.until_active(*names)
        await world.edit(names[0], app="other")
        await world.until_active(names[0])
        for name in names[1:]:
            await world.delete(name)
        await world.until_gone(*names[1:])
        world.eks.dismiss()
        await world.until_active(names[0])
        await world.until_eks(lambda: all(profile["status"] == "ACTIVE" for profile in world.profiles().values()))
        await world.check_at_rest(lambda: engine.turns(world.arn), names[:1] * 2)
    assert (world.begun(CREATE), world.begun(DELETE)) == (5, 4)
    for name in names[1:]:
        assert not [profile for profile in world.profiles().values() if profile["tags"].get("fargateclaims.dev/name") == name]
    await world.check_always(refused=None)


async def test_fault_38_foreign_profile_stuck_in_creating(world: World, clean: CleanRun) -> None:
    expected = await clean(two_claims)
    world.eks.foreign_create(world.name, "by-terraform", never_ends=True)
    names, clock = ("first", "second"), SettableClock()
    async with Engine(selector=world.selector, clock=clock) as engine:
        for name in names:
            await world.claim(name)
            await world.until(lambda claim: stands(claim)[1] == "Queued", name)
        clock.ahead += HOUR
        for name in names:
            blocked = await world.until(lambda claim: stands(claim) == ("False", "SlotBlocked"), name)
            assert "by-terraform" in condition(blocked)["message"]
            assert "failedAttempts" not in blocked["status"]
            assert blocked["status"]["operation"]["blockedBy"]["origin"] == "Foreign"
            assert condition(blocked, "Reconciling")
        clock.ahead += HOUR
        for name in names:
            stalled = await world.until(lambda claim: condition(claim, "Stalled"), name)
            assert stands(stalled) == ("False", "SlotBlocked")
        cls = await world.until_class(lambda cls: condition(cls, "SlotBlocked"))
        assert "by-terraform" in condition(cls, "SlotBlocked")["message"]
        assert not world.calls(CREATE)
        await world.finish()
        await world.until_active("first", "second")
        expected["profiles"]["by-terraform"] = (await world.picture())["profiles"]["by-terraform"]
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn), ["first", "second"])
    await world.check_always()
