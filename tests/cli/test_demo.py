"""`fargateclaims demo` as a user runs it: a process, its output, its exit code, and what it leaves behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

# A busy machine may need minutes, and the story has limits of its own.
pytestmark = pytest.mark.timeout(600)
LIMIT = 300.0
PROGRAMS = ("simulate kube", "simulate eks", "simulate fargate", "run")


class RunningDemo:
    """A demo whose files are in `folder`, by which its processes are known, too. If it is piped, `output` has its errors alone."""

    def __init__(self, folder: Path, *options: str, piped: bool = False, **environment: str) -> None:
        self.folder = folder / "tmp"
        self.folder.mkdir()
        self._output = folder / "output"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fargateclaims", "demo", *options],
                stdout=subprocess.PIPE if piped else output,
                stderr=output if piped else subprocess.STDOUT,
                env={**os.environ, "TMPDIR": str(self.folder), **environment},
            )

    @property
    def output(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + LIMIT
        while not condition():
            # It may do both between two looks: what is waited for, and end.
            assert self.process.poll() is None or condition(), self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)  # what is waited for is in another process

    def exit_code(self) -> int:
        return self.process.wait(LIMIT)

    def children(self) -> dict[str, int]:
        """The programs that run now, as their process ids."""
        return {arguments: pid for pid, arguments in _processes_with(f"TMPDIR={self.folder}") if arguments.startswith(PROGRAMS)}


def _processes_with(variable: str) -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").iterdir():
        # Processes end while one looks, and have no arguments then.
        with suppress(OSError, ValueError):
            if folder.name.isdigit() and variable.encode() in (folder / "environ").read_bytes().split(b"\0"):
                arguments = (folder / "cmdline").read_bytes().decode().split("\0")
                yield int(folder.name), " ".join(arguments[arguments.index("fargateclaims") + 1 :]).strip()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningDemo]]:
    started: list[RunningDemo] = []

    def starting(*options: str, piped: bool = False, **environment: str) -> RunningDemo:
        started.append(RunningDemo(tmp_path, *options, piped=piped, **environment))
        return started[-1]

    yield starting
    for demo in started:
        for pid in (demo.process.pid, *demo.children().values()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        demo.process.wait(LIMIT)


def nothing_is_left(demo: RunningDemo) -> bool:
    return not demo.children() and not list(demo.folder.iterdir())


def test_the_story_holds_and_kept_running_it_ends_by_ctrl_c(start: Callable[..., RunningDemo]) -> None:
    # A shorter pace would leave a busy machine too little time between two of EKS's operations.
    demo = start(
        "--keep",
        "--seconds",
        "2",
        HTTPS_PROXY="http://127.0.0.1:1",
        HTTP_PROXY="http://127.0.0.1:1",
        AWS_PROFILE="none",
        FARGATECLAIMS_TYPO="1",
    )
    demo.until(lambda: "aws eks list-fargate-profiles" in demo.output)
    output = " ".join(demo.output.split())
    assert (
        "9 operations on 2 clusters (6 creates, 1 replacement, 2 deletes; 1 more by others), 0 refused because the cluster was busy"
        in output
    )
    found = re.search(r"prod (\d+\.\d) s of EKS's own time", output)
    assert found
    assert float(found[1]) >= 19  # eight operations of 2 s, and the one of someone else, which lasts until it has been noticed
    assert re.search(r"shop/search was edited: \S+-9998 was ACTIVE \d+\.\d\d s before \S+-9999 began to go, 0\.00 s without", output)
    move = r"deploy/search: 6 pods moved from shop-search-\S+-9999 to \S+-9998 in \d+\.\d s, never fewer than 5 ready \(budget: 5\)"
    assert re.search(move, output)
    assert "profile tf-batch (not made by a claim) is CREATING since" in output
    assert re.search(
        r"data/adhoc was refused once, and says why: EKS refuses the profile: Subnet subnet-\w+ .* is not a private subnet; correct", output
    )
    kubeconfig = re.search(r"export KUBECONFIG=(\S+)", output)
    assert kubeconfig
    assert Path(kubeconfig[1]).is_file()
    assert len(demo.children()) == len(PROGRAMS)
    demo.process.send_signal(signal.SIGINT)
    assert demo.exit_code() == 0, demo.output
    assert nothing_is_left(demo)
    assert "Traceback" not in demo.output


def test_ctrl_c_leaves_nothing_behind_however_impatient(start: Callable[..., RunningDemo]) -> None:
    demo = start()
    demo.until(lambda: "Creating" in demo.output)
    assert len(demo.children()) == len(PROGRAMS)
    demo.process.send_signal(signal.SIGINT)
    demo.until(lambda: len(demo.children()) < len(PROGRAMS))
    demo.process.send_signal(signal.SIGINT)
    assert demo.exit_code() == 130, demo.output
    assert nothing_is_left(demo)
    assert demo.output.endswith("\nstopped; nothing is left running\n")
    assert "Traceback" not in demo.output


def test_a_ctrl_c_when_all_is_over_comes_too_late() -> None:
    script = """
import atexit, os, signal
from fargateclaims.cli.app import app
from fargateclaims.cli.demonstration import performance

async def perform(*_args, **_options):
    return performance.EXIT_INTERRUPTED

performance.perform = perform
atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))
app(["demo"])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=LIMIT, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_program_that_dies_ends_the_demo(start: Callable[..., RunningDemo]) -> None:
    demo = start()
    demo.until(lambda: "run" in demo.children())
    os.kill(demo.children()["run"], signal.SIGKILL)
    assert demo.exit_code() == 1
    assert "\nthe demo failed: the operator has ended with -9" in demo.output
    assert nothing_is_left(demo)
    assert "Traceback" not in demo.output


def test_a_reader_who_leaves_ends_the_demo(start: Callable[..., RunningDemo]) -> None:
    demo = start(piped=True)
    pipe = demo.process.stdout
    assert pipe is not None
    with pipe:
        assert b"starting" in pipe.readline()
        assert b"the platform team" in pipe.readline()
    assert demo.exit_code() == 1
    assert nothing_is_left(demo)
    assert demo.output == ""


def test_without_the_extra_it_says_what_to_install(start: Callable[..., RunningDemo], tmp_path: Path) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "moto.py").write_text('raise ModuleNotFoundError("No module named moto", name="moto")\n')
    demo = start(PYTHONPATH=str(tmp_path / "hidden"))
    assert demo.exit_code() == 1
    assert "the demo failed: the simulated EKS has ended with 2" in demo.output
    assert "moto is not installed: the simulator needs pip install 'fargateclaims[simulator]'" in demo.output
    assert nothing_is_left(demo)
    assert "Traceback" not in demo.output
