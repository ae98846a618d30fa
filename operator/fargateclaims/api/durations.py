"""Durations as Go and Kubernetes write them: `30m`, `1h30m`, `500ms`."""

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field

# The form that Gateway API standardised (GEP-2257): a subset of Go's that every tool reads alike.
DURATION_PATTERN: Final = r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"
_PART: Final = re.compile(r"([0-9]{1,5})(ms|h|m|s)")
_UNITS: Final = {
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}

Duration = Annotated[str, Field(pattern=DURATION_PATTERN, max_length=28)]


def parse_duration(text: str) -> timedelta:
    """The length of a duration such as `30m` or `1h30m`. Raises ValueError when `text` is not one."""
    if re.fullmatch(DURATION_PATTERN, text) is None:
        raise ValueError(f"{text!r} is not a duration such as 30m or 1h30m")
    return sum((int(number) * _UNITS[unit] for number, unit in _PART.findall(text)), timedelta())
