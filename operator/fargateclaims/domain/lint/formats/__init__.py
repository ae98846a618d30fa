"""Findings as texts, for people and for programs."""

from enum import StrEnum

from fargateclaims.domain.lint.formats.github import as_github
from fargateclaims.domain.lint.formats.plain import as_json, as_text
from fargateclaims.domain.lint.formats.report import Report
from fargateclaims.domain.lint.formats.sarif import as_sarif

__all__ = ["Format", "Report", "rendered"]


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def rendered(form: Format, report: Report, *, colour: bool, docs_url: str, version: str) -> str:
    """What was found, in one of the formats, with the line break at its end.

    :param colour: whether text may have colours.
    :param docs_url: where docs/lint.md can be read, for programs that link to rules; empty if nowhere.
    :param version: of this program.
    """
    match form:
        case Format.TEXT:
            return as_text(report, colour=colour)
        case Format.JSON:
            return as_json(report)
        case Format.SARIF:
            return as_sarif(report, docs_url=docs_url, version=version)
        case Format.GITHUB:
            return as_github(report)
