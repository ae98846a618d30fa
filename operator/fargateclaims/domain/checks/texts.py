"""Words that the checks share. Every text is bounded: a VPC may have hundreds of subnets."""

from collections.abc import Sequence
from typing import Final

_NAMED: Final = 3
"""So many things are named in a sentence; the rest are counted."""
_LENGTH: Final = 300
"""Of a text that is not ours, such as a condition of a policy."""


def listed(items: Sequence[str], limit: int = _NAMED) -> str:
    """Name the first ones and count the rest."""
    more = len(items) - limit
    return ", ".join(items[:limit]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 subnet, 2 subnets."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def clipped(text: str, length: int = _LENGTH) -> str:
    """Shorten a text that is not ours."""
    return text if len(text) <= length else f"{text[:length]}…"
