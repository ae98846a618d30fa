"""Starts the image's program as a container would: as the image's user, with the image's environment and nothing else.

``Isolation.USER`` needs no rights: where it is not root who runs the tests, the program keeps their user. ``Isolation.NAMESPACES``
makes it PID 1 as well, with no file system that it could write to, on machines that allow that.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Final

from support.image_build import USER, Image

LIMIT_S: Final = 120.0
_READ_ONLY: Final = 'mount --make-rprivate / && mount -o remount,bind,ro / && exec "$@"'
_UNSHARE: Final = ("unshare", "--pid", "--fork", "--kill-child", "--mount", "sh", "-c", _READ_ONLY, "sh")
_AS_USER: Final = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs")


class Isolation(Enum):
    """How much of a container there is."""

    USER = "user"
    NAMESPACES = "namespaces"


@cache
def has_namespaces() -> bool:
    """Whether this machine allows `Isolation.NAMESPACES`."""
    if os.getuid() or not all(map(shutil.which, ("unshare", "setpriv", "mount"))):
        return False
    return not subprocess.run([*_UNSHARE, *_AS_USER, "true"], check=False, capture_output=True).returncode


class Container:
    """A program that runs. `output` is what it has printed so far."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path, isolation: Isolation, name: str) -> None:
        self._process = process
        self._name = name
        self._log = log
        self._isolation = isolation

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8")

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def code(self) -> int:
        """How it ended; waits for that. Raises TimeoutExpired."""
        return self._process.wait(LIMIT_S)

    @property
    def pid(self) -> int | None:
        """The program's process, as it is known outside; None as long as its namespaces are still being prepared."""
        own = self._process.pid
        if self._isolation is Isolation.USER:
            return own
        children = Path(f"/proc/{own}/task/{own}/children").read_text(encoding="ascii").split()
        return next((int(child) for child in children if Path(f"/proc/{child}/comm").read_text().strip() == self._name), None)

    def catches(self, number: int) -> bool:
        """Whether the program has a handler for a signal."""
        pid = self.pid
        if pid is None:
            return False
        found = re.search(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(encoding="ascii"), re.MULTILINE)
        return found is not None and bool(int(found[1], 16) & 1 << (number - 1))

    def signal(self, number: int) -> None:
        """Send a signal, as the kubelet does."""
        assert not self.ended, self.output
        pid = self.pid
        assert pid is not None
        os.kill(pid, number)

    def kill(self) -> None:
        if not self.ended:
            self._process.kill()
        self._process.wait(LIMIT_S)


@contextmanager
def container(
    image: Image, *arguments: str, log: Path, isolation: Isolation = Isolation.USER, environment: Mapping[str, str] | None = None
) -> Iterator[Container]:
    """Start the image's entry point with `arguments`, else with its command, until the end of the with block.

    :param log: where its output is kept.
    :param environment: variables beside the image's own.
    """
    program = [*image.entrypoint, *(arguments or image.command)]
    if isolation is Isolation.NAMESPACES:
        program, user = [*_UNSHARE, *_AS_USER, *program], None
    else:
        user = None if os.getuid() else USER
    with log.open("wb") as output:
        process = subprocess.Popen(
            program,
            env={**image.environment, **(environment or {})},
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    started = Container(process, log, isolation, Path(image.entrypoint[0]).name)
    try:
        yield started
    finally:
        started.kill()
