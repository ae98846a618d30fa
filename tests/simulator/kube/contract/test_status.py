"""The status subresource, and the default that a CRD can give it."""

from typing import Any

import pytest

from support.kube_contract import JSON_PATCH, Api
from support.ticket_kind import Kind

DEFAULT = [{"type": "Ready", "status": "Unknown", "reason": "Pending", "message": "waiting", "lastTransitionTime": "1970-01-01T00:00:00Z"}]
TRUE = {"type": "Ready", "status": "True"}


@pytest.fixture
async def ticket(api: Api, kind: Kind, namespace: str) -> dict[str, Any]:
    return (await api.create(kind.path(namespace), kind.ticket("a", tags={"t": "1"}))).ok()


async def test_the_default_is_there_from_the_creation_on(api: Api, kind: Kind, namespace: str) -> None:
    made = (await api.create(kind.path(namespace), {**kind.ticket("a"), "status": {"queue": 3}})).ok()
    assert made["status"] == {"conditions": DEFAULT}
    assert (await api.get(kind.path(namespace, "a"))).ok()["status"] == {"conditions": DEFAULT}


async def test_the_default_comes_back_after_a_wipe(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    path = kind.path(namespace, "a", "status")
    (await api.replace(path, {**ticket, "status": {"queue": 3}})).ok()
    assert (await api.get(kind.path(namespace, "a"))).ok()["status"] == {"queue": 3}
    (await api.patch(path, [{"op": "remove", "path": "/status"}], JSON_PATCH)).ok()
    assert (await api.get(kind.path(namespace, "a"))).ok()["status"] == {"conditions": DEFAULT}


async def test_the_main_resource_ignores_the_status(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    after = (await api.replace(kind.path(namespace, "a"), {**ticket, "status": {"queue": 3}})).ok()
    assert after["status"] == {"conditions": DEFAULT}
    assert after["metadata"]["generation"] == ticket["metadata"]["generation"]


async def test_the_default_is_stored_by_the_first_write(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    path = kind.path(namespace, "a", "status")
    first = (await api.replace(path, ticket)).ok()
    assert int(first["metadata"]["resourceVersion"]) > int(ticket["metadata"]["resourceVersion"])
    assert {**first, "metadata": None} == {**ticket, "metadata": None}
    assert (await api.replace(path, first)).ok() == first


async def test_the_status_ignores_all_but_the_status(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    changed = {**ticket, "spec": {"className": "other"}, "status": {"conditions": [TRUE]}}
    changed["metadata"] = {**ticket["metadata"], "labels": {"x": "1"}, "finalizers": ["contract.test/f"]}
    after = (await api.replace(kind.path(namespace, "a", "status"), changed)).ok()
    assert after["spec"] == ticket["spec"]
    assert after["status"] == {"conditions": [TRUE]}
    assert "labels" not in after["metadata"]
    assert "finalizers" not in after["metadata"]
    assert after["metadata"]["generation"] == 1


async def test_the_status_can_be_read_alone(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    assert (await api.get(kind.path(namespace, "a", "status"))).ok() == ticket


async def test_a_stale_status_is_a_conflict(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    path = kind.path(namespace, "a", "status")
    (await api.replace(path, {**ticket, "status": {"queue": 1}})).ok()
    (await api.replace(path, {**ticket, "status": {"queue": 2}})).refused(409, "Conflict")
    version = ticket["metadata"]["resourceVersion"]
    (await api.patch(path, {"metadata": {"resourceVersion": version}, "status": {"queue": 2}})).refused(409, "Conflict")


async def test_put_refuses_another_uid_and_patch_does_not(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    path, uid = kind.path(namespace, "a", "status"), "6f1c2a9e-0000-4000-8000-000000000000"
    wrong = {**ticket, "metadata": {**ticket["metadata"], "uid": uid}, "status": {"queue": 1}}
    (await api.replace(path, wrong)).refused(409, "Conflict")
    after = (await api.patch(path, {"metadata": {"uid": uid}, "status": {"queue": 2}})).ok()
    assert after["metadata"]["uid"] == ticket["metadata"]["uid"]
    assert after["status"]["queue"] == 2


async def test_an_unchanged_status_is_no_write(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    path = kind.path(namespace, "a", "status")
    written = (await api.replace(path, {**ticket, "status": {"conditions": [TRUE], "queue": 1}}, fieldManager="tester")).ok()
    for manager in ("tester", "another"):
        assert (await api.replace(path, written, fieldManager=manager)).ok() == written


async def test_the_status_is_validated(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    path = kind.path(namespace, "a", "status")
    status = (await api.patch(path, {"status": {"conditions": [{**TRUE, "status": "Maybe"}]}})).refused(422, "Invalid")
    assert status["details"]["causes"][0]["field"] == "status.conditions[0].status"
    status = (await api.patch(path, {"status": {"conditions": [TRUE, TRUE]}})).refused(422, "Invalid")
    assert status["details"]["causes"][0]["reason"] == "FieldValueDuplicate"


async def test_what_is_wrong_is_told_as_if_the_status_were_the_body(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    wrong = {"queue": "x", "conditions": [{**TRUE, "lastTransitionTime": "yesterday"}]}
    status = (await api.patch(kind.path(namespace, "a", "status"), {"status": wrong})).refused(422, "Invalid")
    found = {(cause["reason"], cause["field"], cause["message"]) for cause in status["details"]["causes"]}
    date = 'conditions[0].lastTransitionTime in body must be of type date-time: "yesterday"'
    assert {
        ("FieldValueTypeInvalid", "status.queue", 'Invalid value: "string": queue in body must be of type integer: "string"'),
        ("FieldValueTypeInvalid", "status.conditions[0].lastTransitionTime", f'Invalid value: "yesterday": {date}'),
    } <= found


async def test_kinds_without_the_subresource_have_no_such_path(api: Api, kind: Kind, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    (await api.create(path, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}})).ok()
    assert (await api.get(f"{path}/c/status")).code == 404


async def test_the_status_of_what_is_not_there(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    ticket["metadata"]["name"] = "b"
    (await api.replace(kind.path(namespace, "b", "status"), ticket)).refused(404, "NotFound")
