"""`fargateclaims run` before it runs: every wrong setting in one go, never a traceback."""

import pytest
from typer.testing import CliRunner, Result

from fargateclaims import __version__
from fargateclaims.cli.app import app
from fargateclaims.settings import Settings, flag


def invoke(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env=dict(environment))


def test_the_version_is_said() -> None:
    assert invoke("--version").output.strip() == f"fargateclaims {__version__}"


def test_every_setting_is_a_flag() -> None:
    shown = invoke("run", "--help", COLUMNS="300", TERM="dumb").output
    assert [name for name in Settings.model_fields if flag(name) not in shown] == []


def test_valid_settings_are_confirmed() -> None:
    result = invoke("run", "--check", "--poll-min-seconds", "1")
    assert (result.exit_code, result.output.strip()) == (0, "the settings are valid")


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
