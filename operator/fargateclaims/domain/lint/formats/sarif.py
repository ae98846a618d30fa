"""SARIF 2.1.0, for code scanning.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0; GitHub's documentation of what it reads of it.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from fargateclaims.domain.lint.finding import Finding
from fargateclaims.domain.lint.formats.report import Report
from fargateclaims.domain.lint.registry import RULES
from fargateclaims.domain.lint.rule import Rule, Severity

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_INDEX: Final = {rule.id: index for index, rule in enumerate(RULES)}
_NAME: Final = "kubectl-fargate-lint"


def as_sarif(report: Report, *, docs_url: str, version: str) -> str:
    """One run with all rules and all findings."""
    driver = {"name": _NAME, "version": version, "rules": [_rule(rule, docs_url) for rule in RULES]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The folder in which lint was started."}}},
        "results": [_result(finding) for finding in report.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule, docs_url: str) -> dict[str, Any]:
    described = {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.title.replace(",", "").replace("'", "").split()),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.why} What to do: {rule.advice}."},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["eks", "fargate", "kubernetes", *rule.sources]},
    }
    # The standard wants an absolute address, and only whoever publishes the docs knows it.
    return {**described, "helpUri": f"{docs_url}#{rule.id.lower()}"} if docs_url else described


def _result(finding: Finding) -> dict[str, Any]:
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": _INDEX[finding.rule.id],
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.sentence},
        "locations": [{**_physical(finding), **_logical(finding)}],
        "partialFingerprints": {"object/v1": _fingerprint(finding)},
    }


def _physical(finding: Finding) -> Mapping[str, Any]:
    if not finding.file:
        return {}
    # Rendered manifests have lines of their own, which are not those of the chart's template.
    rendered = finding.file == "-"
    uri = finding.source or "stdin" if rendered else finding.file
    location: dict[str, Any] = {"artifactLocation": {"uri": quote(uri), **({} if uri.startswith("/") else {"uriBaseId": "SRCROOT"})}}
    if finding.line and not (rendered and finding.source):
        location["region"] = {"startLine": finding.line}
    return {"physicalLocation": location}


def _logical(finding: Finding) -> Mapping[str, Any]:
    if not finding.object:
        return {}
    return {"logicalLocations": [{"name": finding.object, "fullyQualifiedName": f"{finding.object}: {finding.json_path}"}]}


def _fingerprint(finding: Finding) -> str:
    """The same as long as the object and the place in it are, whatever line they move to."""
    return sha256(f"{finding.rule.id}\n{finding.file}\n{finding.object}\n{finding.json_path}".encode()).hexdigest()[:32]
