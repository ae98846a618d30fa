"""Label selectors: Kubernetes' own syntax and meaning, for the objects that we select ourselves.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fargateclaims.api.labels import LabelSelector
from fargateclaims.api.labels import LabelSelectorOperator as Operator

_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_PREFIX: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_PREFIX_LENGTH: Final = 253
_SET: Final = re.compile(r"(?P<key>\S+)\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)")
_EQUALITY: Final = re.compile(r"(?P<key>[^\s=!]+)\s*(?P<operator>==|!=|=)\s*(?P<value>[^\s=!]*)")
_EXISTENCE: Final = re.compile(r"(?P<absent>!\s*)?(?P<key>[^\s=!()]+)")


class LabelSelectorError(ValueError):
    """A label selector cannot be read; the text says which part and what is expected."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition of a selector; an object must satisfy all of them."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether `labels` satisfy it. Without the label, NotIn holds and In does not."""
        match self.operator:
            case Operator.IN:
                return self.key in labels and labels[self.key] in self.values
            case Operator.NOT_IN:
                return self.key not in labels or labels[self.key] not in self.values
            case Operator.EXISTS:
                return self.key in labels
            case Operator.DOES_NOT_EXIST:
                return self.key not in labels


@dataclass(frozen=True, slots=True)
class LabelMatcher:
    """A selector that has been read. Without requirements it matches everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return all(requirement.matches(labels) for requirement in self.requirements)


def matches(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Whether `selector` selects an object with `labels`. An empty selector selects everything, as in Kubernetes."""
    if any(labels.get(key) != value for key, value in selector.match_labels.items()):
        return False
    return all(
        Requirement(expression.key, expression.operator, frozenset(expression.values)).matches(labels)
        for expression in selector.match_expressions
    )


def parse(text: str) -> LabelMatcher:
    """Read a selector in the syntax of `kubectl get --selector`, both equality- and set-based.

    Raises LabelSelectorError.
    """
    if not text.strip():
        return LabelMatcher()
    return LabelMatcher(tuple(_requirement(part.strip()) for part in _split(text)))


def _split(text: str) -> Iterable[str]:
    # Commas within parentheses separate values, not requirements.
    return re.split(r",(?![^(]*\))", text)


def _requirement(part: str) -> Requirement:
    if found := _SET.fullmatch(part):
        operator = Operator.IN if found["operator"] == "in" else Operator.NOT_IN
        return _checked(part, found["key"], operator, [value.strip() for value in found["values"].split(",")])
    if found := _EQUALITY.fullmatch(part):
        operator = Operator.NOT_IN if found["operator"] == "!=" else Operator.IN
        return _checked(part, found["key"], operator, [found["value"]])
    if found := _EXISTENCE.fullmatch(part):
        return _checked(part, found["key"], Operator.DOES_NOT_EXIST if found["absent"] else Operator.EXISTS, [])
    raise LabelSelectorError(
        f"{part!r} is no requirement on labels: write key=value, key!=value, key in (a,b), key notin (a,b), key or !key"
    )


def _checked(part: str, key: str, operator: Operator, values: Sequence[str]) -> Requirement:
    prefix, slash, name = key.rpartition("/")
    if slash and not (len(prefix) <= _PREFIX_LENGTH and _PREFIX.fullmatch(prefix)):
        raise LabelSelectorError(f"in {part!r}, {prefix!r} is no DNS name: the part of a label's key before the slash is one")
    if not _NAME.fullmatch(name):
        raise LabelSelectorError(f"in {part!r}, {name!r} is no label name: up to 63 letters, digits and . _ - between letters or digits")
    for value in values:
        if value and not _NAME.fullmatch(value):
            raise LabelSelectorError(
                f"in {part!r}, {value!r} is no label value: up to 63 letters, digits and . _ - between letters or digits"
            )
    return Requirement(key, operator, frozenset(values))
