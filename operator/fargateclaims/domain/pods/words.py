"""Words for what stands where something else should."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def kind_of(value: object) -> str:
    """What a value out of YAML or JSON is, for a message: `a list`."""
    # bool before int: Python's True is an int, too.
    names = {
        type(None): "nothing", bool: "true or false", int | float: "a number", str: "a text", list: "a list", Mapping: "a mapping"
    }  # fmt: skip
    return next((name for one, name in names.items() if isinstance(value, one)), "something else")


def shown(text: str, longest: int = 64) -> str:
    """A text out of a manifest in quotes, short and without anything that a terminal would act on."""
    short = text if len(text) <= longest else text[:longest] + "…"
    return f'"{short}"' if short.isprintable() else ascii(short)


def span(time: timedelta) -> str:
    """A length of time in its largest unit, as people say it: `12 min`. A clock that is behind makes none negative."""
    seconds = max(0, int(time.total_seconds()))
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), (1, "s"))
    return f"{seconds // size} {unit}"
