"""Ten thousand claims on the embedded server, as clients read them: in pages, and then by a watch from where the list was."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fargateclaims.api.group import API_VERSION, CLAIM_KIND, CLAIM_PLURAL, GROUP, VERSION
from fargateclaims.simulator.kube.server import Settings, read_manifests
from support.kube_contract import Api
from support.kube_server import RunningKube, running_kube_server

CRDS = Path(__file__).parents[3] / "crds"
CLAIMS = f"/apis/{GROUP}/{VERSION}/{CLAIM_PLURAL}"
COUNT, NAMESPACES, PAGE = 10_000, 20, 500


@pytest.fixture
def kube(tmp_path: Path) -> Iterator[RunningKube]:
    with running_kube_server(tmp_path, Settings(objects=read_manifests(CRDS))) as running:
        yield running


def claim(number: int) -> dict[str, Any]:
    metadata = {"name": f"web-{number:05}", "namespace": f"team-{number % NAMESPACES:02}"}
    spec = {"className": "standard", "selectors": [{"labels": {"app": metadata["name"]}}]}
    return {"apiVersion": API_VERSION, "kind": CLAIM_KIND, "metadata": metadata, "spec": spec}


def names(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in items]


async def pages(api: Api) -> list[dict[str, Any]]:
    """The whole list, in pages."""
    read: list[dict[str, Any]] = []
    token = ""
    while not read or token:
        read.append((await api.get(CLAIMS, limit=PAGE, **({"continue": token} if token else {}))).ok())
        token = read[-1]["metadata"].get("continue", "")
    return read


async def test_ten_thousand_claims_are_listed_in_pages_and_watched(kube: RunningKube) -> None:
    namespaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"team-{number:02}"}} for number in range(NAMESPACES)]
    claims = [claim(number) for number in range(COUNT)]
    assert kube.admin.load([*namespaces, *claims]) == NAMESPACES + COUNT
    assert kube.admin.state()["objects"][f"{CLAIM_PLURAL}.{GROUP}"] == COUNT
    async with Api(kube.kubeconfig) as api:
        read = await pages(api)
        assert [len(page["items"]) for page in read] == [PAGE] * (COUNT // PAGE)
        assert [page["metadata"].get("remainingItemCount", 0) for page in read] == list(range(COUNT - PAGE, -1, -PAGE))
        (version,) = {page["metadata"]["resourceVersion"] for page in read}
        assert names([item for page in read for item in page["items"]]) == sorted(names(claims))
        async with api.watch(CLAIMS, resourceVersion=version) as watch:
            path = f"/apis/{GROUP}/{VERSION}/namespaces/team-07/{CLAIM_PLURAL}/web-04207"
            changed = (await api.patch(path, {"metadata": {"labels": {"changed": "yes"}}})).ok()
            # The first event is the change: what was there is not told again.
            assert await watch.next() == {"type": "MODIFIED", "object": changed}
        (found,) = (await api.get(CLAIMS, labelSelector="changed=yes")).ok()["items"]
        assert found["metadata"]["name"] == "web-04207"
    assert kube.admin.count(verb="list", resource=CLAIM_PLURAL, code=200) == COUNT // PAGE + 1
