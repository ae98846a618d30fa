"""Server-side apply: fields have owners, and who stops applying a field gives it up.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from dataclasses import replace

from fargateclaims.simulator.kube import fieldsets, managers
from fargateclaims.simulator.kube.errors import ApiError
from fargateclaims.simulator.kube.fieldsets import FieldPath, FieldSet
from fargateclaims.simulator.kube.managers import Manager
from fargateclaims.simulator.kube.objects import Obj, Value, metadata_of
from fargateclaims.simulator.kube.schema import Node


def applied(schema: Node | None, live: Obj, config: Obj, writer: Manager, *, force: bool) -> tuple[Obj, list[Obj]]:
    """`live` after applying `config`, and the ``managedFields`` to go with it (`writer.fields` are ignored).

    409 with one cause for each field that another manager owns and that would change, unless `force`.
    """
    present = managers.read(live)
    others = [manager for manager in present if manager.identity != writer.identity]
    before = next((manager.fields for manager in present if manager.identity == writer.identity), frozenset[FieldPath]())
    wanted = fieldsets.of_object(schema, config)
    merged = _merge(schema, live, config)
    set_now, gone = fieldsets.changed(schema, live, merged)
    changing = wanted & (set_now | gone)
    conflicts = [(manager, path) for manager in others for path in sorted(manager.fields & changing)]
    if conflicts and not force:
        raise _conflict(conflicts)
    others = [replace(manager, fields=manager.fields - changing) for manager in others]
    owned_by_others: FieldSet = frozenset().union(*(manager.fields for manager in others))
    dropped = before - wanted - owned_by_others
    result = _without(schema, merged, dropped) if dropped else merged
    if result == live and wanted == before:
        return live, list(metadata_of(live).get("managedFields") or [])
    return result, managers.write([*others, replace(writer, fields=wanted)])


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
    return name if manager.operation == "Apply" else f"{name} using {manager.api_version} at {manager.time}"


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


def _without(schema: Node | None, obj: Obj, dropped: FieldSet) -> Obj:
    result: Value = obj
    for path in sorted(dropped):
        node = schema or Node(preserve_unknown=True)
        result = _removed(node, result, path)
    return dict(result)


def _removed(node: Node, value: Value, path: FieldPath) -> Value:
    head, rest = path[0], path[1:]
    if isinstance(value, dict) and head.startswith("f:"):
        name = head[2:]
        if name not in value:
            return value
        kept = _removed(fieldsets.part_of(node, name), value[name], rest) if rest else None
        if kept is None or (rest and kept in ({}, []) and value[name] != kept):
            return {other: entry for other, entry in value.items() if other != name}
        return {**value, name: kept}
    if isinstance(value, list):
        return _removed_item(node, value, head, rest)
    return value


def _removed_item(node: Node, value: list[Value], head: str, rest: FieldPath) -> list[Value]:
    list_node = node if node.items is not None else Node(list_type="set", items=Node(type="string"))
    result = []
    for entry in value:
        if fieldsets.item_element(list_node, entry) != head:
            result.append(entry)
        elif rest and rest != (fieldsets.ITSELF,):
            result.append(_removed(list_node.items or list_node, entry, rest))
    return result
