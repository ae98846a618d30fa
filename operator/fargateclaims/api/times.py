"""Kubernetes' two kinds of time stamp, both RFC 3339 in UTC: `metav1.Time` (seconds) and `metav1.MicroTime`."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_RFC3339: Final = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.(?P<fraction>[0-9]+))?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<hours>[0-9]{2}):(?P<minutes>[0-9]{2}))",
)
_MICROSECOND_DIGITS: Final = 6
_LEAP_SECOND: Final = ":60"


def parse_rfc3339(text: str) -> datetime:
    """The moment that an RFC 3339 time stamp names, in UTC; digits beyond microseconds are cut off.

    A leap second becomes the second before it, which `datetime` can hold. Raises ValueError for any other text.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an RFC 3339 time such as 2026-11-21T14:02:11Z")
    clock = match["clock"]
    if clock.endswith(_LEAP_SECOND):
        clock = clock.removesuffix(_LEAP_SECOND) + ":59"
    moment = datetime.fromisoformat(f"{match['day']}T{clock}").replace(tzinfo=UTC)
    fraction = (match["fraction"] or "")[:_MICROSECOND_DIGITS].ljust(_MICROSECOND_DIGITS, "0")
    return _to_utc(moment.replace(microsecond=int(fraction), tzinfo=_offset(match)))


def _offset(match: re.Match[str]) -> timezone:
    if match["sign"] is None:
        return UTC
    hours, minutes = int(match["hours"]), int(match["minutes"])
    if minutes >= 60:
        raise ValueError(f"the offset of {match[0]!r} has more than 59 minutes")
    size = timedelta(hours=hours, minutes=minutes)
    return timezone(size if match["sign"] == "+" else -size)


def _to_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time without a time zone is ambiguous")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is outside of the years 1 to 9999 in UTC") from None


def format_time(moment: datetime) -> str:
    """`moment` as Kubernetes writes a `metav1.Time`: whole seconds, `Z`. The fraction is cut off."""
    return _format(_to_utc(moment), "seconds")


def format_micro_time(moment: datetime) -> str:
    """`moment` as Kubernetes writes a `metav1.MicroTime`: six digits of a second, `Z`."""
    return _format(_to_utc(moment), "microseconds")


def _format(moment: datetime, timespec: str) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec=timespec) + "Z"


def _read(value: object) -> object:
    if isinstance(value, str):
        return parse_rfc3339(value)
    if isinstance(value, datetime):
        return _to_utc(value)
    raise ValueError("a time is written as an RFC 3339 string")


def _read_seconds(value: object) -> object:
    moment = _read(value)
    return moment.replace(microsecond=0) if isinstance(moment, datetime) else moment


_SCHEMA: Final = WithJsonSchema({"type": "string", "format": "date-time"})

# Cut to whole seconds as soon as it is read: what is compared in memory is then what Kubernetes stores.
Time = Annotated[datetime, BeforeValidator(_read_seconds), PlainSerializer(format_time, return_type=str), _SCHEMA]
MicroTime = Annotated[datetime, BeforeValidator(_read), PlainSerializer(format_micro_time, return_type=str), _SCHEMA]
