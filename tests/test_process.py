"""The operator as a process, when one of its own parts fails. How it stops otherwise is in `faults/test_process.py`."""

import asyncio
import logging
import re
import signal
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import yaml

from fargateclaims.api.crd import render_crds
from fargateclaims.engine import leadership
from fargateclaims.engine.supervisor import Supervisor
from fargateclaims.process import Process
from fargateclaims.settings import Settings
from support.kopf_thread import kopf_has_ended
from support.kube_server import RunningKube, running_kube_server
from support.waiting import LIMIT, NEVER, until


@pytest.fixture(autouse=True)
async def _alone(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """A slow machine costs no leadership, and nothing of kopf outlives the test."""
    for name in ("LEASE_DURATION", "LEASE_RENEW_DEADLINE", "LEASE_REQUEST_TIMEOUT"):
        monkeypatch.setattr(leadership, name, NEVER)
    yield
    await kopf_has_ended()


@pytest.fixture
def kube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningKube]:
    with running_kube_server(tmp_path) as running:
        running.admin.load([yaml.safe_load(text) for text in render_crds().values()])
        monkeypatch.setenv("KUBECONFIG", str(running.kubeconfig))
        yield running


def readiness(url: str) -> str:
    """What `/readyz` says; it comes from a thread of its own, so the loop may wait for it."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=LIMIT) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()


@pytest.mark.usefixtures("kube")
async def test_the_end_of_the_lists_ends_the_process(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    async def dies(_supervisor: Supervisor) -> None:
        raise ZeroDivisionError("a fault of our own")

    monkeypatch.setattr(Supervisor, "run", dies)
    async with asyncio.timeout(LIMIT):
        assert await Process(Settings(http_address="127.0.0.1:0", lease_namespace="default")).run() == 1
    assert "stopping: the LISTs have ended" in caplog.text
    assert "ZeroDivisionError: a fault of our own" in caplog.text


async def test_a_leader_is_not_ready_before_it_has_listed(
    kube: RunningKube, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def hangs(_supervisor: Supervisor) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Supervisor, "run", hangs)
    caplog.set_level(logging.INFO)
    running = asyncio.ensure_future(Process(Settings(http_address="127.0.0.1:0", lease_namespace="default")).run())
    try:
        await until(lambda: "this replica leads now" in caplog.text)
        (url,) = re.findall(r"served on (\S+)", caplog.text)
        await until(lambda: "[-] listed: the objects have not been listed yet" in readiness(url))
        assert readiness(url).splitlines()[:2] == ["[+] stopping: ok", "[+] lease: ok"]
        # A stop while kopf is still connecting is another matter.
        await until(lambda: len({each["resource"] for each in kube.admin.ledger(verb="watch")}) >= 2)
    finally:
        signal.raise_signal(signal.SIGTERM)
        async with asyncio.timeout(LIMIT):
            assert await running == 0
