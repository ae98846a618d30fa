"""Looks into values of any shape: what is not of the expected kind counts as absent, so no rule stumbles over it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

EMPTY: Final[Mapping[str, Any]] = {}


def at(value: object, *path: str) -> object:
    """What the keys lead to; None if one of them is not there."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def mapping(value: object, *path: str) -> Mapping[str, Any]:
    """The mapping that the keys lead to; empty if there is none."""
    found = at(value, *path)
    return found if isinstance(found, dict) else EMPTY


def items(value: object, *path: str) -> list[Any]:
    """The list that the keys lead to; empty if there is none."""
    found = at(value, *path)
    return found if isinstance(found, list) else []


def mappings(value: object, *path: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The mappings in a list, with their places in it."""
    return ((index, item) for index, item in enumerate(items(value, *path)) if isinstance(item, dict))


def text(value: object, *path: str) -> str:
    """The text that the keys lead to; empty if there is none."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def number(value: object, *path: str) -> int | None:
    """The whole number that the keys lead to, if there is one."""
    found = at(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None
