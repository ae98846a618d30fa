"""The part of Kubernetes' JSONPath that printer columns use: properties, indexes, ``[*]`` and filters by equality."""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from fargateclaims.simulator.kube.objects import Value

Step: TypeAlias = Callable[[list[Value]], list[Value]]

_TOKEN: Final = re.compile(
    r"""\.(?P<name>(?:\\.|[^.\[\]\\])+)
      | \[\?\(\s*@\.(?P<field>(?:\\.|[^=!\s\\])+)\s*(?P<op>==|!=)\s*(?P<quote>["']?)(?P<wanted>[^"')]*)(?P=quote)\s*\)\]
      | \[(?P<index>-?\d+)\]
      | \[(?P<all>\*)\]
      | \[['"](?P<quoted>[^'"]*)['"]\]""",
    re.VERBOSE,
)


def compile_path(path: str) -> Callable[[Value], list[Value]]:
    """A function from an object to all values at `path`, say ``.status.conditions[?(@.type=="Ready")].status``.

    ValueError if it does not parse.
    """
    steps: list[Step] = []
    position = 0
    while position < len(path):
        found = _TOKEN.match(path, position)
        if not found:
            raise ValueError(f"cannot parse the JSONPath {path!r} at {path[position:]!r}")
        steps.append(_step(found))
        position = found.end()

    def find(obj: Value) -> list[Value]:
        values = [obj]
        for step in steps:
            values = step(values)
        return values

    return find


def _step(found: re.Match[str]) -> Step:
    if found["field"] is not None:
        inner = compile_path("." + found["field"])
        wanted, equal = [found["wanted"]], found["op"] == "=="

        def chosen(entry: Value) -> bool:
            return ([str(hit) for hit in inner(entry)] == wanted) == equal

        return lambda values: [entry for value in values if isinstance(value, list) for entry in value if chosen(entry)]
    if found["index"] is not None:
        index = int(found["index"])
        return lambda values: [value[index] for value in values if isinstance(value, list) and -len(value) <= index < len(value)]
    if found["all"] is not None:
        return lambda values: [entry for value in values for entry in _entries(value)]
    name = found["quoted"] if found["quoted"] is not None else re.sub(r"\\(.)", r"\1", found["name"])
    return lambda values: [value[name] for value in values if isinstance(value, dict) and name in value]


def _entries(value: Value) -> list[Value]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
