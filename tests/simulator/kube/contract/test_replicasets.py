"""ReplicaSets: as many pods as are wanted, whatever becomes of them."""

from typing import Any

from support.kube_contract import MERGE, Api, eventually
from support.workloads import LABELS, Workloads, pod, replica_set


def names(items: list[dict[str, Any]]) -> list[str]:
    return sorted(item["metadata"]["name"] for item in items)


async def test_a_replica_set_makes_its_pods(api: Api, workloads: Workloads) -> None:
    template = {"metadata": {"labels": LABELS, "annotations": {"a": "b"}}, "spec": pod("x")["spec"]}
    made = (await api.create(workloads.replica_sets, replica_set("web", 2, template=template))).ok()
    found = await workloads.staying(2)
    for item in found:
        meta = item["metadata"]
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": made["metadata"]["uid"]}
        assert meta["ownerReferences"] == [{**owner, "controller": True, "blockOwnerDeletion": True}]
        assert (meta["generateName"], meta["labels"], meta["annotations"]) == ("web-", LABELS, {"a": "b"})
        assert meta["name"].startswith("web-")
        assert item["status"]["phase"] == "Pending"
    status = (await workloads.until(f"{workloads.replica_sets}/web", replicas=2))["status"]
    assert status == {"replicas": 2, "fullyLabeledReplicas": 2, "terminatingReplicas": 0, "observedGeneration": 1}
    await workloads.run_all(2)
    status = (await workloads.until(f"{workloads.replica_sets}/web", readyReplicas=2, availableReplicas=2))["status"]
    assert status["replicas"] == 2


async def test_a_pod_is_replaced_while_it_still_ends(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.replica_sets, replica_set("web", 2))).ok()
    await workloads.run_all(2)
    first = names(await workloads.staying(2))[0]
    (await api.delete(f"{workloads.pods}/{first}")).ok()
    staying = await workloads.staying(2)
    assert first not in names(staying)
    assert len(await workloads.list(workloads.pods)) == 3
    await workloads.until(f"{workloads.replica_sets}/web", replicas=2, readyReplicas=1, terminatingReplicas=1)
    await workloads.finish(first)
    await workloads.until(f"{workloads.replica_sets}/web", replicas=2, terminatingReplicas=0)
    assert names(await workloads.list(workloads.pods)) == names(staying)


async def test_a_pod_that_has_ended_is_replaced_and_stays(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.replica_sets, replica_set("web"))).ok()
    await workloads.run_all(1)
    first = names(await workloads.staying(1))[0]
    await workloads.set_status(first, phase="Failed")
    assert first in names(await workloads.staying(2))
    await workloads.until(f"{workloads.replica_sets}/web", replicas=1, readyReplicas=0)


async def test_what_is_not_ready_goes_first(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.replica_sets, replica_set("web", 4))).ok()
    ready, waiting, bound, unbound = names(await workloads.staying(4))
    await workloads.run(ready)
    await workloads.run(waiting, ready=False)
    (await workloads.bind(bound)).ok()
    await workloads.until(f"{workloads.replica_sets}/web", readyReplicas=1)
    for left, gone in ((3, unbound), (2, bound), (1, waiting)):
        (await api.patch(f"{workloads.replica_sets}/web", {"spec": {"replicas": left}}, MERGE)).ok()
        assert gone not in names(await workloads.staying(left))
        await workloads.until(f"{workloads.replica_sets}/web", replicas=left)
    assert names(await workloads.staying(1)) == [ready]
    # A pod that no kubelet runs is gone; those with a node have time to end.
    assert names(await workloads.list(workloads.pods)) == sorted([ready, waiting, bound])


async def test_a_pod_of_little_worth_goes_before_others(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.replica_sets, replica_set("web", 3))).ok()
    await workloads.run_all(3)
    cheap = names(await workloads.staying(3))[1]
    cost = {"metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "-5"}}}
    (await api.patch(f"{workloads.pods}/{cheap}", cost, MERGE)).ok()
    await workloads.until(f"{workloads.replica_sets}/web", readyReplicas=3)
    (await api.patch(f"{workloads.replica_sets}/web", {"spec": {"replicas": 2}}, MERGE)).ok()
    assert cheap not in names(await workloads.staying(2))


async def test_a_pod_is_available_after_its_time(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.replica_sets, replica_set("web", 1, minReadySeconds=3600))).ok()
    name = names(await workloads.staying(1))[0]
    (await workloads.bind(name)).ok()
    condition = {"type": "Ready", "status": "True", "lastTransitionTime": "2126-01-01T00:00:00Z"}
    path = f"{workloads.pods}/{name}/status"
    (await api.patch(path, {"status": {"phase": "Running", "conditions": [condition]}}, MERGE)).ok()
    await workloads.until(f"{workloads.replica_sets}/web", readyReplicas=1, availableReplicas=0)
    (await api.patch(path, {"status": {"conditions": [{**condition, "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}, MERGE)).ok()
    await workloads.until(f"{workloads.replica_sets}/web", readyReplicas=1, availableReplicas=1)


async def test_pods_are_adopted_and_released_by_their_labels(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.pods, pod("orphan"))).ok()
    made = (await api.create(workloads.replica_sets, replica_set("web", 2))).ok()
    assert "orphan" in names(await workloads.staying(2))

    async def adopted() -> bool:
        owners = (await workloads.get(f"{workloads.pods}/orphan"))["metadata"].get("ownerReferences") or []
        return [owner["uid"] for owner in owners] == [made["metadata"]["uid"]]

    await eventually(adopted)
    (await api.patch(f"{workloads.pods}/orphan", {"metadata": {"labels": {"app": "free"}}}, MERGE)).ok()
    assert "orphan" not in names(await workloads.staying(2, labelSelector="app=web"))

    async def released() -> bool:
        return "ownerReferences" not in (await workloads.get(f"{workloads.pods}/orphan"))["metadata"]

    await eventually(released)
    (await api.patch(f"{workloads.pods}/orphan", {"metadata": {"labels": LABELS}}, MERGE)).ok()
    await workloads.staying(2)
