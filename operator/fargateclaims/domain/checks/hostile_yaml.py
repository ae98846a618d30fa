"""YAML that would harm whoever builds objects from it."""

from typing import Final

import yaml

BASE_LOADER: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""All scalars are texts: nothing in them is constructed."""
_MAX_DEPTH: Final = 20
"""Collections within collections. libyaml ends the process where they are nested too deeply to be built."""


def refuse_hostile(text: str, *, aliases: bool = True) -> None:
    """Look through the text without building anything from it.

    :param aliases: whether aliases may stand in it; what has them can become huge when it is written out.

    Raises ValueError, or yaml.YAMLError where it is no YAML.
    """
    depth = 0
    for event in yaml.parse(text, Loader=BASE_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise ValueError("it is nested too deeply")
        if not aliases and isinstance(event, yaml.AliasEvent):
            raise ValueError("it has aliases")
