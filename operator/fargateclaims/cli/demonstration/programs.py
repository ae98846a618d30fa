"""The programs of the demo: each a process of its own."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Self

from fargateclaims.cli.demonstration.errors import DemoError

# The EKS simulator imports moto, which takes seconds, and on a machine that is busy many.
START_LIMIT: Final = 120.0
# The operator waits for a call to AWS that is under way, 10 s at most.
STOP_LIMIT: Final = 15.0
_LOOK_AGAIN: Final = 0.05
_LAST_LINES: Final = 5
# What a user has set for real clusters must not reach the programs here, nor a proxy come between them.
_NOT_OURS: Final = re.compile(r"AWS_.*|BOTO_.*|FARGATECLAIMS_.*|KUBECONFIG|(https?|all|no)_proxy", re.IGNORECASE)


class Program:
    """``fargateclaims`` with some arguments, running, with its output in a file. `name` is for people, such as "the operator"."""

    def __init__(self, name: str, log: Path, process: subprocess.Popen[bytes]) -> None:
        self.name = name
        self.log = log
        self._process = process

    @classmethod
    def start(cls, name: str, log: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Self:
        """Start it, in a session of its own: the terminal's Ctrl-C goes to the demo, which stops its programs in order."""
        # -P: a file of the folder that the demo happens to run in must not be taken for a module.
        command = [sys.executable, "-P", "-m", "fargateclaims", *arguments]
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own program
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**_surroundings(), **(environment or {})},
                start_new_session=True,
            )
        return cls(name, log, process)

    async def said(self, beginning: str) -> str:
        """The rest of the line of its output that begins so, as soon as it is there. DemoError if it ends or is too slow."""
        for _ in range(int(START_LIMIT / _LOOK_AGAIN)):
            for line in self._lines(complete_only=True):
                if line.startswith(beginning):
                    return line.removeprefix(beginning).strip()
            self.check()
            await asyncio.sleep(_LOOK_AGAIN)
        raise DemoError(f"{self.name} was not ready within {START_LIMIT:.0f} s{self._last_words()}")

    async def ended(self) -> None:
        """Wait until it ends by itself, and raise DemoError then."""
        while True:
            self.check()
            await asyncio.sleep(_LOOK_AGAIN)

    def check(self) -> None:
        """DemoError, with the last it said, if it has ended."""
        code = self._process.poll()
        if code is not None:
            raise DemoError(f"{self.name} has ended with {code}{self._last_words()}")

    async def stop(self) -> None:
        """Ask it to stop, and kill it if it does not."""
        if self._process.poll() is None:
            self._process.terminate()
        for _ in range(int(STOP_LIMIT / _LOOK_AGAIN)):
            if self._process.poll() is not None:
                return
            await asyncio.sleep(_LOOK_AGAIN)
        self._process.kill()
        await asyncio.to_thread(self._process.wait)

    def _lines(self, *, complete_only: bool = False) -> list[str]:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        return [line.rstrip("\n") for line in lines if line.endswith("\n") or not complete_only]

    def _last_words(self) -> str:
        return _last_of(self._lines())


async def kubectl_fargate(*arguments: str, kubeconfig: Path) -> None:
    """Run `kubectl fargate`, as a person does. Raises DemoError, with the last it said, if it fails."""
    # Not by the name of the script, which need not be on the PATH.
    command = [sys.executable, "-P", "-c", "from fargateclaims.cli.plugin.app import main; main()", *arguments]
    process = await asyncio.create_subprocess_exec(
        *command,
        *("--kubeconfig", str(kubeconfig)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_surroundings(),
        start_new_session=True,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        said = _last_of(output.decode(errors="replace").splitlines())
        raise DemoError(f"kubectl fargate {' '.join(arguments)} has ended with {process.returncode}{said}")


def _last_of(lines: Iterable[str]) -> str:
    last = [line for line in lines if line.strip()][-_LAST_LINES:]
    return "; the last it said:\n" + "\n".join(f"  {line}" for line in last) if last else ", without a word"


def _surroundings() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not _NOT_OURS.fullmatch(name)}
    # AWS's own configuration files, which may name another endpoint or account, are not read either.
    return {**kept, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
