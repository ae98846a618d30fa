"""`fargateclaims run` before it runs: every wrong setting in one go, never a traceback."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner, Result

from fargateclaims import __version__
from fargateclaims.cli.app import app
from fargateclaims.settings import Settings, flag
from support.waiting import LIMIT

ONLY_FOR_OTHERS = ("cel", "fargateclaims.cli.demonstration", "fargateclaims.simulator", "flask", "moto", "prompt_toolkit", "rich")
"""What the demo and the simulators load."""


def invoke(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env=dict(environment))


def loaded_by(*modules: str) -> set[str]:
    """The names of all modules that are there once these have been imported."""
    script = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=LIMIT, check=True)
    return set(done.stdout.split())


def test_the_version_is_said() -> None:
    assert invoke("--version").output.strip() == f"fargateclaims {__version__}"


def test_every_setting_is_a_flag() -> None:
    shown = invoke("run", "--help", COLUMNS="300", TERM="dumb").output
    assert [name for name in Settings.model_fields if flag(name) not in shown] == []


def test_valid_settings_are_confirmed() -> None:
    result = invoke("run", "--check", "--poll-min-seconds", "1")
    assert (result.exit_code, result.output.strip()) == (0, "the settings are valid")


def test_a_command_waits_for_nothing_that_only_the_operator_needs() -> None:
    heavy = ("aiohttp", "boto3", "botocore", "kopf", "kubernetes", "prometheus_client", "yaml")
    assert loaded_by("fargateclaims.cli.app") & {*heavy, *ONLY_FOR_OTHERS} == set()


def test_the_operator_waits_for_nothing_that_only_other_commands_need() -> None:
    loaded = loaded_by("fargateclaims.cli.app", "fargateclaims.process")
    assert loaded & {*ONLY_FOR_OTHERS} == set()
    # Of the client's some seven hundred models, kopf wants a few.
    assert len({name for name in loaded if name.startswith("kubernetes.") and ".models.v" in name}) < 10
    assert {name for name in loaded if name.startswith("kubernetes.") and ".client.api." in name} == set()


def test_all_wrong_settings_are_named_at_once() -> None:
    result = invoke("run", "--check", "--poll-min-seconds", "0", "--class-selector", "a in (", FARGATECLAIMS_MAX_ATTEMPTS="none")
    assert result.exit_code == 2
    for name in ("FARGATECLAIMS_POLL_MIN_SECONDS", "FARGATECLAIMS_CLASS_SELECTOR", "FARGATECLAIMS_MAX_ATTEMPTS"):
        assert name in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("variable", ["FARGATECLAIMS_POLL_MIN_SECOND", "FARGATECLAIMS_INSTALATION"])
def test_a_misspelt_variable_is_refused(variable: str) -> None:
    result = invoke("run", "--check", **{variable: "1"})
    assert result.exit_code == 2
    assert variable in result.output
    assert "did you mean" in result.output


def test_a_bug_is_logged_whole() -> None:
    script = """
import sys
from fargateclaims import process
from fargateclaims.__main__ import main

async def run(_self):
    raise KeyError("nobody foresaw this")

process.Process.run = run
sys.argv[1:] = ["run", "--log-format", "json"]
main()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=LIMIT, check=False)
    assert (done.returncode, done.stdout) == (70, "")
    line = json.loads(done.stderr)
    assert line["message"] == "a bug has ended the operator"
    assert line["exception"].endswith("KeyError: 'nobody foresaw this'")
