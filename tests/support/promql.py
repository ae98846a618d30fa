"""What a PromQL expression asks for: its metrics, their matchers, and the labels that it groups and joins by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import promql_parser

from fargateclaims.api.reasons import Reason
from fargateclaims.clock import SystemClock
from fargateclaims.engine.telemetry import Telemetry
from fargateclaims.kube.errors import KubeError
from fargateclaims.metrics import Metrics

TARGET_LABELS: Final = frozenset({"namespace", "job", "instance"})
"""What a scrape adds to every series."""
_HISTOGRAM: Final = {"_bucket": {"le"}, "_sum": set[str](), "_count": set[str]()}
_VALUES: Final[Mapping[tuple[str, str], Iterable[str]]] = {
    ("fargateclaims_claims", "reason"): {str(each) for each in Reason},
    ("fargateclaims_slot_held", "origin"): {"claim", "foreign"},
    ("fargateclaims_profiles", "origin"): {"claim", "foreign"},
    ("fargateclaims_kube_requests_total", "outcome"): {"ok"} | {each.__name__ for each in KubeError.__subclasses__()},
    ("fargateclaims_kube_requests_total", "verb"): {"get", "list", "create", "update", "patch"},
}


@dataclass(frozen=True)
class Matcher:
    """One condition on a label. `texts` are the alternatives of a regular expression, which is to have no other meaning."""

    label: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Selector:
    """One metric with its matchers."""

    metric: str
    matchers: tuple[Matcher, ...]


@dataclass(frozen=True)
class Grouping:
    """Labels by which an aggregation groups, or by which two sides are joined, and what is below it."""

    labels: tuple[str, ...]
    selectors: tuple[Selector, ...]


def selectors(expression: promql_parser.Expr | str) -> tuple[Selector, ...]:
    """Every metric that an expression reads. Raises ValueError for one that is no PromQL."""
    found: list[Selector] = []

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(Selector(node.name or "", tuple(map(_matcher, node.matchers.matchers))))

    promql_parser.walk(promql_parser.parse(expression) if isinstance(expression, str) else expression, visit)
    return tuple(found)


def groupings(expression: str) -> tuple[Grouping, ...]:
    """Every `by`, `on` and `group_left` of an expression. Raises ValueError for one that is no PromQL."""
    found: list[Grouping] = []

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
            found.append(Grouping(tuple(node.modifier.labels), selectors(node.expr)))
        elif isinstance(node, promql_parser.BinaryExpr) and node.modifier is not None and node.modifier.matching is not None:
            found.append(Grouping((*node.modifier.matching.labels, *(node.modifier.group_labels or ())), selectors(node)))

    promql_parser.walk(promql_parser.parse(expression), visit)
    return tuple(found)


def _matcher(found: promql_parser.Matcher) -> Matcher:
    regular = found.op in (promql_parser.MatchOp.Re, promql_parser.MatchOp.NotRe)
    return Matcher(found.name, tuple(found.value.split("|")) if regular else (found.value,))


@cache
def known_series() -> Mapping[str, frozenset[str]]:
    """Every series that the operator exposes, by name as PromQL spells it, with its labels but the scrape's own."""
    metrics = Metrics()
    found: dict[str, frozenset[str]] = {}
    for described in metrics.described():
        if described.type == "histogram":
            found |= {described.name + suffix: frozenset({*described.labels, *more}) for suffix, more in _HISTOGRAM.items()}
        else:
            found[described.name] = frozenset(described.labels)
    for family in metrics.registry.collect():
        if not family.name.startswith("fargateclaims_"):
            found |= {sample.name: frozenset(sample.labels) for sample in family.samples}
    return found


def unknown(expression: str) -> list[str]:
    """What an expression asks for that no operator ever exposes: metrics, labels, values of labels."""
    series, problems = known_series(), []
    for selector in selectors(expression):
        problems += [] if selector.metric in series else [f"no metric {selector.metric}"]
        for matcher in selector.matchers:
            problems += _lacks(series, selector, matcher.label)
            values = _values(selector.metric, matcher.label)
            problems += [f"{selector.metric} has no {matcher.label} {text}" for text in matcher.texts if values and text not in values]
    for grouping in groupings(expression):
        problems += [problem for label in grouping.labels for selector in grouping.selectors for problem in _lacks(series, selector, label)]
    return problems


def _lacks(series: Mapping[str, frozenset[str]], selector: Selector, label: str) -> list[str]:
    known = series.get(selector.metric, frozenset()) | TARGET_LABELS
    return [] if label in known else [f"{selector.metric} has no label {label}"]


@cache
def _values(metric: str, label: str) -> frozenset[str]:
    """The values that a label can have, of counters and histograms those that begin at 0; none if anything goes."""
    metrics = Metrics()
    Telemetry(metrics, SystemClock())
    samples = (sample for family in metrics.registry.collect() for sample in family.samples if sample.name == metric)
    begun = {sample.labels[label] for sample in samples if label in sample.labels}
    return frozenset(_VALUES.get((metric, label), begun))
