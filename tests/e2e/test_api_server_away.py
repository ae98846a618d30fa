"""The API server goes away while EKS works: nothing is lost, nothing is done twice, and the operator says why it stopped if it did.

A leader that cannot renew its Lease ends, and its Deployment starts it again: so do these tests.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager

import pytest

from support.control_plane import ControlPlane
from support.fault_world import CREATE, DELETE, World
from support.installation import Installation
from support.kept_running import KeptRunning, kept_running

CLAIMS = ("first", "second", "third")
AWAY_S = 60


@pytest.fixture
def world(plane: ControlPlane, installation: Installation, world: World) -> Iterator[World]:
    """Whatever a test leaves: what cleans up after it, and the next one, find an API server that answers."""
    yield world
    plane.resume_api_server()
    installation.until_served()


async def test_restarted(plane: ControlPlane, installation: Installation, world: World, show: Callable[[object], None]) -> None:
    async with _running(installation, world) as operator:
        await _second_is_being_created(world)
        await asyncio.to_thread(plane.stop_api_server)
        world.eks.finish(**world.target())
        await asyncio.to_thread(plane.start_api_server)
        await _all_is_well(world)
        _show(show, operator)


async def test_paused_for_a_minute(plane: ControlPlane, installation: Installation, world: World, show: Callable[[object], None]) -> None:
    async with _running(installation, world) as operator:
        await _second_is_being_created(world)
        plane.pause_api_server()
        world.eks.finish(**world.target())
        await asyncio.sleep(AWAY_S)
        assert world.begun(CREATE) == 2, "made for a claim that nobody could look at"
        plane.resume_api_server()
        await _all_is_well(world)
        _show(show, operator)


def _running(installation: Installation, world: World) -> AbstractAsyncContextManager[KeptRunning]:
    # Made before the API server goes away.
    kubeconfig = installation.kubeconfig()
    return kept_running(lambda: installation.operator(kubeconfig=kubeconfig, class_selector=world.selector))


async def _second_is_being_created(world: World) -> None:
    """It ends while the API server is away."""
    await world.claim(CLAIMS[0])
    await world.until_active(CLAIMS[0])
    world.eks.next("create", never_ends=True, **world.target())
    for name in CLAIMS[1:]:
        await world.claim(name)
    await world.until_eks(lambda: world.begun(CREATE) == 2)


async def _all_is_well(world: World) -> None:
    await world.until_active(*CLAIMS)
    # It also still hears of what changes.
    await world.delete("first")
    await world.until_gone("first")
    assert (world.begun(CREATE), world.begun(DELETE)) == (len(CLAIMS), 1)
    await world.check_always()


def _show(show: Callable[[object], None], operator: KeptRunning) -> None:
    said = "".join(f"\n  {sentence}" for sentence in operator.warnings)
    show(f"times that the operator was started again: {len(operator.ended)}; what it said:{said}")
