"""The project's own CRDs and samples on the embedded server."""

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


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"replacement": "CreateFirst", "profileName": "fixed"}, "CreateFirst"),
        ({"tags": {"fargateclaims.dev/x": "1"}}, "fargateclaims.dev/"),
        ({"profileName": "eks-mine"}, "eks-"),
        ({"selectors": []}, "spec.selectors"),
    ],
)
async def test_the_rules_of_a_claim_hold(kube: RunningKube, spec: dict[str, object], words: str) -> None:
    claim = {"apiVersion": "fargateclaims.dev/v1alpha1", "kind": "FargateProfileClaim", "metadata": {"name": "bad"}}
    fields = {"className": "standard", "selectors": [{"labels": {"app": "x"}}], **spec}
    async with Api(kube.kubeconfig) as api:
        refused = (await api.create(CLAIMS, claim | {"spec": fields})).refused(422, "Invalid")
    assert words in refused["message"]


async def test_the_class_name_is_frozen_once_it_is_resolved(kube: RunningKube) -> None:
    async with Api(kube.kubeconfig) as api:
        name = (await api.get(CLAIMS)).ok()["items"][0]["metadata"]["name"]
        claim = (await api.get(f"{CLAIMS}/{name}")).ok()
        resolved = {"className": claim["spec"]["className"]}
        (await api.patch(f"{CLAIMS}/{name}/status", {"status": {"resolved": resolved}})).ok()
        refused = (await api.patch(f"{CLAIMS}/{name}", {"spec": {"className": "other"}})).refused(422, "Invalid")
    assert "className" in refused["message"]
