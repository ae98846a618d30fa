"""Text for people, JSON for scripts."""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from fargateclaims.domain.lint.finding import Finding
from fargateclaims.domain.lint.formats.report import Report, number_of, printable
from fargateclaims.domain.lint.rule import Severity

_COLOURS: Final = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_WIDEST: Final = max(len(severity) for severity in Severity)


def as_text(report: Report, *, colour: bool) -> str:
    """One line a finding, grouped by file or, out of a cluster, by object; and a line that counts them."""
    blocks = ["\n".join(_block(title, list(found), colour=colour)) for title, found in groupby(report.findings, key=_title)]
    return "".join(f"{block}\n\n" for block in blocks) + _summary(report) + "\n"


def _title(finding: Finding) -> str:
    place = "standard input" if finding.file == "-" else finding.file or finding.object
    return f"{place} ({finding.source})" if finding.source else place


def _block(title: str, findings: list[Finding], *, colour: bool) -> Iterator[str]:
    title = printable(title)
    yield f"\x1b[1m{title}\x1b[0m" if colour else title
    width = max(len(str(finding.line or "")) for finding in findings)
    for finding in findings:
        severity = f"{finding.severity:<{_WIDEST}}"
        if colour:
            severity = f"\x1b[{_COLOURS[finding.severity]}m{severity}\x1b[0m"
        # Out of a cluster, the object is the title, and what leads to the place is its path.
        about = finding.object if finding.file else finding.json_path
        where = printable(f"{about}: " if about else "")
        line = f"{finding.line or '':>{width}}  " if width else ""
        yield f"  {line}{severity}  {finding.rule.id}  {where}{printable(finding.message)}"


def _summary(report: Report) -> str:
    if not report.findings and not report.objects:
        return "no Kubernetes objects" + (f" in {number_of(report.files, 'file')}" if report.files else "")
    errors, warnings, info = (report.counts[severity] for severity in Severity)
    found = f"{number_of(errors, 'error')}, {number_of(warnings, 'warning')}, {info} info" if report.findings else "nothing found"
    where = f" of {number_of(report.files, 'file')}" if report.files else ""
    return f"{found} in {number_of(report.objects, 'object')}{where}"


def as_json(report: Report) -> str:
    """One object with all findings and how many there are of each severity."""
    return (
        json.dumps(
            {
                "findings": [
                    {
                        "rule": finding.rule.id,
                        "severity": finding.severity,
                        "title": finding.rule.title,
                        "message": finding.message,
                        "what": finding.what,
                        "advice": finding.rule.advice,
                        "file": finding.file,
                        "line": finding.line,
                        "object": finding.object,
                        "path": finding.json_path,
                        "source": finding.source,
                    }
                    for finding in report.findings
                ],
                "summary": {**report.counts, "objects": report.objects, "files": report.files},
            },
            indent=2,
        )
        + "\n"
    )
