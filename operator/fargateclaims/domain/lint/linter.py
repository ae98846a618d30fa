"""Lint itself: texts and objects in, findings out."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from posixpath import normpath
from typing import Any, Final

from fargateclaims.domain.lint.finding import Finding
from fargateclaims.domain.lint.ignores import Ignore, annotations, comments
from fargateclaims.domain.lint.inventory import Inventory
from fargateclaims.domain.lint.patches import is_kustomization, patches_of, why_patch
from fargateclaims.domain.lint.registry import BY_KIND, RULES
from fargateclaims.domain.lint.resources import Origin, Resource, resources
from fargateclaims.domain.lint.rule import Path, Rule
from fargateclaims.domain.lint.rules.reading import MISSHAPEN, PATCH, TEMPLATE, UNREADABLE, UNUSED
from fargateclaims.domain.lint.texts import Document, Flaw, Lines, documents, line_of

_SOURCE: Final = re.compile(r"^# Source: (\S+)[ \t]*$", re.MULTILINE)
_TEMPLATE_MARK: Final = "{{"

Wanted = Callable[[Rule], bool]
"""Whether a rule's findings are asked for."""


def _all(_rule: Rule) -> bool:
    return True


class _File:
    """One text that was read, with what its comments say; `ignores` are in the order of their lines."""

    def __init__(self, name: str, ignores: list[Ignore]) -> None:
        self.name = name
        self.ignores = ignores
        self._lines = [ignore.line or 0 for ignore in ignores]

    def about(self, finding: Finding, origin: Origin) -> Iterator[Ignore]:
        """The comments at the head of the finding's document, on its line, or alone above it."""
        yield from (ignore for ignore in self._between(origin.first_line, origin.head_line) if ignore.alone)
        if finding.line is not None:
            here = finding.line - 1
            yield from (ignore for ignore in self._between(here - 1, here + 1) if ignore.alone or ignore.line == here)

    def _between(self, first: int, end: int) -> list[Ignore]:
        return self.ignores[bisect_left(self._lines, first) : bisect_left(self._lines, end)]


class Linter:
    """Collects what a run is to look at, and then looks at all of it: some rules compare objects.

    :param wanted: the rules that are asked for.
    """

    def __init__(self, wanted: Wanted = _all) -> None:
        self._wanted = wanted
        self._rules = {kind: [rule for rule in rules if wanted(rule)] for kind, rules in BY_KIND.items()}
        self._resources: list[Resource] = []
        self._context: list[Resource] = []
        self._files: dict[str, _File] = {}
        self._patches: dict[str, str] = {}
        self._findings: list[Finding] = []

    @property
    def objects(self) -> int:
        """How many Kubernetes objects were added."""
        return len(self._resources)

    def add_text(self, name: str, text: str) -> None:
        """Add the manifests of a YAML or JSON text.

        :param name: of its file, `-` for standard input.
        """
        self._files[name] = _File(name, comments(text))
        sources = _sources(text)
        for document in documents(text):
            if isinstance(document, Flaw):
                if _TEMPLATE_MARK in text:
                    self._note(TEMPLATE, Finding(TEMPLATE, "this is no YAML until Helm has rendered it", name, document.line + 1))
                    return
                self._note(UNREADABLE, Finding(UNREADABLE, document.message, name, document.line + 1))
                continue
            if is_kustomization(name):
                self._patches.update(dict.fromkeys(patches_of(name, document.value), name))
            self._resources += resources(document.value, _origin(name, document, sources))

    def add_object(self, value: Mapping[str, Any], *, is_context: bool = False) -> None:
        """Add an object, or a list of them, out of a cluster.

        :param is_context: it is there for others to refer to, and not looked at itself.
        """
        found = self._context if is_context else self._resources
        found += resources(value, Origin(root=value))

    def _note(self, rule: Rule, finding: Finding) -> None:
        if self._wanted(rule):
            self._findings.append(finding)

    def findings(self) -> list[Finding]:
        """All that is found, by file, line and id."""
        whole, found = [], list(self._findings)
        for resource in self._resources:
            patch = self._why_patch(resource)
            if not patch:
                whole.append(resource)
            elif self._wanted(PATCH):
                found.append(_finding(PATCH, resource, resource.path, patch))
        inventory = Inventory([*whole, *self._context])
        found += [finding for resource in whole for finding in self._checked(resource, inventory)]
        for file in self._files.values():
            found += self._unused(file.ignores, Finding(UNUSED, "", file.name))
        order = {name: index for index, name in enumerate(self._files)}
        # Objects out of a cluster keep the order in which they came.
        return sorted(found, key=lambda finding: (order.get(finding.file, 0), finding.line or 0, finding.rule.id))

    def _why_patch(self, resource: Resource) -> str:
        """Why an object is taken for a patch; empty if it is not."""
        named_by = self._patches.get(normpath(resource.origin.file))
        if named_by:
            return f"{named_by} names it as a patch"
        lacking = why_patch(resource)
        return f"it has no {lacking}, so it is a patch" if lacking else ""

    def _checked(self, resource: Resource, inventory: Inventory) -> Iterator[Finding]:
        if resource.flaw and self._wanted(MISSHAPEN):
            yield _finding(MISSHAPEN, resource, resource.path, resource.flaw)
        ignores = annotations(resource)
        file = self._files.get(resource.origin.file)
        for rule in self._rules.get(resource.kind, ()):
            if rule.check is None or (resource.pod is None and not rule.kinds):
                continue
            for hit in rule.check(resource, inventory):
                finding = _finding(rule, resource, hit.path, hit.what)
                about = [*ignores, *file.about(finding, resource.origin)] if file else ignores
                # Each that hides it is used.
                if not [ignore for ignore in about if ignore.hides(rule.id)]:
                    yield finding
        for ignore in ignores:
            yield from self._unused([ignore], _finding(UNUSED, resource, ignore.path, ""))

    def _unused(self, ignores: Iterable[Ignore], place: Finding) -> Iterator[Finding]:
        if not self._wanted(UNUSED):
            return
        for ignore in ignores:
            for rule_id, why in ignore.unused:
                # What was not asked for could not be found.
                if all(rule.id != rule_id or self._wanted(rule) for rule in RULES):
                    line = place.line if ignore.line is None else ignore.line + 1
                    yield Finding(UNUSED, why, place.file, line, place.object, place.path, place.source)


def _finding(rule: Rule, resource: Resource, path: Path, what: str) -> Finding:
    origin = resource.origin
    line = line_of(origin.root, path)
    return Finding(rule, what, origin.file, None if line is None else line + 1, resource.title, path, origin.source)


def _sources(text: str) -> list[tuple[int, str]]:
    """The lines at which Helm says where what follows was rendered from."""
    if "# Source: " not in text:
        return []
    lines = Lines(text)
    return [(lines.line_at(found.start()), found[1]) for found in _SOURCE.finditer(text)]


def _origin(name: str, document: Document, sources: list[tuple[int, str]]) -> Origin:
    source = next((path for line, path in reversed(sources) if document.first_line <= line < document.head_line), "")
    return Origin(name, document.value, document.first_line, document.head_line, source)
