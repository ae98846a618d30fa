"""What doctor has found, as tables for a pull request, an issue or a job's summary."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from fargateclaims.cli.doctoring.text import MARKS, summary, title
from fargateclaims.cli.plugin.output import clean
from fargateclaims.domain.doctor.chart import Check, Examination

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|~#&])")
_COMMAND: Final = re.compile(r"(aws|kubectl|eksctl|for) ")
_HEAD: Final = ("| | check | found | fix |", "|---|---|---|---|")


def markdown(found: Examination, *, verbose: bool, only_fixes: bool) -> str:
    """A table for each cluster and class, in GitHub's Markdown."""
    shown = found.amiss() if only_fixes else found
    parts = []
    if shown.checks:
        parts.append(_table(shown.checks, verbose=verbose))
    for cluster in shown.clusters:
        parts.append(f"## {_text(title(cluster))}")
        if cluster.checks:
            parts.append(_table(cluster.checks, verbose=verbose))
        for each in cluster.classes:
            parts += [f"### class {_text(each.name)}"] if each.name else []
            parts.append(_table(each.checks, verbose=verbose))
    return "\n\n".join([*parts, f"**{summary(found)}**"])


def _table(checks: Iterable[Check], *, verbose: bool) -> str:
    return "\n".join((*_HEAD, *(row for check in checks for row in _rows(check, "", verbose=verbose))))


def _rows(check: Check, above: str, *, verbose: bool) -> Iterator[str]:
    name = f"{above}{_text(check.name)}"
    told = [check.message, *(check.details if verbose else ())]
    yield f"| {MARKS[check.level]} | {name} | {'<br>'.join(map(_text, told))} | {_fix(check.fix)} |"
    for child in check.children:
        yield from _rows(child, f"{name} → ", verbose=verbose)


def _fix(fix: str) -> str:
    return _code(fix) if _COMMAND.match(fix) else _text(fix)


def _code(text: str) -> str:
    """To be copied as it is; even within code, a bar would end a table's cell."""
    quiet = clean(text).replace("|", "\\|")
    return f"`` {quiet} ``" if "`" in quiet else f"`{quiet}`"


def _text(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", clean(text))
