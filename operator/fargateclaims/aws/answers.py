"""What all readings of AWS have in common: lists in pages, what is not there, and what may not be looked at."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from fargateclaims.aws.operations import Operation
from fargateclaims.aws.shapes import malformed, reading
from fargateclaims.domain.failure import AWSError, FailureClass
from fargateclaims.domain.unreadable import Unreadable

T = TypeVar("T")
Ask = Callable[[Mapping[str, object]], Awaitable[Mapping[str, Any]]]
"""Ask for a page, with the parameter that says which one."""

_MAX_PAGES: Final = 100
"""What is listed here has at most some thousands of entries: more pages than this are a loop in the pagination."""


async def all_pages(operation: Operation, key: str, ask: Ask, marker: str = "nextToken") -> list[Any]:
    """Return a list as a whole: the complete one, or AWSError.

    :param key: where an answer has its part of the list.
    :param marker: where an answer names the next page, and a request the one that is wanted.
    """
    found: list[Any] = []
    page: Mapping[str, object] = {}
    for _ in range(_MAX_PAGES):
        answer = await ask(page)
        with reading(operation):
            found.extend(answer[key])
        if not answer.get(marker):
            return found
        page = {marker: answer[marker]}
    raise malformed(operation, f"the list did not end after {_MAX_PAGES} pages")


async def readable(reading_of: Awaitable[T]) -> T | Unreadable:
    """Return what is read, or which permission is missing for it. Raises AWSError for all else, missing credentials included."""
    try:
        return await reading_of
    except AWSError as error:
        if error.failure.kind is not FailureClass.UNAUTHORIZED or error.failure.permission is None:
            raise
        return Unreadable.without(error.failure.permission)


async def existing(reading_of: Awaitable[T]) -> T | None:
    """Return what is read, None if it is not there. Raises AWSError for all else."""
    try:
        return await reading_of
    except AWSError as error:
        if error.failure.kind is not FailureClass.GONE:
            raise
        return None
