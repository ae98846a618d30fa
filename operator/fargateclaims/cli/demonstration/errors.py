"""What ends the demo early."""

from collections.abc import Iterator
from contextlib import contextmanager


class DemoError(Exception):
    """The demo cannot go on; the message says why, for people."""


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
