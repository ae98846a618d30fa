"""The operator as a process, when one of its own parts fails. How it stops otherwise is in `faults/test_process.py`."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from fargateclaims.api.crd import render_crds
from fargateclaims.engine.supervisor import Supervisor
from fargateclaims.process import Process
from fargateclaims.settings import Settings
from support.kube_server import RunningKube, running_kube_server

LIMIT = 30.0


@pytest.fixture
def kube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningKube]:
    with running_kube_server(tmp_path) as running:
        running.admin.load([yaml.safe_load(text) for text in render_crds().values()])
        monkeypatch.setenv("KUBECONFIG", str(running.kubeconfig))
        yield running


@pytest.mark.usefixtures("kube")
async def test_the_end_of_the_lists_ends_the_process(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    async def dies(_supervisor: Supervisor) -> None:
        raise ZeroDivisionError("a fault of our own")

    monkeypatch.setattr(Supervisor, "run", dies)
    async with asyncio.timeout(LIMIT):
        assert await Process(Settings(http_address="127.0.0.1:0", lease_namespace="default")).run() == 1
    assert "stopping: the LISTs have ended" in caplog.text
    assert "ZeroDivisionError: a fault of our own" in caplog.text
