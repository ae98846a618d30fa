"""A test run that is killed leaves no program behind, and one that goes on loses none."""

import os
import select
import subprocess
import sys
import threading
from pathlib import Path

from support.programs import start
from support.waiting import LIMIT

TESTS = Path(__file__).parents[1]
# Says that it runs before its process id goes on to the test.
RUN = """
import subprocess, sys
from support.programs import start
program = start(["sh", "-c", "echo runs; exec sleep 600"], stdout=subprocess.PIPE)
assert program.stdout.readline() == b"runs\\n"
print(program.pid, flush=True)
sys.stdin.read()
"""


def test_programs_end_with_a_run_that_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(TESTS)}
    ) as run:
        assert run.stdout is not None
        program = os.pidfd_open(int(run.stdout.readline()))
        try:
            assert not _ended(program, 0)
            run.kill()
            assert _ended(program, LIMIT)
        finally:
            os.close(program)


def test_programs_outlive_the_thread_that_wanted_them() -> None:
    started = []

    def wanted() -> None:
        program = start(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert _echoed(program, b"one\n") == b"one\n"
        started.append(program)

    thread = threading.Thread(target=wanted)
    thread.start()
    thread.join()
    with started[0] as program:
        # A kill would come before the answer.
        assert _echoed(program, b"two\n") == b"two\n"


def _echoed(program: "subprocess.Popen[bytes]", line: bytes) -> bytes:
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(line)
    program.stdin.flush()
    return program.stdout.readline()


def _ended(program: int, limit: float) -> bool:
    return bool(select.select([program], [], [], limit)[0])
