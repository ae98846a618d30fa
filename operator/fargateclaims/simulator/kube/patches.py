"""JSON merge patch (RFC 7386) and JSON patch (RFC 6902). The input is never changed; untouched parts are shared with the result."""

from collections.abc import Callable, Sequence
from typing import Final

from fargateclaims.simulator.kube.errors import ApiError
from fargateclaims.simulator.kube.objects import Obj, Value


def merge_patch(target: Value, patch: Value) -> Value:
    """`target` after the merge patch: null removes, objects merge, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result


def json_patch(target: Value, operations: list[Value]) -> Value:
    """`target` after all operations; 422 if one of them is malformed or does not fit the object, or a test fails."""
    for operation in operations:
        try:
            target = _OPERATIONS[operation["op"]](target, operation)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise _does_not_fit() from error
    return target


def _does_not_fit() -> ApiError:
    return ApiError(422, "Invalid", "the server rejected our request due to an error in our request", details={})


def _pointer(text: str) -> list[str]:
    if text == "":
        return []
    if not text.startswith("/"):
        raise ValueError(text)
    return [part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/")]


def _index(items: list[Value], part: str, *, for_insert: bool = False) -> int:
    if part == "-" and for_insert:
        return len(items)
    index = int(part)
    if not 0 <= index < len(items) + for_insert:
        raise IndexError(part)
    return index


def _read(target: Value, path: Sequence[str]) -> Value:
    for part in path:
        target = target[_index(target, part)] if isinstance(target, list) else target[part]
    return target


def _changed(target: Value, path: Sequence[str], change: Callable[[Value, str], Value]) -> Value:
    """`target` with the container of the last part of `path` replaced by `change(container, part)`."""
    if len(path) == 1:
        return change(target, path[0])
    head, rest = path[0], path[1:]
    if isinstance(target, list):
        index = _index(target, head)
        return [*target[:index], _changed(target[index], rest, change), *target[index + 1 :]]
    return {**target, head: _changed(target[head], rest, change)}


def _add(target: Value, path: Sequence[str], value: Value) -> Value:
    def change(container: Value, part: str) -> Value:
        if isinstance(container, list):
            index = _index(container, part, for_insert=True)
            return [*container[:index], value, *container[index:]]
        return {**container, part: value}

    return _changed(target, path, change) if path else value


def _remove(target: Value, path: Sequence[str]) -> Value:
    def change(container: Value, part: str) -> Value:
        if isinstance(container, list):
            index = _index(container, part)
            return [*container[:index], *container[index + 1 :]]
        if part not in container:
            raise KeyError(part)
        return {name: entry for name, entry in container.items() if name != part}

    return _changed(target, path, change)


def _replace(target: Value, path: Sequence[str], value: Value) -> Value:
    def change(container: Value, part: str) -> Value:
        if isinstance(container, list):
            index = _index(container, part)
            return [*container[:index], value, *container[index + 1 :]]
        if part not in container:
            raise KeyError(part)
        return {**container, part: value}

    return _changed(target, path, change) if path else value


def _test(target: Value, operation: Obj) -> Value:
    if _read(target, _pointer(operation["path"])) != operation.get("value"):
        raise ValueError("test failed")
    return target


def _move(target: Value, operation: Obj) -> Value:
    source = _pointer(operation["from"])
    value = _read(target, source)
    return _add(_remove(target, source), _pointer(operation["path"]), value)


_OPERATIONS: Final[dict[str, Callable[[Value, Obj], Value]]] = {
    "add": lambda target, operation: _add(target, _pointer(operation["path"]), operation["value"]),
    "remove": lambda target, operation: _remove(target, _pointer(operation["path"])),
    "replace": lambda target, operation: _replace(target, _pointer(operation["path"]), operation["value"]),
    "copy": lambda target, operation: _add(target, _pointer(operation["path"]), _read(target, _pointer(operation["from"]))),
    "move": _move,
    "test": _test,
}
