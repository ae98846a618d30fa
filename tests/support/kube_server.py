"""Embedded Kubernetes API servers for tests.

``running_kube_server()`` runs one in a thread with an event loop of its own: quick to start, and whatever the test's loop does
it goes on answering. ``kube_server_process()`` runs one in a process of its own, for benchmarks and for tests that stop it.
Both give a `RunningKube`.
"""

import asyncio
import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fargateclaims.simulator.kube.client import KubeAdmin
from fargateclaims.simulator.kube.kubeconfig import write_kubeconfig
from fargateclaims.simulator.kube.server import KubeServer, Settings
from support.programs import start
from support.waiting import LIMIT


@dataclass(frozen=True)
class RunningKube:
    """A server that answers: its URL, its admin client, and a kubeconfig for it."""

    url: str
    admin: KubeAdmin
    kubeconfig: Path


@contextlib.contextmanager
def running_kube_server(folder: Path, settings: Settings | None = None) -> Iterator[RunningKube]:
    """A server in a thread, until the end of the with block. The kubeconfig goes into `folder`."""
    server = KubeServer(settings)
    started = threading.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        await server.start()
        started.set()
        await stopping.wait()
        await server.stop()

    stopping = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), name="kube-simulator", daemon=True)
    thread.start()
    try:
        if not started.wait(LIMIT):
            raise TimeoutError("the embedded API server did not start")
        yield _running(server.url, folder)
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(LIMIT)
        loop.close()


@contextlib.contextmanager
def kube_server_process(folder: Path, *options: str) -> Iterator[RunningKube]:
    """A server in a process of its own (with `options` of ``fargateclaims simulate kube``), until the end of the with block."""
    script = "import typer; from fargateclaims.cli.simulate_kube import simulate_kube; typer.run(simulate_kube)"
    process = start([sys.executable, "-c", script, *options], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        if not line.startswith("Kubernetes API: "):
            raise RuntimeError(f"the API server did not start: {line!r}")
        yield _running(line.removeprefix("Kubernetes API: ").strip(), folder)
    finally:
        process.terminate()
        code = process.wait(LIMIT)
        if process.stdout is not None:
            process.stdout.close()
        assert code == 0, f"the API server ended with {code}"


def _running(url: str, folder: Path) -> RunningKube:
    kubeconfig = folder / "kubeconfig"
    write_kubeconfig(kubeconfig, url)
    return RunningKube(url, KubeAdmin(url), kubeconfig)
