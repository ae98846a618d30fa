"""Creating and reading objects."""

import re
from typing import Any

import pytest

from support.kube_contract import Api
from support.ticket_kind import Kind


async def test_the_server_fills_in_the_metadata(api: Api, kind: Kind, namespace: str) -> None:
    made = (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    meta = made["metadata"]
    assert (meta["name"], meta["namespace"], meta["generation"]) == ("a", namespace, 1)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", meta["uid"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", meta["creationTimestamp"])
    assert meta["resourceVersion"].isdigit()
    assert (await api.get(kind.path(namespace, "a"))).ok() == made


async def test_a_create_answers_201(api: Api, kind: Kind, namespace: str) -> None:
    assert (await api.create(kind.path(namespace), kind.ticket("a"))).code == 201


async def test_what_clients_may_not_set_is_ignored(api: Api, kind: Kind, namespace: str) -> None:
    ticket = kind.ticket("a")
    ticket["metadata"] |= {
        "uid": "mine",
        "generation": 7,
        "creationTimestamp": "2000-01-01T00:00:00Z",
        "deletionTimestamp": "2000-01-01T00:00:00Z",
    }
    meta = (await api.create(kind.path(namespace), ticket)).ok()["metadata"]
    assert meta["uid"] != "mine"
    assert meta["generation"] == 1
    assert not meta["creationTimestamp"].startswith("2000")
    assert "deletionTimestamp" not in meta


async def test_a_name_can_be_generated(api: Api, kind: Kind, namespace: str) -> None:
    ticket = kind.ticket("x")
    ticket["metadata"] = {"generateName": "gen-"}
    name = (await api.create(kind.path(namespace), ticket)).ok()["metadata"]["name"]
    assert re.fullmatch(r"gen-[a-z0-9]{5}", name)


async def test_names_are_taken_once(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    status = (await api.create(kind.path(namespace), kind.ticket("a"))).refused(409, "AlreadyExists")
    assert status["message"] == f'{kind.crd} "a" already exists'
    assert status["details"] == {"name": "a", "group": kind.group, "kind": "tickets"}


@pytest.mark.parametrize(
    ("meta", "field"),
    [
        ({"name": "Not_A_Name"}, "metadata.name"),
        ({}, "metadata.name"),
        ({"name": "a", "labels": {"x": "not a value"}}, "metadata.labels"),
        ({"name": "a", "labels": {"not a key": "x"}}, "metadata.labels"),
        ({"name": "a", "annotations": {"not a key": "x"}}, "metadata.annotations"),
        ({"name": "a", "finalizers": ["not a name"]}, "metadata.finalizers"),
    ],
)
async def test_bad_metadata_is_invalid(api: Api, kind: Kind, namespace: str, meta: dict[str, Any], field: str) -> None:
    status = (await api.create(kind.path(namespace), {**kind.ticket("a"), "metadata": meta})).refused(422, "Invalid")
    assert field in {cause["field"] for cause in status["details"]["causes"]}


async def test_metadata_of_wrong_types_is_a_bad_request(api: Api, kind: Kind, namespace: str) -> None:
    ticket = kind.ticket("a")
    ticket["metadata"]["labels"] = {"x": 1}
    (await api.create(kind.path(namespace), ticket)).refused(400, "BadRequest")


async def test_a_missing_namespace(api: Api, kind: Kind) -> None:
    status = (await api.create(kind.path("no-such-namespace"), kind.ticket("a"))).refused(404, "NotFound")
    assert status["message"] == 'namespaces "no-such-namespace" not found'


async def test_a_missing_object(api: Api, kind: Kind, namespace: str) -> None:
    status = (await api.get(kind.path(namespace, "none"))).refused(404, "NotFound")
    assert status["message"] == f'{kind.crd} "none" not found'
    assert status["details"] == {"name": "none", "group": kind.group, "kind": "tickets"}


async def test_a_missing_kind(api: Api, kind: Kind) -> None:
    answer = await api.get(f"/apis/{kind.group}/v1/nonsense")
    assert answer.code == 404


async def test_the_body_must_be_of_the_kind_and_version_of_the_path(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), {**kind.ticket("a"), "kind": "Other"})).refused(400, "BadRequest")
    (await api.create(kind.path(namespace), {**kind.ticket("a"), "apiVersion": f"{kind.group}/v2"})).refused(400, "BadRequest")
    (await api.create(kind.path(namespace), b"{not json")).refused(400, "BadRequest")


async def test_the_namespace_of_body_and_path_must_agree(api: Api, kind: Kind, namespace: str) -> None:
    ticket = kind.ticket("a")
    ticket["metadata"]["namespace"] = "other"
    (await api.create(kind.path(namespace), ticket)).refused(400, "BadRequest")


async def test_a_dry_run_stores_nothing(api: Api, kind: Kind, namespace: str) -> None:
    made = (await api.create(kind.path(namespace), kind.ticket("a"), dryRun="All")).ok()
    assert made["metadata"]["uid"]
    (await api.get(kind.path(namespace, "a"))).refused(404, "NotFound")


async def test_yaml_is_understood(api: Api, kind: Kind, namespace: str) -> None:
    body = f"apiVersion: {kind.group}/v1\nkind: Ticket\nmetadata: {{name: a}}\nspec: {{className: standard}}\n".encode()
    made = (await api.call("POST", kind.path(namespace), body, content_type="application/yaml")).ok()
    assert made["spec"] == {"className": "standard"}


async def test_other_bodies_are_unsupported(api: Api, kind: Kind, namespace: str) -> None:
    (await api.call("POST", kind.path(namespace), b"<a/>", content_type="application/xml")).refused(415, "UnsupportedMediaType")


async def test_only_json_can_be_asked_for(api: Api, kind: Kind, namespace: str) -> None:
    (await api.call("GET", kind.path(namespace), accept="application/xml")).refused(406, "NotAcceptable")
