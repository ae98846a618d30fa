"""`fargateclaims run` as a process of its own, with delays of a test's size: for signals, exit codes, the Lease, and what it prints."""

import json
import os
import re
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from support.engine_in_process import FAST
from support.programs import start
from support.waiting import until

STOP_LIMIT: Final = 30.0
"""Kubernetes' own grace period: who needs longer is killed."""

# What a user has set for an operator of their own must not reach this one, nor a proxy come between it and the tests' servers.
_NOT_OURS: Final = re.compile(r"FARGATECLAIMS_.*|(https?|all|no)_proxy", re.IGNORECASE)
_SERVED: Final = re.compile(r"served on (http://[^\s\",]+)")
_TURNS: Final = re.compile(r"^fargateclaims_pass_duration_seconds_count (\S+)$", re.MULTILINE)


class OperatorProcess:
    """One life of the operator. `stderr` is what it has printed so far."""

    def __init__(self, folder: Path, environment: Mapping[str, str | None], settings: Mapping[str, Any]) -> None:
        self._log = folder / f"operator-{len(list(folder.glob('operator-*')))}.log"
        given = {**FAST, "http_address": "127.0.0.1:0", "log_format": "json", **settings}
        variables = {f"FARGATECLAIMS_{name.upper()}": str(value) for name, value in given.items()}
        inherited = {name: value for name, value in os.environ.items() if not _NOT_OURS.fullmatch(name)}
        every = {name: value for name, value in {**inherited, **variables, **environment}.items() if value is not None}
        with self._log.open("w") as log:
            self._process = start([sys.executable, "-m", "fargateclaims", "run"], env=every, stdout=log, stderr=log)

    @property
    def stderr(self) -> str:
        return self._log.read_text()

    @property
    def last_message(self) -> str:
        """What the last line of its log says. Raises ValueError if that is no JSON."""
        message: str = json.loads(self.stderr.splitlines()[-1])["message"]
        return message

    def said_at(self, words: str) -> str:
        """When its log first has these words, as a time in UTC that sorts. Raises StopIteration if it has them nowhere."""
        time: str = next(json.loads(line)["time"] for line in self.stderr.splitlines() if words in line)
        return time

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def code(self) -> int:
        """How it ended; waits for that."""
        return self._process.wait(STOP_LIMIT)

    @property
    def url(self) -> str:
        """Where its probes and metrics are; empty while it has not said so."""
        found = _SERVED.search(self.stderr)
        return found[1] if found else ""

    def ask(self, path: str) -> tuple[int, str]:
        """Status and text of one of its own pages, such as `/healthz`."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=STOP_LIMIT) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def turns(self) -> float:
        """Changes whenever a worker has made another turn."""
        found = _TURNS.search(self.ask("/metrics")[1])
        return float(found[1]) if found else 0.0

    def signal(self, number: signal.Signals) -> None:
        """Send any signal."""
        self._process.send_signal(number)

    def terminate(self) -> None:
        """What the kubelet sends first."""
        self._process.send_signal(signal.SIGTERM)

    async def stop(self) -> None:
        """Ask it to stop, and see that it ends as it should."""
        self.terminate()
        await until(lambda: self.ended)
        assert self.code == 0, self.stderr
        assert "Traceback" not in self.stderr, self.stderr

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
