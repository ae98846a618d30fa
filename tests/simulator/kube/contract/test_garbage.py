"""What is owned goes with its owner: after it, before it, or not at all."""

from typing import Any

from support.kube_contract import MERGE, Api, eventually
from support.workloads import Workloads, deployment, pod

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}


async def gone(api: Api, path: str) -> bool:
    return (await api.get(path)).code == 404


def owner_of(found: dict[str, Any], **extra: Any) -> dict[str, Any]:
    return {
        "apiVersion": found["apiVersion"],
        "kind": found["kind"],
        "name": found["metadata"]["name"],
        "uid": found["metadata"]["uid"],
        **extra,
    }


async def test_a_deployment_takes_its_pods_with_it(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.deployments, deployment("web", 2))).ok()
    await workloads.run_all(2)
    assert (await api.delete(f"{workloads.deployments}/web", {"propagationPolicy": "Background"})).ok()["status"] == "Success"
    await workloads.staying(0)
    assert len(await workloads.list(workloads.pods)) == 2
    await workloads.finish_all()

    async def nothing_is_left() -> bool:
        return not await workloads.list(workloads.replica_sets) and not await workloads.list(workloads.pods)

    await eventually(nothing_is_left)


async def test_in_the_foreground_the_owner_goes_last(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.deployments, deployment("web", 1))).ok()
    await workloads.run_all(1)
    marked = (await api.delete(f"{workloads.deployments}/web", {"propagationPolicy": "Foreground"})).ok()
    assert marked["metadata"]["finalizers"] == ["foregroundDeletion"]
    await workloads.staying(0)
    (replica_set,) = await workloads.list(workloads.replica_sets)
    assert replica_set["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert (await workloads.get(f"{workloads.deployments}/web"))["metadata"]["deletionTimestamp"]
    await workloads.finish_all()
    await eventually(lambda: gone(api, f"{workloads.deployments}/web"))
    assert await workloads.list(workloads.replica_sets) == []


async def test_orphans_stay_without_their_owner(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.deployments, deployment("web", 1))).ok()
    await workloads.run_all(1)
    (await api.delete(f"{workloads.deployments}/web", {"propagationPolicy": "Orphan"})).ok()
    await eventually(lambda: gone(api, f"{workloads.deployments}/web"))
    (replica_set,) = await workloads.list(workloads.replica_sets)
    assert "ownerReferences" not in replica_set["metadata"]
    await workloads.staying(1)
    # The next Deployment of these pods takes over.
    made = (await api.create(workloads.deployments, deployment("other", 1))).ok()

    async def adopted() -> bool:
        (found,) = await workloads.list(workloads.replica_sets)
        return [owner["uid"] for owner in found["metadata"].get("ownerReferences", ())] == [made["metadata"]["uid"]]

    await eventually(adopted)


async def test_it_goes_with_the_last_of_its_owners(api: Api, workloads: Workloads, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    one, two = [(await api.create(path, {**CONFIG_MAP, "metadata": {"name": name}})).ok() for name in ("one", "two")]
    manifest = pod("owned")
    manifest["metadata"]["ownerReferences"] = [owner_of(one), owner_of(two)]
    (await api.create(workloads.pods, manifest)).ok()
    (await api.delete(f"{path}/one")).ok()

    async def left_to_the_other() -> bool:
        owners = (await workloads.get(f"{workloads.pods}/owned"))["metadata"]["ownerReferences"]
        return [owner["name"] for owner in owners] == ["two"]

    await eventually(left_to_the_other)
    (await api.delete(f"{path}/two")).ok()
    await eventually(lambda: gone(api, f"{workloads.pods}/owned"))


async def test_an_owner_that_never_was_holds_nothing(api: Api, workloads: Workloads, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    found = (await api.create(path, {**CONFIG_MAP, "metadata": {"name": "real"}})).ok()
    wrong = owner_of(found, uid="6f1c2a9e-0000-4000-8000-000000000000")
    manifest = {**CONFIG_MAP, "metadata": {"name": "owned", "ownerReferences": [wrong]}}
    (await api.create(path, manifest)).ok()
    await eventually(lambda: gone(api, f"{path}/owned"))
    (await api.create(path, {**CONFIG_MAP, "metadata": {"name": "late"}})).ok()
    (await api.patch(f"{path}/late", {"metadata": {"ownerReferences": [wrong]}}, MERGE)).ok()
    await eventually(lambda: gone(api, f"{path}/late"))
    assert (await api.get(f"{path}/real")).code == 200
