"""What both programs share: no traceback, whatever becomes of their streams and whenever a signal comes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fargateclaims.cli.app import app
from support.waiting import LIMIT

ENTRIES = ("fargateclaims.__main__", "fargateclaims.cli.plugin.app")
SAYS = "from fargateclaims.cli.entry import enter; enter(lambda: print('✓ é └─ …'))"
# The first import of a module is where Ctrl-C comes.
INTERRUPTED = """
import os, signal, sys

class Interrupting:
    @staticmethod
    def find_spec(name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.{signal})

from {entry} import main
sys.meta_path.insert(0, Interrupting)
sys.argv = ["program", *{arguments!r}]
main()
"""


def run(script: str, redirections: str = "", **environment: str) -> tuple[int, str, str]:
    # Not unbuffered, as on many a build machine: what cannot be written is to be found at the end at the latest.
    environment = {**os.environ, "PYTHONUNBUFFERED": "", **environment}
    command = ["sh", "-c", f'exec "$0" -c "$1" {redirections}', sys.executable, script]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False, env=environment)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("entry", ENTRIES)
def test_nothing_is_loaded_before_signals_are_minded(entry: str) -> None:
    code, out, err = run(f"import sys; before = {{*sys.modules}}; import {entry}; print(*{{*sys.modules}} - before)")
    assert (code, err) == (0, "")
    assert {name for name in out.split() if name.partition(".")[0] not in sys.stdlib_module_names} == {
        "fargateclaims",
        "fargateclaims.cli",
        "fargateclaims.cli.entry",
        entry.rpartition(".")[0],
        entry,
    }


@pytest.mark.parametrize(
    ("entry", "arguments", "module", "ended_by"),
    [
        (ENTRIES[0], ["--version"], "typer", "SIGINT"),
        (ENTRIES[0], ["--version"], "typer", "SIGTERM"),
        (ENTRIES[0], ["doctor"], "yaml", "SIGINT"),
        (ENTRIES[1], ["--version"], "typer", "SIGINT"),
        (ENTRIES[1], ["size", "-f", "-"], "yaml", "SIGINT"),
    ],
)
def test_a_signal_while_it_loads_ends_it_without_a_word(entry: str, arguments: list[str], module: str, ended_by: str) -> None:
    script = INTERRUPTED.format(entry=entry, arguments=arguments, module=module, signal=ended_by)
    assert run(script) == (128 + signal.Signals[ended_by], "", "")


def test_what_runs_in_the_background_hears_of_no_ctrl_c() -> None:
    script = "import os, signal; from fargateclaims.cli.entry import enter; enter(lambda: os.kill(os.getpid(), signal.SIGINT))"
    assert run(f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); {script}") == (0, "", "")


def test_ctrl_c_after_an_event_loop_has_ended_is_no_traceback() -> None:
    script = """
import atexit, os, signal
from fargateclaims.cli.entry import enter
atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))
enter(lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
"""
    assert run(script) == (130, "", "")


@pytest.mark.parametrize(
    ("redirections", "reason"),
    [
        (">&-", "standard output is closed"),
        (">&- <&-", "standard output is closed"),
        pytest.param(">/dev/full", "No space left on device", marks=pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's")),
    ],
)
def test_a_lost_answer_is_told(redirections: str, reason: str) -> None:
    assert run(SAYS, redirections) == (74, "", f"error: the answer cannot be written: {reason}\n")
    assert run(SAYS, f"{redirections} 2>&-") == (74, "", "")


def test_who_has_read_enough_gets_no_word() -> None:
    assert run("print('x' * 100_000) or 1", "| true")[0] == 0  # the shell's own, of the last program
    assert run(f"{SAYS[:-1]} or [print('x' * 100_000) for _ in range(99)])", "| true")[2] == ""


@pytest.mark.parametrize(
    ("encoding", "written"),
    [("utf-8", "✓ é └─ …\n"), ("latin-1", "+ é `- ...\n"), ("ascii", "+ ? `- ...\n")],
)
def test_signs_that_an_encoding_lacks_are_plain(encoding: str, written: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAYS], capture_output=True, timeout=LIMIT, check=True, env={**os.environ, "PYTHONIOENCODING": encoding}
    )
    assert done.stdout.decode(encoding) == written
    assert done.stderr == b""


def test_a_bug_is_one_line_without_secrets() -> None:
    script = "from fargateclaims.cli.entry import enter\ndef broken():\n    raise ValueError('password=sesame\\n and more')\nenter(broken)"
    code, out, err = run(script)
    assert (code, out) == (70, "")
    assert err == (
        "error: this is a bug of fargateclaims, which its maintainers should hear of: "
        "ValueError in __main__, line 3: password=[redacted] and more\n"
    )


@pytest.mark.parametrize(
    ("ended", "code"), [("sys.exit(3)", 3), ("sys.exit()", 0), ("None", 0), ("(_ for _ in ()).throw(KeyboardInterrupt)", 130)]
)
def test_the_exit_code_is_the_programs(ended: str, code: int) -> None:
    assert run(f"import sys; from fargateclaims.cli.entry import enter; enter(lambda: {ended})") == (code, "", "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xb7", "is no YAML that can be read: 'utf-8' codec"),
        (b"a: [", "is no YAML that can be read: "),
        (b"[" * 9000, "maximum recursion"),
    ],
)
def test_simulate_kube_tells_manifests_that_are_none(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.yaml").write_bytes(content)
    result = CliRunner().invoke(app, ["simulate", "kube", "--crds", str(tmp_path)])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"a manifest in {tmp_path} is no YAML that can be read: ")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
