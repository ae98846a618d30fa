"""Reading a status that another version may have written."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)
Path = tuple[int | str, ...]


def parse_leniently(model: type[M], raw: object) -> M:
    """`raw` as a `model` without the parts that do not fit; the empty model if nothing does.

    A status is derived from facts, so losing a part of it costs at most one more look. What is dropped is the
    smallest optional part around each misfit: a field, an item of a list, or the object that lacks a required field.
    All fields of `model` itself must be optional.
    """
    if not isinstance(raw, Mapping):
        return model()
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        fitting: dict[str, Any] = deepcopy(dict(raw))
        misfits = error.errors(include_url=False)
    while True:
        if not _drop(fitting, misfits):
            return model()
        try:
            return model.model_validate(fitting)
        except ValidationError as error:
            # A part that lost a required field is a misfit in its turn, one level up.
            misfits = error.errors(include_url=False)


def _drop(root: dict[str, Any], misfits: Iterable[ErrorDetails]) -> bool:
    paths = {_path_of(details) for details in misfits}
    # Backwards, so that dropping an item does not move those that are still to go.
    dropped = [_remove(root, path) for path in sorted(paths, key=_sort_key, reverse=True)]
    return any(dropped)


def _path_of(details: ErrorDetails) -> Path:
    location = tuple(step for step in details["loc"] if step != "[key]")
    return location[:-1] if details["type"] == "missing" else location


def _sort_key(path: Path) -> tuple[str, ...]:
    return tuple(f"{step:09d}" if isinstance(step, int) else step for step in path)


def _remove(root: dict[str, Any], path: Path) -> bool:
    container: Any = root
    for step in path[:-1]:
        try:
            container = container[step]
        except (KeyError, IndexError, TypeError):
            return False  # it went with a part around it
    try:
        del container[path[-1]]
    except (KeyError, IndexError, TypeError):
        return False
    return True
