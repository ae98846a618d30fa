"""What people have said not to report: comments in texts, an annotation on objects.

# fargate-lint: ignore=FG102,FG106 needs the socket     on the line, alone above it, or above a document's first line for all of it
fargateclaims.dev/lint-ignore: FG102,FG106 needs the socket     on an object, or on its pod template
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from fargateclaims.api.group import GROUP
from fargateclaims.domain.lint.registry import BY_ID
from fargateclaims.domain.lint.resources import Resource
from fargateclaims.domain.lint.rule import Path
from fargateclaims.domain.lint.texts import Lines

ANNOTATION: Final = f"{GROUP}/lint-ignore"
_MARK: Final = "fargate-lint:"
_COMMENT: Final = re.compile(r"^(?P<before>[^\n]*?)#[ \t]*fargate-lint:[ \t]*ignore=(?P<ids>[A-Za-z0-9, \t]*)", re.MULTILINE)
_IDS: Final = re.compile(r"\s*[A-Za-z]+[0-9]+(?:\s*,\s*[A-Za-z]+[0-9]+)*")


@dataclass(slots=True, eq=False)
class Ignore:
    """Ids that are not to be reported in some place.

    :param line: of the comment, counted from 0; None for an annotation.
    :param alone: whether nothing but the comment is on its line.
    :param path: of the annotation.
    :param used: those that hid a finding.
    """

    ids: tuple[str, ...]
    line: int | None = None
    alone: bool = False
    path: Path = ()
    used: set[str] = field(default_factory=set)

    def hides(self, rule_id: str) -> bool:
        """Whether it names this id; notes that it did."""
        if rule_id in self.ids:
            self.used.add(rule_id)
            return True
        return False

    @property
    def unused(self) -> Iterator[tuple[str, str]]:
        """Ids that hid nothing, and why that may be."""
        for rule_id in self.ids:
            if rule_id not in BY_ID:
                yield rule_id, f"there is no rule {rule_id[:32]}"
            elif rule_id not in self.used:
                yield rule_id, f"{rule_id} is ignored here, and finds nothing"


def comments(text: str) -> list[Ignore]:
    """All comments of a text, by line."""
    if _MARK not in text:
        return []
    lines = Lines(text)
    return [
        Ignore(_read(found["ids"]), line=lines.line_at(found.start()), alone=not found["before"].strip())
        for found in _COMMENT.finditer(text)
    ]


def annotations(resource: Resource) -> list[Ignore]:
    """Those of an object: its own annotation, and its pod template's."""
    places = [(resource.annotations, (*resource.path, "metadata", "annotations"))]
    if resource.pod is not None and resource.kind != "Pod":
        places.append((resource.pod.template.annotations, (*resource.pod.metadata_path, "annotations")))
    return [Ignore(_read(value), path=(*path, ANNOTATION)) for found, path in places if isinstance(value := found.get(ANNOTATION), str)]


def _read(text: str) -> tuple[str, ...]:
    found = _IDS.match(text)
    return tuple(dict.fromkeys(part.strip().upper() for part in found[0].split(","))) if found else ()
