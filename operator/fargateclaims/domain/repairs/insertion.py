"""One more entry in a list that is written as YAML, whose text is somebody else's and stays as it is, byte for byte.

The entry is inserted where it looks right, and the result is read again: unless the parser finds exactly what it found before, and the
new entry, it is not used. Block and flow style, JSON, any indentation, comments, and any line breaks are kept.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, cast

import yaml

_LOADER: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""libyaml's parser is ten times as fast, where it is there; BaseLoader constructs nothing."""

Entry = Mapping[str, str | Sequence[str]]
"""Texts, and lists of texts, that need no quotes in block style."""
_Sign = tuple[object, ...]


class CannotInsertError(ValueError):
    """There is no place where the entry can go; the text says why."""


def with_entry(text: str, entry: Entry) -> str:
    """Return `text`, a list in YAML, with one more entry. Raises CannotInsertError.

    :param text: must have been read without an error; nothing, or a comment alone, is an empty list.
    """
    events = list(yaml.parse(text, Loader=_LOADER))
    if sum(isinstance(event, yaml.DocumentStartEvent) for event in events) > 1:
        raise CannotInsertError("it is more than one document")
    before = [_sign(event) for event in events]
    for candidate in _candidates(text, events, entry):
        after = text[: candidate.at] + candidate.inserted + text[candidate.at :]
        if _signs(after) == candidate.expected(before):
            return after
    raise CannotInsertError("it is written in a way in which nothing can be added safely")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A place for the entry.

    :param place: the index, among the parser's events, of where the entry's own come; None where there is no list yet.
    """

    at: int
    inserted: str
    new: Sequence[_Sign]
    place: int | None

    def expected(self, before: Sequence[_Sign]) -> list[_Sign]:
        """What the parser has to find in the result."""
        if self.place is None:
            return list(self.new)
        return [*before[: self.place], *self.new[3:-3], *before[self.place :]]


def _candidates(text: str, events: Sequence[yaml.Event], entry: Entry) -> Iterator[_Candidate]:
    brk = "\r\n" if "\r\n" in text else "\n"
    missing = "" if not text or text.endswith(("\n", "\r")) else brk
    root = next((event for event in events if isinstance(event, yaml.NodeEvent)), None)
    if root is None or (isinstance(root, yaml.ScalarEvent) and not root.value and root.implicit[0]):
        block = _block(entry, "", brk)
        yield _Candidate(len(text), missing + block, _signs(block), None)
    elif isinstance(root, yaml.SequenceStartEvent) and not root.flow_style:
        begin = _given(root.start_mark)
        indent = " " * begin.column
        block = _block(entry, indent, brk)
        line = begin.index - begin.column
        # At the end as people do it; before the first entry where something else ends the list, such as `...`.
        yield _Candidate(len(text), missing + block, _signs(block), _end(events))
        yield _Candidate(line, block, _signs(block), events.index(root) + 1)
    elif isinstance(root, yaml.SequenceStartEvent):
        yield _in_flow(text, events, root, json.dumps(entry, ensure_ascii=False), brk)


def _in_flow(text: str, events: Sequence[yaml.Event], root: yaml.Event, entry: str, brk: str) -> _Candidate:
    new, start, end = _signs(f"[{entry}]"), events.index(root), _end(events)
    if end == start + 1:
        return _Candidate(_given(events[end].start_mark).index, entry, new, end)
    first, last = _given(events[start + 1].start_mark), _given(events[end - 1].end_mark)
    before = text[first.index - first.column : first.index]
    # In a line of its own, if the first one is.
    between = f",{brk}{before}" if not before.strip() and first.line > _given(root.start_mark).line else ", "
    return _Candidate(last.index, between + entry, new, end)


class _Place(Protocol):
    """A mark of PyYAML's parser or of libyaml's: characters, lines and columns from 0."""

    index: int
    line: int
    column: int


def _given(mark: object) -> _Place:
    return cast("_Place", mark)


def _end(events: Sequence[yaml.Event]) -> int:
    """The index of the end of the list: the last end of one."""
    return max(index for index, event in enumerate(events) if isinstance(event, yaml.SequenceEndEvent))


def _block(entry: Entry, indent: str, brk: str) -> str:
    lines = []
    for key, value in entry.items():
        lines += [f"{key}: {value}"] if isinstance(value, str) else [f"{key}:", *(f"- {one}" for one in value)]
    dashed = ["- " + lines[0], *("  " + line for line in lines[1:])]
    return "".join(f"{indent}{line}{brk}" for line in dashed)


def _signs(text: str) -> list[_Sign]:
    """What a parser finds in a text, without where it finds it; nothing for what is no YAML."""
    try:
        return [_sign(event) for event in yaml.parse(text, Loader=_LOADER)]
    except (yaml.YAMLError, ValueError):
        return []


def _sign(event: yaml.Event) -> _Sign:
    details = ("anchor", "tag", "value", "style", "version", "tags")
    return (type(event), *(str(getattr(event, name, None)) for name in details))
