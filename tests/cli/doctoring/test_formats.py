"""The same findings for people, programs and pages."""

import io
import json
import sys
from typing import Any, Final

import jsonschema
import pytest

from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.reasons import Reason
from fargateclaims.cli.doctoring.document import document
from fargateclaims.cli.doctoring.markdown import markdown
from fargateclaims.cli.doctoring.text import write_text
from fargateclaims.cli.entry import open_streams
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.doctor.chart import Check, ClassChart, ClusterChart, Examination
from support.broken_set_ups import SetUp
from support.builders import ARN
from support.doctored import Doctor
from support.kube_server import RunningKube

TEXTS: Final = {"type": "string", "minLength": 1}
MAY_BE: Final = {"type": ["string", "null"], "minLength": 1}
CHECKS: Final = {"type": "array", "items": {"$ref": "#/$defs/check"}}
LEVELS: Final = [str(level) for level in Level]


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


SCHEMA: Final = {
    **obj(
        level={"enum": LEVELS},
        exitCode={"enum": [0, 1, 2]},
        counts=obj(**{level: {"type": "integer", "minimum": 0} for level in LEVELS}),
        checks=CHECKS,
        clusters={
            "type": "array",
            "items": obj(
                arn=TEXTS,
                name=TEXTS,
                region=TEXTS,
                account={"type": "string", "pattern": "^[0-9]{12}$"},
                checks=CHECKS,
                classes={"type": "array", "items": obj(name=MAY_BE, checks=CHECKS)},
            ),
        },
    ),
    "$defs": {
        "check": obj(
            name=TEXTS,
            level={"enum": [*LEVELS, None]},
            message=TEXTS,
            fix=MAY_BE,
            details={"type": "array", "items": TEXTS},
            condition={"enum": [*ConditionType, None]},
            reason={"enum": [*Reason, None]},
            children=CHECKS,
        )
    },
}
HOSTILE: Final = Check(
    "profiles",
    Level.ERROR,
    "1 of 10",
    details=("one | two",),
    children=(Check("a", Level.ERROR, "namespace sh*, a_b=\x1b[31m<b>|`x`\n# head", "aws eks x --y 'a|b'"), Check("b", Level.OK, "m")),
)
LATER: Final = Check("egress", Level.WARNING, "m", "run `this` & see")


def found(*checks: Check, of_class: tuple[Check, ...] = (), name: str = "standard") -> Examination:
    return Examination((ClusterChart(ARN, checks, (ClassChart(name, of_class),) if of_class else ()),))


def text(examination: Examination, capsys: pytest.CaptureFixture[str], *, verbose: bool = False, only_fixes: bool = False) -> str:
    write_text(examination, verbose=verbose, only_fixes=only_fixes)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "arguments"),
    [(lambda _: None, ("-v",)), (SetUp.open_all_to_internet, ("--fix-only",)), (SetUp.isolate_without_sts, ())],
    ids=["healthy", "public", "isolated"],
)
def test_json_keeps_its_schema(set_up: SetUp, kube: RunningKube, doctor: Doctor, change: Any, arguments: tuple[str, ...]) -> None:
    change(set_up)
    jsonschema.validate(json.loads(doctor("-o", "json", *arguments).out), SCHEMA)


def test_json_has_all_that_was_found() -> None:
    whole = document(found(HOSTILE, of_class=(LATER,)), 2, only_fixes=False)
    jsonschema.validate(whole, SCHEMA)
    assert whole["counts"] == {"error": 1, "unknown": 0, "warning": 1, "ok": 0}
    assert whole["clusters"][0]["checks"][0]["children"][0]["fix"] == "aws eks x --y 'a|b'"
    assert len(document(found(HOSTILE), 2, only_fixes=True)["clusters"][0]["checks"][0]["children"]) == 1


def test_a_class_by_options_has_no_name() -> None:
    whole = document(found(of_class=(LATER,), name=""), 1, only_fixes=False)
    jsonschema.validate(whole, SCHEMA)
    assert whole["clusters"][0]["classes"][0]["name"] is None


def test_markdown_is_tables_whatever_the_texts_hold() -> None:
    assert markdown(found(HOSTILE, of_class=(LATER,)), verbose=True, only_fixes=False) == (
        "## prod (eu-west-1, 111122223333)\n\n"
        "| | check | found | fix |\n|---|---|---|---|\n"
        "| ✗ | profiles | 1 of 10<br>one \\| two |  |\n"
        "| ✗ | profiles → a | namespace sh\\*, a\\_b=�\\[31m\\<b\\>\\|\\`x\\`�\\# head | `aws eks x --y 'a\\|b'` |\n"
        "| ✓ | profiles → b | m |  |\n\n"
        "### class standard\n\n"
        "| | check | found | fix |\n|---|---|---|---|\n"
        "| ! | egress | m | run \\`this\\` \\& see |\n\n"
        "**1 error, 1 warning**"
    )


def test_markdown_of_what_is_to_be_mended_alone() -> None:
    only = markdown(found(HOSTILE, of_class=(Check("role", Level.OK, "m"),)), verbose=False, only_fixes=True)
    assert "class standard" not in only
    assert "→ b" not in only
    assert markdown(found(Check("role", Level.OK, "m")), verbose=False, only_fixes=True) == "**all is well**"


def test_a_command_with_backticks_is_code_all_the_same() -> None:
    assert "`` kubectl x `y` ``" in markdown(found(Check("c", Level.ERROR, "m", "kubectl x `y`")), verbose=False, only_fixes=False)


def test_a_tree(capsys: pytest.CaptureFixture[str]) -> None:
    assert text(found(HOSTILE, of_class=(LATER, Check("role", None, "m", details=("d",)))), capsys) == (
        "prod (eu-west-1, 111122223333)\n"
        "├─ ✗ profiles  1 of 10\n"
        "│  │ · one | two\n"
        "│  ├─ ✗ a  namespace sh*, a_b=�[31m<b>|`x`�# head\n"
        "│  │    fix: aws eks x --y 'a|b'\n"
        "│  └─ ✓ b  m\n"
        "└─ class standard\n"
        "   ├─ ! egress  m\n"
        "   │    fix: run `this` & see\n"
        "   └─ · role    m\n"
        "1 error, 1 warning\n"
    )


def test_details_of_what_is_well_are_for_who_asks(capsys: pytest.CaptureFixture[str]) -> None:
    well = found(Check("role", Level.OK, "m", details=("d",)))
    assert "· d" not in text(well, capsys)
    assert "     · d\n" in text(well, capsys, verbose=True)


def test_many_things_that_are_well_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    profiles = tuple(Check(f"p{number:03}", Level.OK, "m") for number in range(100))
    many = found(Check("profiles", Level.ERROR, "m", children=(*profiles, Check("zz", Level.ERROR, "m"))))
    shown = text(many, capsys)
    assert shown.count(" ✓ p") == 10
    assert "· and 90 more, which are well (-v shows them)" in shown
    assert "✗ zz" in shown
    assert text(many, capsys, verbose=True).count(" ✓ p") == 100


def test_only_what_is_to_be_mended(capsys: pytest.CaptureFixture[str]) -> None:
    assert "✓" not in text(found(HOSTILE, Check("role", Level.OK, "m")), capsys, only_fixes=True)
    assert text(found(Check("role", Level.OK, "m")), capsys, only_fixes=True) == "all is well\n"


def test_unknowns_are_counted_apart(capsys: pytest.CaptureFixture[str]) -> None:
    checks = [Check("c", level, "m", "f") for level in (Level.ERROR, Level.ERROR, Level.UNKNOWN, Level.UNKNOWN, Level.WARNING)]
    assert text(found(*checks), capsys).endswith("\n2 errors, 1 warning, 2 unknown\n")


@pytest.mark.parametrize(("terminal", "no_color", "coloured"), [(True, "", True), (True, "1", False), (False, "", False)])
def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch, terminal: bool, no_color: str, coloured: bool) -> None:  # noqa: FBT001
    class Out(io.TextIOWrapper):
        def isatty(self) -> bool:
            return terminal

    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", Out(io.BytesIO(), encoding="utf-8"))
    write_text(found(HOSTILE), verbose=False, only_fixes=False)
    sys.stdout.flush()
    written = sys.stdout.buffer.getvalue().decode()  # type: ignore[union-attr]
    assert ("\x1b[31m✗" in written) == coloured
    assert coloured or "\x1b" not in written


def test_a_terminal_without_our_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    open_streams()
    write_text(found(LATER, Check("c", None, "m"), Check("d", Level.UNKNOWN, "m")), verbose=False, only_fixes=False)
    sys.stdout.flush()
    written = sys.stdout.buffer.getvalue().decode()  # type: ignore[union-attr]
    assert written.splitlines()[1:4] == ["|- ! egress  m", "|    fix: run `this` & see", "|- - c       m"]
    assert "`- ? d       m" in written
