from collections.abc import AsyncIterator

import pytest
from kubernetes.aio.client import ApiClient, Configuration

from fargateclaims.kube import client as requests
from fargateclaims.kube.client import KubeClient
from support.scripted_server import ScriptedServer, scripted_server
from support.virtual_clock import VirtualClock
from support.waiting import NEVER


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine is no fault: no request is given up while it connects."""
    monkeypatch.setattr(requests, "KUBE_CONNECT_TIMEOUT", NEVER)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as server:
        yield server


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def outcomes() -> list[tuple[str, str]]:
    return []


@pytest.fixture
async def client(server: ScriptedServer, clock: VirtualClock, outcomes: list[tuple[str, str]]) -> AsyncIterator[KubeClient]:
    configuration = Configuration(host=server.url)
    client = KubeClient(ApiClient(configuration), clock=clock, observe=lambda verb, outcome: outcomes.append((verb, outcome)))
    yield client
    await client.close()
