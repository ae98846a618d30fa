"""docs/from-the-guides.md has each line of AWS's guides, and all that it names is there."""

import ast
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from typer.testing import CliRunner

from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.reasons import Reason
from fargateclaims.cli.plugin.commands import app as plugin
from fargateclaims.domain.lint.registry import BY_ID, RULES
from support.command_lines import parse
from support.guide_page import PAGE, ROOT, Row, rows
from support.lint_fixtures import FOLDER

ROWS: Final = rows()
CRDS: Final = {path.name.partition(".")[0]: yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "crds").glob("*.yaml")}
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)


def test_every_line_of_the_guides_is_here_once() -> None:
    assert [row.id for row in ROWS] == [f"T{number}" for number in range(1, 19)] + [f"G{number}" for number in range(1, 25)]


@each_row
def test_a_row_is_complete(row: Row) -> None:
    assert row.said
    assert row.here
    assert row.commands
    assert row.tests


@each_row
def test_its_tests_are_there(row: Row) -> None:
    for test in row.tests:
        path, _, name = test.partition("::")
        assert name in names_in(path), test


def test_other_tests_that_the_page_names_are_there() -> None:
    for path, name in re.findall(r"`(tests/[\w/]+\.py)::([\w:]+)`", PAGE.read_text(encoding="utf-8")):
        assert name in names_in(path)


@cache
def names_in(path: str) -> frozenset[str]:
    """The tests of a file, as pytest names them."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = {node.name for node in tree.body if is_test(node)}  # type: ignore[attr-defined]
    for cls in tree.body:
        if isinstance(cls, ast.ClassDef) and cls.name.startswith("Test"):
            found |= {f"{cls.name}::{node.name}" for node in cls.body if is_test(node)}  # type: ignore[attr-defined]
    return frozenset(found)


def is_test(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")


@each_row
def test_its_rules_are_there_and_say_the_same(row: Row) -> None:
    assert row.rules <= BY_ID.keys()
    assert {rule.id for rule in RULES if row.id in rule.sources} <= row.rules


def test_every_source_of_a_rule_is_a_row() -> None:
    assert {source for rule in RULES for source in rule.sources} <= {row.id for row in ROWS}


@each_row
def test_what_it_names_is_there(row: Row) -> None:
    for name in row.names:
        assert is_known(name), name


def is_known(name: str) -> bool:
    """Whether there is such a condition, reason, event, alert, command or field."""
    if name.startswith(("kubectl fargate ", "fargateclaims ")):
        parse(shlex.split(name))
        return True
    if re.fullmatch(r"[a-z]\w*(\.\w+)+", name):
        return any(has_field(kind, name.split(".")) for kind in CRDS)
    if match := re.fullmatch(r"(\w+): (\w+)", name):
        return any(match[2] in (field_of(kind, ["spec", match[1]]) or {}).get("enum", ()) for kind in CRDS)
    return name in {*ConditionType, *Reason} | events() | alerts()


def has_field(kind: str, path: list[str]) -> bool:
    return field_of(kind, path) is not None or field_of(kind, ["spec", *path]) is not None


def field_of(kind: str, path: list[str]) -> dict[str, Any] | None:
    schema: Any = CRDS[kind]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for part in path:
        schema = schema.get("properties", {}).get(part)
        if schema is None:
            return None
    return dict(schema)


@cache
def events() -> frozenset[str]:
    """The reasons of events that are written down in the code."""
    made = re.compile(r'EventNote\("(\w+)"')
    return frozenset(name for path in (ROOT / "operator").rglob("*.py") for name in made.findall(path.read_text(encoding="utf-8")))


@cache
def alerts() -> frozenset[str]:
    file = ROOT / "deploy" / "helm" / "fargateclaims" / "files" / "alerts.yaml"
    return frozenset(re.findall(r"alert: (\w+)", file.read_text(encoding="utf-8")))


@each_row
def test_its_commands_are_commands(row: Row) -> None:
    for command in row.commands:
        words = shlex.split(command)
        match words:
            case ["kubectl", "fargate", *_] | ["fargateclaims", *_]:
                parse(words)
                assert all((ROOT / word).exists() for word in words if "/" in word)
            case ["make", target]:
                assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8")
            case ["kubectl", "get" | "describe" | "annotate", kind, *_]:
                assert kind in short_names()
            case ["kubectl", "explain", field]:
                kind, *path = field.split(".")
                assert field_of(short_names()[kind], path)
            case ["kubectl", "exec", *_]:
                pass
            case _:
                pytest.fail(f"{command}: nobody knows whether that works")


def short_names() -> dict[str, str]:
    return {short: kind for kind, crd in CRDS.items() for short in crd["spec"]["names"]["shortNames"]}


QUIET: Final = "G23"
"""Its row is about what is left alone."""
LINT: Final = "kubectl fargate lint "
TRIED: Final = [(row, command) for row in ROWS for command in row.commands if command.startswith(LINT) and row.id != QUIET]


@pytest.mark.parametrize(("row", "command"), TRIED, ids=[f"{row.id} {Path(command).name}" for row, command in TRIED])
def test_what_lint_is_tried_on_shows_what_the_row_says(row: Row, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = set(re.findall(r"\bFG\d{3}\b", ran(command, monkeypatch)))
    assert found & row.rules


def test_the_ebs_driver_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its DaemonSet says itself that it is for EC2 nodes, and its controller may run anywhere."""
    text = (FOLDER / "system" / "ebs-csi.yaml").read_text(encoding="utf-8")
    assert "kind: DaemonSet" in text
    assert "kind: Deployment" in text
    (row,) = (row for row in ROWS if row.id == QUIET)
    assert not re.search(r"\bFG\d{3}\b", ran(row.commands[0], monkeypatch))


@pytest.mark.parametrize("command", [command for row in ROWS for command in row.commands if command.startswith("kubectl fargate size -f ")])
def test_what_is_sized_has_a_size_and_a_step_below(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = ran(command, monkeypatch)
    assert "gets " in printed
    assert "smaller " in printed


def ran(command: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a command prints that needs no cluster."""
    monkeypatch.chdir(ROOT)
    return CliRunner().invoke(plugin, shlex.split(command)[2:]).output
