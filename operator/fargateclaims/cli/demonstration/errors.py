"""What ends the demo early."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

from fargateclaims.simulator.eks.errors import EKSError


class DemoError(Exception):
    """The demo cannot go on; the message says why, for people."""


@contextmanager
def steering(failed: str) -> Iterator[None]:
    """Raise what goes wrong with the simulated EKS as a DemoError. `failed` says what the demo could not do."""
    try:
        yield
    except (EKSError, HTTPException, OSError, ValueError) as error:
        raise DemoError(f"{failed}: {str(error) or type(error).__name__}") from error


def in_one_line(error: BaseException) -> str:
    """What went wrong where nobody foresaw it; of a group, the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return " ".join(f"{type(error).__name__}: {error}".split())


@contextmanager
def ungrouped() -> Iterator[None]:
    """Raise the first DemoError of a group by itself: one reason is enough."""
    try:
        yield
    except BaseExceptionGroup as group:
        error = _first(group)
        if error is None:
            raise
        raise error from group


def _first(group: BaseExceptionGroup[BaseException]) -> DemoError | None:
    for each in group.exceptions:
        found = _first(each) if isinstance(each, BaseExceptionGroup) else each
        if isinstance(found, DemoError):
            return found
    return None
