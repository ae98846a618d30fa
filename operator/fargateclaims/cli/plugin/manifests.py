"""Pods out of manifests: files and stdin."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from fargateclaims.cli.plugin.errors import PluginError
from fargateclaims.cli.plugin.files import STDIN, UnreadableFileError, read_text
from fargateclaims.domain.lint.inventory import Inventory
from fargateclaims.domain.lint.resources import Origin, resources
from fargateclaims.domain.lint.texts import Flaw, documents
from fargateclaims.domain.pods.templates import PodTemplate, Unreadable, pod_templates


def read_templates(files: Iterable[str]) -> tuple[list[PodTemplate], list[Unreadable]]:
    """All pods of some files, of a workload as many as an autoscaler in them keeps.

    Raises PluginError where a file cannot be read, is no YAML, or there is no pod in any of them.
    """
    names = list(files)
    found: list[PodTemplate] = []
    unreadable: list[Unreadable] = []
    every: list[Any] = []
    for name in names:
        some = list(_documents(name))
        templates, problems = pod_templates(some)
        every += some
        found += templates
        unreadable += problems
    if not found and not unreadable:
        raise PluginError(f"no pods in {', '.join(map(_shown, names))}: neither a Pod nor anything that makes some")
    inventory = Inventory(resource for document in every for resource in resources(document, Origin()))
    return [replace(template, pods=inventory.least_pods(template)) for template in found], unreadable


def read_document(name: str) -> Any:  # noqa: ANN401 - whatever is in the file
    """The one document of a file. Raises PluginError."""
    return next(iter(_documents(name)), None)


def _documents(name: str) -> Iterator[Any]:
    try:
        text = read_text(name)
    except UnreadableFileError as error:
        raise PluginError(f"{_shown(name)} cannot be read: {error}") from None
    for document in documents(text):
        if isinstance(document, Flaw):
            raise PluginError(f"{_shown(name)} is no YAML that can be read, line {document.line + 1}: {document.message}")
        yield document.value


def _shown(name: str) -> str:
    return "stdin" if name == STDIN else name
