"""Two replicas: one leads, the other takes over, and EKS is asked for nothing twice."""

from collections.abc import Callable
from contextlib import ExitStack

from support.control_plane import ControlPlane, audited
from support.fault_world import CREATE, World
from support.installation import NAME, Installation
from support.least_privilege import request_of
from support.operator_process import OperatorProcess
from support.waiting import until

CLAIMS = ("first", "second", "third")


async def test_a_leader_that_is_killed_while_eks_answers(
    plane: ControlPlane, installation: Installation, world: World, show: Callable[[object], None]
) -> None:
    """EKS has begun the second create, and its answer is on its way: nobody has seen it, and the create is not made again."""
    world.eks.fault("delay", seconds=5, when="after", operation=CREATE, skip=1, calls=1, **world.target())
    with ExitStack() as replicas:
        leader, standby = [replicas.enter_context(installation.operator(class_selector=world.selector)) for _ in range(2)]
        leader, standby = await _leader_first(plane, leader, standby)
        await _claim_all(world)
        await world.until_eks(lambda: len(world.profiles()) == 2)
        leader.kill()
        killed = world.eks.health()["now"]
        await _finish(world)
        await standby.stop()
    took = _next_mutation(world, killed) - killed
    show(f"{took:.1f} s until the next mutation; claims: {len(CLAIMS)}, creates in EKS's ledger: {world.begun(CREATE)}")


async def test_a_leader_that_is_asked_to_stop_hands_over_at_once(
    plane: ControlPlane, installation: Installation, world: World, show: Callable[[object], None]
) -> None:
    with ExitStack() as replicas:
        leader, standby = [replicas.enter_context(installation.operator(class_selector=world.selector)) for _ in range(2)]
        leader, standby = await _leader_first(plane, leader, standby)
        await _claim_all(world)
        await world.until_eks(lambda: len(world.profiles()) == 2)
        asked = world.eks.health()["now"]
        await leader.stop()
        await _finish(world)
        await standby.stop()
    took = _next_mutation(world, asked) - asked
    show(f"{took:.1f} s until the next mutation; claims: {len(CLAIMS)}, creates in EKS's ledger: {world.begun(CREATE)}")


async def _leader_first(plane: ControlPlane, *replicas: OperatorProcess) -> tuple[OperatorProcess, OperatorProcess]:
    """The replica that leads, and the one that has seen it do so."""

    def leads(replica: OperatorProcess) -> bool:
        return "this replica leads now" in replica.stderr

    await until(lambda: any(map(leads, replicas)))
    looks = _looks(plane)
    # Whoever leads only writes the Lease; who waits reads it.
    await until(lambda: _looks(plane) > looks)
    standby, leader = sorted(replicas, key=leads)
    return leader, standby


def _looks(plane: ControlPlane) -> int:
    asked = map(request_of, audited(plane.audit_log))
    return sum((each.verb, each.resource, each.name) == ("get", "leases.coordination.k8s.io", NAME) for each in asked if each)


async def _claim_all(world: World) -> None:
    world.eks.timings(2.0, 0.5, **world.target())
    for name in CLAIMS:
        await world.claim(name)


async def _finish(world: World) -> None:
    await world.until_active(*CLAIMS)
    assert len(world.profiles()) == world.begun(CREATE) == len(CLAIMS)
    await world.check_always()


def _next_mutation(world: World, after: float) -> float:
    return min(call.at for call in world.calls() if call.changed and call.at > after)
