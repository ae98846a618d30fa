"""How answers are written: text with colours on a terminal only, JSON, YAML."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer

from fargateclaims.cli.plugin.options import Format


class Screen:
    """Where a command's text goes, with colours only where a person looks and has not refused them (https://no-color.org)."""

    def __init__(self) -> None:
        self._colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def line(self, text: str = "") -> None:
        """Write one line."""
        write(text)

    def good(self, text: str) -> str:
        """Text of something that is as it should be."""
        return self._styled(text, "green")

    def bad(self, text: str) -> str:
        """Text of something that stands in the way."""
        return self._styled(text, "red")

    def warned(self, text: str) -> str:
        """Text of something that works, and that somebody should know."""
        return self._styled(text, "yellow")

    def faint(self, text: str) -> str:
        """Text of less interest."""
        return self._styled(text, "bright_black")

    def strong(self, text: str) -> str:
        """A heading."""
        return typer.style(text, bold=True) if self._colours else text

    def _styled(self, text: str, colour: str) -> str:
        return typer.style(text, fg=colour) if self._colours else text

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> None:
        """Write columns as kubectl does; those in `right` are aligned to the right. The last one is never padded."""
        lines = [heads, *rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
        for line in lines:
            cells = [
                cell.rjust(width) if column in right else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
            self.line("  ".join(cells).rstrip())


def clean(text: str) -> str:
    """A text of somebody else's without anything that a terminal would act on."""
    return "".join(character if character.isprintable() else "�" for character in text)


def write(text: str) -> None:
    """Write a text and a line break, at once: what stderr says next stands below it."""
    # Not by typer.echo, which writes UTF-8 to a terminal that has nothing but ASCII. Here, `cli.entry` sees to that.
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def write_document(document: Mapping[str, Any], output: Format) -> None:
    """Write a whole answer for programs."""
    # Both can say any character in ASCII.
    as_it_is = (sys.stdout.encoding or "").lower() in ("utf-8", "utf8")
    if output is Format.JSON:
        write(json.dumps(document, indent=2, ensure_ascii=not as_it_is))
        return
    import yaml  # noqa: PLC0415 - only who asks for YAML waits for it

    write(yaml.safe_dump(document, sort_keys=False, allow_unicode=as_it_is).rstrip())
