"""The operator's engine on a simulated AWS; what runs in the EKS cluster is on the same embedded API server as the claims."""

from collections.abc import AsyncIterator, Iterator

import pytest

from fargateclaims.engine import reporter
from fargateclaims.simulator.eks.client import SimulatedEKS
from support.broken_set_ups import ACCOUNT, CLUSTER, REGION, SetUp
from support.eks_server import as_new, be_patient, sign_in
from support.guide_world import GuideWorld
from support.kube_contract import Api
from support.kube_server import RunningKube

_OPERATION_S = 0.05


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
def set_up(eks_process: SimulatedEKS, authentication_mode: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SetUp]:
    as_new(eks_process, create_seconds=_OPERATION_S, delete_seconds=_OPERATION_S)
    eks_process.seed([CLUSTER], account=ACCOUNT, region=REGION, authentication_mode=authentication_mode)
    made = SetUp.healthy(eks_process)
    sign_in(eks_process, made.seeded, monkeypatch)
    be_patient(monkeypatch)
    # It is not waited until a message alone may be written again.
    monkeypatch.setattr(reporter, "POSITION_WRITE_INTERVAL", 0.0)
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
