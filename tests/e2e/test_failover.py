"""Two replicas: one leads, the other takes over, and EKS is asked for nothing twice."""

from collections.abc import Callable

from fargateclaims.settings import Settings
from support.fault_world import CREATE, World
from support.installation import Installation
from support.replicas import replicas
from support.tampered import AS_SHIPPED

CLAIMS = ("first", "second", "third")
SETTLE_S = Settings.model_fields["settle_seconds"].default
"""How long a new leader lets the old one's last call end where nobody has set anything. Other tests need not wait for that."""


async def test_a_leader_that_is_killed_while_eks_answers(installation: Installation, world: World, show: Callable[[object], None]) -> None:
    """EKS has begun the second create, and its answer is on its way: nobody has seen it, and the create is not made again."""
    world.eks.fault("delay", seconds=5, when="after", operation=CREATE, skip=1, calls=1, **world.target())
    async with replicas(installation, world, environment=AS_SHIPPED, settle_seconds=SETTLE_S) as (leader, standby):
        await _second_is_being_created(world)
        leader.kill()
        killed = world.eks.health()["now"]
        await _finish(world)
        await standby.stop()
    took = _next_mutation(world, killed) - killed
    settling = f"of which the new leader lets the old one's calls end for {SETTLE_S:g} s"
    show(f"{took:.1f} s until the next mutation, {settling}; {_counted(world)}")


async def test_a_leader_that_is_asked_to_stop_hands_over_at_once(
    installation: Installation, world: World, show: Callable[[object], None]
) -> None:
    async with replicas(installation, world) as (leader, standby):
        await _second_is_being_created(world)
        asked = world.eks.health()["now"]
        await leader.stop()
        await _finish(world)
        await standby.stop()
    took = _next_mutation(world, asked) - asked
    show(f"{took:.1f} s until the next mutation; {_counted(world)}")


async def _second_is_being_created(world: World) -> None:
    """It ends when the leader has gone."""
    await world.claim(CLAIMS[0])
    await world.until_active(CLAIMS[0])
    world.eks.next("create", never_ends=True, **world.target())
    for name in CLAIMS[1:]:
        await world.claim(name)
    await world.until_eks(lambda: len(world.profiles()) == 2)


async def _finish(world: World) -> None:
    world.eks.finish(**world.target())
    await world.until_active(*CLAIMS)
    assert len(world.profiles()) == world.begun(CREATE) == len(CLAIMS)
    await world.check_always()


def _next_mutation(world: World, after: float) -> float:
    return min(call.at for call in world.calls() if call.changed and call.at > after)


def _counted(world: World) -> str:
    return f"claims: {len(CLAIMS)}, creates in EKS's ledger: {world.begun(CREATE)}"
