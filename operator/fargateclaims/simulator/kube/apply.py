"""Server-side apply: fields have owners, and who stops applying a field gives it up.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

import json
from dataclasses import replace
from typing import Final

from fargateclaims.simulator.kube import fieldsets, managers
from fargateclaims.simulator.kube.errors import ApiError
from fargateclaims.simulator.kube.fieldsets import FieldPath, FieldSet
from fargateclaims.simulator.kube.managers import Manager
from fargateclaims.simulator.kube.objects import Obj, Value, dumps, metadata_of
from fargateclaims.simulator.kube.schema import Node

_BEFORE_FIRST_APPLY: Final = "before-first-apply"
_KUBECTL: Final = "kubectl"
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


def applied(schema: Node | None, live: Obj, config: Obj, writer: Manager, *, force: bool) -> tuple[Obj, list[Obj]]:
    """`live` after applying `config`, and the ``managedFields`` to go with it (`writer.fields` are ignored).

    409 with one cause for each field that another manager owns and that would change, unless `force`.
    """
    present = managers.read(live) or _unmanaged(schema, live, writer)
    others = [manager for manager in present if manager.identity != writer.identity]
    own = next((manager for manager in present if manager.identity == writer.identity), replace(writer, fields=frozenset(), time=""))
    before = own.fields
    wanted = fieldsets.of_object(schema, config)
    owned_by_others: FieldSet = frozenset().union(*(manager.fields for manager in others))
    dropped = before - wanted - owned_by_others
    merged = _merge(schema, live, config)
    result = _without(schema, merged, dropped, owned_by_others | wanted) if dropped else merged
    set_now, gone = fieldsets.changed(schema, live, result)
    conflicts = [(manager, path) for manager in others for path in sorted(manager.fields & set_now)]
    if conflicts and not force:
        _check_conflicts(schema, live, writer, conflicts)
    if result == live and wanted == before:
        return live, list(metadata_of(live).get("managedFields") or [])
    others = [manager.without(set_now | gone) for manager in others]
    # Who only begins or ceases to own fields has changed nothing, at no time.
    time = own.time if result == live else writer.time
    return _with_last_applied(live, result, config, writer), managers.write([*others, replace(writer, fields=wanted, time=time)])


def _unmanaged(schema: Node | None, live: Obj, writer: Manager) -> list[Manager]:
    """What was there before anyone's fields were noted belongs to one manager of that name."""
    fields = fieldsets.changed(schema, {}, live)[0]
    return [replace(writer, name=_BEFORE_FIRST_APPLY, operation="Update", subresource="", fields=fields)]


def _check_conflicts(schema: Node | None, live: Obj, writer: Manager, conflicts: list[tuple[Manager, FieldPath]]) -> None:
    """409, unless kubectl takes over what it has itself applied on the client's side."""
    annotation = (metadata_of(live).get("annotations") or {}).get(_LAST_APPLIED)
    if writer.name == _KUBECTL and annotation:
        try:
            last_applied = json.loads(annotation)
        except ValueError:
            raise _conflict(conflicts) from None
        differing = frozenset().union(*fieldsets.changed(schema, last_applied, live))
        allowed = fieldsets.of_object(schema, last_applied) - differing
        if all(path in allowed for _, path in conflicts):
            return
    raise _conflict(conflicts)


def _with_last_applied(live: Obj, result: Obj, config: Obj, writer: Manager) -> Obj:
    """Keep the annotation of kubectl's client-side apply in step, where there is one and kubectl applies."""
    annotations = metadata_of(live).get("annotations") or {}
    if writer.name != _KUBECTL or _LAST_APPLIED not in annotations:
        return result
    annotations = {**(result["metadata"].get("annotations") or {}), _LAST_APPLIED: dumps(config).decode() + "\n"}
    return {**result, "metadata": {**result["metadata"], "annotations": annotations}}


def _conflict(conflicts: list[tuple[Manager, FieldPath]]) -> ApiError:
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {_named(manager)}", "field": fieldsets.shown(path)}
        for manager, path in conflicts
    ]
    if len(causes) == 1:
        message = f"Apply failed with 1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        lines: list[str] = []
        for name in sorted({_named(manager) for manager, _ in conflicts}):
            lines += [f"conflicts with {name}:", *(f"- {fieldsets.shown(path)}" for manager, path in conflicts if _named(manager) == name)]
        message = f"Apply failed with {len(causes)} conflicts: {chr(10).join(lines)}"
    return ApiError(409, "Conflict", message, details={"causes": causes})


def _named(manager: Manager) -> str:
    name = f'"{manager.name}"'
    if manager.subresource:
        name += f' with subresource "{manager.subresource}"'
    return name if manager.operation == "Apply" else f"{name} using {manager.api_version}"


def _merge(schema: Node | None, live: Obj, config: Obj) -> Obj:
    """`live` with what `config` sets; names, versions and the like stay."""
    result = dict(live)
    root = schema or Node(preserve_unknown=True)
    for name, value in config.items():
        if name == "metadata":
            result[name] = {**live["metadata"], **_merge_metadata(live["metadata"], value)}
        elif name not in ("apiVersion", "kind"):
            result[name] = _merge_value(fieldsets.part_of(root, name), live.get(name), value)
    return result


def _merge_metadata(live: Obj, config: Obj) -> Obj:
    merged: Obj = {name: {**(live.get(name) or {}), **config[name]} for name in ("labels", "annotations") if config.get(name)}
    if "finalizers" in config:
        present = live.get("finalizers") or []
        merged["finalizers"] = [*present, *(entry for entry in config["finalizers"] if entry not in present)]
    if "ownerReferences" in config:
        references = {entry["uid"]: entry for entry in [*(live.get("ownerReferences") or []), *config["ownerReferences"]]}
        merged["ownerReferences"] = list(references.values())
    for name in ("resourceVersion", "uid"):
        if config.get(name):
            merged[name] = config[name]
    return merged


def _merge_value(node: Node, live: Value, config: Value) -> Value:
    if isinstance(config, dict) and isinstance(live, dict) and node.map_type != "atomic":
        merged = {name: _merge_value(fieldsets.part_of(node, name), live.get(name), value) for name, value in config.items()}
        return live | merged
    if isinstance(config, list) and isinstance(live, list) and node.items is not None and node.list_type in ("set", "map"):
        merged_items = {fieldsets.item_element(node, entry): entry for entry in live}
        for entry in config:
            element = fieldsets.item_element(node, entry)
            merged_items[element] = _merge_value(node.items, merged_items.get(element), entry)
        return list(merged_items.values())
    return config


def _without(schema: Node | None, obj: Obj, dropped: FieldSet, kept: FieldSet) -> Obj:
    """`obj` without the `dropped` fields, and without what is empty then, but for what someone owns still: `kept`."""
    given = schema or Node()
    root = replace(given, properties={**given.properties, "metadata": fieldsets.METADATA})
    result: Value = obj
    # An item of a list before its parts, lest it lose the key that it is found by.
    for path in sorted(dropped):
        if not any(other[: len(path)] == path for other in kept):
            result = _removed(root, result, path, 0, kept)
    return dict(result)


def _removed(node: Node, value: Value, path: FieldPath, depth: int, kept: FieldSet) -> Value:
    head, last = path[depth], depth == len(path) - 1
    if isinstance(value, dict) and head.startswith("f:"):
        name = head[2:]
        if name not in value:
            return value
        below = None if last else _removed(fieldsets.part_of(node, name), value[name], path, depth + 1, kept)
        emptied = not last and below in ({}, []) and value[name] != below
        if last or (emptied and path[: depth + 1] not in kept):
            return {other: entry for other, entry in value.items() if other != name}
        # What is empty and still someone's is left as a null.
        return {**value, name: None if emptied else below}
    if isinstance(value, list):
        return _removed_item(node, value, path, depth, kept)
    return value


def _removed_item(node: Node, value: list[Value], path: FieldPath, depth: int, kept: FieldSet) -> list[Value]:
    result = []
    for entry in value:
        if fieldsets.item_element(node, entry) != path[depth]:
            result.append(entry)
        elif depth < len(path) - 1:
            result.append(_removed(node.items or node, entry, path, depth + 1, kept))
    return result
