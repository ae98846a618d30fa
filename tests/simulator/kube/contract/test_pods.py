"""Pods: what a new one looks like, what may change, how it gets its node, and how it goes."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from support.kube_contract import MERGE, Api
from support.workloads import Workloads, pod

OTHER_UID = "6f1c2a9e-0000-4000-8000-000000000000"
FINALIZER = "contract.test/finalizer"


async def test_a_new_pod_has_its_defaults_and_waits(api: Api, workloads: Workloads) -> None:
    made = (await api.create(workloads.pods, {**pod("p"), "status": {"phase": "Running"}})).ok()
    assert made["metadata"]["generation"] == 1
    wanted = {
        "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": True,
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "serviceAccountName": "default",
        "terminationGracePeriodSeconds": 30,
    }
    assert {name: made["spec"][name] for name in wanted} == wanted
    assert made["spec"]["containers"][0]["resources"] == {}
    assert made["status"] == {"phase": "Pending", "qosClass": "BestEffort"}


@pytest.mark.parametrize(
    ("given", "stored", "quality"),
    [
        ({"limits": {"cpu": "250m", "memory": "1Gi"}}, {"cpu": "250m", "memory": "1Gi"}, "Guaranteed"),
        ({"limits": {"cpu": 1, "memory": "1Gi"}, "requests": {"cpu": "250m"}}, {"cpu": "250m", "memory": "1Gi"}, "Burstable"),
        ({"requests": {"cpu": 2}}, {"cpu": "2"}, "Burstable"),
        ({"requests": {"ephemeral-storage": "1Gi"}}, {"ephemeral-storage": "1Gi"}, "BestEffort"),
    ],
)
async def test_limits_are_requests_where_there_are_none(
    api: Api, workloads: Workloads, given: dict[str, Any], stored: dict[str, str], quality: str
) -> None:
    wanted = pod("p", containers=[{"name": "c", "image": "i", "resources": given, "ports": [{"containerPort": 80}]}])
    made = (await api.create(workloads.pods, wanted)).ok()
    container = made["spec"]["containers"][0]
    assert (container["resources"]["requests"], container["ports"][0]["protocol"]) == (stored, "TCP")
    assert made["status"]["qosClass"] == quality


@pytest.mark.parametrize(
    ("spec", "code", "words"),
    [
        ({"containers": None}, 422, "spec.containers: Required value"),
        ({"containers": [{"image": "i"}]}, 422, "spec.containers[0].name: Required value"),
        (
            {"containers": [{"name": "c", "image": "i", "env": [{"name": "A", "value": True}]}]},
            400,
            "cannot unmarshal bool into Go struct field",
        ),
        ({"terminationGracePeriodSeconds": "soon"}, 400, "cannot unmarshal string into Go struct field"),
    ],
)
async def test_pods_that_are_refused(api: Api, workloads: Workloads, spec: dict[str, Any], code: int, words: str) -> None:
    answer = await api.create(workloads.pods, pod("p", **spec))
    assert answer.code == code
    assert words in answer.body["message"]


async def test_little_of_a_pod_may_change(api: Api, workloads: Workloads) -> None:
    made = (await api.create(workloads.pods, pod("p", tolerations=[{"key": "a", "operator": "Exists"}]))).ok()
    path = f"{workloads.pods}/p"
    container = made["spec"]["containers"][0]
    added = [*made["spec"]["tolerations"], {"key": "b", "operator": "Exists", "effect": "NoSchedule"}]
    for spec in ({"containers": [{**container, "image": "example.test/web:2"}]}, {"tolerations": added}, {"activeDeadlineSeconds": 60}):
        (await api.patch(path, {"spec": spec}, MERGE)).ok()
    changed = (await api.get(path)).ok()
    assert changed["metadata"]["generation"] == 4
    assert changed["spec"]["containers"][0]["image"] == "example.test/web:2"
    forbidden: list[dict[str, Any]] = [
        {"nodeName": "n"},
        {"restartPolicy": "Never"},
        {"containers": [{**container, "command": ["x"]}]},
        {"containers": [{**container, "env": [{"name": "A", "value": "1"}]}]},
        {"serviceAccountName": "other"},
    ]
    for spec in forbidden:
        status = (await api.patch(path, {"spec": spec}, MERGE)).refused(422, "Invalid")
        causes = [cause for cause in status["details"]["causes"] if cause["field"] == "spec"]
        assert causes[0]["message"].startswith("Forbidden: pod updates may not change fields other than `spec.containers[*].image`,")
    status = (await api.patch(path, {"spec": {"tolerations": [{"key": "c", "operator": "Exists"}]}}, MERGE)).refused(422, "Invalid")
    assert "spec.tolerations" in [cause["field"] for cause in status["details"]["causes"]]
    assert (await api.patch(path, {"metadata": {"labels": {"free": "yes"}}}, MERGE)).ok()["metadata"]["generation"] == 4


async def test_a_pod_gets_its_node_by_a_binding(api: Api, workloads: Workloads) -> None:
    made = (await api.create(workloads.pods, pod("p"))).ok()
    answer = await workloads.bind(
        "p", "n", uid=made["metadata"]["uid"], annotations={"contract.test/by": "me"}, labels={"contract.test/l": "v"}
    )
    assert (answer.code, answer.body) == (201, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201})
    bound = await workloads.get(f"{workloads.pods}/p")
    assert bound["spec"]["nodeName"] == "n"
    assert bound["metadata"]["annotations"] == {"contract.test/by": "me"}
    assert bound["metadata"]["labels"]["contract.test/l"] == "v"
    assert bound["metadata"]["generation"] == 1
    assert bound["metadata"]["managedFields"] == made["metadata"]["managedFields"]
    condition = bound["status"]["conditions"][0]
    assert (condition["type"], condition["status"]) == ("PodScheduled", "True")
    assert condition["lastTransitionTime"]
    assert [item["metadata"]["name"] for item in await workloads.list(workloads.pods, fieldSelector="spec.nodeName=n")] == ["p"]
    assert await workloads.list(workloads.pods, fieldSelector="spec.nodeName!=n") == []
    status = (await workloads.bind("p", "m")).refused(409, "Conflict")
    assert status["message"] == 'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n"'
    assert status["details"] == {"name": "p", "kind": "pods/binding"}


async def test_bindings_that_are_refused(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.pods, pod("p"))).ok()
    (await api.create(workloads.pods, pod("gated", schedulingGates=[{"name": "contract.test/gate"}]))).ok()
    (await workloads.bind("none")).refused(404, "NotFound")
    (await workloads.bind("p", uid=OTHER_UID)).refused(409, "Conflict")
    (await workloads.bind("p", resourceVersion="1")).refused(409, "Conflict")
    status = (await workloads.bind("gated")).refused(409, "Conflict")
    assert status["message"].endswith("pod gated has non-empty .spec.schedulingGates")
    assert (await workloads.bind("p", "")).body["message"] == "target.name: Required value"
    path = f"{workloads.pods}/p/binding"
    wrong = {"metadata": {"name": "p"}, "target": {"kind": "Pod", "name": "x"}}
    assert (await api.create(path, wrong)).body["message"] == ('target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"')
    status = (await api.create(path, {"metadata": {"name": "q"}, "target": {"name": "n"}})).refused(400, "BadRequest")
    assert status["message"] == "name in URL does not match name in Binding object"
    (await api.get(path)).refused(405, "MethodNotAllowed")
    (await api.create(path, {"metadata": {"name": "p"}, "target": {"name": "n"}}, dryRun="All")).ok()
    assert "nodeName" not in (await workloads.get(f"{workloads.pods}/p"))["spec"]


async def test_a_pod_without_a_node_goes_at_once(api: Api, workloads: Workloads) -> None:
    version = (await api.create(workloads.pods, pod("p"))).ok()["metadata"]["resourceVersion"]
    last = (await api.delete(f"{workloads.pods}/p")).ok()
    assert (last["kind"], last["metadata"]["deletionGracePeriodSeconds"], last["metadata"]["generation"]) == ("Pod", 0, 2)
    (await api.get(f"{workloads.pods}/p")).refused(404, "NotFound")
    async with api.watch(workloads.pods, resourceVersion=version) as watch:
        assert await watch.take(2) == [("MODIFIED", "p"), ("DELETED", "p")]


async def test_a_pod_with_a_node_has_time_to_end(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.pods, pod("p"))).ok()
    await workloads.run("p")
    before = (await workloads.get(f"{workloads.pods}/p"))["metadata"]
    first = (await api.delete(f"{workloads.pods}/p")).ok()["metadata"]
    assert (first["deletionGracePeriodSeconds"], first["generation"]) == (30, before["generation"] + 1)
    assert first["resourceVersion"] != before["resourceVersion"]
    for longer in (None, {"gracePeriodSeconds": 60}):
        assert (await api.delete(f"{workloads.pods}/p", longer)).ok()["metadata"] == first
    shorter = (await api.delete(f"{workloads.pods}/p", gracePeriodSeconds=20)).ok()["metadata"]
    assert (shorter["deletionGracePeriodSeconds"], shorter["generation"]) == (20, first["generation"])
    due, earlier = (datetime.fromisoformat(meta["deletionTimestamp"]) for meta in (first, shorter))
    assert due - earlier == timedelta(seconds=10)
    status = (await workloads.bind("p")).refused(409, "Conflict")
    assert status["message"].endswith("pod p is being deleted, cannot be assigned to a host")
    await workloads.finish("p")
    (await api.get(f"{workloads.pods}/p")).refused(404, "NotFound")


async def test_who_deletes_a_pod_says_how_long_it_may_take(api: Api, workloads: Workloads) -> None:
    for name, wanted in (("a", 5), ("b", -3)):
        (await api.create(workloads.pods, pod(name))).ok()
        await workloads.run(name)
        meta = (await api.delete(f"{workloads.pods}/{name}", {"gracePeriodSeconds": wanted})).ok()["metadata"]
        assert meta["deletionGracePeriodSeconds"] == max(wanted, 1)
    (await api.delete(workloads.pods, gracePeriodSeconds=0)).ok()
    assert await workloads.list(workloads.pods) == []


async def test_a_pod_that_has_ended_goes_at_once(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.pods, pod("p"))).ok()
    await workloads.run("p")
    await workloads.set_status("p", phase="Succeeded")
    (await api.delete(f"{workloads.pods}/p")).ok()
    (await api.get(f"{workloads.pods}/p")).refused(404, "NotFound")


async def test_a_finalizer_keeps_a_pod_beyond_its_time(api: Api, workloads: Workloads) -> None:
    manifest = pod("p")
    manifest["metadata"] = {**manifest["metadata"], "finalizers": [FINALIZER]}
    (await api.create(workloads.pods, manifest)).ok()
    await workloads.run("p")
    (await api.delete(f"{workloads.pods}/p")).ok()
    await workloads.finish("p")
    assert (await workloads.get(f"{workloads.pods}/p"))["metadata"]["deletionGracePeriodSeconds"] == 0
    (await api.patch(f"{workloads.pods}/p", {"metadata": {"finalizers": None}}, MERGE)).ok()
    (await api.get(f"{workloads.pods}/p")).refused(404, "NotFound")


async def test_without_a_finalizer_a_pod_stays_for_its_time(api: Api, workloads: Workloads) -> None:
    manifest = pod("p")
    manifest["metadata"] = {**manifest["metadata"], "finalizers": [FINALIZER]}
    (await api.create(workloads.pods, manifest)).ok()
    await workloads.run("p")
    (await api.delete(f"{workloads.pods}/p")).ok()
    (await api.patch(f"{workloads.pods}/p", {"metadata": {"finalizers": None}}, MERGE)).ok()
    assert (await workloads.get(f"{workloads.pods}/p"))["metadata"]["deletionGracePeriodSeconds"] == 30
    await workloads.finish("p")


@pytest.mark.parametrize("field", ["uid", "resourceVersion"])
async def test_a_pod_is_deleted_as_it_was_seen_or_not_at_all(api: Api, workloads: Workloads, field: str) -> None:
    made = (await api.create(workloads.pods, pod("p"))).ok()["metadata"]
    wrong = {"uid": OTHER_UID, "resourceVersion": "1"}[field]
    what = {"uid": "UID", "resourceVersion": "ResourceVersion"}[field]
    status = (await api.delete(f"{workloads.pods}/p", {"preconditions": {field: wrong}})).refused(409, "Conflict")
    assert f"the {what} in the precondition ({wrong}) does not match the {what} in record ({made[field]})" in status["message"]
    (await api.delete(f"{workloads.pods}/p", {"preconditions": {field: made[field]}})).ok()


async def test_a_dry_run_neither_deletes_nor_marks(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.pods, pod("p"))).ok()
    await workloads.run("p")
    (await api.delete(f"{workloads.pods}/p", dryRun="All")).ok()
    assert "deletionTimestamp" not in (await workloads.get(f"{workloads.pods}/p"))["metadata"]
    await workloads.finish("p")
