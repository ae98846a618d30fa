"""Field errors, worded as ``k8s.io/apimachinery/pkg/util/validation/field`` words them: clients and people match on these texts."""

import json
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from fargateclaims.simulator.kube.objects import Obj, Value

# A linked list from the leaf up (parent or None, last part), so that walking a valid object builds no strings.
Path: TypeAlias = tuple[Value, str]


class Cause(Enum):
    """``metav1.CauseType`` and the words that begin its message."""

    INVALID = ("FieldValueInvalid", "Invalid value")
    REQUIRED = ("FieldValueRequired", "Required value")
    DUPLICATE = ("FieldValueDuplicate", "Duplicate value")
    NOT_SUPPORTED = ("FieldValueNotSupported", "Unsupported value")
    FORBIDDEN = ("FieldValueForbidden", "Forbidden")
    TOO_LONG = ("FieldValueTooLong", "Too long")
    TOO_MANY = ("FieldValueTooMany", "Too many")
    TYPE_INVALID = ("FieldValueTypeInvalid", "Invalid value")

    @property
    def reason(self) -> str:
        """The machine-readable word in ``details.causes``."""
        return self.value[0]

    @property
    def words(self) -> str:
        """How its message begins."""
        return self.value[1]


# In place of a value that is too large to show.
OMITTED = object()
NO_FIELD = "<nil>"
_IN_HTML = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&"})
_WITHOUT_VALUE = (Cause.REQUIRED, Cause.FORBIDDEN, Cause.TOO_LONG)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field. `path` is dotted, as ``spec.selectors[0].namespace``."""

    cause: Cause
    path: str
    detail: str = ""
    value: Value = None

    @property
    def body(self) -> str:
        """The message without the path."""
        text = self.cause.words
        if self.cause not in _WITHOUT_VALUE and self.value is not OMITTED:
            text = f"{text}: {_shown(self.value)}"
        return f"{text}: {self.detail}" if self.detail else text

    def __str__(self) -> str:
        return f"{self.path}: {self.body}"

    def as_cause(self) -> Obj:
        """An entry of ``status.details.causes``."""
        return {"reason": self.cause.reason, "message": self.body, "field": self.path}


def child(parent: Path | None, name: str) -> Path:
    """The path of a property."""
    return (parent, f".{name}")


def item(parent: Path | None, index: int | str) -> Path:
    """The path of a list item (an int) or of a map's value (its key)."""
    return (parent, f"[{index}]")


def counted(number: int, unit: str) -> str:
    """``1 item``, ``2 items``."""
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def render(path: Path | None) -> str:
    """The dotted form."""
    parts: list[str] = []
    while path is not None:
        path, part = path
        parts.append(part)
    return "".join(reversed(parts)).removeprefix(".")


def _shown(value: Value) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Go's JSON can be pasted into HTML.
    return text.translate(_IN_HTML) if isinstance(value, dict | list) else text
