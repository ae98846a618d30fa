"""From the body of a request to an object that may be looked at: right kind, right types, no unknown fields.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
"""

import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import yaml

from fargateclaims.simulator.kube import metadata, protobuf
from fargateclaims.simulator.kube.errors import ApiError, bad_request, invalid
from fargateclaims.simulator.kube.field_errors import Cause, FieldError
from fargateclaims.simulator.kube.objects import Obj, Value, dumps, metadata_of
from fargateclaims.simulator.kube.resources import ResourceType
from fargateclaims.simulator.kube.schema import Node, apply_defaults, prune
from fargateclaims.simulator.kube.validation import shape_errors, validate

_MICRO_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}(Z|[+-]\d{2}:\d{2})")
NO_VERSION: Final = "couldn't get version/kind; json parse error: "
_TYPED: Final = {"integer": "numeric (int or float)", "number": "numeric (int or float)", "object": "map", "array": "list"}
_GO_TYPES: Final = {"integer": "int32", "boolean": "bool", "object": "map[string]string", "array": "[]string"}


class FieldValidation(StrEnum):
    """What to do about fields that the schema does not know."""

    IGNORE = "Ignore"
    WARN = "Warn"
    STRICT = "Strict"


@dataclass(slots=True)
class WriteOptions:
    """The query parameters of a write, and the warnings that the answer will carry."""

    dry_run: bool = False
    field_manager: str = "unknown"
    field_validation: FieldValidation = FieldValidation.WARN
    force: bool = False
    warnings: list[str] = field(default_factory=list)


def parse_body(body: bytes, content_type: str, context: str) -> Value:
    """JSON, YAML, or the little protobuf that is read; 400 if it is none of them. `context` begins the message."""
    if content_type == protobuf.MEDIA_TYPE:
        return protobuf.decode(body)
    try:
        if content_type.endswith("yaml"):
            return yaml.load(body, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
        return json.loads(body, parse_float=_number)
    except json.JSONDecodeError as error:
        raise bad_request(f"{context}{_like_go(error)}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise bad_request(f"{context}{error}") from error


def is_dry_run(wanted: str, options: str) -> bool:
    """What ``dryRun`` asks for; 422 about the `options` it stands in if there is no such thing."""
    if wanted not in ("", "All"):
        error = FieldError(Cause.NOT_SUPPORTED, "dryRun", 'supported values: "All"', [wanted])
        raise invalid(options, "meta.k8s.io", "", [error])
    return bool(wanted)


def unrecognized(resource: ResourceType) -> str:
    """What begins the message about a body that is no object."""
    return f"the object provided is unrecognized (must be of type {resource.kind}): "


def _number(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _like_go(error: json.JSONDecodeError) -> str:
    if error.pos >= len(error.doc):
        return "unexpected end of JSON input"
    looked_for = "object key string" if "property name" in error.msg else "value"
    return f"invalid character {error.doc[error.pos]!r} looking for beginning of {looked_for}"


def cannot_unmarshal(value: Value, target: str) -> str:
    """How Go refuses a JSON value of another type than it needs."""
    names: dict[type, str] = {bool: "bool", str: "string", int: "number", float: "number", list: "array", dict: "object"}
    return f"json: cannot unmarshal {names.get(type(value), 'null')} into Go value of type {target}"


def decode(resource: ResourceType, body: Value, options: WriteOptions) -> Obj:
    """The object in `body` without unknown fields.

    400 or 422 if it is of another kind, 400 if it is of wrong types where the kind is built in, or has unknown fields and the client
    asked to be strict.
    """
    if not isinstance(body, dict | None):
        raise bad_request(f"{unrecognized(resource)}{NO_VERSION}{cannot_unmarshal(body, 'struct')}")
    return _decode(resource, _of_the_kind(resource, body), options)


def _decode(resource: ResourceType, body: Obj, options: WriteOptions) -> Obj:
    unknown: list[str] = []
    obj = metadata.decode(resource, {**body, "apiVersion": resource.api_version, "kind": resource.kind}, unknown)
    pruned: Obj = prune(resource.schema, obj, unknown)
    if unknown:
        _report(resource, unknown, options)
    if not resource.custom:
        pruned = _check_types(resource, pruned)
    return pruned


def decode_patched(resource: ResourceType, patched: Obj, options: WriteOptions) -> Obj:
    """What a patch made of an object; 422 about the patch where `decode` would answer 400 about the body."""
    for name, wanted in (("apiVersion", resource.api_version), ("kind", resource.kind)):
        if patched.get(name) != wanted:
            raise _of_another_kind(patched, name, wanted)
    try:
        return _decode(resource, patched, options)
    except ApiError as error:
        detail = re.sub(r"^.*?(?=strict decoding error)", "", error.message)
        raise invalid("", "", "", [FieldError(Cause.INVALID, "patch", detail, dumps(patched).decode())]) from error


def decode_applied(resource: ResourceType, body: Value, options: WriteOptions) -> Obj:
    """A configuration to apply. Owners are kept by the schema, so what it does not know is refused whatever the client asked for."""
    if not isinstance(body, dict):
        raise bad_request(f"error decoding YAML: {cannot_unmarshal(body, 'map[string]interface {}')}")
    version, kind = body.get("apiVersion") or "/", body.get("kind") or ""
    if (version, kind) != (resource.api_version, resource.kind):
        raise bad_request(f"invalid object type: {version}, Kind={kind}")
    unknown: list[str] = []
    prune(resource.schema, body, unknown)
    problem = f".{min(unknown)}: field not declared in schema" if unknown else _untypable(resource, body)
    if problem:
        meta = body.get("metadata") or {}
        subject = f"{meta.get('namespace', '')}/{meta.get('name', '')}; {resource.group}/{resource.version}, Kind={resource.kind}"
        raise ApiError(500, "", f"failed to create typed patch object ({subject}): {problem}")
    return decode(resource, body, options)


def _untypable(resource: ResourceType, body: Obj) -> str:
    """Why a configuration has no fields that could have owners: a value of a wrong type, or a key that is there twice."""
    for error in shape_errors(resource.schema, {name: value for name, value in body.items() if name != "metadata"}):
        if error.cause is Cause.TYPE_INVALID and error.value != "null":
            wanted = (re.search(r"must be of type (\w+)", error.detail) or ["", ""])[1]
            given = {"integer": "int", "number": "float", "object": "map", "array": "list", "boolean": "bool"}.get(error.value, error.value)
            return f".{error.path}: expected {_TYPED.get(wanted, wanted)}, got {given}"
        if error.cause is Cause.DUPLICATE:
            keys = error.value if isinstance(error.value, dict) else {"": error.value}
            shown = ",".join(f"{name}={json.dumps(value)}" for name, value in keys.items())
            return f".{error.path.rpartition('[')[0]}: duplicate entries for key [{shown}]"
    return ""


def _of_the_kind(resource: ResourceType, body: Obj | None) -> Obj:
    kind, version = (body or {}).get("kind") or "", (body or {}).get("apiVersion") or ""
    if not resource.custom and body is not None:
        kind, version = kind or resource.kind, version or resource.api_version
    if not kind or body is None:
        raise bad_request(f"{unrecognized(resource)}Object 'Kind' is missing in '{json.dumps(body)}'")
    if kind != resource.kind and not resource.custom:
        words = f'{kind} in version "{version.rpartition("/")[2]}" cannot be handled as a {resource.kind}'
        source, target = f"{version}.{kind}", f"{resource.group or 'core'}.{resource.kind}"
        raise bad_request(f"{words}: converting ({source}) to ({target}): unknown conversion")
    if version != resource.api_version:
        raise bad_request(f"the API version in the data ({version}) does not match the expected API version ({resource.api_version})")
    if kind != resource.kind:
        raise _of_another_kind(body, "kind", resource.kind)
    return body


def _of_another_kind(body: Obj, name: str, wanted: str) -> ApiError:
    """A custom object's kind is only looked at when it is validated."""
    group, _, _ = str(body.get("apiVersion")).rpartition("/")
    error = FieldError(Cause.INVALID, name, f"must be {wanted}", body.get(name))
    return invalid(str(body.get("kind")), group, metadata_of(body).get("name") or "", [error])


def _report(resource: ResourceType, unknown: list[str], options: WriteOptions) -> None:
    found = [f'unknown field "{path}"' for path in sorted(unknown)]
    if options.field_validation is FieldValidation.STRICT:
        prefix = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
        raise bad_request(f"{prefix}strict decoding error: {', '.join(found)}")
    if options.field_validation is FieldValidation.WARN:
        options.warnings += found


def _check_types(resource: ResourceType, obj: Obj) -> Obj:
    """A real server decodes built-in kinds into Go structs, which fails before any validation."""
    obj = apply_defaults(resource.schema, obj)
    for error in validate(resource.schema, obj):
        if error.cause is Cause.TYPE_INVALID:
            raise _undecodable(resource, error)
    _check_micro_times(resource, resource.schema, obj)
    return obj


def _undecodable(resource: ResourceType, error: FieldError) -> ApiError:
    given = {"integer": "number", "boolean": "bool"}.get(error.value, error.value)
    wanted = re.search(r"must be of type (\w+)", error.detail)
    go_type = _GO_TYPES.get(wanted[1], wanted[1]) if wanted else "string"
    return bad_request(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
        f"json: cannot unmarshal {given} into Go struct field {resource.kind}.{error.path} of type {go_type}"
    )


def _check_micro_times(resource: ResourceType, node: Node, value: Value) -> None:
    if isinstance(value, dict):
        for name, part in node.properties.items():
            if name in value:
                _check_micro_times(resource, part, value[name])
    elif node.bounds.format == "micro-time" and isinstance(value, str) and not _MICRO_TIME.fullmatch(value):
        raise bad_request(
            f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: parsing time "{value}" '
            'as "2006-01-02T15:04:05.000000Z07:00": cannot parse it: six digits of a second are needed'
        )


def refuse(resource: ResourceType, obj: Obj, errors: list[FieldError]) -> None:
    """422 if there are errors, about the kind as it is stored."""
    if errors:
        raise invalid(resource.kind, resource.storage_version.rpartition("/")[0], obj["metadata"].get("name") or "", errors)
