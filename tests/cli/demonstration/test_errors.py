"""One reason out of a group of tasks that failed."""

from http.client import IncompleteRead

import pytest

from fargateclaims.cli.demonstration.errors import DemoError, in_one_line, steering, ungrouped
from fargateclaims.simulator.eks.errors import EKSError


def test_the_first_demo_error_of_a_group_comes_alone() -> None:
    wanted = DemoError("wanted")
    with pytest.raises(DemoError, match="wanted") as caught, ungrouped():
        raise BaseExceptionGroup("tasks", [ValueError("consequence"), ExceptionGroup("inner", [wanted]), DemoError("later")])
    assert caught.value is wanted


def test_a_group_without_one_stays() -> None:
    with pytest.raises(ExceptionGroup), ungrouped():
        raise ExceptionGroup("tasks", [ValueError("a bug")])


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (EKSError("InvalidRequestException", "no"), "cannot: InvalidRequestException: no"),
        (ConnectionRefusedError(111, "Connection refused"), r"cannot: \[Errno 111\] Connection refused"),
        (IncompleteRead(b""), "cannot: IncompleteRead"),
        (ValueError("not JSON"), "cannot: not JSON"),
        (TimeoutError(), "cannot: TimeoutError"),
    ],
)
def test_what_goes_wrong_with_the_simulated_eks_ends_the_demo_with_a_sentence(error: Exception, told: str) -> None:
    with pytest.raises(DemoError, match=told), steering("cannot"):
        raise error


def test_what_nobody_foresaw_is_one_line() -> None:
    assert in_one_line(KeyError("items")) == "KeyError: 'items'"
    inner = ExceptionGroup("inner", [ValueError("two\nlines"), KeyError("x")])
    assert in_one_line(ExceptionGroup("outer", [inner])) == "ValueError: two lines"
