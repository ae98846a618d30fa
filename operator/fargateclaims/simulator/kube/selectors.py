"""Label and field selectors, as in the query of a request. Source: ``k8s.io/apimachinery/pkg/labels`` and ``/fields``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fargateclaims.simulator.kube.errors import bad_request
from fargateclaims.simulator.kube.objects import Obj, Value, metadata_of

_KEY = r"(?P<key>[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?)"
_SET = re.compile(_KEY + r"\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)$")
_COMPARE = re.compile(_KEY + r"\s*(?P<op>==|!=|=|<|>)\s*(?P<value>[-A-Za-z0-9_.]*)$")
_EXISTS = re.compile(r"(?P<not>!\s*)?" + _KEY + "$")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One comma-separated part of a label selector."""

    key: str
    operator: str
    values: frozenset[str]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels satisfy this requirement."""
        value = labels.get(self.key)
        match self.operator:
            case "in":
                return value in self.values
            case "notin":
                return value not in self.values
            case "exists":
                return value is not None
            case "!":
                return value is None
            case _:
                return self._compares(value)

    def __str__(self) -> str:
        values = ",".join(sorted(self.values))
        match self.operator:
            case "in" | "notin" if len(self.values) == 1:
                return f"{self.key}{'=' if self.operator == 'in' else '!='}{values}"
            case "in" | "notin":
                return f"{self.key} {self.operator} ({values})"
            case "exists":
                return self.key
            case "!":
                return f"!{self.key}"
            case _:
                return f"{self.key}{self.operator}{values}"

    def _compares(self, value: str | None) -> bool:
        try:
            number, bound = int(value or ""), int(next(iter(self.values)))
        except ValueError:
            return False
        return number > bound if self.operator == ">" else number < bound


@dataclass(frozen=True, slots=True)
class Selector:
    """Labels and fields together; an empty one matches everything."""

    labels: tuple[Requirement, ...] = ()
    fields: tuple[tuple[str, str, bool], ...] = ()  # path, value, whether it must be equal

    def __bool__(self) -> bool:
        return bool(self.labels or self.fields)

    def __str__(self) -> str:
        """Its labels, as in a query, sorted by key."""
        return ",".join(str(requirement) for requirement in sorted(self.labels, key=lambda requirement: requirement.key))

    def matches(self, obj: Obj) -> bool:
        """Whether the object is selected."""
        if self.labels:
            labels = metadata_of(obj).get("labels") or {}
            if not all(requirement.matches(labels) for requirement in self.labels):
                return False
        return all((_field(obj, path) == value) == equal for path, value, equal in self.fields)


EVERYTHING: Final = Selector()
NOTHING: Final = Selector((Requirement("", "exists", frozenset()),))
_OPERATORS: Final = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


def parse(labels: str, fields: str, selectable: Mapping[str, str]) -> Selector:
    """Both query parameters; 400 on a syntax error. `selectable` maps the fields one may select by to their place in the stored object."""
    requirements = tuple(_requirement(part) for part in _split(labels))
    return Selector(requirements, tuple(_field_term(part, selectable) for part in fields.split(",") if part))


def of_labels(selector: Obj | None) -> Selector:
    """A ``metav1.LabelSelector`` in an object; an empty one matches everything, none at all nothing."""
    if selector is None:
        return NOTHING
    equal = [Requirement(key, "in", frozenset([value])) for key, value in (selector.get("matchLabels") or {}).items()]
    expressions = [
        Requirement(part["key"], _OPERATORS.get(part["operator"], ""), frozenset(part.get("values") or ()))
        for part in selector.get("matchExpressions") or ()
    ]
    return Selector((*equal, *expressions))


def _split(text: str) -> list[str]:
    """Split at the commas that are not within parentheses."""
    parts = [part.strip() for part in re.split(r",(?![^(]*\))", text)]
    return [part for part in parts if part]


def _requirement(text: str) -> Requirement:
    if found := _SET.match(text):
        values = frozenset(value.strip() for value in found["values"].split(","))
        return Requirement(found["key"], found["op"], values)
    if found := _COMPARE.match(text):
        operator = {"=": "in", "==": "in", "!=": "notin"}.get(found["op"], found["op"])
        return Requirement(found["key"], operator, frozenset([found["value"]]))
    if found := _EXISTS.match(text):
        return Requirement(found["key"], "!" if found["not"] else "exists", frozenset())
    raise bad_request(f"unable to parse requirement: found '{text}', expected: a label selector such as 'a=b', 'a in (b,c)', 'a' or '!a'")


def _field_term(text: str, selectable: Mapping[str, str]) -> tuple[str, str, bool]:
    found = re.fullmatch(r"([^=!]+)(==|!=|=)(.*)", text)
    if not found:
        raise bad_request(f"invalid selector: '{text}'; can't understand '{text}'")
    path, operator, value = found.groups()
    if path not in selectable:
        raise bad_request(f"field label not supported: {path}")
    return selectable[path], re.sub(r"\\([\\,=])", r"\1", value), operator != "!="


def _field(obj: Obj, path: str) -> str:
    value: Value = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
