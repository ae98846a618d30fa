"""Delays are numbers of seconds."""

import pytest

from fargateclaims.simulator.fargate.settings import Timings


@pytest.mark.parametrize("value", [-0.1, float("inf"), float("nan")])
@pytest.mark.parametrize("name", ["provision", "start", "stop", "retry", "poll"])
def test_a_delay_is_a_finite_number_of_seconds(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        Timings(**{name: value})
