"""One embedded API server for these tests, as new before each, with the tickets of the contract suite served."""

from collections.abc import AsyncIterator, Iterator

import pytest

from fargateclaims.simulator.kube.server import Settings
from support.kube_contract import Api
from support.kube_server import RunningKube, running_kube_server
from support.ticket_kind import Kind, crd_manifest

GROUP = "faults.contract.test"
BOOKMARK_SECONDS = 0.05


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKube]:
    settings = Settings(objects=(crd_manifest(GROUP),), bookmark_seconds=BOOKMARK_SECONDS)
    with running_kube_server(tmp_path_factory.mktemp("kube"), settings) as running:
        yield running


@pytest.fixture
def kube(_server: RunningKube) -> RunningKube:
    _server.admin.reset()
    return _server


@pytest.fixture
def tickets() -> Kind:
    return Kind(GROUP)


@pytest.fixture
async def http(kube: RunningKube) -> AsyncIterator[Api]:
    async with Api(kube.kubeconfig) as opened:
        yield opened
