"""Pods out of manifests: files and stdin."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from fargateclaims.cli.plugin.errors import PluginError
from fargateclaims.domain.pods.templates import PodTemplate, Unreadable, pod_templates

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST: Final = 100
"""Levels of a document. Kubernetes' own objects have some thirty at most, its JSON decoder gives up at 10,000."""


def read_templates(files: Iterable[str]) -> tuple[list[PodTemplate], list[Unreadable]]:
    """All pods of some files. Raises PluginError where a file cannot be read, is no YAML, or there is no pod in any of them."""
    names = list(files)
    found: list[PodTemplate] = []
    unreadable: list[Unreadable] = []
    for name in names:
        templates, problems = pod_templates(_documents(name))
        found += templates
        unreadable += problems
    if not found and not unreadable:
        raise PluginError(f"no pods in {', '.join(map(_shown, names))}: neither a Pod nor anything that makes some")
    return found, unreadable


def read_document(name: str) -> Any:  # noqa: ANN401 - whatever is in the file
    """The one document of a file. Raises PluginError."""
    return next(iter(_documents(name)), None)


def _documents(name: str) -> Iterator[Any]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise PluginError(f"{_shown(name)} is no text in UTF-8") from None
    except OSError as error:
        raise PluginError(f"{_shown(name)} cannot be read: {error.strerror or error}") from None
    try:
        _check_depth(text)
        yield from list(yaml.load_all(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise PluginError(f"{_shown(name)} is no YAML{line}: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise PluginError(f"{_shown(name)} is no YAML that can be read: {' '.join(str(error).split())[:200]}") from None


def _check_depth(text: str) -> None:
    """Raise ValueError for what is nested too deeply. libyaml's loader would use up the stack and take the whole process with it."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise ValueError(f"nested more than {_DEEPEST} deep")


def _shown(name: str) -> str:
    return "stdin" if name == "-" else name
