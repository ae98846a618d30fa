"""The operator's engine on a simulated AWS; what runs in the EKS cluster is on the same embedded API server as the claims."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from botocore.config import Config

from fargateclaims.aws import calls, sessions
from fargateclaims.engine import reporter
from fargateclaims.simulator.eks.client import SimulatedEKS
from support.broken_set_ups import ACCOUNT, CLUSTER, REGION, SetUp
from support.eks_server import eks_server
from support.guide_world import GuideWorld
from support.kube_contract import Api
from support.kube_server import RunningKube, kube_server_process
from support.waiting import NEVER

CRDS = Path(__file__).parents[2] / "crds"
_OPERATION_S = 0.05


@pytest.fixture(scope="session")
def kube_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKube]:
    with kube_server_process(tmp_path_factory.mktemp("kube"), "--crds", str(CRDS)) as kube:
        yield kube


@pytest.fixture(scope="session")
def eks_process() -> Iterator[SimulatedEKS]:
    with eks_server(create_seconds=_OPERATION_S, delete_seconds=_OPERATION_S) as simulated:
        yield simulated


@pytest.fixture
def kube(kube_process: RunningKube, monkeypatch: pytest.MonkeyPatch) -> RunningKube:
    kube_process.admin.reset()
    monkeypatch.setenv("KUBECONFIG", str(kube_process.kubeconfig))
    return kube_process


@pytest.fixture
def authentication_mode() -> str:
    """Of the cluster; a test may give another."""
    return "API_AND_CONFIG_MAP"


@pytest.fixture
def set_up(eks_process: SimulatedEKS, authentication_mode: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[SetUp]:
    eks_process.reset()
    eks_process.seed([CLUSTER], account=ACCOUNT, region=REGION, authentication_mode=authentication_mode)
    made = SetUp.healthy(eks_process)
    nowhere = {"AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    for name, value in {**made.seeded.environment(eks_process.url), **nowhere}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    # A slow machine is none of the set-ups that are to be found.
    monkeypatch.setattr(sessions, "_CLIENT_CONFIG", sessions._CLIENT_CONFIG.merge(Config(connect_timeout=NEVER, read_timeout=NEVER)))
    # Nor is it waited until a message alone may be written again.
    monkeypatch.setattr(reporter, "POSITION_WRITE_INTERVAL", 0.0)
    for limit in ("MUTATION_LIMIT", "AWS_READ_LIMIT"):
        monkeypatch.setattr(calls, limit, NEVER)
    yield made
    made.close()


@pytest.fixture
async def api(kube: RunningKube) -> AsyncIterator[Api]:
    async with Api(kube.kubeconfig) as opened:
        yield opened


@pytest.fixture
async def world(kube: RunningKube, api: Api, set_up: SetUp) -> GuideWorld:
    return GuideWorld(api, set_up.simulated, set_up.seeded, CLUSTER, kube=kube, set_up=set_up)


@pytest.fixture
async def healthy(world: GuideWorld) -> GuideWorld:
    """With CoreDNS on Fargate."""
    await world.furnish()
    async with world.fargate():
        await world.until_dns_runs()
    return world
