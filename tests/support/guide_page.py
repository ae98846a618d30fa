"""docs/from-the-guides.md, read: the page itself is the one source of what it says."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "from-the-guides.md"
_ROW: Final = re.compile(r"^\| ([TG]\d+) \| (.*) \|$", re.MULTILINE)
_READ: Final = re.compile(r"^\| `(\w+)` \| (\d+)( for each [\w ]+)? \| (resync|look) \|$", re.MULTILINE)
_CODE: Final = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the guides.

    :param here: what does it, as Markdown.
    :param commands: to try it.
    :param tests: by their pytest ids.
    """

    id: str
    said: str
    here: str
    commands: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What is named as code."""
        return tuple(_CODE.findall(self.here))

    @property
    def rules(self) -> frozenset[str]:
        """The rules of lint."""
        return frozenset(re.findall(r"\bFG\d{3}\b", self.here))


@dataclass(frozen=True, slots=True)
class Read:
    """A call to AWS of a cluster at rest.

    :param per: what it is made for; empty for the cluster.
    :param when: resync or look.
    """

    operation: str
    calls: int
    per: str
    when: str


def rows() -> tuple[Row, ...]:
    """All lines of the guides, as they stand on the page."""
    return tuple(_row(*found) for found in _ROW.findall(PAGE.read_text(encoding="utf-8")))


def reads() -> tuple[Read, ...]:
    """All calls at rest."""
    found = _READ.findall(PAGE.read_text(encoding="utf-8"))
    return tuple(Read(operation, int(calls), per.removeprefix(" for each "), when) for operation, calls, per, when in found)


def _row(name: str, cells: str) -> Row:
    said, here, commands, tests = cells.split(" | ")
    return Row(name, said, here, tuple(_CODE.findall(commands)), tuple(_CODE.findall(tests)))
