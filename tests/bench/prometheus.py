"""A real Prometheus on loopback that scrapes one operator, for as long as its `with` block lasts."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SCRAPE_SECONDS = 1
START_LIMIT = 60.0


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus."""

    url: str

    def query(self, expression: str, at: float) -> list[dict[str, Any]]:
        """What an instant query gives, as a list of series with `metric` and one sample in `value`."""
        return self._ask("query", query=expression, time=at)

    def query_range(self, expression: str, start: float, end: float, step: float) -> list[dict[str, Any]]:
        """What a range query gives, as a list of series with `metric` and `values`."""
        return self._ask("query_range", query=expression, start=start, end=end, step=step)

    def _ask(self, what: str, **parameters: Any) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(parameters)}", timeout=60) as response:
            return list(json.load(response)["data"]["result"])


def find() -> str | None:
    """The program's path: that of the variable PROMETHEUS, else the one that is installed; None if there is none."""
    return os.environ.get("PROMETHEUS") or shutil.which("prometheus")


@contextmanager
def prometheus(program: str, folder: Path, target: str) -> Iterator[Prometheus]:
    """Start it with an empty store in `folder`; `target` is host:port of what has `/metrics`."""
    configuration = {
        "global": {"scrape_interval": f"{SCRAPE_SECONDS}s", "scrape_timeout": f"{SCRAPE_SECONDS}s"},
        "scrape_configs": [
            {"job_name": "fargateclaims", "static_configs": [{"targets": [target], "labels": {"namespace": "fargateclaims"}}]}
        ],
    }
    file = folder / "prometheus.yaml"
    file.write_text(yaml.safe_dump(configuration), encoding="utf-8")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    command = [program, f"--config.file={file}", f"--storage.tsdb.path={folder / 'samples'}", f"--web.listen-address={address}"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait(f"http://{address}/-/ready", process)
            yield Prometheus(f"http://{address}")
        finally:
            process.terminate()
            process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_LIMIT
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.2)
