"""Workflow commands, which GitHub shows beside the lines of a pull request.

Source: GitHub's documentation, "Workflow commands for GitHub Actions".
"""

from typing import Final

from fargateclaims.domain.lint.finding import Finding
from fargateclaims.domain.lint.formats.report import Report, printable
from fargateclaims.domain.lint.rule import Severity

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def as_github(report: Report) -> str:
    """One command a finding."""
    return "".join(_command(finding) for finding in report.findings)


def _command(finding: Finding) -> str:
    properties = {"title": f"{finding.rule.id} {finding.rule.title}"}
    if finding.file not in ("", "-"):
        properties = {"file": finding.file, **({"line": str(finding.line)} if finding.line else {}), **properties}
    written = ",".join(f"{key}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}" for key, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {written}::{_escaped(finding.sentence)}\n"


def _escaped(text: str) -> str:
    return printable(text).replace("%", "%25")
