"""What a run has found, and the words that all formats share."""

from collections.abc import Sequence
from dataclasses import dataclass

from fargateclaims.domain.lint.finding import Finding
from fargateclaims.domain.lint.rule import Severity


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, and in how much. `files` is 0 for a cluster."""

    findings: Sequence[Finding]
    objects: int
    files: int

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings there are of each severity."""
        found = [finding.severity for finding in self.findings]
        return {severity: found.count(severity) for severity in Severity}


def printable(text: str) -> str:
    """A text without anything that a terminal would act on: names in manifests can be anything."""
    return text if text.isprintable() else "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def number_of(count: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
