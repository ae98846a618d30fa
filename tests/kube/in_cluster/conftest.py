"""What is read and mended in an EKS cluster, against an API server that keeps the rules.

It is the embedded one, or, with --control-plane, a real one.

The operator's side goes through `ClusterAPI`, as it does in operation; only the token is not AWS's.
"""

import base64
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import yaml

from fargateclaims.api.arn import ClusterARN
from fargateclaims.clock import SystemClock
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.kube.clusters import ClusterAPI, ClusterAPIs
from support.kube_contract import Api
from support.kube_server import running_kube_server
from support.workloads import Workloads

ARN = ClusterARN("aws", "eu-west-1", "111122223333", "prod")


class GivenToken:
    """A token that is not AWS's."""

    principal = "arn:aws:iam::111122223333:role/fargateclaims"

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:
        return self._token

    def distrust(self, token: str) -> None:
        pass


@pytest.fixture(scope="module")
def kubeconfig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if request.config.getoption("control_plane"):
        yield request.getfixturevalue("plane").kubeconfig
        return
    with running_kube_server(tmp_path_factory.mktemp("kube")) as kube:
        yield kube.kubeconfig


@pytest.fixture
async def api(kubeconfig: Path) -> AsyncIterator[Api]:
    """For who may do all."""
    async with Api(kubeconfig) as opened:
        yield opened


@pytest.fixture
async def namespace(api: Api) -> AsyncIterator[str]:
    name = f"shop-{secrets.token_hex(4)}"
    (await api.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})).ok()
    yield name
    await api.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture
def workloads(api: Api, namespace: str) -> Workloads:
    return Workloads(api, namespace)


@pytest.fixture
def place(kubeconfig: Path) -> tuple[EKSCluster, GivenToken]:
    """Where the cluster is, as EKS would say it, and the token of who may do all."""
    config = yaml.safe_load(kubeconfig.read_text())
    where, who = config["clusters"][0]["cluster"], config["users"][0]["user"]
    authority = base64.b64encode(Path(where["certificate-authority"]).read_bytes()).decode() if "certificate-authority" in where else ""
    token = Path(who["tokenFile"]).read_text() if "tokenFile" in who else who.get("token", "none")
    seen = EKSCluster("prod", "ACTIVE", "1.36", "vpc-1", (), "API", endpoint=where["server"], certificate_authority=authority)
    return seen, GivenToken(token)


@pytest.fixture
async def cluster(place: tuple[EKSCluster, GivenToken]) -> AsyncIterator[ClusterAPI]:
    """The cluster as the operator sees it."""
    seen, token = place
    apis = ClusterAPIs(lambda *_: token, SystemClock())
    yield await apis.of(ARN, seen)
    await apis.close()
