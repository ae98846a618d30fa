"""Who owns which field once the operator, a GitOps tool and people have written."""

from typing import Any

import pytest

from support.kube_contract import APPLY, Api
from support.ticket_kind import Kind

FINALIZER = "contract.test/f"
READY = {"type": "Ready", "status": "True", "reason": "Done"}


@pytest.fixture
async def ticket(api: Api, kind: Kind, namespace: str) -> dict[str, Any]:
    """Applied by a GitOps tool, then handled by an operator: a finalizer by a merge patch, and a status by a PUT."""
    path = kind.path(namespace, "a")
    (await api.patch(path, kind.ticket("a", tags={"t": "1"}), APPLY, fieldManager="gitops")).ok()
    held = (await api.patch(path, {"metadata": {"finalizers": [FINALIZER]}}, fieldManager="operator")).ok()
    status = {"conditions": [READY], "queue": 1}
    return (await api.replace(f"{path}/status", {**held, "status": status}, fieldManager="operator")).ok()


def owned(obj: dict[str, Any]) -> dict[tuple[str, str, str], Any]:
    return {
        (entry["manager"], entry["operation"], entry.get("subresource", "")): entry["fieldsV1"]
        for entry in obj["metadata"].get("managedFields", ())
    }


async def test_everyone_owns_what_they_wrote(ticket: dict[str, Any]) -> None:
    assert owned(ticket) == {
        ("gitops", "Apply", ""): {"f:spec": {"f:className": {}, "f:tags": {"f:t": {}}}},
        ("operator", "Update", ""): {"f:metadata": {"f:finalizers": {".": {}, f'v:"{FINALIZER}"': {}}}},
        ("operator", "Update", "status"): {
            "f:status": {"f:conditions": {'k:{"type":"Ready"}': {"f:reason": {}, "f:status": {}}}, "f:queue": {}}
        },
    }
    assert [(entry["operation"], entry.get("subresource")) for entry in ticket["metadata"]["managedFields"]] == [
        ("Apply", None),
        ("Update", None),
        ("Update", "status"),
    ]


async def test_applying_again_touches_neither_status_nor_finalizer(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    path = kind.path(namespace, "a")
    assert (await api.patch(path, kind.ticket("a", tags={"t": "1"}), APPLY, fieldManager="gitops")).ok() == ticket
    after = (await api.patch(path, kind.ticket("a", tags={"u": "1"}), APPLY, fieldManager="gitops")).ok()
    assert after["status"] == ticket["status"]
    assert after["metadata"]["finalizers"] == [FINALIZER]
    assert after["spec"]["tags"] == {"u": "1"}


async def test_a_status_in_what_is_applied_is_ignored(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    config = {**kind.ticket("a", tags={"t": "1"}), "status": {"queue": 9}}
    assert (await api.patch(kind.path(namespace, "a"), config, APPLY, fieldManager="gitops")).ok() == ticket


async def test_a_spec_that_is_applied_to_the_status_is_ignored(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    config = kind.ticket("a", className="other", labels={"l": "1"})
    after = (await api.patch(kind.path(namespace, "a", "status"), config, APPLY, fieldManager="another")).ok()
    assert (after["spec"], after["status"]) == (ticket["spec"], ticket["status"])
    assert "labels" not in after["metadata"]


async def test_conflicts_with_an_update_of_the_status_name_the_subresource(
    api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]
) -> None:
    config = {**kind.ticket("a"), "status": {"queue": 2}}
    status = (await api.patch(kind.path(namespace, "a", "status"), config, APPLY, fieldManager="another")).refused(409, "Conflict")
    who = f'conflict with "operator" with subresource "status" using {kind.group}/v1'
    assert status["message"] == f"Apply failed with 1 conflict: {who}: .status.queue"


async def test_force_leaves_the_containers_to_those_who_made_them(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("a", tags={"t": "1"}), fieldManager="creator")).ok()
    config = kind.ticket("a", className="other", tags={"t": "2"})
    after = (await api.patch(kind.path(namespace, "a"), config, APPLY, fieldManager="gitops", force="true")).ok()
    assert owned(after) == {
        ("gitops", "Apply", ""): {"f:spec": {"f:className": {}, "f:tags": {"f:t": {}}}},
        ("creator", "Update", ""): {"f:spec": {".": {}, "f:tags": {}}},
    }
    emptied = await api.patch(kind.path(namespace, "a"), kind.ticket("a", className="other"), APPLY, fieldManager="gitops")
    # What is empty and still someone's becomes a null, which this schema does not allow.
    assert emptied.refused(422, "Invalid")["details"]["causes"][0]["field"] == "spec.tags"


async def test_owners_can_be_forgotten(api: Api, kind: Kind, namespace: str, ticket: dict[str, Any]) -> None:
    path = kind.path(namespace, "a")
    assert owned((await api.patch(path, {"metadata": {"managedFields": [{}]}})).ok()) == {}
    assert owned((await api.patch(path, {"spec": {"tags": {"t": "2"}}}, fieldManager="editor")).ok()) == {}
    status = (await api.patch(path, kind.ticket("a", tags={"t": "3"}), APPLY, fieldManager="gitops")).refused(409, "Conflict")
    assert 'conflict with "before-first-apply"' in status["message"]


async def test_owner_references_have_one_owner_each(api: Api, kind: Kind, namespace: str) -> None:
    ticket = kind.ticket("a")
    ticket["metadata"]["ownerReferences"] = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "u1"}]
    made = (await api.create(kind.path(namespace), ticket, fieldManager="creator")).ok()
    assert owned(made)["creator", "Update", ""]["f:metadata"] == {"f:ownerReferences": {".": {}, 'k:{"uid":"u1"}': {}}}
    ticket["metadata"] |= {"name": "b", "ownerReferences": [{"apiVersion": "v1", "kind": "", "name": "c", "uid": ""}]}
    status = (await api.create(kind.path(namespace), ticket)).refused(422, "Invalid")
    assert [cause["field"] for cause in status["details"]["causes"]] == ["metadata.ownerReferences.kind", "metadata.ownerReferences.uid"]
