from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fargateclaims.simulator.kube.columns import BUILT_IN, human_duration, printer_columns
from fargateclaims.simulator.kube.jsonpath import compile_path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OBJECT = {
    "metadata": {"name": "n", "annotations": {"a.b/c": "d"}, "creationTimestamp": "2025-12-31T23:58:00Z"},
    "status": {"conditions": [{"type": "A", "status": "True"}, {"type": "B", "status": "False"}], "n": 3, "s": {"x": 1}},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".metadata.name", ["n"]),
        (r".metadata.annotations.a\.b/c", ["d"]),
        (".metadata.annotations['a.b/c']", ["d"]),
        ('.status.conditions[?(@.type=="B")].status', ["False"]),
        (".status.conditions[?(@.type == 'B')].status", ["False"]),
        ('.status.conditions[?(@.type!="B")].status', ["True"]),
        (".status.conditions[1].type", ["B"]),
        (".status.conditions[-1].type", ["B"]),
        (".status.conditions[7].type", []),
        (".status.conditions[*].type", ["A", "B"]),
        (".status.none.deeper", []),
    ],
)
def test_json_paths(path: str, expected: list[Any]) -> None:
    assert compile_path(path)(OBJECT) == expected


def test_a_json_path_that_does_not_parse() -> None:
    with pytest.raises(ValueError, match="cannot parse the JSONPath"):
        compile_path("status..x[")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (600, "10m"),
        (10740, "179m"),
        (10800, "3h"),
        (10860, "3h1m"),
        (8 * 3600 + 60, "8h"),
        (48 * 3600, "2d"),
        (49 * 3600, "2d1h"),
        (8 * 86400, "8d"),
        (729 * 86400, "729d"),
        (730 * 86400, "2y"),
        (731 * 86400, "2y1d"),
        (3000 * 86400, "8y"),
    ],
)
def test_ages_are_shown_as_kubectl_does(seconds: int, expected: str) -> None:
    assert human_duration(seconds) == expected


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("string", ".metadata.name", "n"),
        ("string", ".status.n", "3"),
        ("string", ".status.s", '{"x":1}'),
        ("string", ".status.none", None),
        ("integer", ".status.n", 3),
        ("integer", ".metadata.name", None),
        ("number", ".status.n", 3),
        ("boolean", ".status.n", None),
        ("date", ".metadata.creationTimestamp", "2m"),
        ("date", ".metadata.name", "<invalid>"),
    ],
)
def test_printer_columns(kind: str, path: str, expected: Any) -> None:
    _, column = printer_columns([{"name": "C", "type": kind, "jsonPath": path, "priority": 1}])
    assert column.cell(OBJECT, NOW) == expected
    assert column.definition()["priority"] == 1


def test_without_printer_columns_there_is_the_age() -> None:
    assert [column.name for column in printer_columns([])] == ["Name", "Age"]


def test_events_show_what_they_are_about() -> None:
    event = {
        "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod", "name": "p"},
        "reportingComponent": "c",
        "reportingInstance": "i",
        "eventTime": (NOW - timedelta(seconds=3)).isoformat(),
        "type": "Normal",
        "reason": "R",
        "message": "text\n",
    }
    cells = {column.name: column.cell(event, NOW) for column in BUILT_IN["Event"]}
    assert cells == {
        "Last Seen": "3s",
        "Type": "Normal",
        "Reason": "R",
        "Object": "pod/p",
        "Subobject": "",
        "Source": "c, i",
        "Message": "text",
        "First Seen": "3s",
        "Count": 1,
        "Name": "e",
    }
