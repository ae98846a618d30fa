"""Built-in kinds: leases, events, configuration, namespaces, reviews."""

from typing import Any

import pytest

from support.kube_contract import MERGE, STRATEGIC, Api, eventually

MICRO = "2026-01-01T00:00:00.123456Z"


def lease(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"}, "spec": spec}


def new_event(namespace: str, **fields: Any) -> dict[str, Any]:
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "e"},
        "eventTime": MICRO,
        "reportingController": "contract.test/tester",
        "reportingInstance": "one",
        "action": "Testing",
        "reason": "Tested",
        "type": "Normal",
        "note": "It was tested.",
        "regarding": {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "namespace": namespace, "uid": "u"},
        **fields,
    }


async def test_a_lease_changes_hands_by_resource_version(api: Api, namespace: str) -> None:
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    made = (await api.create(path, lease(holderIdentity="a", leaseDurationSeconds=15, renewTime=MICRO))).ok()
    assert made["spec"]["renewTime"] == MICRO
    assert "generation" not in made["metadata"]
    (await api.replace(f"{path}/l", {**made, "spec": {**made["spec"], "holderIdentity": "b"}})).ok()
    (await api.replace(f"{path}/l", {**made, "spec": {**made["spec"], "holderIdentity": "c"}})).refused(409, "Conflict")


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"renewTime": "2026-01-01T00:00:00Z"}, 400),
        ({"renewTime": "2026-01-01T00:00:00.123Z"}, 400),
        ({"holderIdentity": 1}, 400),
        ({"leaseDurationSeconds": 0}, 422),
        ({"leaseTransitions": -1}, 422),
    ],
)
async def test_leases_that_are_refused(api: Api, namespace: str, spec: dict[str, Any], code: int) -> None:
    assert (await api.create(f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases", lease(**spec))).code == code


async def test_a_lease_may_be_nobodys(api: Api, namespace: str) -> None:
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    for name, spec in (("empty", {"holderIdentity": ""}), ("null", {"holderIdentity": None, "renewTime": None}), ("none", {})):
        made = (await api.create(path, {**lease(), "metadata": {"name": name}, "spec": spec})).ok()
        assert made["spec"] == {field: value for field, value in spec.items() if value is not None}


async def test_a_lease_is_made_by_a_put_and_overwritten_only_under_its_version(api: Api, namespace: str) -> None:
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/l"
    assert (await api.replace(path, lease(holderIdentity="a"))).code == 201
    (await api.replace(path, lease(holderIdentity="b"))).refused(422, "Invalid")
    (await api.create(path.removesuffix("/l"), lease(holderIdentity="b"))).refused(409, "AlreadyExists")


async def test_an_event_is_seen_through_both_apis(api: Api, namespace: str) -> None:
    (await api.create(f"/apis/events.k8s.io/v1/namespaces/{namespace}/events", new_event(namespace))).ok()
    core = (await api.get(f"/api/v1/namespaces/{namespace}/events/e")).ok()
    assert (core["message"], core["reportingComponent"], core["involvedObject"]["name"]) == ("It was tested.", "contract.test/tester", "c")
    assert core["apiVersion"] == "v1"
    for selector in ("involvedObject.name=c,involvedObject.uid=u", f"involvedObject.namespace={namespace},type=Normal"):
        listed = (await api.get(f"/api/v1/namespaces/{namespace}/events", fieldSelector=selector)).ok()
        assert [event["metadata"]["name"] for event in listed["items"]] == ["e"]
    assert (await api.get(f"/api/v1/namespaces/{namespace}/events", fieldSelector="involvedObject.name=d")).ok()["items"] == []


async def test_an_event_of_the_old_api_is_seen_through_the_new_one(api: Api, namespace: str) -> None:
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "old"},
        "involvedObject": {"kind": "ConfigMap", "name": "c", "namespace": namespace},
        "reason": "R",
        "message": "text",
        "type": "Warning",
        "count": 3,
        "source": {"component": "kubelet"},
    }
    (await api.create(f"/api/v1/namespaces/{namespace}/events", event)).ok()
    new = (await api.get(f"/apis/events.k8s.io/v1/namespaces/{namespace}/events/old")).ok()
    assert (new["note"], new["deprecatedCount"], new["deprecatedSource"]) == ("text", 3, {"component": "kubelet"})
    assert new["regarding"]["name"] == "c"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"eventTime": None}, 422),
        ({"reportingController": ""}, 422),
        ({"reportingInstance": ""}, 422),
        ({"action": ""}, 422),
        ({"reason": "x" * 129}, 422),
        ({"note": "x" * 1025}, 422),
        ({"type": "Strange"}, 422),
        ({"regarding": {"kind": "Namespace", "name": "x"}}, 422),
        ({"series": {"count": 1, "lastObservedTime": MICRO}}, 422),
        ({"series": {"count": 2}}, 422),
        ({"deprecatedCount": 3}, 422),
        ({"eventTime": "2026-01-01T00:00:00Z"}, 400),
    ],
)
async def test_events_that_are_refused(api: Api, namespace: str, fields: dict[str, Any], code: int) -> None:
    path = f"/apis/events.k8s.io/v1/namespaces/{namespace}/events"
    assert (await api.create(path, new_event(namespace, **fields))).code == code


async def test_an_event_is_refused_in_the_words_of_the_core_api(api: Api, namespace: str) -> None:
    path = f"/apis/events.k8s.io/v1/namespaces/{namespace}/events"
    status = (await api.create(path, new_event(namespace, note="x" * 1025, type="Strange"))).refused(422, "Invalid")
    assert status["details"] == {
        "name": "e",
        "kind": "Event",
        "causes": [
            {"reason": "FieldValueInvalid", "message": 'Invalid value: "": can have at most 1024 characters', "field": "message"},
            {"reason": "FieldValueInvalid", "message": 'Invalid value: "": has invalid value: Strange', "field": "type"},
        ],
    }


async def test_an_event_may_be_about_an_object_elsewhere(api: Api, namespace: str) -> None:
    about = {"regarding": {"kind": "ConfigMap", "name": "c", "namespace": "other"}}
    assert (await api.create(f"/apis/events.k8s.io/v1/namespaces/{namespace}/events", new_event(namespace, **about))).code == 201


async def test_only_the_series_of_an_event_changes(api: Api, namespace: str) -> None:
    path = f"/apis/events.k8s.io/v1/namespaces/{namespace}/events"
    (await api.create(path, new_event(namespace))).ok()
    status = (await api.patch(f"{path}/e", {"note": "changed", "reason": "Other"}, MERGE)).refused(422, "Invalid")
    assert [cause["field"] for cause in status["details"]["causes"]] == ["reason", "message", "reason"]
    (await api.patch(f"{path}/e", {"series": {"count": 1, "lastObservedTime": MICRO}}, MERGE)).refused(422, "Invalid")
    (await api.patch(f"{path}/none", {"series": {"count": 2, "lastObservedTime": MICRO}}, MERGE)).refused(404, "NotFound")


async def test_an_event_counts_up_by_its_series(api: Api, namespace: str) -> None:
    path = f"/apis/events.k8s.io/v1/namespaces/{namespace}/events"
    (await api.create(path, new_event(namespace))).ok()
    after = (await api.patch(f"{path}/e", {"series": {"count": 2, "lastObservedTime": MICRO}}, MERGE)).ok()
    assert after["series"] == {"count": 2, "lastObservedTime": MICRO}


async def test_an_event_about_a_cluster_scoped_object_belongs_to_default(api: Api, namespace: str) -> None:
    about = {"regarding": {"apiVersion": "v1", "kind": "Namespace", "name": "x"}}
    refused = await api.create(f"/apis/events.k8s.io/v1/namespaces/{namespace}/events", new_event(namespace, **about))
    assert refused.code == 422
    event = new_event("default", **about, metadata={"name": f"e-{namespace}"})
    (await api.create("/apis/events.k8s.io/v1/namespaces/default/events", event)).ok()
    (await api.delete(f"/apis/events.k8s.io/v1/namespaces/default/events/e-{namespace}")).ok()


async def test_config_maps_take_strategic_and_unconditional_writes(api: Api, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    made = (await api.create(path, {"metadata": {"name": "c"}, "data": {"a": "1"}})).ok()
    assert "generation" not in made["metadata"]
    assert (await api.patch(f"{path}/c", {"data": {"b": "2"}}, STRATEGIC)).ok()["data"] == {"a": "1", "b": "2"}
    assert (await api.replace(f"{path}/c", {"metadata": {"name": "c"}, "data": {"z": "1"}})).ok()["data"] == {"z": "1"}
    (await api.create(path, {"metadata": {"name": "d"}, "data": {"a": 1}})).refused(400, "BadRequest")
    listed = (await api.get(path, fieldSelector="metadata.name=c")).ok()["items"]
    assert "kind" not in listed[0]


async def test_secrets_are_encoded(api: Api, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"
    made = (await api.create(path, {"metadata": {"name": "s"}, "stringData": {"a": "1"}})).ok()
    assert (made["data"], made["type"]) == ({"a": "MQ=="}, "Opaque")
    assert "stringData" not in made


async def test_a_namespace_carries_its_name_as_a_label(api: Api, namespace: str) -> None:
    found = (await api.get(f"/api/v1/namespaces/{namespace}")).ok()
    assert found["metadata"]["labels"]["kubernetes.io/metadata.name"] == namespace
    assert found["status"]["phase"] == "Active"
    assert found["spec"]["finalizers"] == ["kubernetes"]
    after = (await api.patch(f"/api/v1/namespaces/{namespace}", {"metadata": {"labels": None}})).ok()
    assert after["metadata"]["labels"] == {"kubernetes.io/metadata.name": namespace}


async def test_some_namespaces_are_for_ever(api: Api) -> None:
    for name in ("default", "kube-system", "kube-public"):
        status = (await api.delete(f"/api/v1/namespaces/{name}")).refused(403, "Forbidden")
        assert status["message"] == f'namespaces "{name}" is forbidden: this namespace may not be deleted'
    (await api.delete("/api/v1/namespaces")).refused(405, "MethodNotAllowed")


async def test_a_deployment_is_stored_with_its_generation(api: Api, namespace: str) -> None:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    deployment = {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    made = (await api.create(path, deployment)).ok()
    assert made["metadata"]["generation"] == 1
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "j"}]}}}}

    async def patched() -> bool:
        return (await api.patch(f"{path}/d", patch, STRATEGIC)).code == 200

    await eventually(patched)
    after = (await api.get(f"{path}/d")).ok()
    assert after["metadata"]["generation"] == 2
    assert after["spec"]["template"]["spec"]["containers"][0]["image"] == "j"


async def test_one_may_ask_what_one_may(api: Api) -> None:
    review = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
    answer = (await api.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)).ok()
    assert answer["status"]["allowed"] is True
    who = (await api.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", {})).ok()
    assert who["status"]["userInfo"]["username"]
