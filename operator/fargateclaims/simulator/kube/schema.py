"""Structural schemas: compiled once, then used to prune unknown fields and to fill in defaults.

Both walk without changing their input and return it as it is where there is nothing to do, so that what is equal stays
identical and later comparisons are cheap. Source: ``k8s.io/apiextensions-apiserver/pkg/apiserver/schema``.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from fargateclaims.simulator.kube import cel
from fargateclaims.simulator.kube.field_errors import Path, child, item, render
from fargateclaims.simulator.kube.objects import Obj, Value

_OBJECT_META_FIELDS = ("apiVersion", "kind", "metadata")


@dataclass(slots=True)
class Bounds:
    """The value validations of a schema; None where there is none."""

    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: bool = False
    exclusive_maximum: bool = False
    multiple_of: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    min_properties: int | None = None
    max_properties: int | None = None
    pattern: re.Pattern[str] | None = None
    pattern_source: str = ""
    enum: tuple[Value, ...] | None = None
    format: str = ""


@dataclass(slots=True)
class Node:
    """One level of a schema."""

    type: str = ""
    nullable: bool = False
    bounds: Bounds = field(default_factory=Bounds)
    required: tuple[str, ...] = ()
    properties: dict[str, "Node"] = field(default_factory=dict)
    additional: "Node | None" = None
    items: "Node | None" = None
    any_value: bool = False  # additionalProperties: true
    preserve_unknown: bool = False
    embedded_resource: bool = False
    int_or_string: bool = False
    has_default: bool = False
    default: Value = None
    list_type: str = "atomic"
    map_keys: tuple[str, ...] = ()
    map_type: str = "granular"
    all_of: tuple["Node", ...] = ()
    any_of: tuple["Node", ...] = ()
    one_of: tuple["Node", ...] = ()
    none_of: "Node | None" = None
    rules: tuple[cel.Rule, ...] = ()
    cel_shape: cel.Shape | None = None
    has_rules: bool = False  # here or below
    has_keys: bool = False  # lists whose items must differ, here or below
    has_required: bool = False  # here or below


def compile_schema(schema: Obj) -> Node:
    """Compile an ``openAPIV3Schema``; CompileError of `cel` if a rule does not parse."""
    node = _compile(schema)
    _shape(node)
    return node


def compile_root(schema: Obj) -> Node:
    """The same for a whole object: ``apiVersion``, ``kind`` and ``metadata`` are always there."""
    node = _compile(schema)
    for name in _OBJECT_META_FIELDS:
        node.properties[name] = Node(type="object" if name == "metadata" else "string", preserve_unknown=True)
    _shape(node)
    return node


def _compile(schema: Obj) -> Node:
    additional = schema.get("additionalProperties")
    default = schema.get("default")
    node = Node(
        type=schema.get("type", ""),
        nullable=bool(schema.get("nullable")),
        bounds=_bounds(schema),
        required=tuple(schema.get("required") or ()),
        properties={name: _compile(sub) for name, sub in (schema.get("properties") or {}).items()},
        additional=_compile(additional) if isinstance(additional, dict) else None,
        any_value=additional is True,
        items=_compile(schema["items"]) if isinstance(schema.get("items"), dict) else None,
        preserve_unknown=bool(schema.get("x-kubernetes-preserve-unknown-fields")),
        embedded_resource=bool(schema.get("x-kubernetes-embedded-resource")),
        int_or_string=bool(schema.get("x-kubernetes-int-or-string")),
        has_default=default is not None,
        default=default,
        list_type=schema.get("x-kubernetes-list-type") or "atomic",
        map_keys=tuple(schema.get("x-kubernetes-list-map-keys") or ()),
        map_type=schema.get("x-kubernetes-map-type") or "granular",
        all_of=_compile_all(schema, "allOf"),
        any_of=_compile_all(schema, "anyOf"),
        one_of=_compile_all(schema, "oneOf"),
        none_of=_compile(schema["not"]) if isinstance(schema.get("not"), dict) else None,
        rules=tuple(cel.compile_rule(rule) for rule in schema.get("x-kubernetes-validations") or ()),
    )
    parts = [*node.properties.values(), *filter(None, (node.items, node.additional))]
    node.has_rules = bool(node.rules) or any(part.has_rules for part in parts)
    node.has_required = bool(node.required) or any(part.has_required for part in parts)
    node.has_keys = node.list_type in ("set", "map") or any(part.has_keys for part in parts)
    return node


def _compile_all(schema: Obj, junctor: str) -> tuple[Node, ...]:
    return tuple(_compile(sub) for sub in schema.get(junctor) or ())


def _bounds(schema: Obj) -> Bounds:
    pattern = schema.get("pattern") or ""
    enum = schema.get("enum")
    return Bounds(
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        exclusive_minimum=bool(schema.get("exclusiveMinimum")),
        exclusive_maximum=bool(schema.get("exclusiveMaximum")),
        multiple_of=schema.get("multipleOf"),
        min_length=schema.get("minLength"),
        max_length=schema.get("maxLength"),
        min_items=schema.get("minItems"),
        max_items=schema.get("maxItems"),
        min_properties=schema.get("minProperties"),
        max_properties=schema.get("maxProperties"),
        pattern=_regex(pattern) if pattern else None,
        pattern_source=pattern,
        enum=None if enum is None else tuple(enum),
        format=schema.get("format") or "",
    )


@lru_cache(maxsize=512)
def _regex(pattern: str) -> re.Pattern[str]:
    """RE2's meaning: classes are ASCII, and ``$`` does not match before a final newline."""
    return re.compile(re.sub(r"(?<!\\)\$(?=$|\))", r"\\Z", pattern), re.ASCII)


def _shape(node: Node) -> cel.Shape:
    """What `cel` must know of the schema to hand a value to a rule."""
    values = node.items or node.additional
    shape = cel.Shape(
        kind=node.bounds.format if node.type == "string" else node.type,
        properties={name: _shape(sub) for name, sub in node.properties.items()},
        values=_shape(values) if values is not None else None,
    )
    node.cel_shape = shape
    return shape


def prune(node: Node, value: Value, unknown: list[str], path: Path | None = None) -> Value:
    """`value` without the fields that the schema does not know; their paths are added to `unknown`."""
    if isinstance(value, dict):
        return _prune_object(node, value, unknown, path)
    if isinstance(value, list) and node.items is not None:
        pruned = [prune(node.items, entry, unknown, item(path, index)) for index, entry in enumerate(value)]
        return pruned if any(a is not b for a, b in zip(pruned, value, strict=True)) else value
    return value


def _prune_object(node: Node, value: Obj, unknown: list[str], path: Path | None) -> Obj:
    result: Obj = {}
    changed = False
    for name, entry in value.items():
        known = node.properties.get(name) or node.additional
        if known is not None:
            kept = prune(known, entry, unknown, child(path, name))
            changed = changed or kept is not entry
            result[name] = kept
        elif node.preserve_unknown or node.any_value or (node.embedded_resource and name in _OBJECT_META_FIELDS):
            result[name] = entry
        else:
            unknown.append(render(child(path, name)))
            changed = True
    return result if changed else value


def apply_defaults(node: Node, value: Value) -> Value:
    """`value` with the schema's defaults, and without nulls where null is not allowed."""
    if isinstance(value, dict):
        return _default_object(node, value)
    if isinstance(value, list) and node.items is not None:
        items = node.items
        filled = [apply_defaults(items, entry) for entry in value]
        return filled if any(a is not b for a, b in zip(filled, value, strict=True)) else value
    return value


def _default_object(node: Node, value: Obj) -> Obj:
    changes: Obj = {}
    dropped: list[str] = []
    for name, sub in node.properties.items():
        present = name in value
        entry = value.get(name)
        if not present or (entry is None and not sub.nullable):
            if not sub.has_default:
                if present:
                    dropped.append(name)
                continue
            entry = sub.default
        filled = apply_defaults(sub, entry)
        if not present or filled is not value[name]:
            changes[name] = filled
    if node.additional is not None:
        _default_values(node, node.additional, value, changes, dropped)
    if not changes and not dropped:
        return value
    return {name: entry for name, entry in (value | changes).items() if name not in dropped}


def _default_values(node: Node, values: Node, value: Obj, changes: Obj, dropped: list[str]) -> None:
    for name, entry in value.items():
        if name in node.properties:
            continue
        if entry is None and not values.nullable:
            dropped.append(name)
        elif (filled := apply_defaults(values, entry)) is not entry:
            changes[name] = filled
