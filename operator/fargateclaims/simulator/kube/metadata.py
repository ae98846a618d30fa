"""``ObjectMeta``: what a client may set, what the server sets, and what is refused.

Source: ``k8s.io/apimachinery/pkg/api/validation/objectmeta.go`` and ``apiserver/pkg/registry/rest``.
"""

import re
import secrets
import uuid
from collections.abc import Iterator
from typing import Final

from fargateclaims.simulator.kube.errors import ApiError, bad_request
from fargateclaims.simulator.kube.field_errors import Cause, FieldError
from fargateclaims.simulator.kube.objects import Obj, Value
from fargateclaims.simulator.kube.resources import ResourceType

_FIELDS: Final = frozenset(
    {
        *("annotations", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generateName"),
        *("generation", "labels", "managedFields", "name", "namespace", "ownerReferences", "resourceVersion", "selfLink", "uid"),
    }
)
_SERVER_OWNED: Final = ("creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation")
_GO_FIELD: Final = "Go struct field ObjectMeta."
_SUFFIX_LENGTH: Final = 5
_SUFFIX_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
_MAX_GENERATED_BASE: Final = 63 - _SUFFIX_LENGTH
_ANNOTATIONS_LIMIT: Final = 256 * 1024
_STANDARD_FINALIZERS: Final = ("foregroundDeletion", "kubernetes", "orphan")

_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_LABEL}(\.{_LABEL})*"
_SUBDOMAIN_RULE: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    f"alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
_LABEL_RULE: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
    f"character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
)
_QUALIFIED: Final = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_QUALIFIED_RULE: Final = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED}')"
)
_VALUE_RULE: Final = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
    f"regex used for validation is '({_QUALIFIED})?')"
)


def decode(resource: ResourceType, obj: Obj, unknown: list[str]) -> Obj:
    """The object with the metadata fields that exist; 400 if they are not of the right types. Adds what is dropped to `unknown`."""
    meta = obj.get("metadata")
    if meta is None:
        meta = {}
    if not isinstance(meta, dict):
        raise _undecodable(resource, _json_name(meta), "Go value", "v1.ObjectMeta")
    for name in ("labels", "annotations"):
        values = meta.get(name)
        if values is not None and not (isinstance(values, dict) and all(isinstance(value, str) for value in values.values())):
            candidates = values.values() if isinstance(values, dict) else [values]
            wrong = next((value for value in candidates if not isinstance(value, str)), "")
            raise _undecodable(resource, _json_name(wrong), f"{_GO_FIELD}{name}", "string")
    finalizers = meta.get("finalizers")
    if finalizers is not None and not (isinstance(finalizers, list) and all(isinstance(name, str) for name in finalizers)):
        raise _undecodable(resource, _json_name(finalizers), f"{_GO_FIELD}finalizers", "[]string")
    for name in ("name", "namespace", "generateName", "resourceVersion", "uid"):
        if not isinstance(meta.get(name) or "", str):
            raise _undecodable(resource, _json_name(meta[name]), f"{_GO_FIELD}{name}", "string")
    unknown += [f"metadata.{name}" for name in meta if name not in _FIELDS]
    kept = {name: value for name, value in meta.items() if name in _FIELDS and value not in (None, "", [], {})}
    return {**obj, "metadata": kept}


def _undecodable(resource: ResourceType, given: str, target: str, wanted: str) -> ApiError:
    return bad_request(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
        f"json: cannot unmarshal {given} into {target} of type {wanted}"
    )


def _json_name(value: Value) -> str:
    match value:
        case bool():
            return "bool"
        case str():
            return "string"
        case int() | float():
            return "number"
        case list():
            return "array"
        case _:
            return "object"


def prepare_create(resource: ResourceType, obj: Obj, namespace: str, now: str) -> Obj:
    """A new object's metadata; 400 if it names another namespace than the request."""
    meta = {name: value for name, value in obj["metadata"].items() if name not in (*_SERVER_OWNED, "uid", "selfLink", "managedFields")}
    if meta.get("namespace", namespace) != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if meta.get("resourceVersion"):
        raise ApiError(500, "", "resourceVersion should not be set on objects to be created")
    if "name" not in meta and "generateName" in meta:
        suffix = "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(_SUFFIX_LENGTH))
        meta["name"] = meta["generateName"][:_MAX_GENERATED_BASE] + suffix
    if resource.namespaced:
        meta["namespace"] = namespace
    meta |= {"uid": str(uuid.uuid4()), "creationTimestamp": now}
    if resource.has_generation:
        meta["generation"] = 1
    return {**obj, "metadata": meta}


def prepare_update(obj: Obj, old: Obj) -> Obj:
    """An updated object's metadata, with what only the server may change as it was."""
    before = old["metadata"]
    meta = {name: value for name, value in obj["metadata"].items() if name not in _SERVER_OWNED}
    meta |= {name: before[name] for name in _SERVER_OWNED if name in before}
    for name in ("uid", "name", "namespace", "generateName"):
        if name in before:
            meta.setdefault(name, before[name])
    meta["resourceVersion"] = before["resourceVersion"]
    return {**obj, "metadata": meta}


def check(resource: ResourceType, obj: Obj, old: Obj | None) -> list[FieldError]:
    """What is wrong with the metadata of an object that is about to be stored."""
    errors = list(_check(resource, obj["metadata"], old))
    # Both the registry and a custom kind's own validation look at an update, and both say it.
    return errors * 2 if old is not None and resource.custom else errors


def _check(resource: ResourceType, meta: Obj, old: Obj | None) -> Iterator[FieldError]:
    if old is None:
        yield from _check_names(resource, meta)
    else:
        yield from _check_added_finalizers(meta, old["metadata"])
        yield from _check_immutable(meta, old["metadata"])
    yield from _check_labels(meta.get("labels") or {})
    annotations = meta.get("annotations") or {}
    for name in annotations:
        yield from _check_qualified("metadata.annotations", name.lower(), name)
    if sum(len(name.encode()) + len(value.encode()) for name, value in annotations.items()) > _ANNOTATIONS_LIMIT:
        yield FieldError(Cause.TOO_LONG, "metadata.annotations", f"may not be more than {_ANNOTATIONS_LIMIT} bytes")
    for reference in meta.get("ownerReferences") or ():
        for name in ("apiVersion", "kind", "name", "uid"):
            if not reference.get(name):
                yield FieldError(Cause.INVALID, f"metadata.ownerReferences.{name}", "must not be empty", reference.get(name) or "")
    for name in meta.get("finalizers") or ():
        yield from _check_finalizer(resource, name)


def _check_added_finalizers(meta: Obj, before: Obj) -> Iterator[FieldError]:
    if meta.get("deletionTimestamp"):
        added = [name for name in meta.get("finalizers") or () if name not in (before.get("finalizers") or ())]
        if added:
            detail = f"no new finalizers can be added if the object is being deleted, found new finalizers {_go_strings(added)}"
            yield FieldError(Cause.FORBIDDEN, "metadata.finalizers", detail)


def _go_strings(names: list[str]) -> str:
    return "[]string{" + ", ".join(f'"{name}"' for name in names) + "}"


def _check_names(resource: ResourceType, meta: Obj) -> Iterator[FieldError]:
    is_label = resource.kind == "Namespace"
    pattern, rule = (_LABEL, _LABEL_RULE) if is_label else (_SUBDOMAIN, _SUBDOMAIN_RULE)
    prefix, name = meta.get("generateName") or "", meta.get("name") or ""
    # What is generated may go on after a dash.
    if prefix and not re.fullmatch(pattern, prefix.removesuffix("-")):
        yield FieldError(Cause.INVALID, "metadata.generateName", rule, prefix)
    if not name:
        yield FieldError(Cause.REQUIRED, "metadata.name", "name or generateName is required")
        return
    if not re.fullmatch(pattern, name):
        yield FieldError(Cause.INVALID, "metadata.name", rule, name)
    limit = 63 if is_label else 253
    if len(name) > limit:
        yield FieldError(Cause.INVALID, "metadata.name", f"must be no more than {limit} bytes", name)


def _check_immutable(meta: Obj, before: Obj) -> Iterator[FieldError]:
    for name in ("name", "namespace", "uid"):
        if meta.get(name) != before.get(name):
            yield FieldError(Cause.INVALID, f"metadata.{name}", "field is immutable", meta.get(name))


def _check_labels(labels: dict[str, str]) -> list[FieldError]:
    errors: list[FieldError] = []
    for name, value in labels.items():
        errors += _check_qualified("metadata.labels", name, name)
        if len(value) > 63:
            errors.append(FieldError(Cause.INVALID, "metadata.labels", "must be no more than 63 bytes", value))
        if value and not re.fullmatch(_QUALIFIED, value):
            errors.append(FieldError(Cause.INVALID, "metadata.labels", _VALUE_RULE, value))
    return errors


def qualified_name_problems(name: str) -> Iterator[str]:
    """Why a string is no qualified name, such as a label's key."""
    prefix, slash, local = name.rpartition("/")
    if slash and not (len(prefix) <= 253 and re.fullmatch(_SUBDOMAIN, prefix)):
        yield f"prefix part {_SUBDOMAIN_RULE}"
    if not local:
        yield "name part must be non-empty"
    if not re.fullmatch(_QUALIFIED, local):
        yield _QUALIFIED_RULE
    if len(local) > 63:
        yield "name part must be no more than 63 bytes"


def _check_qualified(path: str, name: str, shown: str) -> Iterator[FieldError]:
    yield from (FieldError(Cause.INVALID, path, problem, shown) for problem in qualified_name_problems(name))


def finalizer_warnings(obj: Obj) -> list[str]:
    """What a custom object's creator is told about its finalizers."""
    warnings = []
    for name in obj["metadata"].get("finalizers") or ():
        if "/" not in name and name not in _STANDARD_FINALIZERS:
            path = " including a path (/)" if "." in name else ""
            advice = f"prefer a domain-qualified finalizer name{path} to avoid accidental conflicts with other finalizer writers"
            warnings.append(f'metadata.finalizers: "{name}": {advice}')
    return warnings


def _check_finalizer(resource: ResourceType, name: str) -> Iterator[FieldError]:
    yield from _check_qualified("metadata.finalizers", name, name)
    if not resource.custom and "/" not in name and name not in _STANDARD_FINALIZERS:
        yield FieldError(Cause.INVALID, "metadata.finalizers", "name is neither a standard finalizer name nor is it fully qualified", name)
