"""Looks, decides, writes."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fargateclaims.cli.doctoring.document import document
from fargateclaims.cli.doctoring.format import Format
from fargateclaims.cli.doctoring.given import in_options
from fargateclaims.cli.doctoring.markdown import markdown
from fargateclaims.cli.doctoring.reading import read_clusters
from fargateclaims.cli.doctoring.request import Wanted, classes_of
from fargateclaims.cli.doctoring.text import write_text
from fargateclaims.cli.plugin import output as plain
from fargateclaims.cli.plugin.options import Format as PlainFormat
from fargateclaims.clock import SystemClock
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.doctor.chart import Examination
from fargateclaims.domain.doctor.examination import examine

_EXIT_CODES: Final[Mapping[Level, int]] = {Level.OK: 0, Level.WARNING: 1, Level.UNKNOWN: 1, Level.ERROR: 2}


@dataclass(frozen=True, slots=True)
class Style:
    """How the answer is written.

    :param verbose: with all details.
    :param only_fixes: without what is as it should be.
    """

    format: Format
    verbose: bool = False
    only_fixes: bool = False


def answer(wanted: Wanted, style: Style) -> int:
    """Say what is found, and return the exit code. Raises PluginError where there is nothing to look at."""
    classes, malformed = classes_of(wanted)
    clock = SystemClock()
    sights = asyncio.run(read_clusters(classes, clock))
    now = clock.now()
    found = Examination(tuple(examine(sight, now) for sight in sights), tuple(malformed))
    if wanted.given:
        found = in_options(found)
    code = _EXIT_CODES[found.level]
    match style.format:
        case Format.TEXT:
            write_text(found, verbose=style.verbose, only_fixes=style.only_fixes)
        case Format.JSON:
            plain.write_document(document(found, code, only_fixes=style.only_fixes), PlainFormat.JSON)
        case Format.MARKDOWN:
            plain.write(markdown(found, verbose=style.verbose, only_fixes=style.only_fixes))
    return code
