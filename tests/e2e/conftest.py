"""The operator as a process of its own, under its ServiceAccount's rights, between a real API server and the simulated EKS.

Each worker of the test run has one control plane and one EKS; each test has its own cluster in EKS, its own class and namespace,
and an operator that it starts itself.
"""

import secrets
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from fargateclaims.simulator.eks.client import SimulatedEKS
from support.control_plane import ControlPlane
from support.eks_server import as_new
from support.fault_world import World
from support.installation import Installation
from support.kube_contract import Api
from support.kubectl import Kubectl, kubectl_with

OPERATION_S = 0.5
_SHOWN = "shown"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests have to show, below their results and from all workers."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == _SHOWN:
                terminalreporter.section(report.nodeid.rpartition("::")[2].replace("_", " "), sep="-")
                terminalreporter.line(str(value))


@pytest.fixture
def show(record_property: Callable[[str, object], None]) -> Callable[[object], None]:
    """Keeps a text for people to read at the end of the run: what was measured, or printed by others."""
    return partial(record_property, _SHOWN)


@pytest.fixture(scope="session")
def kubectl(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    """kubectl, for who may do all."""
    return kubectl_with(plane.kubeconfig, tmp_path_factory.mktemp("home"))


@pytest.fixture
def eks(eks_process: SimulatedEKS) -> SimulatedEKS:
    return as_new(eks_process, create_seconds=OPERATION_S, delete_seconds=OPERATION_S)


@pytest.fixture
async def api(plane: ControlPlane) -> AsyncIterator[Api]:
    async with Api(plane.kubeconfig) as opened:
        yield opened


@pytest.fixture
def installation(plane: ControlPlane, kubectl: Kubectl, eks: SimulatedEKS, tmp_path: Path) -> Installation:
    """What `deploy/` installs is there; no operator runs yet."""
    made = Installation(plane, kubectl, eks, eks.seed(), tmp_path)
    made.apply()
    return made


@pytest.fixture
async def world(installation: Installation, api: Api) -> AsyncIterator[World]:
    """A cluster, a class and a namespace of one name. What a test leaves there goes without an operator's help."""
    name = f"w{secrets.token_hex(4)}"
    world = World(api, installation.eks, installation.eks.seed([name]), name)
    await world.open()
    yield world
    await world.remove()
