"""YAML and JSON texts as plain values that know their lines, within bounds.

The values are built straight from libyaml's events: twice as fast as PyYAML's own loader, without recursion (which a deeply nested text
would crash), and with the line of every key. Scalars mean what they mean to the API server's own reader (YAML 1.1 without sexagesimal
numbers and dates), keys are always texts, and unknown tags are passed over.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from fargateclaims.domain.lint.scalars import plain_scalar

DEEPEST: Final = 200
"""Levels of nesting; Kubernetes' own objects have some 30."""
MOST_VALUES: Final = 500_000
"""Values in one document with all its aliases written out: what an alias in an alias would multiply. Large CRDs have some 50,000."""
MOST_FLAWS: Final = 20
"""Documents of one text that are reported as unreadable, before the rest is given up."""

_Event: TypeAlias = Any  # type stubs let marks and anchors be missing that libyaml's events have
_MERGE: Final = "<<"
_TYPED: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "float", "null"))
_NEXT_DOCUMENT: Final = re.compile(r"^---(?=\s|$)", re.MULTILINE)


class Map(dict[str, Any]):
    """A mapping out of a text. `line` is its own, `lines` those of its keys; all count from 0."""

    __slots__ = ("line", "lines")
    line: int
    lines: dict[str, int]


class Seq(list[Any]):
    """A list out of a text. `line` is its own, `lines` those of its items; all count from 0."""

    __slots__ = ("line", "lines")
    line: int
    lines: list[int]


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a text.

    :param value: None, a scalar, `Map` or `Seq`; out of a JSON text that is no YAML, a dict or list without lines.
    :param first_line: where it begins, as all lines counted from 0: the first at the top, others at their `---`.
    :param head_line: where its value begins.
    """

    value: Any
    first_line: int
    head_line: int


@dataclass(frozen=True, slots=True)
class Flaw:
    """A document that cannot be read, and why; lines count from 0."""

    line: int
    message: str


class _MalformedError(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def documents(text: str) -> Iterator[Document | Flaw]:
    """The documents of a YAML or JSON text, in their order. After one that cannot be read it goes on with the next."""
    start = 0
    for _ in range(MOST_FLAWS):
        offset = text.count("\n", 0, start)
        flaw: Flaw | None = None
        try:
            yield from _Builder(text[start:], offset).documents()
        except _MalformedError as error:
            flaw = Flaw(error.line, str(error))
        except yaml.YAMLError as error:
            flaw = _flaw(error, text, start, offset)
        if flaw is None:
            return
        if start == 0 and text.lstrip()[:1] in ("{", "[") and (found := _from_json(text)) is not None:
            # JSON with tabs or surrogates is no YAML.
            yield found
            return
        yield flaw
        # The flaw of a document may first show at the `---` of the next.
        behind = _NEXT_DOCUMENT.search(text, max(start + 1, _offset_of(text, flaw.line)))
        if behind is None:
            return
        start = behind.start()


def line_of(value: object, path: tuple[str | int, ...]) -> int | None:
    """The line of what `path` leads to in `value`, or of the last on the way to it that is there; None if lines are not known."""
    line: int | None = getattr(value, "line", None)
    for step in path:
        if isinstance(value, Map) and step in value.lines:
            line = value.lines[str(step)]
        elif isinstance(value, Seq) and isinstance(step, int) and step < len(value.lines):
            line = value.lines[step]
        else:
            break
        value = value[step]  # type: ignore[index]
    return line


def _from_json(text: str) -> Document | None:
    try:
        return Document(json.loads(text), 0, 0)
    except (ValueError, RecursionError):
        return None


def _flaw(error: yaml.YAMLError, text: str, start: int, offset: int) -> Flaw:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        said = ": ".join(part for part in (error.context, error.problem) if part)
        return Flaw(offset + (mark.line if mark else 0), said or "this is no YAML")
    if isinstance(error, yaml.reader.ReaderError):
        return Flaw(text.count("\n", 0, start + error.position), "a character that YAML does not allow")
    return Flaw(offset, "this is no YAML")


def _offset_of(text: str, line: int) -> int:
    position = 0
    for _ in range(line):
        position = text.find("\n", position) + 1
        if position == 0:
            return len(text)
    return position


class _Builder:
    """Builds the documents of one stream from its events.

    :param offset: lines before the text.
    """

    def __init__(self, text: str, offset: int) -> None:
        self._loader = yaml.CSafeLoader(text)
        self._offset = offset
        self._parents: list[tuple[Any, str | None, int]] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open_anchors: list[tuple[str | None, int]] = []
        self._weight = 0
        self._node: Any = None
        self._key: str | None = None
        self._key_line = 0
        self._document_line = 0
        self._is_first = True
        self._handlers: dict[type[Event], Callable[[Any], None]] = {
            MappingStartEvent: self._begin_map,
            SequenceStartEvent: self._begin_seq,
            MappingEndEvent: self._end,
            SequenceEndEvent: self._end,
            AliasEvent: self._alias,
            DocumentStartEvent: self._begin_document,
        }

    def documents(self) -> Iterator[Document]:
        """All documents. Raises YAMLError and _MalformedError."""
        try:
            next_event = self._loader.get_event
            while True:
                event = next_event()
                kind = event.__class__
                if kind is ScalarEvent:
                    self._take_scalar(event)
                elif kind in self._handlers:
                    self._handlers[kind](event)
                elif kind is DocumentEndEvent:
                    yield Document(self._node[0], self._document_line, self._node.lines[0])
                elif kind is StreamEndEvent:
                    return
        finally:
            self._loader.dispose()

    def _take_scalar(self, event: _Event) -> None:
        value: Any = event.value
        line = event.start_mark.line + self._offset
        node = self._node
        if node.__class__ is Map and self._key is None:
            # Keys stay texts, as in JSON.
            self._take_key(value, line)
        else:
            if event.implicit[0] or event.tag in _TYPED:
                value = plain_scalar(value)
            self._take(value, line)
        self._weight += 1
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)

    def _take_key(self, key: str, line: int) -> None:
        # kubectl refuses it, too: only the last of them would count.
        if key in self._node.lines and key != _MERGE:
            raise _MalformedError(line, f"the key {key[:64]!r} stands here twice")
        self._key, self._key_line = key, line

    def _take(self, value: object, line: int) -> None:
        node = self._node
        if node.__class__ is Seq:
            node.append(value)
            node.lines.append(line)
            return
        key = self._key
        if key is None:
            raise _MalformedError(line, "a key has to be a text, not a mapping or a list")
        if key == _MERGE:
            _merge(node, value, self._key_line)
        else:
            node[key] = value
            node.lines[key] = self._key_line
        self._key = None

    def _begin_map(self, event: _Event) -> None:
        node = Map()
        node.lines = {}
        self._begin(node, event)

    def _begin_seq(self, event: _Event) -> None:
        node = Seq()
        node.lines = []
        self._begin(node, event)

    def _begin(self, node: Map | Seq, event: _Event) -> None:
        node.line = event.start_mark.line + self._offset
        if self._node.__class__ is Map and self._key is None:
            raise _MalformedError(node.line, "a key has to be a text, not a mapping or a list")
        if len(self._parents) >= DEEPEST:
            raise _MalformedError(node.line, f"more than {DEEPEST} levels of nesting")
        self._parents.append((self._node, self._key, self._key_line))
        self._open_anchors.append((event.anchor, self._weight))
        self._node, self._key = node, None

    def _end(self, _event: _Event) -> None:
        node = self._node
        anchor, weight = self._open_anchors.pop()
        self._node, self._key, self._key_line = self._parents.pop()
        self._grow(1, node.line)
        if anchor is not None:
            self._anchors[anchor] = (node, self._weight - weight)
        self._take(node, node.line)

    def _alias(self, event: _Event) -> None:
        line = event.start_mark.line + self._offset
        if event.anchor not in self._anchors:
            raise _MalformedError(line, f"the alias *{event.anchor[:64]} stands for nothing that ends before it")
        value, weight = self._anchors[event.anchor]
        self._grow(weight, line)
        if self._node.__class__ is Map and self._key is None:
            if not isinstance(value, str):
                raise _MalformedError(line, "a key has to be a text, not a mapping or a list")
            self._take_key(value, line)
        else:
            self._take(value, line)

    def _grow(self, weight: int, line: int) -> None:
        self._weight += weight
        if self._weight > MOST_VALUES:
            raise _MalformedError(line, f"more than {MOST_VALUES:,} values in one document, with its aliases written out")

    def _begin_document(self, event: _Event) -> None:
        # What stands above the first document is about it, even where no `---` begins it.
        line = event.start_mark.line + self._offset
        self._document_line = 0 if self._is_first and not self._offset else line
        self._is_first = False
        self._anchors.clear()
        self._weight = 0
        self._node = Seq()
        self._node.line = self._document_line
        self._node.lines = []
        self._key = None


def _merge(node: Map, value: object, line: int) -> None:
    """`<<: *other`: what the mapping does not say itself. Of several, the first that says it counts."""
    for other in value if isinstance(value, Seq) else [value]:
        if not isinstance(other, Map):
            raise _MalformedError(line, "<< takes a mapping, or a list of mappings")
        for key in other.keys() - node.keys():
            node[key] = other[key]
            # A key of its own that follows replaces it, so it is not noted as one.


class Lines:
    """Finds the line of a place in a text by its offset."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def line_at(self, offset: int) -> int:
        """Counted from 0."""
        return bisect_right(self._starts, offset) - 1
