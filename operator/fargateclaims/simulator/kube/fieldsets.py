"""Sets of fields, as ``metadata.managedFields`` keeps them (``fieldsV1``), and what two versions of an object differ in.

A field is a tuple of path elements in the serialized spelling: ``f:spec`` for a property, ``k:{"type":"Ready"}`` for an
item of a map-type list, ``v:"x"`` for an item of a set. An object or a list may be a field itself, beside those within it.
Source: ``sigs.k8s.io/structured-merge-diff``.
"""

import json
from collections.abc import Iterator
from typing import Final, TypeAlias

from fargateclaims.simulator.kube.objects import Obj, Value
from fargateclaims.simulator.kube.schema import Node

FieldPath: TypeAlias = tuple[str, ...]
FieldSet: TypeAlias = frozenset[FieldPath]

_ITSELF: Final = "."
# Never owned by anyone: the server writes these, or they identify the object.
_UNOWNED_TOP: Final = ("apiVersion", "kind")
_OWNED_METADATA: Final = ("labels", "annotations", "finalizers", "generateName", "ownerReferences")
METADATA: Final = Node(
    properties={
        "labels": Node(type="object", additional=Node(type="string")),
        "annotations": Node(type="object", additional=Node(type="string")),
        "finalizers": Node(type="array", list_type="set", items=Node(type="string")),
        "ownerReferences": Node(type="array", list_type="map", map_keys=("uid",), items=Node(type="object", map_type="atomic")),
    }
)


def of_object(schema: Node | None, obj: Obj) -> FieldSet:
    """All fields that a configuration sets: what who applies it will own."""
    return frozenset(path for name, node, value in _top(schema, obj) for path in _leaves(node, value, (f"f:{name}",)))


def changed(schema: Node | None, old: Obj, new: Obj) -> tuple[FieldSet, FieldSet]:
    """The fields that `new` sets otherwise than `old` (or first), and those it no longer has."""
    before = {name: (node, value) for name, node, value in _top(schema, old)}
    after = {name: (node, value) for name, node, value in _top(schema, new)}
    difference = _Difference()
    for name, (node, value) in after.items():
        if name in before:
            difference.compare(node, before[name][1], value, (f"f:{name}",))
        else:
            difference.set_now.update(_members(node, value, (f"f:{name}",)))
    for name, (node, value) in before.items():
        if name not in after:
            difference.gone.update(_members(node, value, (f"f:{name}",)))
    return frozenset(difference.set_now), frozenset(difference.gone - difference.set_now)


def encode(fields: FieldSet) -> Obj:
    """The ``fieldsV1`` tree."""
    tree: Obj = {}
    # A shorter path sorts before those that begin with it.
    owned: set[int] = set()
    for path in sorted(fields):
        level = tree
        for part in path:
            if id(level) in owned:
                level.setdefault(_ITSELF, {})
            level = level.setdefault(part, {})
        owned.add(id(level))
    return tree


def decode(tree: Obj) -> FieldSet:
    """The inverse of `encode`."""
    return frozenset(_decoded(tree, ()))


def shown(path: FieldPath) -> str:
    """A field as a conflict message names it, e.g. ``.spec.list[name="a"].image``."""
    text = ""
    for part in path:
        if part.startswith("f:"):
            text += f".{part[2:]}"
        elif part.startswith("k:"):
            keys = json.loads(part[2:])
            text += f"[{','.join(f'{name}={json.dumps(value)}' for name, value in keys.items())}]"
        elif part.startswith("v:"):
            text += f"[={part[2:]}]"
    return text


def item_element(node: Node, entry: Value) -> str | None:
    """The path element of a list item; None if the list is atomic."""
    if node.list_type == "set":
        return f"v:{json.dumps(entry, separators=(',', ':'))}"
    if node.list_type == "map" and isinstance(entry, dict) and node.map_keys:
        keys = {name: entry[name] for name in sorted(node.map_keys) if name in entry}
        return f"k:{json.dumps(keys, separators=(',', ':'))}"
    return None


def part_of(node: Node, name: str) -> Node:
    """The schema of a property; one that allows everything where there is none."""
    return node.properties.get(name) or node.additional or _ANYTHING


_ANYTHING: Final = Node(preserve_unknown=True)


def _top(schema: Node | None, obj: Obj) -> Iterator[tuple[str, Node, Value]]:
    root = schema or _ANYTHING
    for name, value in obj.items():
        if name == "metadata":
            yield name, METADATA, {key: entry for key, entry in value.items() if key in _OWNED_METADATA}
        elif name not in _UNOWNED_TOP:
            yield name, part_of(root, name), value


def _leaves(node: Node, value: Value, path: FieldPath) -> Iterator[FieldPath]:
    """The fields of a value in a configuration: its leaves, and what has a key."""
    parts = _parts(node, value)
    if not parts and path != ("f:metadata",):
        yield path
    for element, (part, entry) in (parts or {}).items():
        here = (*path, element)
        if not element.startswith("f:") or element[2:] not in node.properties:
            yield here
        if element[0] != "v":
            yield from _leaves(part, entry, here)


def _members(node: Node, value: Value, path: FieldPath) -> Iterator[FieldPath]:
    """The fields of a value that an update adds: its leaves, and every object and list on the way to them."""
    if path != ("f:metadata",):
        yield path
    for element, (part, entry) in (_parts(node, value) or {}).items():
        yield from _members(part, entry, (*path, element))


class _Difference:
    """Collects what is set and what is gone while two values are walked side by side."""

    def __init__(self) -> None:
        self.set_now: set[FieldPath] = set()
        self.gone: set[FieldPath] = set()

    def compare(self, node: Node, old: Value, new: Value, path: FieldPath) -> None:
        if old is new or old == new:
            return
        before, after = _parts(node, old), _parts(node, new)
        # A null is as empty as whatever it stands in for.
        if new is None and before:
            after = {}
        elif old is None and after:
            before = {}
        if before is None or after is None:
            self.set_now.add(path)
            self.gone.update(_members(node, old, path))
            return
        for element, (part, value) in after.items():
            if element in before:
                self.compare(part, before[element][1], value, (*path, element))
            else:
                self.set_now.update(_members(part, value, (*path, element)))
        for element, (part, value) in before.items():
            if element not in after:
                self.gone.update(_members(part, value, (*path, element)))


def _parts(node: Node, value: Value) -> dict[str, tuple[Node, Value]] | None:
    """The parts that have owners of their own; None if the value has one owner as a whole."""
    if isinstance(value, dict) and node.map_type != "atomic":
        return {f"f:{name}": (part_of(node, name), entry) for name, entry in value.items()}
    if isinstance(value, list) and node.items is not None and node.list_type in ("set", "map"):
        return {item_element(node, entry) or "": (node.items, entry) for entry in value}
    return None


def _decoded(tree: Obj, path: FieldPath) -> Iterator[FieldPath]:
    if path and (not tree or _ITSELF in tree):
        yield path
    for part, below in tree.items():
        if part != _ITSELF:
            yield from _decoded(below, (*path, part))
