"""One reason out of a group of tasks that failed."""

import pytest

from fargateclaims.cli.demonstration.errors import DemoError, ungrouped


def test_the_first_demo_error_of_a_group_comes_alone() -> None:
    wanted = DemoError("wanted")
    with pytest.raises(DemoError, match="wanted") as caught, ungrouped():
        raise BaseExceptionGroup("tasks", [ValueError("consequence"), ExceptionGroup("inner", [wanted]), DemoError("later")])
    assert caught.value is wanted


def test_a_group_without_one_stays() -> None:
    with pytest.raises(ExceptionGroup), ungrouped():
        raise ExceptionGroup("tasks", [ValueError("a bug")])
