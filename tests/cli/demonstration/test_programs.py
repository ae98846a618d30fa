"""The demo's own hand on `kubectl fargate`. The other programs are seen in `test_demo.py`."""

import asyncio
import os
from pathlib import Path

import pytest
from aiohttp import web

from fargateclaims.cli.demonstration import manifests
from fargateclaims.cli.demonstration.errors import DemoError
from fargateclaims.cli.demonstration.programs import kubectl_fargate
from fargateclaims.simulator.kube.kubeconfig import write_kubeconfig
from fargateclaims.simulator.kube.server import Settings, read_manifests
from support.kube_server import running_kube_server
from support.scripted_server import answer, scripted_server
from support.waiting import LIMIT, until


async def test_what_it_refuses_is_told_in_its_own_words(tmp_path: Path) -> None:
    with running_kube_server(tmp_path, Settings(objects=read_manifests(manifests.crds()))) as kube:
        with pytest.raises(DemoError) as refused:
            await kubectl_fargate("reschedule", "none", "-n", "shop", "--yes", kubeconfig=kube.kubeconfig)
        await kubectl_fargate("explain", "--help", kubeconfig=kube.kubeconfig)
    first, *said = str(refused.value).splitlines()
    assert first == "kubectl fargate reschedule none -n shop --yes has ended with 1; the last it said:"
    assert [line for line in said if "error: " in line]


async def test_it_does_not_outlive_the_demo(tmp_path: Path) -> None:
    over = asyncio.Event()

    async def silence(_request: web.Request) -> web.StreamResponse:
        await over.wait()
        return answer({})

    async with scripted_server() as silent:
        silent.will(silence)
        write_kubeconfig(tmp_path / "kubeconfig", silent.url)
        asking = asyncio.ensure_future(kubectl_fargate("reschedule", "none", "-n", "shop", "--yes", kubeconfig=tmp_path / "kubeconfig"))
        async with asyncio.timeout(LIMIT):
            await until(lambda: silent.asked)
            assert _running(tmp_path)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
        assert not _running(tmp_path)
        over.set()


def _running(folder: Path) -> list[str]:
    """The processes that have this folder among their arguments."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                arguments = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if f"{folder}/kubeconfig".encode() in arguments:
                found.append(process.name)
    return found
