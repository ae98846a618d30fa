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
    fitting = raw
    while True:
        try:
            return model.model_validate(fitting, by_alias=True, by_name=False)
        except ValidationError as error:
            # A part that lost a required field is a misfit in its turn, one level up: each round drops at least one part.
            fitting = _without(fitting, error.errors(include_url=False))


def _without(whole: Mapping[str, Any], misfits: Iterable[ErrorDetails]) -> dict[str, Any]:
    rest = deepcopy(dict(whole))
    paths = {_path_of(details) for details in misfits}
    # Backwards, so that dropping an item does not move those that are still to go, and parts go before what is around them.
    for path in sorted(paths, key=_sort_key, reverse=True):
        container: Any = rest
        for step in path[:-1]:
            container = container[step]
        del container[path[-1]]
    return rest


def _path_of(details: ErrorDetails) -> Path:
    return details["loc"][:-1] if details["type"] == "missing" else details["loc"]


def _sort_key(path: Path) -> tuple[str, ...]:
    return tuple(f"{step:09d}" if isinstance(step, int) else step for step in path)
