"""CustomResourceDefinitions: what is refused, what the server fills in, and which kinds one makes."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from fargateclaims.simulator.kube import cel
from fargateclaims.simulator.kube.columns import printer_columns
from fargateclaims.simulator.kube.field_errors import Cause, FieldError
from fargateclaims.simulator.kube.objects import Obj, Value
from fargateclaims.simulator.kube.resources import METADATA_FIELDS, ResourceType
from fargateclaims.simulator.kube.schema import compile_root, compile_schema
from fargateclaims.simulator.kube.validation import shape_errors

FINALIZER: Final = "customresourcecleanup.apiextensions.k8s.io"


def collection_of(crd: Obj) -> str:
    """Where the objects of the CRD are stored."""
    return f"{crd['spec']['names']['plural']}.{crd['spec']['group']}"


def is_established(crd: Obj) -> bool:
    """Whether the kinds of the CRD are served."""
    conditions = (crd.get("status") or {}).get("conditions") or ()
    return any(condition["type"] == "Established" and condition["status"] == "True" for condition in conditions)


def terminating_status(status: Obj, now: str) -> Obj:
    """The status of a CRD whose deletion was asked for."""
    message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
    condition = {
        "type": "Terminating",
        "status": "True",
        "lastTransitionTime": now,
        "reason": "InstanceDeletionPending",
        "message": message,
    }
    return {**status, "conditions": [*(status.get("conditions") or []), condition]}


def resource_types(crd: Obj) -> list[ResourceType]:
    """The served versions of a CRD that `check` found nothing wrong with."""
    spec = crd["spec"]
    storage = next(version["name"] for version in spec["versions"] if version["storage"])
    return [_resource_type(crd, version, f"{spec['group']}/{storage}") for version in spec["versions"] if version["served"]]


def _resource_type(crd: Obj, version: Obj, storage_version: str) -> ResourceType:
    spec, names = crd["spec"], crd["spec"]["names"]
    schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    selectable = {field["jsonPath"].lstrip("."): field["jsonPath"].lstrip(".") for field in version.get("selectableFields") or ()}
    return ResourceType(
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        plural=names["plural"],
        singular=names.get("singular") or names["kind"].lower(),
        namespaced=spec["scope"] == "Namespaced",
        collection=collection_of(crd),
        storage_version=storage_version,
        openapi=schema,
        schema=compile_root(schema),
        columns=printer_columns(version.get("additionalPrinterColumns") or ()),
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=frozenset(name for name in (version.get("subresources") or {}) if name == "status"),
        selectable=METADATA_FIELDS | selectable,
        custom=True,
        has_generation=True,
        unconditional_update=False,
    )


def prepare(crd: Obj, old: Obj | None) -> Obj:
    """`crd` with the defaults of its spec; the status is the controller's."""
    spec = crd.get("spec")
    if not isinstance(spec, dict) or not isinstance(spec.get("names"), dict):
        return crd
    kind = spec["names"].get("kind") or ""
    names = {"listKind": f"{kind}List", "singular": kind.lower()} | {name: value for name, value in spec["names"].items() if value}
    filled = {"conversion": {"strategy": "None"}} | spec | {"names": names}
    result = {**crd, "spec": filled}
    if old is None:
        result["status"] = {"conditions": [], "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": _stored_versions(spec)}
    return result


def _stored_versions(spec: Obj) -> list[str]:
    return [version["name"] for version in spec.get("versions") or () if isinstance(version, dict) and version.get("storage")]


def check(crd: Obj, old: Obj | None) -> list[FieldError]:
    """What is wrong with a CRD."""
    spec = crd.get("spec")
    if not isinstance(spec, dict):
        return [FieldError(Cause.REQUIRED, "spec")]
    errors = list(_check_names(crd, spec))
    if not errors and old is not None:
        errors += list(_check_unchanged(spec, old["spec"]))
    if not errors:
        for index, version in enumerate(spec["versions"]):
            # What all versions have in common is the spec's own in the server's internal form, and its errors say so.
            schema = "spec.validation.openAPIV3Schema" if _share_schema(spec) else f"spec.versions[{index}].schema.openAPIV3Schema"
            errors += _check_version(version, f"spec.versions[{index}]", schema)
    return errors


def _check_names(crd: Obj, spec: Obj) -> Iterator[FieldError]:
    names = spec.get("names") or {}
    required = {"spec.group": spec.get("group"), "spec.names.plural": names.get("plural"), "spec.names.kind": names.get("kind")}
    yield from (FieldError(Cause.REQUIRED, path) for path, value in required.items() if not value)
    wanted = f"{names.get('plural')}.{spec.get('group')}"
    if crd["metadata"]["name"] != wanted:
        yield FieldError(Cause.INVALID, "metadata.name", 'must be spec.names.plural+"."+spec.group', crd["metadata"]["name"])
    if spec.get("scope") not in ("Namespaced", "Cluster"):
        yield FieldError(Cause.NOT_SUPPORTED, "spec.scope", 'supported values: "Cluster", "Namespaced"', spec.get("scope") or "")
    versions = spec.get("versions") or []
    if sum(bool(version.get("storage")) for version in versions) != 1:
        yield FieldError(Cause.INVALID, "spec.versions", "must have exactly one version marked as storage version", versions)
    if spec.get("preserveUnknownFields"):
        detail = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        yield FieldError(Cause.INVALID, "spec.preserveUnknownFields", detail, value=True)


def _check_unchanged(spec: Obj, old: Obj) -> Iterator[FieldError]:
    for path in ("group", "scope"):
        if spec[path] != old[path]:
            yield FieldError(Cause.INVALID, f"spec.{path}", "field is immutable", spec[path])
    for name in ("plural", "kind"):
        if spec["names"][name] != old["names"][name]:
            yield FieldError(Cause.INVALID, f"spec.names.{name}", "field is immutable", spec["names"][name])


def _share_schema(spec: Obj) -> bool:
    return all(version.get("schema") == spec["versions"][0].get("schema") for version in spec["versions"])


def _check_version(version: Obj, path: str, where: str) -> Iterator[FieldError]:
    for name in ("served", "storage"):
        if not isinstance(version.get(name), bool):
            yield FieldError(Cause.REQUIRED, f"{path}.{name}")
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    if not isinstance(schema, dict):
        yield FieldError(Cause.REQUIRED, f"{path}.schema.openAPIV3Schema")
        return
    if schema.get("type") != "object":
        yield FieldError(Cause.INVALID, f"{where}.type", "must be object at the root", schema.get("type") or "")
    yield from _check_schema(schema, where)
    for index, column in enumerate(version.get("additionalPrinterColumns") or ()):
        try:
            printer_columns([column])
        except (KeyError, ValueError) as error:
            yield FieldError(Cause.INVALID, f"{path}.additionalPrinterColumns[{index}].jsonPath", str(error), column.get("jsonPath"))


def _check_schema(schema: Obj, path: str) -> Iterator[FieldError]:
    """Structural: every place has a type, and every pattern and rule compiles."""
    free = schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")
    if not schema.get("type") and not free:
        yield FieldError(Cause.REQUIRED, f"{path}.type", "must not be empty for specified object fields")
    if (error := _pattern_error(schema.get("pattern"))) is not None:
        yield FieldError(Cause.INVALID, f"{path}.pattern", f"must be a valid regular expression, but isn't: {error}", schema["pattern"])
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        yield FieldError(Cause.INVALID, f"{path}.x-kubernetes-preserve-unknown-fields", "must be true or undefined", value=False)
    for index, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        yield from _check_rule(schema, rule, f"{path}.x-kubernetes-validations[{index}].rule")
    if "default" in schema:
        for wrong in shape_errors(compile_schema(schema), schema["default"]):
            yield replace(wrong, path=f"{path}.default")
    if schema.get("x-kubernetes-list-type") == "map" and not schema.get("x-kubernetes-list-map-keys"):
        yield FieldError(Cause.REQUIRED, f"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map")
    yield from _check_parts(schema, path)


def _check_rule(schema: Obj, rule: Obj, where: str) -> Iterator[FieldError]:
    source = rule.get("rule") or ""
    if not source:
        yield FieldError(Cause.REQUIRED, where, "rule is not specified")
        return
    problem = ""
    try:
        cel.compile_rule(rule)
    except cel.CompileError as error:
        problem = str(error)
    else:
        problem = cel.undefined_field(source, schema, at_root=".openAPIV3Schema.x-kubernetes-validations" in where)
    if problem:
        names = ("Rule", "Message", "MessageExpression", "Reason", "FieldPath", "OptionalOldSelf")
        shown = {name: rule.get(name[0].lower() + name[1:]) for name in names}
        texts = {name: shown[name] or "" for name in ("Rule", "Message", "MessageExpression", "FieldPath")}
        yield FieldError(Cause.INVALID, where, f"compilation failed: {problem}", shown | texts)


def _check_parts(schema: Obj, path: str) -> Iterator[FieldError]:
    for name, part in (schema.get("properties") or {}).items():
        if path.endswith("openAPIV3Schema") and name in ("metadata", "apiVersion", "kind"):
            continue
        yield from _check_schema(part, f"{path}.properties[{name}]")
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from _check_schema(schema[name], f"{path}.{name}")


def _pattern_error(pattern: Value) -> str | None:
    if not pattern:
        return None
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return None
