"""For all tests: how hard Hypothesis tries, and the servers that many of them share, one of each for each worker of the run.

`HYPOTHESIS_PROFILE=thorough` looks much longer, and elsewhere each time. `make e2e` gives `--control-plane`; without it, what needs
one is not collected. What happened there is judged afterwards, in a run of its own with `--audit-logs` alone.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from fargateclaims.simulator.eks.client import SimulatedEKS
from support.audit_log import keep
from support.control_plane import ControlPlane, control_plane
from support.eks_server import LEAPING_CREATE_S, LEAPING_DELETE_S, eks_server
from support.kube_server import RunningKube, kube_server_process

HERE = Path(__file__).parent
# A script's background hears of no Ctrl-C, nor would the programs that tests start there and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# The same examples each time: a failure that only some runs see is found by the thorough profile, not by whoever pushes next.
settings.register_profile("quick", derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "thorough", deadline=None, max_examples=3000, stateful_step_count=80, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_addoption(parser: pytest.Parser) -> None:
    folder = {"type": Path, "metavar": "FOLDER"}
    parser.addoption("--control-plane", help="where kube-apiserver, kube-controller-manager and etcd are: `make kube` prints it", **folder)
    parser.addoption("--audit-logs", help="where the control planes of a run leave their audit logs, to be judged by the next", **folder)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    wanted = {
        HERE / "e2e": config.getoption("control_plane"),
        HERE / "audit": config.getoption("audit_logs") and not config.getoption("control_plane"),
    }
    return True if collection_path in wanted and not wanted[collection_path] else None


@pytest.fixture(scope="session")
def plane(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """The real control plane."""
    folder = tmp_path_factory.mktemp("plane")
    with control_plane(pytestconfig.getoption("control_plane"), folder) as running:
        yield running
    folder_of_logs = pytestconfig.getoption("audit_logs")
    if folder_of_logs:
        keep(running, folder_of_logs, os.environ.get("PYTEST_XDIST_WORKER", "main"))


@pytest.fixture(scope="session")
def eks_process() -> Iterator[SimulatedEKS]:
    """The simulated EKS. Whoever uses it resets it, or makes it `as_new`; its clock is the machine's."""
    with eks_server() as simulated:
        yield simulated


@pytest.fixture(scope="session")
def leaping_eks_process() -> Iterator[SimulatedEKS]:
    """Another one, for tests that put the clock forward, which does not go back."""
    with eks_server(create_seconds=LEAPING_CREATE_S, delete_seconds=LEAPING_DELETE_S) as simulated:
        yield simulated


@pytest.fixture(scope="session")
def kube_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKube]:
    """The embedded API server, as a process that tests may disturb; after a reset it has the CRDs alone."""
    with kube_server_process(tmp_path_factory.mktemp("kube"), "--crds", str(HERE.parent / "crds")) as kube:
        yield kube
