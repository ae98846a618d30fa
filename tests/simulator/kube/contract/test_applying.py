"""Server-side apply."""

from typing import Any

from support.kube_contract import APPLY, Answer, Api
from support.ticket_kind import Kind


async def apply(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any], manager: str, **query: Any) -> Answer:
    return await api.patch(kind.path(namespace, ticket["metadata"]["name"]), ticket, APPLY, fieldManager=manager, **query)


async def test_applying_creates(api: Api, kind: Kind, namespace: str) -> None:
    answer = await apply(api, kind, namespace, kind.ticket("a", tags={"t": "1"}), "alice")
    assert answer.code == 201
    (entry,) = [entry for entry in answer.ok()["metadata"]["managedFields"] if entry["manager"] == "alice"]
    assert entry["operation"] == "Apply"
    assert entry["fieldsV1"]["f:spec"] == {"f:className": {}, "f:tags": {"f:t": {}}}


async def test_applying_again_is_no_write(api: Api, kind: Kind, namespace: str) -> None:
    made = (await apply(api, kind, namespace, kind.ticket("a"), "alice")).ok()
    # The first write stores the status's default.
    first = (await apply(api, kind, namespace, kind.ticket("a"), "alice")).ok()
    assert int(first["metadata"]["resourceVersion"]) > int(made["metadata"]["resourceVersion"])
    second = await apply(api, kind, namespace, kind.ticket("a"), "alice")
    assert second.code == 200
    assert second.ok()["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_what_is_no_longer_applied_goes(api: Api, kind: Kind, namespace: str) -> None:
    ticket = kind.ticket("a", labels={"l": "1"}, tags={"t": "1", "u": "1"}, source={"from": "Cluster"})
    (await apply(api, kind, namespace, ticket, "alice")).ok()
    after = (await apply(api, kind, namespace, kind.ticket("a", tags={"u": "1"}), "alice")).ok()
    assert after["spec"] == {"className": "standard", "tags": {"u": "1"}}
    assert "labels" not in after["metadata"]


async def test_others_fields_stay(api: Api, kind: Kind, namespace: str) -> None:
    (await apply(api, kind, namespace, kind.ticket("a", tags={"t": "1"}), "alice")).ok()
    (await apply(api, kind, namespace, kind.ticket("a", tags={"u": "1"}), "bob")).ok()
    after = (await apply(api, kind, namespace, kind.ticket("a"), "alice")).ok()
    assert after["spec"]["tags"] == {"u": "1"}


async def test_a_conflict_names_manager_and_field(api: Api, kind: Kind, namespace: str) -> None:
    (await apply(api, kind, namespace, kind.ticket("a"), "alice")).ok()
    status = (await apply(api, kind, namespace, kind.ticket("a", className="other"), "bob")).refused(409, "Conflict")
    assert status["message"] == 'Apply failed with 1 conflict: conflict with "alice": .spec.className'
    assert status["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "alice"', "field": ".spec.className"}
    ]
    forced = (await apply(api, kind, namespace, kind.ticket("a", className="other"), "bob", force="true")).ok()
    assert forced["spec"]["className"] == "other"


async def test_updates_own_what_they_change(api: Api, kind: Kind, namespace: str) -> None:
    (await apply(api, kind, namespace, kind.ticket("a"), "alice")).ok()
    (await api.patch(kind.path(namespace, "a"), {"spec": {"className": "edited"}}, fieldManager="editor")).ok()
    status = (await apply(api, kind, namespace, kind.ticket("a"), "alice")).refused(409, "Conflict")
    assert status["message"] == f'Apply failed with 1 conflict: conflict with "editor" using {kind.group}/v1: .spec.className'


async def test_items_of_map_lists_have_owners_of_their_own(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    path = kind.path(namespace, "a", "status")
    base = {"apiVersion": f"{kind.group}/v1", "kind": "Ticket", "metadata": {"name": "a"}}
    for manager, condition in (("alice", "Synced"), ("bob", "Paused")):
        body = base | {"status": {"conditions": [{"type": condition, "status": "True"}]}}
        (await api.patch(path, body, APPLY, fieldManager=manager)).ok()
    after = (await api.get(kind.path(namespace, "a"))).ok()
    assert {condition["type"] for condition in after["status"]["conditions"]} == {"Ready", "Synced", "Paused"}
    after = (await api.patch(path, base | {"status": {"conditions": []}}, APPLY, fieldManager="alice")).ok()
    assert {condition["type"] for condition in after["status"]["conditions"]} == {"Ready", "Paused"}


async def test_a_manager_is_needed_and_managed_fields_are_not_allowed(api: Api, kind: Kind, namespace: str) -> None:
    status = (await api.patch(kind.path(namespace, "a"), kind.ticket("a"), APPLY)).refused(422, "Invalid")
    assert status["message"] == 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
    ticket = kind.ticket("a")
    ticket["metadata"]["managedFields"] = [
        {"manager": "x", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"f:a": {}}}
    ]
    (await apply(api, kind, namespace, ticket, "alice")).refused(400, "BadRequest")


async def test_applied_objects_are_validated(api: Api, kind: Kind, namespace: str) -> None:
    (await apply(api, kind, namespace, kind.ticket("a", seats=99), "alice")).refused(422, "Invalid")


async def test_fields_that_the_schema_does_not_know_are_refused(api: Api, kind: Kind, namespace: str) -> None:
    answer = await apply(api, kind, namespace, kind.ticket("a", bogus=1), "alice", fieldValidation="Ignore")
    assert answer.code == 500
    assert "failed to create typed patch object" in answer.body["message"]
    assert ".spec.bogus: field not declared in schema" in answer.body["message"]


async def test_values_that_have_no_fields_are_refused(api: Api, kind: Kind, namespace: str) -> None:
    for spec, why in (
        ({"seats": "x"}, ".spec.seats: expected numeric (int or float), got string"),
        ({"source": {"from": "IDs", "ids": ["a", "a"]}}, '.spec.source.ids: duplicate entries for key [="a"]'),
    ):
        answer = await apply(api, kind, namespace, kind.ticket("a", **spec), "alice")
        assert answer.code == 500
        assert answer.body["message"] == f"failed to create typed patch object (/a; {kind.group}/v1, Kind=Ticket): {why}"


async def test_what_is_applied_must_say_what_it_is(api: Api, kind: Kind, namespace: str) -> None:
    for change, found in (({"kind": "Other"}, f"{kind.group}/v1, Kind=Other"), ({"apiVersion": "x.dev/v2"}, "x.dev/v2, Kind=Ticket")):
        status = (await apply(api, kind, namespace, {**kind.ticket("a"), **change}, "alice")).refused(400, "BadRequest")
        assert status["message"] == f"invalid object type: {found}"


async def test_an_object_with_a_uid_is_not_made_again(api: Api, kind: Kind, namespace: str) -> None:
    ticket = kind.ticket("a")
    ticket["metadata"]["uid"] = "6f1c2a9e-0000-4000-8000-000000000000"
    (await apply(api, kind, namespace, ticket, "alice")).refused(409, "Conflict")


async def test_a_null_is_refused_rather_than_dropped(api: Api, kind: Kind, namespace: str) -> None:
    status = (await apply(api, kind, namespace, kind.ticket("a", tags=None), "alice")).refused(422, "Invalid")
    assert [cause["field"] for cause in status["details"]["causes"]] == ["spec.tags", "<nil>"]
