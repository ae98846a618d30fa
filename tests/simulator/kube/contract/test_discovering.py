"""Discovery, OpenAPI, health, and what makes a CRD acceptable."""

import copy
import json
import secrets
from typing import Any

import pytest

from support.kube_contract import Api, eventually
from support.ticket_kind import SCHEMA, Kind, crd_manifest

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
async def test_health(api: Api, path: str) -> None:
    answer = await api.call("GET", path, accept="*/*")
    assert (answer.code, answer.body) == (200, "ok")


async def test_version(api: Api) -> None:
    version = (await api.get("/version")).ok()
    assert version["gitVersion"].startswith(f"v{version['major']}.{version['minor'].rstrip('+')}")


async def test_groups_and_resources(api: Api, kind: Kind) -> None:
    groups = {group["name"]: group for group in (await api.get("/apis")).ok()["groups"]}
    assert {"apps", "apiextensions.k8s.io", "coordination.k8s.io", "events.k8s.io", kind.group} <= set(groups)
    assert groups[kind.group]["preferredVersion"] == {"groupVersion": f"{kind.group}/v1", "version": "v1"}
    assert (await api.get(f"/apis/{kind.group}")).ok()["name"] == kind.group
    resources = {entry["name"]: entry for entry in (await api.get(f"/apis/{kind.group}/v1")).ok()["resources"]}
    ticket = resources["tickets"]
    assert (ticket["kind"], ticket["singularName"], ticket["namespaced"]) == ("Ticket", "ticket", True)
    assert ticket["categories"] == ["contract"]
    assert set(ticket["verbs"]) == {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
    assert set(resources["tickets/status"]["verbs"]) == {"get", "patch", "update"}
    core = {entry["name"] for entry in (await api.get("/api/v1")).ok()["resources"]}
    assert {"configmaps", "events", "namespaces", "namespaces/status", "pods", "secrets", "serviceaccounts"} <= core


async def test_all_in_one_document(api: Api, kind: Kind) -> None:
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    document = (await api.get("/apis", accept=accept)).ok()
    assert document["kind"] == "APIGroupDiscoveryList"
    (group,) = [item for item in document["items"] if item["metadata"]["name"] == kind.group]
    (resource,) = group["versions"][0]["resources"]
    assert (resource["resource"], resource["scope"], resource["responseKind"]["kind"]) == ("tickets", "Namespaced", "Ticket")
    assert [subresource["subresource"] for subresource in resource["subresources"]] == ["status"]


async def test_openapi_describes_the_kind(api: Api, kind: Kind) -> None:
    async def published() -> Any:
        return (await api.get("/openapi/v3")).ok()["paths"].get(f"apis/{kind.group}/v1")

    place = (await eventually(published))["serverRelativeURL"]
    document = (await api.get(place.split("?")[0])).ok()
    wanted = {"group": kind.group, "version": "v1", "kind": "Ticket"}
    schemas = document["components"]["schemas"].values()
    (ticket,) = [schema for schema in schemas if wanted in schema.get("x-kubernetes-group-version-kind", [])]
    assert ticket["properties"]["spec"]["properties"]["className"]["description"] == "Name of the class."
    operation = document["paths"][f"/apis/{kind.group}/v1/namespaces/{{namespace}}/tickets/{{name}}"]["patch"]
    assert "fieldValidation" in {parameter["name"] for parameter in operation["parameters"]}


async def test_a_kind_is_accepted_and_says_so(api: Api, kind: Kind) -> None:
    crd = (await api.get(f"{CRDS}/{kind.crd}")).ok()
    conditions = {condition["type"]: condition["status"] for condition in crd["status"]["conditions"]}
    assert conditions["NamesAccepted"] == conditions["Established"] == "True"
    assert crd["status"]["acceptedNames"]["kind"] == "Ticket"
    assert crd["status"]["storedVersions"] == ["v1"]
    assert crd["spec"]["names"]["listKind"] == "TicketList"
    assert crd["spec"]["conversion"] == {"strategy": "None"}


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (["metadata", "name"], "wrong.name", "metadata.name"),
        (["spec", "scope"], "Everywhere", "spec.scope"),
        (["spec", "versions", 0, "storage"], False, "spec.versions"),
        (["spec", "versions", 0, "schema"], {}, "spec.versions[0].schema.openAPIV3Schema"),
    ],
)
async def test_kinds_that_are_refused(api: Api, path: list[Any], value: Any, field: str) -> None:
    crd = copy.deepcopy(crd_manifest(f"r{secrets.token_hex(4)}.contract.test"))
    target = crd
    for part in path[:-1]:
        target = target[part]
    target[path[-1]] = value
    status = (await api.create(CRDS, crd)).refused(422, "Invalid")
    assert field in {cause["field"] for cause in status["details"]["causes"]}


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("self.className ==", "compilation failed: ERROR: <input>:1:18: Syntax error: mismatched input '<EOF>'"),
        ("self.none == 1", "compilation failed: ERROR: <input>:1:5: undefined field 'none'\n | self.none == 1\n | ....^"),
        ("has(self.source) && self.source.none == 1", "compilation failed: ERROR: <input>:1:32: undefined field 'none'"),
    ],
)
async def test_a_rule_that_does_not_compile_is_refused(api: Api, rule: str, why: str) -> None:
    schema = copy.deepcopy(SCHEMA)
    schema["properties"]["spec"]["x-kubernetes-validations"] = [{"rule": rule}]
    status = (await api.create(CRDS, crd_manifest(f"r{secrets.token_hex(4)}.contract.test", schema))).refused(422, "Invalid")
    (cause,) = status["details"]["causes"]
    assert cause["field"] == "spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule"
    shown = {"Rule": rule, "Message": "", "MessageExpression": "", "Reason": None, "FieldPath": "", "OptionalOldSelf": None}
    shown_rule = json.dumps(shown, separators=(",", ":")).replace("&", "\\u0026")
    assert cause["message"].startswith(f"Invalid value: {shown_rule}: {why}")


@pytest.mark.parametrize(
    ("path", "change", "field"),
    [
        (["spec"], {"x-kubernetes-validations": [{"rule": ""}]}, "properties[spec].x-kubernetes-validations[0].rule"),
        (["spec", "seats"], {"default": 99}, "properties[spec].properties[seats].default"),
        (["spec", "className"], {"pattern": "("}, "properties[spec].properties[className].pattern"),
        (["spec", "seats"], {"type": ""}, "properties[spec].properties[seats].type"),
        ([], {"x-kubernetes-preserve-unknown-fields": False}, "x-kubernetes-preserve-unknown-fields"),
    ],
)
async def test_schemas_that_are_refused(api: Api, path: list[str], change: dict[str, Any], field: str) -> None:
    schema = copy.deepcopy(SCHEMA)
    target = schema
    for name in path:
        target = target["properties"][name]
    target.update(change)
    crd = crd_manifest(f"r{secrets.token_hex(4)}.contract.test", schema)
    status = (await api.create(CRDS, crd, dryRun="All")).refused(422, "Invalid")
    assert f"spec.validation.openAPIV3Schema.{field}" in {cause["field"] for cause in status["details"]["causes"]}


async def test_what_can_be_done_below_a_pod(api: Api) -> None:
    core = {entry["name"]: entry for entry in (await api.get("/api/v1")).ok()["resources"]}
    binding = {"name": "pods/binding", "singularName": "", "namespaced": True, "kind": "Binding", "verbs": ["create"]}
    assert core["pods/binding"] == binding
    eviction = {"name": "pods/eviction", "singularName": "", "namespaced": True, "kind": "Eviction", "verbs": ["create"]}
    assert core["pods/eviction"] == {**eviction, "group": "policy", "version": "v1"}
    apps = {entry["name"]: entry for entry in (await api.get("/apis/apps/v1")).ok()["resources"]}
    scale = {"group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": ["get", "patch", "update"]}
    assert {name: apps["deployments/scale"][name] for name in scale} == scale
    aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    (document,) = (await api.call("GET", "/api", accept=aggregated)).ok()["items"]
    pods = next(entry for entry in document["versions"][0]["resources"] if entry["resource"] == "pods")
    kinds = {entry["subresource"]: entry["responseKind"] for entry in pods["subresources"]}
    assert kinds["eviction"] == {"group": "policy", "version": "v1", "kind": "Eviction"}
    assert kinds["status"]["kind"] == "Pod"


@pytest.mark.parametrize(
    ("group", "plural", "short"),
    [
        ("", "nodes", "no"),
        ("", "persistentvolumeclaims", "pvc"),
        ("", "pods", "po"),
        ("apps", "daemonsets", "ds"),
        ("apps", "deployments", "deploy"),
        ("apps", "replicasets", "rs"),
        ("apps", "statefulsets", "sts"),
        ("batch", "cronjobs", "cj"),
        ("policy", "poddisruptionbudgets", "pdb"),
    ],
)
async def test_workloads_have_short_names(api: Api, group: str, plural: str, short: str) -> None:
    path = f"/apis/{group}/v1" if group else "/api/v1"
    found = next(entry for entry in (await api.get(path)).ok()["resources"] if entry["name"] == plural)
    assert found["shortNames"] == [short]
    assert found["namespaced"] == (plural != "nodes")
