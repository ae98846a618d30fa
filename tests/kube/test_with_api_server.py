"""The client against an API server that keeps the rules: preconditions, pages, subresources, validation."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from fargateclaims.api.group import CLAIM_PLURAL, CLASS_PLURAL, FINALIZER
from fargateclaims.clock import SystemClock
from fargateclaims.engine.leadership import Leadership
from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.errors import Conflict, Missing, Refused
from fargateclaims.kube.events import EventRecorder, ObjectRef
from fargateclaims.kube.lease import LeaseClient
from fargateclaims.simulator.kube.server import Settings
from fargateclaims.timing import LEASE_DURATION
from support.kube_server import RunningKube, running_kube_server
from support.manifests import claim_manifest, class_manifest
from support.waiting import until

CRDS = Path(__file__).parents[2] / "crds"


@pytest.fixture(scope="module")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKube]:
    definitions = tuple(yaml.safe_load(path.read_text(encoding="utf-8")) for path in CRDS.glob("*.yaml"))
    with running_kube_server(tmp_path_factory.mktemp("kube"), Settings(objects=definitions)) as running:
        yield running


@pytest.fixture
def kube(api_server: RunningKube) -> RunningKube:
    api_server.admin.reset()
    api_server.admin.load([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}])
    return api_server


@pytest.fixture
async def client(kube: RunningKube, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KubeClient]:
    monkeypatch.setenv("KUBECONFIG", str(kube.kubeconfig))
    client = await KubeClient.connect()
    yield client
    await client.close()


def fresh(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    manifest = deepcopy(manifest)
    kept = {key: manifest["metadata"][key] for key in ("namespace",) if key in manifest["metadata"]}
    manifest["metadata"] = {**kept, "name": name}
    return manifest


@pytest.fixture
async def claim(kube: RunningKube, client: KubeClient) -> dict[str, Any]:
    kube.admin.load([fresh(claim_manifest(), "checkout")])
    return await client.get(CLAIM_PLURAL, "shop", "checkout")


async def test_a_list_of_several_pages_is_complete(kube: RunningKube, client: KubeClient) -> None:
    names = [f"claim-{n:04}" for n in range(1201)]
    kube.admin.load(fresh(claim_manifest(), name) for name in names)
    kube.admin.clear_ledger()
    items, version = await client.list_all(CLAIM_PLURAL)
    assert sorted(item["metadata"]["name"] for item in items) == names
    assert int(version) >= max(int(item["metadata"]["resourceVersion"]) for item in items)
    assert all(item["kind"] == "FargateProfileClaim" and "managedFields" not in item["metadata"] for item in items)
    assert kube.admin.count(verb="list", resource=CLAIM_PLURAL) == 3


async def test_classes_namespaces_and_definitions_can_be_read(kube: RunningKube, client: KubeClient) -> None:
    kube.admin.load([fresh(class_manifest(), "standard")])
    ((standard,), _) = await client.list_all(CLASS_PLURAL)
    assert (standard["kind"], standard["metadata"]["name"]) == ("FargateProfileClass", "standard")
    assert await client.get(CLASS_PLURAL, None, "standard") == standard
    namespaces, _ = await client.list_namespaces()
    assert "shop" in {namespace["metadata"]["name"] for namespace in namespaces}
    assert (await client.get_crd(f"{CLAIM_PLURAL}.fargateclaims.dev"))["spec"]["group"] == "fargateclaims.dev"
    with pytest.raises(Missing):
        await client.get(CLAIM_PLURAL, "shop", "nobody")


async def test_a_status_is_written_once_for_what_was_read(client: KubeClient, claim: dict[str, Any]) -> None:
    written = await client.put_status({**claim, "status": {"observedGeneration": 1}})
    assert written["status"]["observedGeneration"] == 1
    assert written["metadata"]["resourceVersion"] != claim["metadata"]["resourceVersion"]
    assert written["metadata"]["generation"] == 1
    with pytest.raises(Conflict):
        await client.put_status({**claim, "status": {"observedGeneration": 2}})


async def test_a_status_never_reaches_another_object_of_the_same_name(client: KubeClient, claim: dict[str, Any]) -> None:
    other = deepcopy(claim)
    other["metadata"]["uid"] = "00000000-0000-4000-8000-000000000000"
    with pytest.raises((Conflict, Refused)):
        await client.put_status({**other, "status": {"observedGeneration": 1}})


async def test_finalizers_of_others_survive(client: KubeClient, claim: dict[str, Any]) -> None:
    ours = await client.patch_finalizers(claim, [FINALIZER])
    assert ours["metadata"]["finalizers"] == [FINALIZER]
    assert ours["spec"] == claim["spec"]
    await client.patch_finalizers(ours, [FINALIZER, "example.com/theirs"])
    with pytest.raises(Conflict):
        await client.patch_finalizers(ours, [])
    assert (await client.get(CLAIM_PLURAL, "shop", "checkout"))["metadata"]["finalizers"] == [FINALIZER, "example.com/theirs"]


async def test_events_are_accepted_and_counted(kube: RunningKube, client: KubeClient, claim: dict[str, Any]) -> None:
    fates: list[str] = []
    recorder = EventRecorder(client, SystemClock(), "test", observe=fates.append)
    recorder.start()
    recorder.emit(ObjectRef.of(claim), "Normal", "Created", "CreateProfile", "ACTIVE after 74 s")
    await until(lambda: fates == ["sent"])
    recorder.emit(ObjectRef.of(claim), "Normal", "Created", "CreateProfile", "ACTIVE after 74 s")
    await until(lambda: fates == ["sent", "counted"])
    recorder.emit(ObjectRef("fargateclaims.dev/v1alpha1", "FargateProfileClass", "", "standard", "u"), "Warning", "Blocked", "Wait", "busy")
    await until(lambda: fates == ["sent", "counted", "sent"])
    await recorder.stop()
    stored = await client.request("list", "/apis/events.k8s.io/v1/namespaces/shop/events")
    ((note, count),) = [(event["note"], event["series"]["count"]) for event in stored["items"]]
    assert (note, count) == ("ACTIVE after 74 s", 2)


async def test_leadership_passes_on_over_a_real_lease(kube: RunningKube, client: KubeClient) -> None:
    clock = SystemClock()
    begun = clock.monotonic()
    candidates = [Leadership(LeaseClient(client, "shop", "fargateclaims"), name, clock) for name in "ab"]
    running = [asyncio.ensure_future(candidate.run()) for candidate in candidates]
    try:
        await until(lambda: any(candidate.is_leader for candidate in candidates))
        leader = 0 if candidates[0].is_leader else 1
        assert not candidates[1 - leader].is_leader
        assert begun + LEASE_DURATION <= clock.monotonic() + candidates[leader].remaining()
        running[leader].cancel()
        await asyncio.gather(running[leader], return_exceptions=True)
        await candidates[leader].release()
        await until(lambda: candidates[1 - leader].is_leader)
        stored = await LeaseClient(client, "shop", "fargateclaims").get()
        assert (stored.holder, stored.transitions, stored.duration) == ("ab"[1 - leader], 1, 15.0)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
