"""What the reading of manifests finds, before any rule looks at an object."""

from dataclasses import replace
from typing import Final

from fargateclaims.domain.lint.rule import Rule, Severity

UNREADABLE: Final = Rule(
    id="FG001",
    severity=Severity.ERROR,
    title="Unreadable document",
    why="Nothing in this document was checked, and kubectl would refuse it.",
    advice="mend the YAML or JSON",
)
MISSHAPEN: Final = Rule(
    id="FG002",
    severity=Severity.ERROR,
    title="Object that is not shaped as its kind",
    why="No pod can be made of it, so most of it was not checked, and the API server would refuse it.",
    advice="write it as the kind's reference says",
)
UNFINISHED: Final = Rule(
    id="FG003",
    severity=Severity.INFO,
    title="Template or patch instead of a manifest",
    why="What it will be shows only once Helm has rendered it, or Kustomize has laid it over the rest; nothing in it was checked.",
    advice="check what comes out: helm template CHART (of a patch: kubectl kustomize DIR) | kubectl fargate lint -f -",
)
# The same rule, with the one of its commands that helps.
TEMPLATE: Final = replace(UNFINISHED, advice="check what comes out: helm template CHART | kubectl fargate lint -f -")
PATCH: Final = replace(UNFINISHED, advice="check what comes out: kubectl kustomize DIR | kubectl fargate lint -f -")
UNUSED: Final = Rule(
    id="FG004",
    severity=Severity.INFO,
    title="Ignore that ignores nothing",
    why="The finding that it hid is gone, or its id is misspelt; left in place, it would hide the next one.",
    advice="remove it",
)
RULES: Final = (UNREADABLE, MISSHAPEN, UNFINISHED, UNUSED)
