"""The tree of what doctor has found, for people. A fix stands on a line of its own, whole, to be copied."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from fargateclaims.cli.plugin.output import Screen, clean
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.checks.texts import counted
from fargateclaims.domain.doctor.chart import Check, ClusterChart, Examination

MARKS: Final = {Level.OK: "✓", Level.WARNING: "!", Level.ERROR: "✗", Level.UNKNOWN: "?", None: "·"}
_WELL_SHOWN: Final = 10
"""So many things that are as they should be are shown one by one; with -v all are."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A line of the tree, what stands below it, and what hangs on it."""

    line: str
    below: Sequence[str] = ()
    children: list["_Node"] = field(default_factory=list)


def write_text(found: Examination, *, verbose: bool, only_fixes: bool) -> None:
    """Write the tree, and one line that sums it up."""
    screen = Screen()
    shown = found.amiss() if only_fixes else found
    for check in _nodes(screen, shown.checks, verbose=verbose):
        _write(screen, check, "", "")
    for number, cluster in enumerate(shown.clusters):
        if number or shown.checks:
            screen.line()
        screen.line(screen.strong(title(cluster)))
        # One that does not exist yet is what all of this is about, and has no branch of its own.
        checks = [*cluster.checks, *(check for each in cluster.classes if not each.name for check in each.checks)]
        nodes = _nodes(screen, checks, verbose=verbose)
        for each in filter(lambda each: each.name, cluster.classes):
            nodes.append(_Node(screen.strong(clean(f"class {each.name}")), children=_nodes(screen, each.checks, verbose=verbose)))
        _write_all(screen, nodes, "")
    screen.line(summary(found))


def title(cluster: ClusterChart) -> str:
    """What a cluster is called."""
    return f"{cluster.arn.name} ({cluster.arn.region}, {cluster.arn.account})"


def summary(found: Examination) -> str:
    """How bad it is, in one line."""
    counts = found.counts()
    words = ((Level.ERROR, "error", ""), (Level.WARNING, "warning", ""), (Level.UNKNOWN, "unknown", "unknown"))
    told = [counted(counts[level], one, many) for level, one, many in words if counts[level]]
    return ", ".join(told) or "all is well"


def _nodes(screen: Screen, checks: Sequence[Check], *, verbose: bool) -> list[_Node]:
    well = [check for check in checks if not check.amiss and not check.children]
    hidden = well[_WELL_SHOWN:] if len(well) > _WELL_SHOWN + 1 and not verbose else []
    shown = [check for check in checks if check not in hidden]
    width = max((len(check.name) for check in shown), default=0)
    nodes = [_node(screen, check, width, verbose=verbose) for check in shown]
    return [*nodes, _Node(screen.faint(f"· and {len(hidden)} more, which are well (-v shows them)"))] if hidden else nodes


def _node(screen: Screen, check: Check, width: int, *, verbose: bool) -> _Node:
    below = [f"fix: {clean(check.fix)}"] if check.fix else []
    if verbose or check.level is Level.ERROR:
        below += [screen.faint(f"· {clean(detail)}") for detail in check.details]
    line = f"{_mark(screen, check.level)} {clean(check.name):<{width}}  {clean(check.message)}"
    return _Node(line, below, _nodes(screen, check.children, verbose=verbose))


def _mark(screen: Screen, level: Level | None) -> str:
    styles = {
        Level.OK: screen.good,
        Level.WARNING: screen.warned,
        Level.ERROR: screen.bad,
        Level.UNKNOWN: screen.warned,
        None: screen.faint,
    }
    return styles[level](MARKS[level])


def _write_all(screen: Screen, nodes: Sequence[_Node], prefix: str) -> None:
    for node in nodes:
        last = node is nodes[-1]
        _write(screen, node, f"{prefix}{'└─ ' if last else '├─ '}", f"{prefix}{'   ' if last else '│  '}")


def _write(screen: Screen, node: _Node, first: str, rest: str) -> None:
    screen.line(first + node.line)
    for text in node.below:
        screen.line(f"{rest}{'│ ' if node.children else '  '}{text}")
    _write_all(screen, node.children, rest)
