"""Deletion: finalizers, preconditions, collections, namespaces, and kinds."""

import secrets

import pytest

from support.kube_contract import APPLY, JSON_PATCH, Api, eventually
from support.ticket_kind import Kind, crd_manifest

FINALIZER = "contract.test/finalizer"


async def test_without_finalizers_it_is_gone_at_once(api: Api, kind: Kind, namespace: str) -> None:
    made = (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    status = (await api.delete(kind.path(namespace, "a"))).ok()
    assert (status["kind"], status["status"]) == ("Status", "Success")
    assert status["details"] == {"name": "a", "group": kind.group, "kind": "tickets", "uid": made["metadata"]["uid"]}
    (await api.get(kind.path(namespace, "a"))).refused(404, "NotFound")
    (await api.delete(kind.path(namespace, "a"))).refused(404, "NotFound")


async def test_a_finalizer_keeps_it_until_it_is_removed(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("a", finalizers=[FINALIZER]))).ok()
    marked = (await api.delete(kind.path(namespace, "a"))).ok()
    assert marked["kind"] == "Ticket"
    assert marked["metadata"]["deletionTimestamp"]
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 0
    assert marked["metadata"]["generation"] == 2
    again = (await api.delete(kind.path(namespace, "a"))).ok()
    assert again["metadata"]["deletionTimestamp"] == marked["metadata"]["deletionTimestamp"]
    last = (await api.patch(kind.path(namespace, "a"), {"metadata": {"finalizers": None}})).ok()
    assert last["metadata"]["name"] == "a"
    (await api.get(kind.path(namespace, "a"))).refused(404, "NotFound")


async def test_no_finalizer_can_be_added_while_deleting(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("a", finalizers=[FINALIZER]))).ok()
    (await api.delete(kind.path(namespace, "a"))).ok()
    operation = [{"op": "add", "path": "/metadata/finalizers/-", "value": "contract.test/late"}]
    status = (await api.patch(kind.path(namespace, "a"), operation, JSON_PATCH)).refused(422, "Invalid")
    why = 'no new finalizers can be added if the object is being deleted, found new finalizers []string{"contract.test/late"}'
    assert status["message"] == f'Ticket.{kind.group} "a" is invalid: metadata.finalizers: Forbidden: {why}'
    cause = {"reason": "FieldValueForbidden", "message": f"Forbidden: {why}", "field": "metadata.finalizers"}
    # The registry says it, and the kind's own validation.
    assert status["details"] == {"name": "a", "group": kind.group, "kind": "Ticket", "causes": [cause, cause]}
    (await api.patch(kind.path(namespace, "a"), {"metadata": {"finalizers": ["contract.test/late"]}})).refused(422, "Invalid")
    status = (await api.create(kind.path(namespace), kind.ticket("a"))).refused(409, "AlreadyExists")
    assert status["message"] == f'object is being deleted: {kind.crd} "a" already exists'
    (await api.patch(kind.path(namespace, "a", "status"), {"status": {"queue": 1}})).ok()
    (await api.patch(kind.path(namespace, "a"), {"spec": {"tags": {"still": "editable"}}})).ok()
    (await api.patch(kind.path(namespace, "a"), {"metadata": {"finalizers": []}})).ok()


@pytest.mark.parametrize("field", ["uid", "resourceVersion"])
async def test_preconditions(api: Api, kind: Kind, namespace: str, field: str) -> None:
    made = (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    wrong = {"uid": "6f1c2a9e-0000-4000-8000-000000000000", "resourceVersion": "1"}[field]
    (await api.delete(kind.path(namespace, "a"), {"preconditions": {field: wrong}})).refused(409, "Conflict")
    (await api.delete(kind.path(namespace, "a"), {"preconditions": {field: made["metadata"][field]}})).ok()


async def test_a_dry_run_deletes_nothing(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    (await api.delete(kind.path(namespace, "a"), dryRun="All")).ok()
    (await api.get(kind.path(namespace, "a"))).ok()


async def test_a_collection_by_selector(api: Api, kind: Kind, namespace: str) -> None:
    for name, label in (("a", "1"), ("b", "2"), ("c", "1")):
        (await api.create(kind.path(namespace), kind.ticket(name, labels={"l": label}))).ok()
    listed = (await api.delete(kind.path(namespace), labelSelector="l=1")).ok()
    assert listed["kind"] == "TicketList"
    assert [item["metadata"]["name"] for item in listed["items"]] == ["a", "c"]
    left = (await api.get(kind.path(namespace))).ok()["items"]
    assert [item["metadata"]["name"] for item in left] == ["b"]


async def test_a_collection_is_answered_as_it_was(api: Api, kind: Kind, namespace: str) -> None:
    made = (await api.create(kind.path(namespace), kind.ticket("a", finalizers=[FINALIZER]))).ok()
    assert (await api.delete(kind.path(namespace))).ok()["items"] == [made]
    marked = (await api.get(kind.path(namespace, "a"))).ok()
    assert marked["metadata"]["deletionTimestamp"]
    (await api.patch(kind.path(namespace, "a"), {"metadata": {"finalizers": None}})).ok()


async def test_in_the_foreground_the_garbage_collector_has_its_say(api: Api, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps/c"
    (await api.create(path.removesuffix("/c"), {"metadata": {"name": "c", "finalizers": [FINALIZER]}})).ok()
    marked = (await api.delete(path, {"propagationPolicy": "Foreground"})).ok()
    assert marked["metadata"]["finalizers"] == [FINALIZER, "foregroundDeletion"]

    async def collected() -> bool:
        return bool((await api.get(path)).ok()["metadata"]["finalizers"] == [FINALIZER])

    await eventually(collected)
    (await api.patch(path, {"metadata": {"finalizers": None}})).ok()
    (await api.get(path)).refused(404, "NotFound")


async def test_a_namespace_takes_its_contents_with_it(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("free"))).ok()
    (await api.create(kind.path(namespace), kind.ticket("held", finalizers=[FINALIZER]))).ok()
    path = f"/api/v1/namespaces/{namespace}"
    (await api.delete(path)).ok()

    async def only_held_is_left() -> bool:
        items = (await api.get(kind.path(namespace))).ok()["items"]
        return [item["metadata"]["name"] for item in items if item["metadata"].get("deletionTimestamp")] == ["held"] and len(items) == 1

    await eventually(only_held_is_left)
    terminating = (await api.get(path)).ok()
    assert terminating["status"]["phase"] == "Terminating"
    assert terminating["metadata"]["deletionTimestamp"]
    status = (await api.create(kind.path(namespace), kind.ticket("late"))).refused(403, "Forbidden")
    why = f"unable to create new content in namespace {namespace} because it is being terminated"
    assert status["message"] == f'{kind.crd} "late" is forbidden: {why}'
    cause = {"reason": "NamespaceTerminating", "message": f"namespace {namespace} is being terminated", "field": "metadata.namespace"}
    assert status["details"]["causes"] == [cause]
    (await api.patch(kind.path(namespace, "late"), kind.ticket("late"), APPLY, fieldManager="x")).refused(403, "Forbidden")
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"}, "involvedObject": {"namespace": namespace}}
    (await api.create(f"/api/v1/namespaces/{namespace}/events", event)).refused(403, "Forbidden")
    (await api.patch(kind.path(namespace, "held", "status"), {"status": {"queue": 1}})).ok()
    late = {"metadata": {"finalizers": [FINALIZER, "contract.test/late"]}}
    (await api.patch(kind.path(namespace, "held"), late)).refused(422, "Invalid")
    assert (await api.delete(path)).ok()["status"]["phase"] == "Terminating"
    (await api.patch(kind.path(namespace, "held"), {"metadata": {"finalizers": None}})).ok()

    async def gone() -> bool:
        return (await api.get(path)).code == 404

    await eventually(gone)


async def test_a_kind_takes_its_objects_with_it(api: Api, namespace: str) -> None:
    other = Kind(f"d{secrets.token_hex(4)}.contract.test")
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    (await api.create(crds, crd_manifest(other.group))).ok()

    async def established() -> bool:
        conditions = (await api.get(f"{crds}/{other.crd}")).ok()["status"].get("conditions") or []
        return any(condition["type"] == "Established" and condition["status"] == "True" for condition in conditions)

    await eventually(established)

    async def served() -> bool:
        return (await api.create(other.path(namespace), other.ticket("held", finalizers=[FINALIZER]))).code in (201, 409)

    await eventually(served)
    (await api.create(other.path(namespace), other.ticket("free"))).ok()
    (await api.delete(f"{crds}/{other.crd}")).ok()

    async def only_held_is_left() -> bool:
        items = (await api.get(other.path(namespace))).ok()["items"]
        return [item["metadata"]["name"] for item in items] == ["held"]

    await eventually(only_held_is_left)
    terminating = (await api.get(f"{crds}/{other.crd}")).ok()
    assert "customresourcecleanup.apiextensions.k8s.io" in terminating["metadata"]["finalizers"]
    conditions = {condition["type"]: condition["status"] for condition in terminating["status"]["conditions"]}
    assert conditions["Terminating"] == "True"
    (await api.create(other.path(namespace), other.ticket("late"))).refused(403, "Forbidden")
    (await api.patch(other.path(namespace, "held"), {"metadata": {"finalizers": None}})).ok()

    async def gone() -> bool:
        return (await api.get(f"{crds}/{other.crd}")).code == 404 and (await api.get(other.path(namespace))).code == 404

    await eventually(gone)
