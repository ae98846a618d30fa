"""Validation of a value against a compiled schema, with the texts that ``kubectl`` users know.

What an update leaves unchanged is not judged again (ratcheting, on since Kubernetes 1.33); rules at the root always run,
since the metadata of the object has changed. Source: ``k8s.io/kube-openapi/pkg/validation`` and
``k8s.io/apiextensions-apiserver/pkg/apiserver/validation``.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from fargateclaims.simulator.kube import cel
from fargateclaims.simulator.kube.field_errors import NO_FIELD, Cause, FieldError, Path, child, counted, item, render
from fargateclaims.simulator.kube.objects import Obj, Value, parse_timestamp
from fargateclaims.simulator.kube.schema import Bounds, Node

_BLOCKS_RULES: Final = (Cause.REQUIRED, Cause.NOT_SUPPORTED, Cause.TOO_LONG, Cause.TOO_MANY, Cause.TYPE_INVALID)
RULES_SKIPPED: Final = FieldError(
    Cause.INVALID,
    NO_FIELD,
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
)
_MISSING: Final = object()


def validate(node: Node, value: Value, old: Value = None, known: Iterable[FieldError] = (), *, of_status: bool = False) -> list[FieldError]:
    """All that is wrong with `value`, after what is already `known` of its metadata. `old` is the stored object on an update.

    `of_status`: only the status is written, and the texts speak of it as the body.
    """
    before = _MISSING if old is None else old
    found: Iterator[FieldError] = _schema_errors(node, value, before, None)
    if of_status:
        found = (replace(error, detail=error.detail.removeprefix("status.")) for error in found)
    errors = [*known, *found, *_list_errors(node, value, before, None)]
    rules = list(_rule_errors(node, value, before, None)) if not any(error.cause in _BLOCKS_RULES for error in errors) else None
    if rules is None:
        return [*errors, RULES_SKIPPED] if node.has_rules else errors
    return errors + rules


def shape_errors(node: Node, value: Value) -> Iterator[FieldError]:
    """What is wrong with `value` whatever the rules say: types, bounds, duplicates."""
    yield from _schema_errors(node, value, _MISSING, None)
    yield from _list_errors(node, value, _MISSING, None)


def _unchanged(value: Value, old: Value) -> bool:
    return old is value or (old is not _MISSING and bool(old == value) and type(old) is type(value))


def _schema_errors(node: Node, value: Value, old: Value, path: Path | None) -> Iterator[FieldError]:
    if _unchanged(value, old):
        return
    if value is None and node.nullable:
        return
    if (wrong := _type_error(node, value, path)) is not None:
        yield wrong
        return
    yield from _junctor_errors(node, value, path)
    if isinstance(value, dict):
        yield from _object_errors(node, value, old, path)
    elif isinstance(value, list):
        yield from _array_errors(node, value, old, path)
    elif isinstance(value, str):
        yield from _string_errors(node.bounds, value, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _number_errors(node.bounds, value, path)
    if node.bounds.enum is not None and value not in node.bounds.enum:
        supported = ", ".join(f'"{choice}"' for choice in node.bounds.enum)
        yield FieldError(Cause.NOT_SUPPORTED, render(path), f"supported values: {supported}", value)


def _type_error(node: Node, value: Value, path: Path | None) -> FieldError | None:
    given = _json_type(value)
    wanted = ("integer", "string") if node.int_or_string else (node.type,)
    if not node.type and not node.int_or_string:
        return None
    whole = isinstance(value, float) and value.is_integer()
    if given in wanted or (given == "integer" and "number" in wanted) or (whole and "integer" in wanted):
        return None
    where = render(path)
    detail = f'{where} in body must be of type {",".join(wanted)}: "{given}"'
    return FieldError(Cause.TYPE_INVALID, where, detail, given)


def _json_type(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _object_errors(node: Node, value: Obj, old: Value, path: Path | None) -> Iterator[FieldError]:
    bounds = node.bounds
    where = render(path)
    for name in node.required:
        if name not in value:
            yield FieldError(Cause.REQUIRED, render(child(path, name)))
    if bounds.min_properties is not None and len(value) < bounds.min_properties:
        yield _out_of_bounds(where, len(value), f"should have at least {bounds.min_properties} properties")
    if bounds.max_properties is not None and len(value) > bounds.max_properties:
        yield FieldError(Cause.TOO_MANY, where, f"must have at most {counted(bounds.max_properties, 'item')}", len(value))
    before = old if isinstance(old, dict) else {}
    for name, entry in value.items():
        part = node.properties.get(name) or node.additional
        if part is not None:
            yield from _schema_errors(part, entry, before.get(name, _MISSING), child(path, name))


def _array_errors(node: Node, value: list[Value], old: Value, path: Path | None) -> Iterator[FieldError]:
    bounds = node.bounds
    where = render(path)
    if bounds.min_items is not None and len(value) < bounds.min_items:
        yield _out_of_bounds(where, len(value), f"should have at least {bounds.min_items} items")
    if bounds.max_items is not None and len(value) > bounds.max_items:
        yield FieldError(Cause.TOO_MANY, where, f"must have at most {counted(bounds.max_items, 'item')}", len(value))
    if node.items is not None:
        before = _by_map_key(node, old)
        for index, entry in enumerate(value):
            yield from _schema_errors(node.items, entry, before.get(_map_key(node, entry), _MISSING), item(path, index))


def _string_errors(bounds: Bounds, value: str, path: Path | None) -> Iterator[FieldError]:
    where = render(path)
    if bounds.max_length is not None and len(value) > bounds.max_length:
        yield FieldError(Cause.TOO_LONG, where, f"may not be more than {counted(bounds.max_length, 'byte')}")
    # Of these three only the first is told.
    elif bounds.min_length is not None and len(value) < bounds.min_length:
        yield _out_of_bounds(where, value, f"should be at least {bounds.min_length} chars long")
    elif bounds.pattern is not None and not bounds.pattern.search(value):
        yield _out_of_bounds(where, value, f"should match '{bounds.pattern_source}'")
    check = _FORMATS.get(bounds.format)
    if check is not None and not check(value):
        yield FieldError(Cause.TYPE_INVALID, where, f'{where} in body must be of type {bounds.format}: "{value}"', value)


def _number_errors(bounds: Bounds, value: float, path: Path | None) -> Iterator[FieldError]:
    where = render(path)
    low, high = bounds.minimum, bounds.maximum
    if low is not None and (value < low or (bounds.exclusive_minimum and value == low)):
        yield _out_of_bounds(where, value, f"should be greater than {'' if bounds.exclusive_minimum else 'or equal to '}{low}")
    if high is not None and (value > high or (bounds.exclusive_maximum and value == high)):
        yield _out_of_bounds(where, value, f"should be less than {'' if bounds.exclusive_maximum else 'or equal to '}{high}")
    if bounds.multiple_of is not None and value % bounds.multiple_of:
        yield _out_of_bounds(where, value, f"should be a multiple of {bounds.multiple_of}")


def _out_of_bounds(where: str, value: Value, what: str) -> FieldError:
    return FieldError(Cause.INVALID, where, f"{where} in body {what}", value)


def _junctor_errors(node: Node, value: Value, path: Path | None) -> Iterator[FieldError]:
    for part in node.all_of:
        yield from _schema_errors(part, value, _MISSING, path)
    where = render(path)
    if node.any_of and not any(_valid(part, value) for part in node.any_of):
        yield FieldError(Cause.INVALID, NO_FIELD, f'"{where}" must validate at least one schema (anyOf)', "")
    if node.one_of and (matching := sum(_valid(part, value) for part in node.one_of)) != 1:
        found = "Found none valid" if not matching else f"Found {matching} valid alternatives"
        yield FieldError(Cause.INVALID, NO_FIELD, f'"{where}" must validate one and only one schema (oneOf). {found}', "")
    if node.none_of is not None and _valid(node.none_of, value):
        yield FieldError(Cause.INVALID, NO_FIELD, f'"{where}" must not validate the schema (not)', "")


def _valid(node: Node, value: Value) -> bool:
    return next(_schema_errors(node, value, _MISSING, None), None) is None


def _list_errors(node: Node, value: Value, old: Value, path: Path | None) -> Iterator[FieldError]:
    """Sets and maps must have no duplicates."""
    if not node.has_keys or _unchanged(value, old):
        return
    if isinstance(value, dict):
        before = old if isinstance(old, dict) else {}
        for name, entry in value.items():
            part = node.properties.get(name) or node.additional
            if part is not None:
                yield from _list_errors(part, entry, before.get(name, _MISSING), child(path, name))
    elif isinstance(value, list) and node.items is not None:
        seen: list[Value] = []
        for index, entry in enumerate(value):
            identity = _identity(node, entry)
            if identity is not None and identity in seen:
                yield FieldError(Cause.DUPLICATE, render(item(path, index)), "", identity)
            seen.append(identity)
            yield from _list_errors(node.items, entry, _MISSING, item(path, index))


def _identity(node: Node, entry: Value) -> Value:
    if node.list_type == "set":
        return entry
    if node.list_type == "map" and isinstance(entry, dict):
        return {name: entry[name] for name in node.map_keys if name in entry}
    return None


def _map_key(node: Node, entry: Value) -> str:
    """What an item of a map-type list is found by in the old list; items of other lists correspond to nothing."""
    if node.list_type != "map" or not isinstance(entry, dict):
        return ""
    return repr([entry.get(name) for name in node.map_keys])


def _by_map_key(node: Node, old: Value) -> dict[str, Value]:
    if node.list_type != "map" or not isinstance(old, list):
        return {}
    return {_map_key(node, entry): entry for entry in old}


def _rule_errors(node: Node, value: Value, old: Value, path: Path | None) -> Iterator[FieldError]:
    if not node.has_rules or value is None or _unchanged(value, old):
        return
    if node.rules and node.cel_shape is not None:
        before = None if old is _MISSING else old
        yield from cel.evaluate(node.rules, node.cel_shape, value, before, render(path))
    if isinstance(value, dict):
        previous = old if isinstance(old, dict) else {}
        for name, entry in value.items():
            if (part := node.properties.get(name)) is not None:
                yield from _rule_errors(part, entry, previous.get(name, _MISSING), child(path, name))
            elif node.additional is not None:
                yield from _rule_errors(node.additional, entry, previous.get(name, _MISSING), item(path, name))
    elif isinstance(value, list) and node.items is not None:
        known = _by_map_key(node, old)
        for index, entry in enumerate(value):
            yield from _rule_errors(node.items, entry, known.get(_map_key(node, entry), _MISSING), item(path, index))


def _is_date_time(value: str) -> bool:
    try:
        parse_timestamp(value)
    except ValueError:
        return False
    return True


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_address(version: int) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        try:
            return ipaddress.ip_address(value).version == version
        except ValueError:
            return False

    return check


_FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "byte": _is_base64,
    "date": lambda value: re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) is not None,
    "date-time": _is_date_time,
    "duration": lambda value: re.fullmatch(r"(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+", value) is not None,
    "ipv4": _is_address(4),
    "ipv6": _is_address(6),
    "uuid": lambda value: re.fullmatch(r"(?i)[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", value) is not None,
}
