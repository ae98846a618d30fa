"""Strategic merge patch for built-in kinds: a merge patch in which some lists are maps or sets.

A real API server reads the merge keys from its Go types; here they go by the name of the field, which is unambiguous for
the kinds served. Source: Kubernetes' "Update API Objects in Place Using kubectl patch" and ``apimachinery/pkg/util/strategicpatch``.
"""

from typing import Final

from fargateclaims.simulator.kube.errors import bad_request
from fargateclaims.simulator.kube.objects import Obj, Value

MERGE_KEYS: Final = {
    "conditions": "type",
    "containers": "name",
    "env": "name",
    "ephemeralContainers": "name",
    "hostAliases": "ip",
    "imagePullSecrets": "name",
    "initContainers": "name",
    "ownerReferences": "uid",
    "ports": "containerPort",
    "secrets": "name",
    "topologySpreadConstraints": "topologyKey",
    "volumeDevices": "devicePath",
    "volumeMounts": "mountPath",
    "volumes": "name",
}
SETS: Final = frozenset({"finalizers"})
_DELETE_FROM_SET: Final = "$deleteFromPrimitiveList/"
_DIRECTIVES: Final = ("$patch", "$retainKeys", "$setElementOrder/", _DELETE_FROM_SET)


def strategic_patch(target: Value, patch: Value) -> Value:
    """`target` after the patch; 400 if a list that is a map gets an item without its key."""
    if not isinstance(patch, dict):
        return patch
    if patch.get("$patch") == "replace":
        return {name: value for name, value in patch.items() if name != "$patch"}
    result: Obj = dict(target) if isinstance(target, dict) else {}
    if retained := patch.get("$retainKeys"):
        result = {name: value for name, value in result.items() if name in retained}
    for name, value in patch.items():
        if name.startswith(_DELETE_FROM_SET):
            field = name.removeprefix(_DELETE_FROM_SET)
            result[field] = [entry for entry in result.get(field) or [] if entry not in value]
        elif not name.startswith(_DIRECTIVES):
            _merge_field(result, name, value)
    return result


def _merge_field(result: Obj, name: str, value: Value) -> None:
    if value is None or (isinstance(value, dict) and value.get("$patch") == "delete"):
        result.pop(name, None)
    elif isinstance(value, list) and name in MERGE_KEYS and all(isinstance(entry, dict) for entry in value):
        result[name] = _merge_items(result.get(name) or [], value, MERGE_KEYS[name])
    elif isinstance(value, list) and name in SETS:
        present = result.get(name) or []
        result[name] = [*present, *(entry for entry in value if entry not in present)]
    else:
        result[name] = strategic_patch(result.get(name), value)


def _merge_items(items: list[Obj], patch: list[Obj], key: str) -> list[Obj]:
    if any(entry.get("$patch") == "replace" for entry in patch):
        return [entry for entry in patch if "$patch" not in entry]
    merged = {entry.get(key): entry for entry in items}
    for entry in patch:
        if key not in entry:
            raise bad_request(f"map: {entry} does not contain declared merge key: {key}")
        if entry.get("$patch") == "delete":
            merged.pop(entry[key], None)
        else:
            merged[entry[key]] = strategic_patch(merged.get(entry[key]), entry)
    return list(merged.values())
