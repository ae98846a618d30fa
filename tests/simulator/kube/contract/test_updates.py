"""PUT and PATCH of the main resource."""

from typing import Any

import pytest

from support.kube_contract import JSON_PATCH, MERGE, STRATEGIC, Api
from support.ticket_kind import Kind


@pytest.fixture
async def ticket(api: Api, kind: Kind, namespace: str) -> dict[str, Any]:
    return (await api.create(kind.path(namespace), kind.ticket("a", labels={"l": "1"}, tags={"t": "1"}))).ok()


async def test_a_change_of_the_spec_bumps_the_generation(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    changed = {**ticket, "spec": {**ticket["spec"], "tags": {"t": "2"}}}
    after = (await api.replace(kind.path(namespace, "a"), changed)).ok()
    assert after["metadata"]["generation"] == 2
    assert int(after["metadata"]["resourceVersion"]) > int(ticket["metadata"]["resourceVersion"])
    assert after["metadata"]["uid"] == ticket["metadata"]["uid"]


async def test_a_change_of_the_metadata_does_not(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    after = (await api.patch(kind.path(namespace, "a"), {"metadata": {"labels": {"m": "2"}}})).ok()
    assert after["metadata"]["generation"] == 1
    assert after["metadata"]["labels"] == {"l": "1", "m": "2"}


async def test_no_change_is_no_write(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    # The first write stores the status's default.
    settled = (await api.replace(kind.path(namespace, "a"), ticket)).ok()
    assert (await api.replace(kind.path(namespace, "a"), settled, fieldManager="another")).ok() == settled
    assert (await api.patch(kind.path(namespace, "a"), {"spec": {"tags": {"t": "1"}}}, fieldManager="another")).ok() == settled


async def test_a_stale_put_is_a_conflict(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    (await api.patch(kind.path(namespace, "a"), {"spec": {"tags": {"t": "2"}}})).ok()
    status = (await api.replace(kind.path(namespace, "a"), ticket)).refused(409, "Conflict")
    assert status["message"] == (
        f'Operation cannot be fulfilled on {kind.crd} "a": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    assert status["details"] == {"name": "a", "group": kind.group, "kind": "tickets"}


async def test_a_put_needs_a_resource_version(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    for given in ({}, {"resourceVersion": "0"}):
        meta = {name: value for name, value in ticket["metadata"].items() if name != "resourceVersion"} | given
        for path in (kind.path(namespace, "a"), kind.path(namespace, "a", "status")):
            status = (await api.replace(path, {**ticket, "metadata": meta})).refused(422, "Invalid")
            assert [cause["field"] for cause in status["details"]["causes"]] == ["metadata.resourceVersion"]


async def test_a_put_with_another_uid_is_a_conflict(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    found, wrong = ticket["metadata"]["uid"], "6f1c2a9e-0000-4000-8000-000000000000"
    ticket["metadata"]["uid"] = wrong
    for path in (kind.path(namespace, "a"), kind.path(namespace, "a", "status")):
        status = (await api.replace(path, ticket)).refused(409, "Conflict")
        assert status["message"].endswith(f"Precondition failed: UID in precondition: {wrong}, UID in object meta: {found}")


async def test_a_put_of_what_is_not_there(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    ticket["metadata"]["name"] = "b"
    (await api.replace(kind.path(namespace, "b"), ticket)).refused(404, "NotFound")


async def test_the_name_in_the_body_must_be_that_of_the_path(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    for meta in ({**ticket["metadata"], "name": "b"}, {}, {**ticket["metadata"], "namespace": "other"}):
        (await api.replace(kind.path(namespace, "a"), {**ticket, "metadata": meta})).refused(400, "BadRequest")


async def test_a_merge_patch_removes_by_null(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    after = (await api.patch(kind.path(namespace, "a"), {"metadata": {"labels": {"l": None}}, "spec": {"tags": None}})).ok()
    assert after["spec"] == {"className": "standard"}
    assert "labels" not in after["metadata"]


async def test_a_resource_version_in_a_patch_is_a_precondition(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    version = ticket["metadata"]["resourceVersion"]
    patch = {"metadata": {"resourceVersion": version}, "spec": {"tags": {"t": "2"}}}
    (await api.patch(kind.path(namespace, "a"), patch)).ok()
    (await api.patch(kind.path(namespace, "a"), patch)).refused(409, "Conflict")


async def test_a_patch_cannot_change_the_identity(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    for meta in ({"name": "b"}, {"namespace": "other"}):
        (await api.patch(kind.path(namespace, "a"), {"metadata": meta})).refused(400, "BadRequest")
    wrong = "6f1c2a9e-0000-4000-8000-000000000000"
    status = (await api.patch(kind.path(namespace, "a"), {"metadata": {"uid": wrong, "finalizers": ["x.dev/y"]}})).refused(422, "Invalid")
    immutable = {"reason": "FieldValueInvalid", "message": f'Invalid value: "{wrong}": field is immutable', "field": "metadata.uid"}
    assert status["details"]["causes"] == [immutable, immutable]
    for field, value in (("kind", "Other"), ("apiVersion", "other.dev/v1")):
        status = (await api.patch(kind.path(namespace, "a"), {field: value})).refused(422, "Invalid")
        assert [cause["field"] for cause in status["details"]["causes"]] == [field]


async def test_a_json_patch(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    operations = [{"op": "test", "path": "/spec/tags/t", "value": "1"}, {"op": "replace", "path": "/spec/tags/t", "value": "2"}]
    assert (await api.patch(kind.path(namespace, "a"), operations, JSON_PATCH)).ok()["spec"]["tags"] == {"t": "2"}
    (await api.patch(kind.path(namespace, "a"), operations, JSON_PATCH)).refused(422, "Invalid")
    for misfit in ({"op": "jump", "path": "/spec"}, {"op": "remove", "path": "/spec/none"}, {"op": "add", "path": "/a/b", "value": 1}):
        (await api.patch(kind.path(namespace, "a"), [misfit], JSON_PATCH)).refused(422, "Invalid")


async def test_strategic_merge_is_not_for_custom_kinds(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    (await api.patch(kind.path(namespace, "a"), {}, STRATEGIC)).refused(415, "UnsupportedMediaType")


async def test_a_patch_of_what_is_not_there(api: Api, kind: Kind, namespace: str) -> None:
    (await api.patch(kind.path(namespace, "none"), {}, MERGE)).refused(404, "NotFound")


async def test_a_dry_run_changes_nothing(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    after = (await api.patch(kind.path(namespace, "a"), {"spec": {"tags": {"t": "2"}}}, dryRun="All")).ok()
    assert after["spec"]["tags"] == {"t": "2"}
    assert (await api.get(kind.path(namespace, "a"))).ok() == ticket


async def test_the_writers_are_recorded(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    await api.patch(kind.path(namespace, "a"), {"spec": {"tags": {"u": "2"}}}, fieldManager="tester")
    managed = (await api.get(kind.path(namespace, "a"))).ok()["metadata"]["managedFields"]
    mine = next(entry for entry in managed if entry["manager"] == "tester")
    assert (mine["operation"], mine["apiVersion"], mine["fieldsType"]) == ("Update", f"{kind.group}/v1", "FieldsV1")
    assert mine["fieldsV1"] == {"f:spec": {"f:tags": {"f:u": {}}}}
    first = next(entry for entry in managed if entry["manager"] != "tester")
    assert first["fieldsV1"] == {
        "f:metadata": {"f:labels": {".": {}, "f:l": {}}},
        "f:spec": {".": {}, "f:className": {}, "f:tags": {".": {}, "f:t": {}}},
    }
