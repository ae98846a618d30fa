"""A kind whose CRD changes while there are objects: what they look like then, and what may still be done with them."""

import copy
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from support.kube_contract import APPLY, Api, eventually
from support.ticket_kind import Kind, crd_manifest

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def narrowed(crd: dict[str, Any]) -> dict[str, Any]:
    """Fewer seats, no tags, another rule, and a new field with a default."""
    changed = copy.deepcopy(crd)
    spec = changed["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["extra"] = {"type": "string", "default": "filled", "maxLength": 10}
    spec["properties"]["seats"]["maximum"] = 5
    del spec["properties"]["tags"]
    spec["properties"]["className"]["x-kubernetes-validations"] = [{"rule": "self != 'standard'", "message": "standard is no more"}]
    return changed


@pytest.fixture
async def changed(api: Api, namespace: str) -> AsyncIterator[tuple[Kind, dict[str, Any]]]:
    """A kind after its change, and an object as it was before."""
    kind = Kind(f"c{secrets.token_hex(4)}.contract.test")
    crd = crd_manifest(kind.group)
    (await api.patch(f"{CRDS}/{kind.crd}", crd, APPLY, fieldManager="tester")).ok()

    async def made() -> Any:
        answer = await api.create(kind.path(namespace), kind.ticket("a", seats=9, tags={"t": "1"}))
        return answer.body if answer.code == 201 else None

    before = await eventually(made)
    (await api.patch(f"{CRDS}/{kind.crd}", narrowed(crd), APPLY, fieldManager="tester")).ok()

    async def seen() -> bool:
        return "extra" in (await api.get(kind.path(namespace, "a"))).ok()["spec"]

    await eventually(seen)
    yield kind, before
    (await api.delete(f"{CRDS}/{kind.crd}")).ok()


async def test_objects_are_pruned_and_filled_in_as_they_are_read(api: Api, namespace: str, changed: tuple[Kind, dict[str, Any]]) -> None:
    kind, before = changed
    after = (await api.get(kind.path(namespace, "a"))).ok()
    assert after["spec"] == {"className": "standard", "seats": 9, "extra": "filled"}
    assert after["metadata"] == before["metadata"]
    assert (await api.get(kind.path(namespace))).ok()["items"] == [after]
    crd = (await api.get(f"{CRDS}/{kind.crd}")).ok()
    again = (await api.patch(f"{CRDS}/{kind.crd}", narrowed(crd_manifest(kind.group)), APPLY, fieldManager="tester")).ok()
    assert again["metadata"]["resourceVersion"] == crd["metadata"]["resourceVersion"]
    assert again["metadata"]["generation"] == 2


async def test_what_was_valid_may_stay_and_what_is_changed_must_be_valid(
    api: Api, namespace: str, changed: tuple[Kind, dict[str, Any]]
) -> None:
    kind, _ = changed
    path = kind.path(namespace, "a")
    after = (await api.patch(path, {"metadata": {"labels": {"l": "1"}}})).ok()
    assert after["metadata"]["generation"] == 1
    (await api.patch(f"{path}/status", {"status": {"queue": 1}})).ok()
    after = (await api.patch(path, {"spec": {"extra": "given"}})).ok()
    assert after["metadata"]["generation"] == 2
    assert after["spec"]["seats"] == 9
    status = (await api.patch(path, {"spec": {"seats": 8}})).refused(422, "Invalid")
    assert [cause["field"] for cause in status["details"]["causes"]] == ["spec.seats"]
    (await api.patch(path, {"spec": {"className": "other"}})).ok()
    status = (await api.patch(path, {"spec": {"className": "standard"}})).refused(422, "Invalid")
    cause = {"reason": "FieldValueInvalid", "message": 'Invalid value: "standard": standard is no more', "field": "spec.className"}
    assert status["details"]["causes"] == [cause]
