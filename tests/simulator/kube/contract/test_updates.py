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
    after = (await api.replace(kind.path(namespace, "a"), ticket)).ok()
    assert after["metadata"]["resourceVersion"] == ticket["metadata"]["resourceVersion"]
    after = (await api.patch(kind.path(namespace, "a"), {"spec": {"tags": {"t": "1"}}})).ok()
    assert after["metadata"]["resourceVersion"] == ticket["metadata"]["resourceVersion"]


async def test_a_stale_put_is_a_conflict(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    (await api.patch(kind.path(namespace, "a"), {"spec": {"tags": {"t": "2"}}})).ok()
    status = (await api.replace(kind.path(namespace, "a"), ticket)).refused(409, "Conflict")
    assert status["message"] == (
        f'Operation cannot be fulfilled on {kind.crd} "a": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    assert status["details"] == {"name": "a", "group": kind.group, "kind": "tickets"}


async def test_a_put_needs_a_resource_version(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    del ticket["metadata"]["resourceVersion"]
    status = (await api.replace(kind.path(namespace, "a"), ticket)).refused(422, "Invalid")
    assert status["details"]["causes"][0]["field"] == "metadata.resourceVersion"


async def test_a_put_with_another_uid_is_a_conflict(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    ticket["metadata"]["uid"] = "6f1c2a9e-0000-4000-8000-000000000000"
    (await api.replace(kind.path(namespace, "a"), ticket)).refused(409, "Conflict")


async def test_a_put_of_what_is_not_there(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    ticket["metadata"]["name"] = "b"
    (await api.replace(kind.path(namespace, "b"), ticket)).refused(404, "NotFound")


async def test_the_name_in_the_body_must_be_that_of_the_path(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    ticket["metadata"]["name"] = "b"
    (await api.replace(kind.path(namespace, "a"), ticket)).refused(400, "BadRequest")


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
    for patch in ({"metadata": {"uid": "6f1c2a9e-0000-4000-8000-000000000000"}}, {"metadata": {"name": "b"}}):
        assert (await api.patch(kind.path(namespace, "a"), patch)).code in (400, 409, 422)


async def test_a_json_patch(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    operations = [{"op": "test", "path": "/spec/tags/t", "value": "1"}, {"op": "replace", "path": "/spec/tags/t", "value": "2"}]
    assert (await api.patch(kind.path(namespace, "a"), operations, JSON_PATCH)).ok()["spec"]["tags"] == {"t": "2"}
    (await api.patch(kind.path(namespace, "a"), operations, JSON_PATCH)).refused(422, "Invalid")
    (await api.patch(kind.path(namespace, "a"), {"not": "a list"}, JSON_PATCH)).refused(400, "BadRequest")


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
