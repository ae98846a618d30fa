"""OpenAPI documents, v3 for each group and version and v2 for all: what kubectl needs to validate, explain and edit."""

import hashlib
from typing import Final

from fargateclaims.simulator.kube.discovery import VERSION
from fargateclaims.simulator.kube.errors import no_such_path
from fargateclaims.simulator.kube.objects import Obj, dumps
from fargateclaims.simulator.kube.resources import Kinds, ResourceType

_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_PATCH_TYPES: Final = ("application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml")
_WRITE_PARAMETERS: Final = ("dryRun", "fieldManager", "fieldValidation")
_PATCH_PARAMETERS: Final = (*_WRITE_PARAMETERS, "force")
_LIST_PARAMETERS: Final = ("continue", "fieldSelector", "labelSelector", "limit", "resourceVersion", "resourceVersionMatch", "watch")
_METHODS: Final = {"create": "post", "get": "get", "list": "get", "update": "put", "patch": "patch", "delete": "delete"}
_OBJECT_META: Final[Obj] = {
    "type": "object",
    "description": "Metadata that every object has.",
    "properties": {
        "annotations": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Data for tools and libraries."},
        "creationTimestamp": {"type": "string", "format": "date-time", "description": "When the server made the object."},
        "deletionTimestamp": {"type": "string", "format": "date-time", "description": "When its deletion was asked for."},
        "finalizers": {"type": "array", "items": {"type": "string"}, "description": "What must be done before it goes."},
        "generateName": {"type": "string", "description": "A prefix for a name that the server makes."},
        "generation": {"type": "integer", "format": "int64", "description": "Counts the changes of the desired state."},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Data to select objects by."},
        "name": {"type": "string", "description": "The name, unique in the namespace."},
        "namespace": {"type": "string", "description": "The namespace."},
        "resourceVersion": {"type": "string", "description": "Changes with every write."},
        "uid": {"type": "string", "description": "Unique in time and space."},
    },
}


def v3_index(kinds: Kinds) -> Obj:
    """``/openapi/v3``: where the documents are, each with a hash that changes when it does."""
    paths = {}
    for group, versions in kinds.groups().items():
        for version in versions:
            path = f"apis/{group}/{version}" if group else f"api/{version}"
            digest = hashlib.sha256(dumps(v3_document(kinds, group, version))).hexdigest().upper()
            paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
    return {"paths": paths}


def v3_document(kinds: Kinds, group: str, version: str) -> Obj:
    """One group and version; 404 if it is not served."""
    resources = [resource for resource in kinds if (resource.group, resource.version) == (group, version)]
    if not resources:
        raise no_such_path()
    schemas: Obj = {_META: _OBJECT_META}
    paths: Obj = {}
    for resource in resources:
        schemas[_definition(resource)] = _schema(resource, "#/components/schemas/")
        paths |= _paths(resource)
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": VERSION["gitVersion"]},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def v2_document(kinds: Kinds) -> Obj:
    """``/openapi/v2``: the definitions of all kinds."""
    definitions: Obj = {_META: _OBJECT_META}
    paths: Obj = {}
    for resource in kinds:
        definitions[_definition(resource)] = _schema(resource, "#/definitions/")
        paths |= _paths(resource)
    return {"swagger": "2.0", "info": {"title": "Kubernetes", "version": VERSION["gitVersion"]}, "paths": paths, "definitions": definitions}


def _definition(resource: ResourceType) -> str:
    reversed_group = ".".join(reversed((resource.group or "core.k8s.io").split(".")))
    return f"{reversed_group}.{resource.version}.{resource.kind}"


def _group_version_kind(resource: ResourceType) -> Obj:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _schema(resource: ResourceType, references: str) -> Obj:
    properties = {
        "apiVersion": {"type": "string", "description": "The group and version of this kind."},
        "kind": {"type": "string", "description": "The kind."},
        **(resource.openapi.get("properties") or {}),
        "metadata": {"description": "Standard object's metadata.", "allOf": [{"$ref": f"{references}{_META}"}], "default": {}},
    }
    identity = {"x-kubernetes-group-version-kind": [_group_version_kind(resource)]}
    return {"type": "object", **resource.openapi, "properties": properties, **identity}


def _paths(resource: ResourceType) -> Obj:
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    collection = f"{root}{scope}/{resource.plural}"
    paths = {collection: _operations(resource, ("list", "create"))}
    if "get" in resource.verbs:
        paths[f"{collection}/{{name}}"] = _operations(resource, ("get", "update", "patch", "delete"))
    return paths


def _operations(resource: ResourceType, verbs: tuple[str, ...]) -> Obj:
    return {_METHODS[verb]: _operation(resource, verb) for verb in verbs if verb in resource.verbs}


def _operation(resource: ResourceType, verb: str) -> Obj:
    parameters = {"list": _LIST_PARAMETERS, "get": (), "patch": _PATCH_PARAMETERS, "delete": ("dryRun", "propagationPolicy")}.get(
        verb, _WRITE_PARAMETERS
    )
    operation: Obj = {
        "parameters": [{"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}} for name in parameters],
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": {"create": "post", "update": "put"}.get(verb, verb),
        "x-kubernetes-group-version-kind": _group_version_kind(resource),
    }
    if verb == "patch":
        operation["requestBody"] = {"content": {media_type: {"schema": {"type": "object"}} for media_type in _PATCH_TYPES}}
    return operation
