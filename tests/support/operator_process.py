"""`fargateclaims run` as a process of its own, with delays of a test's size: for signals, exit codes, the Lease, and what it prints."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from support.engine_in_process import FAST

STOP_LIMIT: Final = 30.0
"""Kubernetes' own grace period: who needs longer is killed."""


class OperatorProcess:
    """One life of the operator. `stderr` is what it has printed so far."""

    def __init__(self, folder: Path, environment: Mapping[str, str | None], settings: Mapping[str, Any]) -> None:
        self._log = folder / f"operator-{len(list(folder.glob('operator-*')))}.log"
        given = {**FAST, "http_address": "127.0.0.1:0", "log_format": "json", **settings}
        variables = {f"FARGATECLAIMS_{name.upper()}": str(value) for name, value in given.items()}
        inherited = {name: value for name, value in os.environ.items() if environment.get(name, value) is not None}
        every = {**inherited, **variables, **{name: value for name, value in environment.items() if value is not None}}
        with self._log.open("w") as log:
            self._process = subprocess.Popen([sys.executable, "-m", "fargateclaims", "run"], env=every, stderr=log, stdout=log)

    @property
    def stderr(self) -> str:
        return self._log.read_text()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def code(self) -> int:
        """How it ended; waits for that."""
        return self._process.wait(STOP_LIMIT)

    def terminate(self) -> None:
        """What the kubelet sends first."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        if not self.ended:
            self._process.kill()
        self._process.wait(STOP_LIMIT)


@contextmanager
def operator_process(folder: Path, environment: Mapping[str, str | None] | None = None, **settings: Any) -> Iterator[OperatorProcess]:
    """Run the operator until the end of the with block, where it is killed if it still runs.

    :param environment: variables beside the test's own; None takes one away.
    :param settings: by their names, beside those of `FAST`.
    """
    process = OperatorProcess(folder, environment or {}, settings)
    try:
        yield process
    finally:
        process.kill()
