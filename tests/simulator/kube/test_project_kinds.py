"""The project's own CRDs and samples, loaded into the embedded server. What the CRDs refuse is in the contract suite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fargateclaims.simulator.kube.server import Settings, read_manifests
from support.kube_contract import Api
from support.kube_server import RunningKube, running_kube_server

ROOT = Path(__file__).parents[3]
CLAIMS = "/apis/fargateclaims.dev/v1alpha1/namespaces/shop/fargateprofileclaims"


@pytest.fixture
def kube(tmp_path: Path) -> Iterator[RunningKube]:
    with running_kube_server(tmp_path, Settings(objects=read_manifests(ROOT / "crds"))) as running:
        running.admin.load(read_manifests(ROOT / "deploy" / "samples"))
        yield running


async def test_the_samples_are_accepted_and_pending(kube: RunningKube) -> None:
    async with Api(kube.kubeconfig) as api:
        claims = (await api.get(CLAIMS)).ok()["items"]
    assert claims
    for claim in claims:
        conditions = {condition["type"]: condition for condition in claim["status"]["conditions"]}
        assert (conditions["Ready"]["status"], conditions["Ready"]["reason"]) == ("Unknown", "Pending")
        assert conditions["Reconciling"]["status"] == "True"
