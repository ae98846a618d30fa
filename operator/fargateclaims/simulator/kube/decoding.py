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
from fargateclaims.simulator.kube.objects import Obj, Value
from fargateclaims.simulator.kube.resources import ResourceType
from fargateclaims.simulator.kube.schema import Node, apply_defaults, prune
from fargateclaims.simulator.kube.validation import validate

_MICRO_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}(Z|[+-]\d{2}:\d{2})")
_UNRECOGNIZED: Final = "the object provided is unrecognized (must be of type Object): couldn't get version/kind"
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


def parse_body(body: bytes, content_type: str) -> Value:
    """JSON, YAML, or the little protobuf that is read; 400 if it is none of them."""
    if content_type == protobuf.MEDIA_TYPE:
        return protobuf.decode(body)
    try:
        if content_type.endswith("yaml"):
            return yaml.load(body, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
        return json.loads(body)
    except (ValueError, yaml.YAMLError) as error:
        raise bad_request(f"{_UNRECOGNIZED}; json parse error: {error}") from error


def decode(resource: ResourceType, body: Value, options: WriteOptions) -> Obj:
    """The object in `body` without unknown fields.

    400 if it is of another kind, is of wrong types where the kind is built in, or has unknown fields and the client asked to be strict.
    """
    if not isinstance(body, dict):
        raise bad_request(_UNRECOGNIZED)
    _check_kind(resource, body)
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
    try:
        return decode(resource, patched, options)
    except ApiError as error:
        detail = re.sub(r"^.*?(?=strict decoding error)", "", error.message)
        raise invalid("", "", "", [FieldError(Cause.INVALID, "patch", detail, json.dumps(patched))]) from error


def decode_applied(resource: ResourceType, body: Value, options: WriteOptions) -> Obj:
    """A configuration to apply. Owners are kept by the schema, so what it does not know is refused whatever the client asked for."""
    unknown: list[str] = []
    if isinstance(body, dict):
        prune(resource.schema, body, unknown)
    if unknown:
        meta = body.get("metadata") or {}
        subject = f"{meta.get('namespace', '')}/{meta.get('name', '')}; {resource.api_version}, Kind={resource.kind}"
        problems = "\n".join(f"  .{path}: field not declared in schema" for path in unknown)
        text = f"errors:\n{problems}" if len(unknown) > 1 else problems.strip()
        raise ApiError(500, "", f"failed to create typed patch object ({subject}): {text}")
    return decode(resource, body, options)


def _check_kind(resource: ResourceType, body: Obj) -> None:
    kind, version = body.get("kind") or resource.kind, body.get("apiVersion") or resource.api_version
    for name in ("kind", "apiVersion") if resource.custom else ():
        if not body.get(name):
            raise bad_request(f"Object '{name[0].upper()}{name[1:]}' is missing in the request body")
    if kind != resource.kind:
        raise bad_request(
            f'{kind} in version "{version.rpartition("/")[2]}" cannot be handled as a {resource.kind}: '
            f"converting ({version}).{kind} to ({resource.api_version}).{resource.kind}: unknown conversion"
        )
    if version != resource.api_version:
        raise bad_request(f"the API version in the data ({version}) does not match the expected API version ({resource.api_version})")


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
    """422 if there are errors."""
    if errors:
        raise invalid(resource.kind, resource.group, obj["metadata"].get("name") or "", errors)
