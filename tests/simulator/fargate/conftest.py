"""A cluster with a data plane, on the embedded API server; with --control-plane, on a real one; or on that of the kubeconfig named by
FARGATECLAIMS_TEST_KUBECONFIG.

The tests in `behaviour` use nothing that only one of them has. No test leaves a pod or a node behind.
"""

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fargateclaims.simulator.eks.client import SimulatedEKS
from support.eks_server import as_new
from support.fargate_world import NODES, FargateWorld
from support.kube_contract import Api
from support.kube_server import running_kube_server

# Profiles that a test does not place move at once, unless it says how long they take.
_OPERATION_S = 0.0


@pytest.fixture(scope="session")
def kubeconfig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    given = os.environ.get("FARGATECLAIMS_TEST_KUBECONFIG")
    if given:
        yield Path(given)
        return
    if request.config.getoption("control_plane"):
        yield request.getfixturevalue("plane").kubeconfig
        return
    with running_kube_server(tmp_path_factory.mktemp("kube")) as kube:
        yield kube.kubeconfig


@pytest.fixture
def eks(eks_process: SimulatedEKS) -> SimulatedEKS:
    return as_new(eks_process, create_seconds=_OPERATION_S, delete_seconds=_OPERATION_S)


@pytest.fixture
async def api(kubeconfig: Path) -> AsyncIterator[Api]:
    async with Api(kubeconfig) as opened:
        yield opened


@pytest.fixture
async def world(kubeconfig: Path, api: Api, eks: SimulatedEKS) -> AsyncIterator[FargateWorld]:
    name = f"fargate-{secrets.token_hex(4)}"
    (await api.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})).ok()
    world = FargateWorld(api, kubeconfig, eks, eks.seed([name]), name, name)
    world.let_in()
    yield world
    pods = f"/api/v1/namespaces/{name}/pods"
    for pod in (await world.read(pods))["items"]:
        await api.delete(f"{pods}/{pod['metadata']['name']}", {"gracePeriodSeconds": 0})
        await world.until_gone(f"{pods}/{pod['metadata']['name']}")
    for node in await world.nodes():
        await api.delete(f"{NODES}/{node['metadata']['name']}")
    await api.delete(f"/api/v1/namespaces/{name}")
