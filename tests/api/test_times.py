from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from fargateclaims.api.times import MicroTime, Time, format_micro_time, format_time, parse_rfc3339

_TIME: TypeAdapter[datetime] = TypeAdapter(Time)
_MICRO_TIME: TypeAdapter[datetime] = TypeAdapter(MicroTime)
_OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=_OFFSETS)  # noqa: DTZ001  the zone is drawn too


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-21T14:02:11Z", datetime(2026, 11, 21, 14, 2, 11, tzinfo=UTC)),
        ("2026-11-21t14:02:11z", datetime(2026, 11, 21, 14, 2, 11, tzinfo=UTC)),
        ("2026-11-21 14:02:11Z", datetime(2026, 11, 21, 14, 2, 11, tzinfo=UTC)),
        ("2026-11-21T14:02:11.5Z", datetime(2026, 11, 21, 14, 2, 11, 500_000, tzinfo=UTC)),
        ("2026-11-21T14:02:11.123456789Z", datetime(2026, 11, 21, 14, 2, 11, 123_456, tzinfo=UTC)),
        ("2026-11-21T14:02:11+05:30", datetime(2026, 11, 21, 8, 32, 11, tzinfo=UTC)),
        ("2026-11-21T14:02:11-00:30", datetime(2026, 11, 21, 14, 32, 11, tzinfo=UTC)),
        ("2026-12-31T23:59:60Z", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_reads_any_rfc_3339_time(text: str, moment: datetime) -> None:
    assert parse_rfc3339(text) == moment
    assert parse_rfc3339(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-11-21",
        "2026-11-21T14:02:11",
        "2026-11-21T14:02Z",
        "2026-13-21T14:02:11Z",
        "2026-11-21T25:02:11Z",
        "2026-11-21T14:02:11+05:99",
        "2026-11-21T14:02:11+24:00",
        "2026-11-21T14:02:11.Z",
        "2026-11-21T14:02:11Z\n",
        "0001-01-01T00:00:00+01:00",
    ],
)
def test_refuses_anything_else(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_rfc3339(text)
    with pytest.raises(ValidationError):
        _TIME.validate_python(text)


@pytest.mark.parametrize("value", [None, 5, 1.5, datetime(2026, 11, 21)])  # noqa: DTZ001  no zone is the point
def test_a_time_is_a_text_or_a_moment_with_a_zone(value: object) -> None:
    with pytest.raises(ValidationError):
        _MICRO_TIME.validate_python(value)


def test_the_two_kinds_are_written_as_kubernetes_writes_them() -> None:
    moment = datetime(2026, 11, 21, 15, 2, 11, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert format_time(moment) == "2026-11-21T14:02:11Z"
    assert format_micro_time(moment) == "2026-11-21T14:02:11.999999Z"
    assert format_micro_time(moment.replace(microsecond=0)) == "2026-11-21T14:02:11.000000Z"


@given(_MOMENTS)
def test_a_micro_time_survives_the_round_trip(moment: datetime) -> None:
    written = _MICRO_TIME.dump_python(_MICRO_TIME.validate_python(moment), mode="json")
    assert _MICRO_TIME.validate_python(written) == moment


@given(_MOMENTS)
def test_a_time_in_memory_is_the_time_that_is_stored(moment: datetime) -> None:
    held = _TIME.validate_python(moment)
    assert _TIME.validate_python(_TIME.dump_python(held, mode="json")) == held
    assert timedelta() <= moment - held < timedelta(seconds=1)
