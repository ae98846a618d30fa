from datetime import timedelta

import pytest

from fargateclaims.api.durations import parse_duration
from fargateclaims.api.fargateclass import Disruption


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30m", timedelta(minutes=30)),
        ("1h30m", timedelta(minutes=90)),
        ("1h2m3s4ms", timedelta(hours=1, minutes=2, seconds=3, milliseconds=4)),
        ("0s", timedelta()),
        ("500ms", timedelta(milliseconds=500)),
        ("99999h", timedelta(hours=99999)),
    ],
)
def test_reads_a_duration(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length
    assert Disruption(timeout=text).timeout_delta == length


@pytest.mark.parametrize("text", ["", "30", "m", "-5m", "1.5h", "1d", "30 m", "1h1h1h1h1h", "123456s", "30m\n"])
def test_refuses_anything_else(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)
    with pytest.raises(ValueError, match="timeout"):
        Disruption(timeout=text)


def test_the_default_is_half_an_hour() -> None:
    assert Disruption().timeout_delta == timedelta(minutes=30)
