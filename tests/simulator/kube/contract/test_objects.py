"""Creating and reading objects."""

import re
from typing import Any

import pytest

from support.kube_contract import JSON_PATCH, MERGE, Api
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
        ({"generateName": "Not_A_Prefix"}, "metadata.generateName"),
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
    status = (await api.create(kind.path(namespace), {**kind.ticket("a"), "kind": "Other"})).refused(422, "Invalid")
    assert status["message"] == f'Other.{kind.group} "a" is invalid: kind: Invalid value: "Other": must be Ticket'
    for version in (f"{kind.group}/v2", "other.dev/v1", ""):
        status = (await api.create(kind.path(namespace), {**kind.ticket("a"), "apiVersion": version})).refused(400, "BadRequest")
        expected = f"the API version in the data ({version}) does not match the expected API version ({kind.group}/v1)"
        assert status["message"] == expected
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    status = (await api.create(path, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}})).refused(400, "BadRequest")
    assert 'Secret in version "v1" cannot be handled as a ConfigMap' in status["message"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{not json", "couldn't get version/kind; json parse error: invalid character 'n' looking for beginning of object key string"),
        (b"", "couldn't get version/kind; json parse error: unexpected end of JSON input"),
        (b"[]", "couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct"),
        (b"{}", "Object 'Kind' is missing in '{}'"),
        (b"null", "Object 'Kind' is missing in 'null'"),
    ],
)
async def test_malformed_bodies(api: Api, kind: Kind, namespace: str, body: bytes, why: str) -> None:
    status = (await api.create(kind.path(namespace), body)).refused(400, "BadRequest")
    assert status["message"].startswith(f"the object provided is unrecognized (must be of type Ticket): {why}")


@pytest.mark.parametrize("content_type", [MERGE, JSON_PATCH])
async def test_malformed_patches(api: Api, kind: Kind, namespace: str, content_type: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    for body in (b"{not json", b"", b'"text"', b"[]" if content_type == MERGE else b"{}"):
        status = (await api.patch(kind.path(namespace, "a"), body, content_type)).refused(400, "BadRequest")
        assert status["message"].startswith("error decoding patch: ")


async def test_what_is_too_large(api: Api, kind: Kind, namespace: str) -> None:
    status = (await api.create(kind.path(namespace), b" " * (3 * 1024 * 1024 + 1))).refused(413, "RequestEntityTooLarge")
    assert status["message"] == "Request entity too large: limit is 3145728"


async def test_options_are_validated(api: Api, kind: Kind, namespace: str) -> None:
    wrong = {"fieldValidation": "Maybe", "dryRun": "Some", "fieldManager": "x" * 129}
    for name, value in wrong.items():
        status = (await api.create(kind.path(namespace), kind.ticket("a"), **{name: value})).refused(422, "Invalid")
        assert status["message"].startswith(f'CreateOptions.meta.k8s.io "" is invalid: {name}: ')
    (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    status = (await api.delete(kind.path(namespace, "a"), {"propagationPolicy": "Never"})).refused(422, "Invalid")
    assert status["message"].startswith('DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Never"')


async def test_what_nobody_serves_is_no_status(api: Api, kind: Kind, namespace: str) -> None:
    for path in (f"/apis/{kind.group}/v1/nonsense", f"/apis/{kind.group}/v9/tickets", "/apis/none.dev/v1/tickets"):
        answer = await api.get(path)
        assert (answer.code, answer.body) == (404, "404 page not found\n")
    (await api.get("/api/v1/nonsense")).refused(404, "NotFound")
    (await api.get(kind.path(namespace, "a", "nonsense"))).refused(404, "NotFound")


async def test_what_cannot_be_done_at_a_path(api: Api, kind: Kind, namespace: str) -> None:
    (await api.replace(kind.path(namespace), kind.ticket("a"))).refused(400, "BadRequest")
    (await api.patch(kind.path(namespace), {})).refused(400, "BadRequest")
    (await api.delete(kind.path(namespace, "a", "status"))).refused(405, "MethodNotAllowed")
    assert (await api.create(kind.path(), kind.ticket("a"))).code == 404
    assert (await api.delete(kind.path())).code == 404


async def test_the_resource_version_of_a_get(api: Api, kind: Kind, namespace: str) -> None:
    made = (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    path = kind.path(namespace, "a")
    # Version zero is whatever the server has at hand, which may be old; not after it has waited for a version.
    for version in (made["metadata"]["resourceVersion"], "0"):
        assert (await api.get(path, resourceVersion=version)).ok() == made
    assert (await api.get(path, resourceVersion="abc")).code == 500
    assert (await api.get(path, watch="true")).ok() == made


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
