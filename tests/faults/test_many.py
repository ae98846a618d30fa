"""Many claims at once, alike names, and one that spoils it for nobody else."""

import asyncio
from functools import partial

import pytest

from support.engine_in_process import Engine
from support.fault_world import CREATE, DELETE, World, condition, profile_of, stands
from support.scenarios import Worlds


@pytest.mark.timeout(900)
async def test_fault_34_hundred_applied_and_half_deleted(world: World) -> None:
    names = [f"web-{number:03}" for number in range(100)]
    kept, deleted = names[::2], names[1::2]
    world.eks.quotas(profiles=200)
    world.eks.timings(0.01, 0.01, **world.target())
    # Whatever the machine's pace, nothing waits for long between two looks.
    async with Engine(selector=world.selector, poll_min_seconds=0.01, poll_max_seconds=0.02) as engine:
        await asyncio.gather(*(world.claim(name) for name in names))
        await asyncio.gather(*(world.delete(name) for name in deleted))
        await world.until_gone(*deleted)
        for number in range(len(kept)):
            # Each has a limit of its own.
            await world.until_eks(partial(has_more_than, world, number))
        await world.until_active(*kept)
        await world.check_at_rest(lambda: engine.turns(world.arn), kept[:1])
        served = [profile["tags"]["fargateclaims.dev/name"] for profile in world.profiles().values()]
        assert sorted(served) == kept
        assert sorted(profile_of(claim) for claim in await world.claims()) == sorted(world.profiles())
    begun = {call.profile for call in world.calls() if any(f"-{name}-" in str(call.profile) for name in deleted)}
    # A deleted claim costs no call unless its turn had come before.
    assert world.begun(DELETE) == len(begun)
    assert world.begun(CREATE) == len(kept) + len(begun)
    await world.check_always()


def has_more_than(world: World, profiles: int) -> bool:
    return len(world.profiles()) > profiles


async def test_fault_41_alike_names(worlds: Worlds) -> None:
    world = await worlds("prod", profileNameTemplate="{namespace}-{name}")
    for namespace in ("a", "a-b"):
        await world.make_namespace(namespace)
    wanted = [("a", "b-c"), ("a-b", "c"), ("a", "x.y"), ("a", "x-y")]
    async with Engine(selector=world.selector) as engine:
        for namespace, name in wanted:
            await world.claim(name, namespace=namespace)
        for namespace, name in wanted:
            await world.until_active(name, namespace=namespace)
        for namespace, name in wanted:
            await world.check_at_rest(lambda: engine.turns(world.arn), [name], namespace)
        claims = await world.claims()
    names = {profile_of(claim) for claim in claims}
    assert len(names) == len(wanted)
    assert names == set(world.profiles())
    for claim in claims:
        tags = world.profiles()[profile_of(claim)]["tags"]
        assert (tags["fargateclaims.dev/namespace"], tags["fargateclaims.dev/name"]) == (
            claim["metadata"]["namespace"],
            claim["metadata"]["name"],
        )
    assert world.begun(CREATE) == len(wanted)
    await world.check_always()


async def test_fault_43_one_always_refused_among_ten(world: World) -> None:
    """It was there first, and asks again and again; the ten pass it by."""
    names = [f"good-{number}" for number in range(10)]
    world.eks.quotas(profiles=20)
    world.eks.timings(0.1, 0.1, **world.target())
    refusal = {"code": "InvalidParameterException", "message": "this profile is refused whatever happens"}
    world.eks.fault("error", operation=CREATE, profile="*-bad-*", **refusal, **world.target())
    async with Engine(selector=world.selector) as engine:
        await world.claim("bad")
        for name in names:
            await world.claim(name)
        await world.until_active(*names)
        refused = await world.until(lambda claim: stands(claim) == ("False", "Invalid"), "bad")
        assert "refused whatever happens" in condition(refused)["message"]
        await world.check_at_rest(lambda: engine.turns(world.arn), names[:1])
    assert world.begun(CREATE) == len(world.profiles()) == len(names)
    await world.check_always()
