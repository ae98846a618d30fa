"""The faults on a real API server. The oracle is that of `tests/faults`: a run without the fault ends the same."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from typing import Any

import pytest

from support.api_proxy import APIProxy
from support.control_plane import ControlPlane
from support.fault_world import World
from support.installation import Installation
from support.kube_contract import Api
from support.scenarios import CleanRun, Scenario, Worlds, edited, one_claim, two_claims
from support.tcp_proxy import TCPProxy

PLAYED = (one_claim, two_claims, edited)


@pytest.fixture
async def worlds(installation: Installation, api: Api) -> AsyncIterator[Worlds]:
    """Make worlds beside each other."""
    made = []

    async def make(name: str, **spec: Any) -> World:
        name = f"{name}-{secrets.token_hex(4)}"
        made.append(World(api, installation.eks, installation.eks.seed([name]), name))
        await made[-1].open(**spec)
        return made[-1]

    yield make
    for world in made:
        await world.remove()


@pytest.fixture(scope="session")
def pictures() -> dict[Scenario, Any]:
    return {}


@pytest.fixture
def clean(installation: Installation, worlds: Worlds, pictures: dict[Scenario, Any]) -> CleanRun:
    """How a scenario ends without a fault. All of them are played at the first need, by one operator."""

    async def play(scenario: Scenario, world: World) -> None:
        await scenario(world, None)
        pictures[scenario] = await world.rest()
        await world.check_always()

    async def run(scenario: Scenario) -> Any:
        if not pictures:
            stages = [await worlds("clean") for _ in PLAYED]
            with installation.operator(class_selector=f"world in ({','.join(world.name for world in stages)})") as operator:
                await asyncio.gather(*(play(*each) for each in zip(PLAYED, stages, strict=True)))
                await operator.stop()
            # Nobody looks after them any more.
            for world in stages:
                await world.remove()
        return deepcopy(pictures[scenario])

    return run


@pytest.fixture
def api_proxy(plane: ControlPlane) -> Iterator[APIProxy]:
    with APIProxy(plane) as proxy:
        yield proxy


@pytest.fixture
def tcp_proxy(plane: ControlPlane) -> Iterator[TCPProxy]:
    with TCPProxy(int(plane.url.rpartition(":")[2])) as proxy:
        yield proxy
