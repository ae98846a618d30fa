"""Deployments: one replica set for each template, and how pods move from one to the next."""

from typing import Any

import pytest

from support.kube_contract import MERGE, STRATEGIC, Api, eventually
from support.workloads import LABELS, TEMPLATE, Workloads, deployment, image

REVISION = "deployment.kubernetes.io/revision"
ONE_BY_ONE = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def conditions(found: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {entry["type"]: (entry["status"], entry["reason"]) for entry in found["status"].get("conditions", ())}


async def sizes(workloads: Workloads) -> dict[str, int]:
    """How many pods each replica set is told to have, by its revision."""
    return {entry["metadata"]["annotations"][REVISION]: entry["spec"]["replicas"] for entry in await workloads.list(workloads.replica_sets)}


async def until_sized(workloads: Workloads, expected: dict[str, int]) -> None:
    async def reached() -> bool:
        return await sizes(workloads) == expected

    await eventually(reached)


async def test_a_deployment_has_its_defaults(api: Api, workloads: Workloads) -> None:
    spec = {"selector": {"matchLabels": LABELS}, "template": TEMPLATE}
    made = (await api.create(workloads.deployments, {"metadata": {"name": "web"}, "spec": spec}, dryRun="All")).ok()["spec"]
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    wanted = {"replicas": 1, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10, "strategy": strategy}
    assert {name: made[name] for name in wanted} == wanted
    template = {"restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "schedulerName": "default-scheduler"}
    assert {name: made["template"]["spec"][name] for name in template} == template
    half = {**spec, "strategy": {"rollingUpdate": {"maxSurge": 3}}}
    made = (await api.create(workloads.deployments, {"metadata": {"name": "web"}, "spec": half}, dryRun="All")).ok()["spec"]
    assert made["strategy"]["rollingUpdate"] == {"maxSurge": 3, "maxUnavailable": "25%"}


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"selector": {"matchLabels": {"app": "other"}}}, "spec.template.metadata.labels"),
        ({"selector": None}, "spec.selector"),
        ({"selector": {}}, "spec.selector"),
        ({"strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}}, "spec.strategy.rollingUpdate"),
        ({"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}}, "spec.strategy.rollingUpdate.maxUnavailable"),
        ({"template": {**TEMPLATE, "spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}}}, "spec.template.spec.restartPolicy"),
    ],
)
async def test_deployments_that_are_refused(api: Api, workloads: Workloads, spec: dict[str, Any], field: str) -> None:
    status = (await api.create(workloads.deployments, deployment("web", **spec))).refused(422, "Invalid")
    assert field in [cause["field"] for cause in status["details"]["causes"]]


async def test_the_selector_is_for_ever(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.deployments, deployment("web", 0))).ok()
    other = {"app": "other"}
    patch = {"spec": {"selector": {"matchLabels": other}, "template": {"metadata": {"labels": other}}}}
    status = (await api.patch(f"{workloads.deployments}/web", patch, MERGE)).refused(422, "Invalid")
    assert [(cause["field"], cause["message"].rpartition(": ")[2]) for cause in status["details"]["causes"]] == [
        ("spec.selector", "field is immutable")
    ]


async def test_a_new_deployment_becomes_available(api: Api, workloads: Workloads) -> None:
    made = (await api.create(workloads.deployments, deployment("web", 3))).ok()
    waiting = await workloads.until(f"{workloads.deployments}/web", replicas=3, updatedReplicas=3, unavailableReplicas=3)
    assert waiting["metadata"]["annotations"] == {REVISION: "1"}
    assert waiting["metadata"]["generation"] == 1
    assert conditions(waiting)["Available"] == ("False", "MinimumReplicasUnavailable")
    (found,) = await workloads.list(workloads.replica_sets)
    hashed = found["metadata"]["labels"]["pod-template-hash"]
    assert found["metadata"]["name"] == f"web-{hashed}"
    assert found["metadata"]["labels"] == found["spec"]["selector"]["matchLabels"] == {**LABELS, "pod-template-hash": hashed}
    assert found["spec"]["template"]["metadata"]["labels"] == {**LABELS, "pod-template-hash": hashed}
    desired, most = "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"
    assert found["metadata"]["annotations"] == {REVISION: "1", desired: "3", most: "4"}
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": made["metadata"]["uid"]}
    assert found["metadata"]["ownerReferences"] == [{**owner, "controller": True, "blockOwnerDeletion": True}]
    first, second, third = (item["metadata"]["name"] for item in await workloads.staying(3))
    for name, usable in ((first, 1), (second, 2)):
        await workloads.run(name)
        found = await workloads.until(f"{workloads.deployments}/web", availableReplicas=usable, readyReplicas=usable)
        assert conditions(found)["Available"][0] == "False"
    assert conditions(found)["Progressing"] == ("True", "ReplicaSetUpdated")
    await workloads.run(third)
    ready = await workloads.until(f"{workloads.deployments}/web", replicas=3, availableReplicas=3, unavailableReplicas=0)
    expected = {"Available": ("True", "MinimumReplicasAvailable"), "Progressing": ("True", "NewReplicaSetAvailable")}
    assert conditions(ready) == expected


async def test_a_rollout_keeps_to_its_limits(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.deployments, deployment("web", 4))).ok()
    await workloads.run_all(4)
    await workloads.until(f"{workloads.deployments}/web", availableReplicas=4)
    (await api.patch(f"{workloads.deployments}/web", image(2), STRATEGIC)).ok()
    # A quarter of 4 may be missing and a quarter may be too many: 1 old pod goes at once, 2 new ones come.
    await until_sized(workloads, {"1": 3, "2": 2})
    found = await workloads.until(f"{workloads.deployments}/web", updatedReplicas=2, availableReplicas=3)
    assert conditions(found)["Available"][0] == "True"
    assert conditions(found)["Progressing"] == ("True", "ReplicaSetUpdated")
    for expected in ({"1": 2, "2": 3}, {"1": 1, "2": 4}, {"1": 0, "2": 4}):
        waiting = [item for item in await workloads.list(workloads.pods) if item["status"]["phase"] == "Pending"]
        await workloads.run(waiting[0]["metadata"]["name"])
        await until_sized(workloads, expected)
    await workloads.finish_all()
    await workloads.run_all(4)
    done = await workloads.until(f"{workloads.deployments}/web", replicas=4, updatedReplicas=4, availableReplicas=4)
    assert done["metadata"]["annotations"][REVISION] == "2"
    assert conditions(done)["Progressing"] == ("True", "NewReplicaSetAvailable")


async def test_a_rollout_back_reuses_the_replica_set(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.deployments, deployment("web", 1, strategy=ONE_BY_ONE))).ok()
    await until_sized(workloads, {"1": 1})
    (first,) = await workloads.list(workloads.replica_sets)
    await workloads.run_all(1)
    (await api.patch(f"{workloads.deployments}/web", image(2), STRATEGIC)).ok()
    await until_sized(workloads, {"1": 1, "2": 1})
    (await api.patch(f"{workloads.deployments}/web", image(1), STRATEGIC)).ok()
    # What never became ready goes; the first one is the newest again.
    await until_sized(workloads, {"2": 0, "3": 1})
    again = (await workloads.get(f"{workloads.replica_sets}/{first['metadata']['name']}"))["metadata"]
    assert (again["uid"], again["annotations"][REVISION]) == (first["metadata"]["uid"], "3")


async def test_recreate_ends_all_old_pods_first(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.deployments, deployment("web", 2, strategy={"type": "Recreate"}))).ok()
    await workloads.run_all(2)
    await workloads.until(f"{workloads.deployments}/web", availableReplicas=2)
    (await api.patch(f"{workloads.deployments}/web", image(2), STRATEGIC)).ok()
    await workloads.staying(0)
    await until_sized(workloads, {"1": 0})
    first, second = (item["metadata"]["name"] for item in await workloads.list(workloads.pods))
    await workloads.finish(first)
    await until_sized(workloads, {"1": 0})
    await workloads.finish(second)
    await until_sized(workloads, {"1": 0, "2": 2})
    await workloads.run_all(2)
    await workloads.until(f"{workloads.deployments}/web", updatedReplicas=2, availableReplicas=2)


async def test_scaling_makes_no_revision(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.deployments, deployment("web", 1))).ok()
    await until_sized(workloads, {"1": 1})
    for replicas in (3, 0):
        (await api.patch(f"{workloads.deployments}/web", {"spec": {"replicas": replicas}}, MERGE)).ok()
        await until_sized(workloads, {"1": replicas})
        await workloads.until(f"{workloads.deployments}/web", replicas=replicas)
    (found,) = await workloads.list(workloads.replica_sets)
    assert found["metadata"]["annotations"]["deployment.kubernetes.io/desired-replicas"] == "0"


async def test_scaling_in_a_rollout_keeps_the_proportion(api: Api, workloads: Workloads) -> None:
    leeway = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}}
    (await api.create(workloads.deployments, deployment("web", 4, strategy=leeway))).ok()
    await workloads.run_all(4)
    await workloads.until(f"{workloads.deployments}/web", availableReplicas=4)
    (await api.patch(f"{workloads.deployments}/web", image(2), STRATEGIC)).ok()
    await until_sized(workloads, {"1": 4, "2": 2})
    (await api.patch(f"{workloads.deployments}/web", {"spec": {"replicas": 10}}, MERGE)).ok()
    await until_sized(workloads, {"1": 8, "2": 4})


async def test_a_paused_deployment_scales_and_does_not_roll(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.deployments, deployment("web", 1))).ok()
    await workloads.run_all(1)
    (await api.patch(f"{workloads.deployments}/web", {"spec": {"paused": True}}, MERGE)).ok()
    (await api.patch(f"{workloads.deployments}/web", image(2), STRATEGIC)).ok()
    (await api.patch(f"{workloads.deployments}/web", {"spec": {"replicas": 2}}, MERGE)).ok()
    found = await workloads.until(f"{workloads.deployments}/web", replicas=2)
    assert await sizes(workloads) == {"1": 2}
    assert conditions(found)["Progressing"] == ("Unknown", "DeploymentPaused")
    (await api.patch(f"{workloads.deployments}/web", {"spec": {"paused": None}}, MERGE)).ok()

    async def rolling() -> bool:
        return (await sizes(workloads)).get("2", 0) > 0

    await eventually(rolling)


async def test_a_rollout_that_does_not_move_has_failed(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.deployments, deployment("web", 1, progressDeadlineSeconds=1))).ok()

    async def failed() -> bool:
        found = await workloads.get(f"{workloads.deployments}/web")
        return "status" in found and conditions(found).get("Progressing") == ("False", "ProgressDeadlineExceeded")

    await eventually(failed)
    await workloads.run_all(1)
    found = await workloads.until(f"{workloads.deployments}/web", availableReplicas=1)
    assert conditions(found)["Progressing"] == ("True", "NewReplicaSetAvailable")


async def test_only_so_much_history_is_kept(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.deployments, deployment("web", 1, revisionHistoryLimit=1, strategy={"type": "Recreate"}))).ok()
    await workloads.run_all(1)
    for number in (2, 3):
        (await api.patch(f"{workloads.deployments}/web", image(number), STRATEGIC)).ok()
        await workloads.staying(0, labelSelector=f"revision!={number}")
        await workloads.finish_all()
        await workloads.run_all(1)
        await workloads.until(f"{workloads.deployments}/web", updatedReplicas=1, availableReplicas=1)
    await until_sized(workloads, {"2": 0, "3": 1})


async def test_the_annotations_of_a_deployment_tell_of_its_replica_set(api: Api, workloads: Workloads) -> None:
    manifest = deployment("web", 0)
    manifest["metadata"]["annotations"] = {"kubernetes.io/change-cause": "first"}
    (await api.create(workloads.deployments, manifest)).ok()
    await until_sized(workloads, {"1": 0})
    (found,) = await workloads.list(workloads.replica_sets)
    assert found["metadata"]["annotations"]["kubernetes.io/change-cause"] == "first"
    (await api.patch(f"{workloads.deployments}/web", {"metadata": {"annotations": {"kubernetes.io/change-cause": "second"}}}, MERGE)).ok()

    async def told() -> bool:
        (found,) = await workloads.list(workloads.replica_sets)
        return bool(found["metadata"]["annotations"]["kubernetes.io/change-cause"] == "second")

    await eventually(told)


async def test_a_scale_is_the_number_alone(api: Api, workloads: Workloads) -> None:
    selector = {"matchLabels": LABELS, "matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "other"]}]}
    made = (await api.create(workloads.deployments, deployment("web", 2, selector=selector))).ok()
    await workloads.until(f"{workloads.deployments}/web", replicas=2)
    path = f"{workloads.deployments}/web/scale"
    found = (await api.get(path)).ok()
    assert (found["kind"], found["apiVersion"], found["spec"], found["metadata"]["uid"]) == (
        "Scale",
        "autoscaling/v1",
        {"replicas": 2},
        made["metadata"]["uid"],
    )
    assert found["status"] == {"replicas": 2, "selector": "app=web,app in (other,web)"}
    stale = {**found, "metadata": {**found["metadata"], "resourceVersion": made["metadata"]["resourceVersion"]}, "spec": {"replicas": 5}}
    (await api.replace(path, stale)).refused(409, "Conflict")
    assert (await api.patch(path, {"spec": {"replicas": 3}}, MERGE)).ok()["spec"] == {"replicas": 3}
    await until_sized(workloads, {"1": 3})
    scale = (await api.get(path)).ok()
    assert (await api.replace(path, {**scale, "spec": {"replicas": 1}, "metadata": {"name": "web"}})).ok()["spec"] == {"replicas": 1}
    await until_sized(workloads, {"1": 1})
    assert (await api.patch(path, {"spec": {"replicas": "many"}}, MERGE)).code in (400, 422)
