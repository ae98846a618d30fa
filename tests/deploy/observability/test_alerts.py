"""The alerts ask for what the operator exposes, and each leads to its runbook. When they fire is in alerts_test.yaml, for promtool."""

import logging
import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from fargateclaims.logs import JSONFormatter
from support.promql import unknown

HERE = Path(__file__).parent
DOCS = HERE.parents[2] / "docs"
LABEL = re.compile(r"\$labels\.(\w+)")
ROW = re.compile(r"^\| \[(\w+)\]\(runbooks\.md#(\w+)\) \| (\w+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def test_expressions_ask_only_for_what_the_operator_exposes(alerts: list[Any]) -> None:
    assert {rule["alert"]: unknown(rule["expr"]) for rule in alerts} == {rule["alert"]: [] for rule in alerts}


def test_an_alert_says_what_it_means_and_how_bad_it_is(alerts: list[Any]) -> None:
    for rule in alerts:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
        assert rule["annotations"]["description"].endswith(".")
        assert not rule["annotations"]["summary"].endswith(".")
        promql_parser.parse_duration(rule.get("for", "1s"))


def test_texts_name_only_labels_that_the_expression_keeps(alerts: list[Any]) -> None:
    kept = {rule["alert"]: set(re.findall(r"\w+", "".join(re.findall(r"(?:by|on) \(([^)]*)\)", rule["expr"])))) for rule in alerts}
    named = {rule["alert"]: set(LABEL.findall(rule["annotations"]["description"])) for rule in alerts}
    assert {name: labels - kept[name] for name, labels in named.items() if labels - kept[name]} == {}


def test_every_alert_has_a_runbook_and_every_runbook_an_alert(alerts: list[Any], runbooks: list[str]) -> None:
    assert runbooks == [rule["alert"] for rule in alerts]
    for rule in alerts:
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks.md#{rule['alert'].lower()}"


def test_every_runbook_says_what_to_look_at_to_do_and_whom_to_ask() -> None:
    sections = re.split(r"^## ", (DOCS / "runbooks.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    for section in sections:
        if section.startswith("FargateClaims"):
            headings = re.findall(r"^\*\*(.+?)\*\*", section, re.MULTILINE)
            assert headings == ["Meaning.", "Look at.", "Do.", "Escalate."], section.partition("\n")[0]


def test_errors_in_a_pods_log_are_searched_as_they_are_written() -> None:
    record = logging.LogRecord("fargateclaims.process", logging.ERROR, __file__, 1, "stopping: %s", ("leadership is lost",), None)
    searched = re.findall(r"^kubectl logs .*\| grep '([^']*level[^']*)'", (DOCS / "runbooks.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [text for text in searched if text not in JSONFormatter().format(record)] == []
    assert searched


def test_the_table_of_the_docs_has_every_alert_as_it_is(alerts: list[Any]) -> None:
    table = ROW.findall((DOCS / "observability.md").read_text(encoding="utf-8"))
    assert table == [
        (rule["alert"], rule["alert"].lower(), rule["labels"]["severity"], rule.get("for", "at once"), rule["annotations"]["summary"])
        for rule in alerts
    ]


@pytest.mark.parametrize("fires", [True, False], ids=["fires", "stays-silent"])
def test_promtool_is_told_of_every_alert_when_it_fires_and_when_not(alerts: list[Any], fires: bool) -> None:  # noqa: FBT001
    tests = yaml.safe_load((HERE / "alerts_test.yaml").read_text(encoding="utf-8"))["tests"]
    told = {case["alertname"] for test in tests for case in test["alert_rule_test"] if bool(case["exp_alerts"]) is fires}
    assert told == {rule["alert"] for rule in alerts}
