"""Which rules a run is asked for, and when its findings are a failure."""

from collections.abc import Iterable
from enum import StrEnum

from fargateclaims.domain.lint.finding import Finding
from fargateclaims.domain.lint.linter import Wanted
from fargateclaims.domain.lint.registry import RULES
from fargateclaims.domain.lint.rule import Rule, Severity


class FailOn(StrEnum):
    """From which severity on findings are a failure."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"

    def is_failed_by(self, findings: Iterable[Finding]) -> bool:
        """Whether one of them is as severe as that."""
        return self is not FailOn.NEVER and any(finding.severity.rank <= Severity(self.value).rank for finding in findings)


class UnknownRuleError(ValueError):
    """What was written names no rule; the message says what it was."""


def choice(select: Iterable[str], ignore: Iterable[str], least: Severity) -> Wanted:
    """Which rules are asked for.

    :param select: ids or the beginnings of some (FG1 is all of FG101 to FG199), with commas between them; empty for all rules.
    :param ignore: the same, for what is not to be reported.
    :param least: the mildest severity that is reported.
    :raises UnknownRuleError: one of them is the beginning of no id.
    """
    chosen, left_out = _read(select), _read(ignore)

    def wanted(rule: Rule) -> bool:
        return rule.severity.rank <= least.rank and (not chosen or rule.id.startswith(chosen)) and not rule.id.startswith(left_out)

    return wanted


def _read(texts: Iterable[str]) -> tuple[str, ...]:
    found = tuple(part.strip().upper() for text in texts for part in text.split(",") if part.strip())
    for part in found:
        if not any(rule.id.startswith(part) for rule in RULES):
            raise UnknownRuleError(f"{part!r} names no rule: docs/lint.md lists them, such as FG102; FG1 is all that begin so")
    return found
