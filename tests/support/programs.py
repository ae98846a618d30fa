"""Programs that tests start: none of them outlives the test run, not even one that is killed."""

import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Final

_DIES_WITH_US: Final = ("setpriv", "--pdeathsig", "KILL", "--")
# The kernel takes the end of the thread that started a program for the parent's: a thread that lives as long as the tests starts all.
_STARTER: Final = ThreadPoolExecutor(1, "programs")


def start(
    command: Sequence[str | Path],
    *,
    stdin: int | None = subprocess.DEVNULL,
    stdout: IO[bytes] | IO[str] | int | None = None,
    stderr: IO[bytes] | IO[str] | int | None = None,
    env: Mapping[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a program, which the kernel kills when this process ends, however it ends; the rest is as with `subprocess.Popen`.

    What is no program is told by setpriv, on the program's stderr, with exit code 127.
    """
    tied = [*_DIES_WITH_US, *map(str, command)]
    return _STARTER.submit(subprocess.Popen, tied, stdin=stdin, stdout=stdout, stderr=stderr, env=env).result()
