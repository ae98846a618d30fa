"""The limits that a CRD's schema sets to a spec, each found in the schema itself, and an object that breaks just that one."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

ITEM, VALUE = "[]", "{}"
"""Steps of a path: each item of a list, and each value of a map."""
RULE: Final = "rule"
SET: Final = "set"
Path = tuple[str, ...]
_KEYWORDS: Final = ("enum", "pattern", "maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minimum", "maximum")
_SAID: Final = {
    "required": "Required value",
    "enum": "Unsupported value",
    "pattern": "in body should match",
    "maxLength": "Too long",
    "minLength": "in body should be at least",
    "maxItems": "Too many",
    "minItems": "in body should have at least",
    "maxProperties": "Too many",
    "minimum": "in body should be greater than or equal to",
    "maximum": "in body should be less than or equal to",
    SET: "Duplicate value",
}
_NOTHING_LIKE_IT: Final = "!!"


@dataclass(frozen=True)
class Limit:
    """One limit.

    :param path: from the root of the object to what is limited, such as `("spec", "selectors", "[]", "labels")`.
    :param keyword: as the schema has it; `required` for one field, `set` for a list without duplicates, `rule` for a CEL rule.
    :param value: what the keyword says; of a rule, its message.
    """

    kind: str
    path: Path
    keyword: str
    value: Any

    @property
    def said(self) -> str:
        """What the API server says of an object that breaks it."""
        return str(self.value) if self.keyword == RULE else _SAID[self.keyword]

    @property
    def where(self) -> str:
        """The field as the API server names it, in an object that `broken` made."""
        parts = [*self.path, *([str(self.value)] if self.keyword == "required" else [])]
        return re.sub(r"\.\[\]", "[0]", ".".join(parts)).replace(f".{VALUE}", ".k") + ("[1]" if self.keyword == SET else "")


def limits(crd: Mapping[str, Any]) -> list[Limit]:
    """All limits to the spec, and the rules for the whole object, of the only version of a CRD."""
    (version,) = crd["spec"]["versions"]
    root = version["schema"]["openAPIV3Schema"]
    kind = crd["spec"]["names"]["kind"]
    return [*_rules(kind, (), root), *_below(kind, ("spec",), root["properties"]["spec"])]


def _below(kind: str, path: Path, schema: Mapping[str, Any]) -> Iterator[Limit]:
    yield from (Limit(kind, path, keyword, _hashable(schema[keyword])) for keyword in _KEYWORDS if keyword in schema)
    yield from (Limit(kind, path, "required", name) for name in schema.get("required", ()))
    if schema.get("x-kubernetes-list-type") == SET:
        yield Limit(kind, path, SET, "items")
    yield from _rules(kind, path, schema)
    for name, field in schema.get("properties", {}).items():
        yield from _below(kind, (*path, name), field)
    for step, inner in ((ITEM, schema.get("items")), (VALUE, schema.get("additionalProperties"))):
        if inner:
            yield from _below(kind, (*path, step), inner)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _rules(kind: str, path: Path, schema: Mapping[str, Any]) -> Iterator[Limit]:
    yield from (Limit(kind, path, RULE, rule["message"]) for rule in schema.get("x-kubernetes-validations", ()))


def broken(obj: Mapping[str, Any], limit: Limit) -> dict[str, Any] | None:
    """A copy of an object that keeps all limits, which breaks this one; None if what it limits is not there."""
    copy = deepcopy(dict(obj))
    inside: Any = copy
    *steps, last = [*limit.path, limit.value] if limit.keyword == "required" else limit.path
    try:
        for step in steps:
            inside = inside[_key(step, inside)]
        key = _key(last, inside)
        if limit.keyword == "required":
            del inside[key]
        else:
            inside[key] = _breaking(limit, inside[key])
    except (KeyError, IndexError):
        return None
    return copy


def _key(step: str, inside: Any) -> Any:
    if step == VALUE:
        # A key that `where` knows.
        inside["k"] = inside.pop(next(iter(inside)))
        return "k"
    return 0 if step == ITEM else step


def _breaking(limit: Limit, value: Any) -> Any:
    wrong: dict[str, Any] = {"enum": _NOTHING_LIKE_IT, "pattern": _NOTHING_LIKE_IT, "minLength": "", "minItems": []}
    if limit.keyword in wrong:
        return wrong[limit.keyword]
    if limit.keyword in {"minimum", "maximum"}:
        return limit.value + (1 if limit.keyword == "maximum" else -1)
    if limit.keyword == "maxLength":
        return "a" * (limit.value + 1)
    if limit.keyword == "maxProperties":
        return {f"k{number}": next(iter(value.values())) for number in range(limit.value + 1)}
    if limit.keyword == SET:
        return [value[0], value[0]]
    return [_another(value[0], number) for number in range(limit.value + 1)]


def _another(item: Any, number: int) -> Any:
    return f"{item}{number}" if isinstance(item, str) else item
