"""The one error of this package, and its place among Python's own.

ValueError
└── MalformedObject    an object in the store that is not what its kind promises
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import ValidationError
from pydantic_core import ErrorDetails


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where: `path` as `kubectl` writes it, such as `spec.selectors[0].namespace`."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class MalformedObject(ValueError):  # noqa: N818  the name says what the object is
    """An object does not fit its kind. `str()` names the object and lists each field with what is wrong with it."""

    def __init__(self, kind: str, identity: str, problems: tuple[Problem, ...]) -> None:
        self.kind = kind
        self.identity = identity
        self.problems = problems
        super().__init__(f"{kind} {identity} is malformed: " + "; ".join(map(str, problems)))

    @classmethod
    def from_validation(cls, kind: str, raw: Mapping[str, Any], error: ValidationError) -> Self:
        """From what pydantic found in `raw`. Values are left out: they may be secret."""
        return cls(kind, _identity(raw), tuple(_problems(error)))


def _identity(raw: Mapping[str, Any]) -> str:
    metadata = raw.get("metadata")
    if not isinstance(metadata, Mapping):
        return "without metadata"
    return "/".join(str(metadata[key]) for key in ("namespace", "name") if metadata.get(key)) or "without a name"


def _problems(error: ValidationError) -> Iterator[Problem]:
    found = error.errors(include_url=False, include_input=False)
    for details in found:
        if not _follows_from_others(details, found):
            yield Problem(field_path(details["loc"]), _sentence(details))


def _follows_from_others(details: ErrorDetails, found: list[ErrorDetails]) -> bool:
    # pydantic counts the items that fit: a list is also "too short" when its only item has a problem of its own.
    location = details["loc"]
    depth = len(location)
    return details["type"] == "too_short" and any(len(other["loc"]) > depth and other["loc"][:depth] == location for other in found)


def field_path(location: tuple[int | str, ...]) -> str:
    """A location as pydantic gives it, in the notation of Kubernetes: `spec.selectors[0].namespace`."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step != "[key]":
            path += f".{step}"
    return path.removeprefix(".")


def _sentence(details: ErrorDetails) -> str:
    match details["type"]:
        case "missing":
            return "is required"
        case "enum":
            return f"must be {details['ctx']['expected']}"
        case "string_pattern_mismatch":
            return f"must match {details['ctx']['pattern']}"
        case "value_error":
            return str(details["ctx"]["error"])
    return details["msg"].replace("Input should", "must").replace("Tuple should", "must").replace("String should", "must")
