"""Lua as Argo CD runs it for scripts from `argocd-cm`: Lua 5.1 with the base, package and table libraries alone.

There is no `string`, not even as methods of strings, and no `os` but what `require("os")` gives: `time` and `date`. What a script
returns goes through JSON, where an empty table is an empty list. Source: argo-cd, util/lua/lua.go and oslib_safe.go, in 3.1.1 and newer;
up to 3.1.0 a map that a script empties comes back as it was.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lupa.lua51 import LuaError, LuaRuntime, lua_type  # type: ignore[import-untyped]

Object = dict[str, Any]

NOW = datetime(2026, 11, 21, 14, 0, 0, tzinfo=UTC)

_ABSENT = ("string", "io", "os", "math", "debug", "coroutine", "python", "gcinfo", "dofile", "loadfile")
_INSTRUCTIONS = 1_000_000
"""In place of Argo CD's limit of one second: a script that needs more is one that hangs."""
_STRIP = """
local limit, names, os_date, os_time = ...
debug.sethook(function() error("the script takes too long", 0) end, "", limit)
debug.setmetatable("", nil)
for name in string.gmatch(names, "%a+") do
  _G[name], package.loaded[name] = nil, nil
end
package.preload["os"] = function() return {date = os_date, time = os_time} end
"""
_DATE_FLAGS = "aAbBdFHImMpSyYz"
"""The flags that Argo CD's own `os.date` fills in as C does; it leaves others as they are."""


class ScriptFailedError(Exception):
    """A script ended with an error, or returned what Argo CD does not take. The message is what Argo CD shows."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a health check says."""

    status: str
    message: str


def health(script: str, obj: Object) -> Health:
    """Run a `health.lua`. Raises ScriptFailedError."""
    found = _run(script, obj)
    if found.get("status") not in {"Healthy", "Progressing", "Degraded", "Suspended"} or set(found) - {"status", "message"}:
        raise ScriptFailedError(f"Lua returned an invalid health status: {found}")
    return Health(found["status"], found.get("message", ""))


def actions(script: str, obj: Object) -> dict[str, Object]:
    """Run a `discovery.lua`: the actions by name, as `action_test.yaml` writes them. Raises ScriptFailedError."""
    return {name: {"name": name, **({} if fields == [] else fields)} for name, fields in (_run(script, obj) or {}).items()}


def act(script: str, obj: Object, parameters: Mapping[str, str] | None = None, *, up_to_3_1_0: bool = False) -> Object:
    """Run an `action.lua`: the object as it is to become. Raises ScriptFailedError.

    :param up_to_3_1_0: as those versions of Argo CD do it.
    """
    changed: Object = _like(_run(script, obj, parameters), obj, emptied_is_kept=up_to_3_1_0)
    return changed


def merge_patch(live: Object, changed: Object) -> Object:
    """What Argo CD sends to the API server after an action: an RFC 7386 merge patch."""
    patch: Object = {key: None for key in live if key not in changed}
    for key, value in changed.items():
        if key not in live:
            patch[key] = value
        elif isinstance(value, dict) and isinstance(live[key], dict):
            if below := merge_patch(live[key], value):
                patch[key] = below
        elif value != live[key]:
            patch[key] = value
    return patch


def _run(script: str, obj: Object, parameters: Mapping[str, str] | None = None) -> Any:
    lua = LuaRuntime(register_eval=False, register_builtins=False)
    lua.execute(_STRIP, _INSTRUCTIONS, " ".join(_ABSENT), _date, NOW.timestamp)
    scope = lua.globals()
    scope.obj, scope.actionParams = _decoded(lua, obj), _decoded(lua, dict(parameters or {}))
    try:
        found = lua.execute(script)
    except LuaError as error:
        raise ScriptFailedError(str(error)) from error
    if lua_type(found) != "table":
        raise ScriptFailedError(f"expect table output from Lua script, not {lua_type(found) or found!r}")
    return _encoded(found)


def _date(form: str) -> str:
    unknown = [flag for flag in re.findall("%(.)", form) if flag not in _DATE_FLAGS]
    assert form.startswith("!"), "local time differs from one Argo CD to the next"
    assert not unknown, f"Argo CD's os.date does not know {unknown}"
    return NOW.strftime(form[1:])


def _decoded(lua: Any, value: Any) -> Any:
    if isinstance(value, Mapping):
        return lua.table_from({key: _decoded(lua, each) for key, each in value.items() if each is not None})
    if isinstance(value, list | tuple):
        return lua.table_from([_decoded(lua, each) for each in value])
    return value


def _encoded(value: Any) -> Any:
    if lua_type(value) != "table":
        if lua_type(value) is not None:
            raise ScriptFailedError(f"cannot encode {lua_type(value)} to JSON")
        return value
    items = dict(value.items())
    if all(isinstance(key, str) for key in items) and items:
        return {key: _encoded(each) for key, each in items.items()}
    if list(items) != list(range(1, len(items) + 1)):
        raise ScriptFailedError("cannot encode mixed or invalid key types")
    return [_encoded(each) for each in items.values()]


def _like(value: Any, before: Any, *, emptied_is_kept: bool) -> Any:
    """With empty lists made objects again where an object's field was one. In a list Argo CD does not look."""

    def field(each: Any, old: Any) -> Any:
        if each == [] and isinstance(old, dict):
            return old if emptied_is_kept else {}
        return _like(each, old, emptied_is_kept=emptied_is_kept)

    if isinstance(before, dict) and isinstance(value, dict):
        return {key: field(each, before.get(key)) for key, each in value.items()}
    if isinstance(before, list) and isinstance(value, list):
        olds = [*before, *value[len(before) :]]
        return [_like(each, old, emptied_is_kept=emptied_is_kept) for each, old in zip(value, olds, strict=False)]
    return value
