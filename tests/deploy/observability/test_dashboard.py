"""The dashboard is what Grafana expects, asks for what the operator exposes, and shows all of it."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from support.promql import known_series, selectors, unknown

HERE = Path(__file__).parent
WIDTH = 24
VARIABLE = re.compile(r"\$\{?(__\w+|[a-z]+)\}?")
GRAFANAS_OWN = {"__rate_interval"}
# In the places of durations; elsewhere a variable is a text like any other.
DURATIONS = {"$__rate_interval": "5m", "$window": "1h"}


def panels(dashboard: Any) -> list[Any]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def targets(dashboard: Any) -> Iterator[tuple[str, Any]]:
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target


def expressions(dashboard: Any) -> dict[str, str]:
    """All expressions, as Prometheus would get them."""
    found = {name: target["expr"] for name, target in targets(dashboard)}
    queries = {v["name"]: re.fullmatch(r"label_values\((.+), (\w+)\)", v["query"]) for v in variables(dashboard) if v["type"] == "query"}
    found |= {f"variable {name}": f"sum by ({query[2]}) ({query[1]})" for name, query in queries.items() if query}
    for name, text in DURATIONS.items():
        found = {where: expression.replace(name, text) for where, expression in found.items()}
    return found


def variables(dashboard: Any) -> list[Any]:
    return list(dashboard["templating"]["list"])


def test_it_is_a_dashboard_as_grafana_defines_them(dashboard: Any) -> None:
    schema = json.loads((HERE / "dashboard.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(dashboard)] == []


@pytest.mark.parametrize("key", ["drawStyel", "unit"])
def test_the_schema_is_strict(dashboard: Any, key: str) -> None:
    schema = json.loads((HERE / "dashboard.schema.json").read_text(encoding="utf-8"))
    copy = json.loads(json.dumps(dashboard))
    next(panel for panel in copy["panels"] if panel["type"] == "timeseries")["fieldConfig"]["defaults"]["custom"][key] = "line"
    assert not jsonschema.Draft202012Validator(schema).is_valid(copy)


def test_panels_have_numbers_of_their_own_and_do_not_overlap(dashboard: Any) -> None:
    everything = dashboard["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    places = [(panel["title"], panel["gridPos"]) for panel in everything]
    for title, at in places:
        assert at["x"] + at["w"] <= WIDTH, title
    for (one, a), (other, b) in itertools.combinations(places, 2):
        apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"] or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert apart, f"{one} and {other} overlap"


def test_the_grid_has_no_holes(dashboard: Any) -> None:
    area = sum(panel["gridPos"]["w"] * panel["gridPos"]["h"] for panel in dashboard["panels"])
    assert area == WIDTH * max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])


def test_titles_and_queries_are_told_apart(dashboard: Any) -> None:
    titles = [panel["title"] for panel in dashboard["panels"]]
    assert len(set(titles)) == len(titles)
    for panel in panels(dashboard):
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_expressions_ask_only_for_what_the_operator_exposes(dashboard: Any) -> None:
    found = expressions(dashboard)
    assert {name: unknown(expression) for name, expression in found.items()} == {name: [] for name in found}


def test_every_metric_of_the_operator_is_on_it(dashboard: Any) -> None:
    # A histogram is shown by any of its series.
    base = re.compile(r"_(bucket|sum|count)$")
    shown = {base.sub("", selector.metric) for expression in expressions(dashboard).values() for selector in selectors(expression)}
    exposed = {base.sub("", name) for name in known_series() if name.startswith("fargateclaims_")}
    assert exposed <= shown


def test_all_queries_follow_the_variables(dashboard: Any) -> None:
    for name, target in targets(dashboard):
        for selector in selectors(expressions(dashboard)[name]):
            followed = {matcher.label for matcher in selector.matchers if matcher.texts == (f"${matcher.label}",)}
            wanted = {"namespace", "job"} | ({"cluster"} if "cluster" in known_series()[selector.metric] else set())
            assert followed == wanted, f"{name}: {target['expr']}"


def test_variables_that_are_used_exist_and_others_do_not(dashboard: Any) -> None:
    texts = [json.dumps(panel) for panel in panels(dashboard)] + [json.dumps(v["query"]) for v in variables(dashboard)]
    texts.append(json.dumps(dashboard["links"]))
    used = {name for text in texts for name in VARIABLE.findall(text)}
    assert used - GRAFANAS_OWN == {variable["name"] for variable in variables(dashboard)}


def test_colours_of_one_series_are_of_one_that_is_there(dashboard: Any) -> None:
    from fargateclaims.api.reasons import Reason

    for panel in panels(dashboard):
        legends = {target["legendFormat"] for target in panel["targets"]}
        for override in panel["fieldConfig"]["overrides"]:
            name = override["matcher"]["options"]
            assert name in legends or ("{{reason}}" in legends and name in set(Reason)), f"{panel['title']}: {name}"


def test_links_lead_to_runbooks(dashboard: Any, runbooks: list[str]) -> None:
    anchors = {name.lower() for name in runbooks}
    linked = {link["url"].partition("#")[2] for panel in panels(dashboard) for link in panel.get("links", ())}
    assert linked == anchors
    place = next(variable for variable in variables(dashboard) if variable["name"] == "runbooks")
    assert place["query"] == place["current"]["value"] == place["current"]["text"] == "docs/runbooks.md"
