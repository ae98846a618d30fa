"""`docs/reasons.md`, made from the facts."""

from collections.abc import Iterable
from typing import Final

from fargateclaims.api.reasons.facts import OTHER_REASONS, READY_REASONS

_HEADER: Final = """\
<!-- Generated from operator/fargateclaims/api/reasons/facts.py by `make docs-tables`. -->
# Reasons

Every condition of a claim or a class gives one of these reasons. The list is closed: nothing else appears.
`kubectl get fpc` shows the reason of `Ready`; `kubectl describe fpc NAME -n NAMESPACE` shows all conditions with their messages.
In the commands, NAME, NAMESPACE, CLASS, CLUSTER, REGION, PROFILE, ROLE, ROLE_ARN and N stand for yours.
"""
_READY_COLUMNS: Final = ("Reason", "Ready", "kstatus", "Who acts", "What it means", "What to do")
_OTHER_COLUMNS: Final = ("Reason", "Where", "What it means", "What to do")


def reasons_table() -> str:
    """The whole page in Markdown: the reasons of a claim's Ready, then those that only other conditions give."""
    ready = ((f"`{r}`", f.ready, f.kstatus, f.who_acts, f.meaning, f.remedy) for r, f in READY_REASONS.items())
    other = ((f"`{r}`", f.conditions, f.meaning, f.remedy) for r, f in OTHER_REASONS.items())
    return (
        f"{_HEADER}\n## Of a claim's Ready\n\n{_table(_READY_COLUMNS, ready)}"
        f"\n## Of the other conditions of claims and classes\n\n"
        f"Besides these, they give the reasons above.\n\n{_table(_OTHER_COLUMNS, other)}"
    )


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(map(_row, (columns, ("---",) * len(columns), *rows)))


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
