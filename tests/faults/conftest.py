"""The faults that the operator survives: real HTTP, real boto3, real kopf, against the embedded APIs.

The oracle: the same scenario runs clean, then with the fault; objects, profiles and the ledger must come out the same.
Each worker of the test run has one pair of servers, made new before each test.
"""

from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any

import pytest

from fargateclaims.simulator.eks.client import SimulatedEKS
from support.eks_server import as_new, be_patient, sign_in
from support.embedded_world import EmbeddedWorld, EmbeddedWorlds
from support.engine_in_process import Engine
from support.kube_contract import Api
from support.kube_server import RunningKube
from support.scenarios import CleanRun, Scenario, Worlds

OPERATION_S = 0.05
"""Over before anybody looks: what a test must see under way, it holds open itself."""


@pytest.fixture
def kube(kube_process: RunningKube, monkeypatch: pytest.MonkeyPatch) -> RunningKube:
    kube_process.admin.reset()
    monkeypatch.setenv("KUBECONFIG", str(kube_process.kubeconfig))
    return kube_process


@pytest.fixture
def eks(eks_process: SimulatedEKS, monkeypatch: pytest.MonkeyPatch) -> SimulatedEKS:
    as_new(eks_process, create_seconds=OPERATION_S, delete_seconds=OPERATION_S)
    sign_in(eks_process, eks_process.seed(), monkeypatch)
    be_patient(monkeypatch)
    return eks_process


@pytest.fixture
async def api(kube: RunningKube) -> AsyncIterator[Api]:
    async with Api(kube.kubeconfig) as opened:
        yield opened


@pytest.fixture
def worlds(kube: RunningKube, api: Api, eks: SimulatedEKS) -> EmbeddedWorlds:
    """Make worlds beside each other."""

    async def make(name: str, **spec: Any) -> EmbeddedWorld:
        world = EmbeddedWorld(api, eks, eks.seed([name]), name, kube=kube)
        await world.open(**spec)
        return world

    return make


@pytest.fixture
async def world(worlds: EmbeddedWorlds) -> EmbeddedWorld:
    return await worlds("prod")


@pytest.fixture(scope="session")
def pictures() -> dict[Scenario, Any]:
    return {}


@pytest.fixture
def clean(worlds: Worlds, pictures: dict[Scenario, Any]) -> CleanRun:
    """How a scenario ends without a fault."""

    async def run(scenario: Scenario) -> Any:
        if scenario not in pictures:
            world = await worlds("clean")
            async with Engine(selector=world.selector, watching=True) as engine:
                await scenario(world, engine)
                pictures[scenario] = await world.rest()
            await world.check_always()
        return deepcopy(pictures[scenario])

    return run
