"""One suite for any Kubernetes API server: the embedded one; with --control-plane, a real one; or that of the kubeconfig named by
FARGATECLAIMS_TEST_KUBECONFIG.

The tests use nothing but Kubernetes' own behaviour. They make a kind and namespaces of their own, and remove them.
"""

import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from support.kube_contract import Api
from support.kube_server import running_kube_server
from support.kubectl import Kubectl, kubectl_with
from support.ticket_kind import Kind, crd_manifest
from support.waiting import LIMIT
from support.workloads import Workloads


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


@pytest.fixture(scope="session")
def kubectl(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    """A kubectl with a home of its own."""
    return kubectl_with(kubeconfig, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def kind(kubectl: Kubectl) -> Iterator[Kind]:
    made = Kind(f"t{secrets.token_hex(4)}.contract.test")
    kubectl("create", "-f", "-", stdin=crd_manifest(made.group))
    kubectl("wait", "--for=condition=Established", f"crd/{made.crd}", "--timeout=100s")
    _wait_until_served(kubectl, made)
    yield made
    kubectl("delete", "crd", made.crd, "--wait=false")


def _wait_until_served(kubectl: Kubectl, kind: Kind) -> None:
    """A kind is Established a moment before all parts of an API server know it: objects, discovery, OpenAPI."""
    deadline = time.monotonic() + LIMIT
    while True:
        try:
            kubectl("get", kind.crd, "--all-namespaces")
            kubectl("explain", kind.crd)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)  # what is waited for is in another process
        else:
            return


@pytest.fixture
async def api(kubeconfig: Path) -> AsyncIterator[Api]:
    async with Api(kubeconfig) as opened:
        yield opened


@pytest.fixture
async def namespace(api: Api, kind: Kind) -> AsyncIterator[str]:
    name = f"contract-{secrets.token_hex(4)}"
    (await api.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})).ok()
    yield name
    await api.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture
def workloads(api: Api, namespace: str) -> Workloads:
    return Workloads(api, namespace)
