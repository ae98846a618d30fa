"""Texts that a person names: files, and what is piped in."""

import sys
from pathlib import Path
from typing import Final

STDIN: Final = "-"
LARGEST: Final = 64 * 2**20
"""Bytes of one file: beyond any that people write, and read within some ten seconds."""


class UnreadableFileError(Exception):
    """A file cannot be read; the message says why, in a few words that follow its name."""


def read_text(name: str) -> str:
    """Read a file, or stdin where its name is `-`, as UTF-8, whatever the locale. Raises UnreadableFileError."""
    try:
        content = _content(name)
    except (OSError, ValueError) as error:
        # A name with a NUL in it is a ValueError.
        raise UnreadableFileError(getattr(error, "strerror", None) or str(error)) from None
    if len(content) > LARGEST:
        raise UnreadableFileError(f"larger than {LARGEST >> 20} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFileError("not a text in UTF-8") from None


def _content(name: str) -> bytes:
    if name == STDIN:
        return sys.stdin.buffer.read(LARGEST + 1)
    with Path(name).open("rb") as file:
        return file.read(LARGEST + 1)
