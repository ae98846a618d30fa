"""The faults that the operator survives: real HTTP, real boto3, real kopf, against the embedded APIs.

The oracle: the same scenario runs clean, then with the fault; objects, profiles and the ledger must come out the same.
Each worker of the test run has one pair of servers, made new before each test.
"""

from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from fargateclaims.aws import calls, sessions
from fargateclaims.simulator.eks.client import SimulatedEKS
from support.eks_server import eks_server
from support.embedded_world import EmbeddedWorld, EmbeddedWorlds
from support.engine_in_process import Engine
from support.kube_contract import Api
from support.kube_server import RunningKube, kube_server_process
from support.scenarios import CleanRun, Scenario, Worlds
from support.waiting import NEVER

CRDS = Path(__file__).parents[2] / "crds"
OPERATION_S = 0.05
"""Over before anybody looks: what a test must see under way, it holds open itself."""


@pytest.fixture(scope="session")
def kube_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKube]:
    with kube_server_process(tmp_path_factory.mktemp("kube"), "--crds", str(CRDS)) as kube:
        yield kube


@pytest.fixture(scope="session")
def eks_process() -> Iterator[SimulatedEKS]:
    with eks_server(create_seconds=OPERATION_S, delete_seconds=OPERATION_S) as simulated:
        yield simulated


@pytest.fixture
def kube(kube_process: RunningKube, monkeypatch: pytest.MonkeyPatch) -> RunningKube:
    kube_process.admin.reset()
    monkeypatch.setenv("KUBECONFIG", str(kube_process.kubeconfig))
    return kube_process


@pytest.fixture
def eks(eks_process: SimulatedEKS, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimulatedEKS:
    eks_process.reset()
    environment = eks_process.seed().environment(eks_process.url)
    nowhere = {"AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    for name, value in {**environment, **nowhere}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    # A slow machine is no fault: no call of an engine in this process is given up, but where the test is about that.
    patient = sessions._CLIENT_CONFIG.merge(Config(connect_timeout=NEVER, read_timeout=NEVER))
    monkeypatch.setattr(sessions, "_CLIENT_CONFIG", patient)
    for limit in ("MUTATION_LIMIT", "AWS_READ_LIMIT"):
        monkeypatch.setattr(calls, limit, NEVER)
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
