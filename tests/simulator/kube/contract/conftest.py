"""One suite for any Kubernetes API server: the embedded one, or that of the kubeconfig named by FARGATECLAIMS_TEST_KUBECONFIG.

The tests use nothing but Kubernetes' own behaviour. They make a kind and namespaces of their own, and remove them.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.kube_contract import Api, Kubectl
from support.kube_server import running_kube_server
from support.ticket_kind import Kind, crd_manifest

KUBECTL = Path(sys.executable).with_name("kubectl")


@pytest.fixture(scope="session")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    given = os.environ.get("FARGATECLAIMS_TEST_KUBECONFIG")
    if given:
        yield Path(given)
        return
    with running_kube_server(tmp_path_factory.mktemp("kube")) as kube:
        yield kube.kubeconfig


@pytest.fixture(scope="session")
def kubectl(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    """A kubectl with a home of its own."""
    home = tmp_path_factory.mktemp("home")

    def run(*arguments: str, stdin: Any = None, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        text = stdin if stdin is None or isinstance(stdin, str) else json.dumps(stdin)
        settings = {"HOME": str(home), "KUBECONFIG": str(kubeconfig), "PATH": os.environ["PATH"], **environment}
        done = subprocess.run([KUBECTL, *arguments], input=text, capture_output=True, text=True, env=settings, timeout=60, check=False)
        assert done.returncode == code, f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def kind(kubectl: Kubectl) -> Iterator[Kind]:
    made = Kind(f"t{secrets.token_hex(4)}.contract.test")
    kubectl("create", "-f", "-", stdin=crd_manifest(made.group))
    kubectl("wait", "--for=condition=Established", f"crd/{made.crd}", "--timeout=30s")
    yield made
    kubectl("delete", "crd", made.crd, "--wait=false")


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
