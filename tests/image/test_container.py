"""What was built by the Dockerfile's steps, run as a container runs it: no rights, nothing to write to, no variables, no home."""

import json
import os
import signal
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from fargateclaims import __version__
from fargateclaims.api.crd import render_crds
from fargateclaims.simulator.kube.kubeconfig import write_kubeconfig
from support.container import Isolation, container, has_namespaces
from support.image_build import USER, Image
from support.kube_server import running_kube_server
from support.waiting import NEVER, until

# A slow machine may need minutes to build the image, before the first test of each worker.
pytestmark = pytest.mark.timeout(600)

NAMESPACES = pytest.param(
    Isolation.NAMESPACES, id="PID 1", marks=pytest.mark.skipif(not has_namespaces(), reason="needs the rights to make namespaces")
)
ISOLATIONS = pytest.mark.parametrize("isolation", [pytest.param(Isolation.USER, id="user"), NAMESPACES])


def strictest() -> Isolation:
    return Isolation.NAMESPACES if has_namespaces() else Isolation.USER


def run(image: Image, *arguments: str, log: Path, isolation: Isolation, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    with container(image, *arguments, log=log, isolation=isolation, environment=environment) as started:
        return started.code, started.output


def files(image: Image) -> dict[Path, tuple[int, int]]:
    """All that is there, with size and time of the last change."""
    return {path: (found.st_size, found.st_mtime_ns) for path in image.root.rglob("*") for found in [path.lstat()]}


def lease(url: str) -> Any:
    with urllib.request.urlopen(f"{url}/apis/coordination.k8s.io/v1/namespaces/default/leases/fargateclaims") as answer:
        return json.load(answer)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "output"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that the image's user can read, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_it_says_its_version(image: Image, log: Path) -> None:
    assert run(image, "--version", log=log, isolation=Isolation.USER) == (0, f"fargateclaims {__version__}\n")


@ISOLATIONS
def test_it_checks_its_settings(image: Image, log: Path, isolation: Isolation) -> None:
    before = files(image)
    assert run(image, "run", "--check", log=log, isolation=isolation) == (0, "the settings are valid\n")
    assert files(image) == before


def test_its_user_can_write_nothing(image: Image) -> None:
    assert [path for path in image.root.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o222] == []
    if not os.getuid():
        ours = f"import os; print(os.getuid(), os.access('{image.home}', os.W_OK))"
        done = subprocess.run(
            [image.home / "bin/python", "-c", ours], user=USER, group=USER, extra_groups=[], check=False, capture_output=True, text=True
        )
        assert done.stdout == f"{USER} False\n", done.stderr


@pytest.mark.parametrize("isolation", [NAMESPACES])
async def test_sigterm_ends_it_while_it_loads(image: Image, log: Path, open_folder: Path, isolation: Isolation) -> None:
    # What its command line is made of takes for ever to load.
    (open_folder / "typer.py").write_text(f"import time\ntime.sleep({NEVER})\n", encoding="utf-8")
    with container(image, log=log, isolation=isolation, environment={"PYTHONPATH": str(open_folder)}) as operator:
        await until(lambda: operator.ended or operator.catches(signal.SIGTERM))
        operator.signal(signal.SIGTERM)
        assert operator.code == 128 + signal.SIGTERM, operator.output


async def test_sigterm_ends_it_while_kubernetes_does_not_answer(image: Image, log: Path, open_folder: Path) -> None:
    kubeconfig = open_folder / "kubeconfig"
    write_kubeconfig(kubeconfig, "http://127.0.0.1:1")
    kubeconfig.chmod(0o644)
    settings = {"KUBECONFIG": str(kubeconfig), "FARGATECLAIMS_HTTP_ADDRESS": "127.0.0.1:0"}
    with container(image, log=log, isolation=strictest(), environment=settings) as operator:
        await until(lambda: operator.ended or "does not answer yet" in operator.output)
        operator.signal(signal.SIGTERM)
        assert operator.code == 0, operator.output
    assert "Traceback" not in operator.output


@ISOLATIONS
async def test_sigterm_ends_the_leader_and_gives_the_lease_back(image: Image, log: Path, open_folder: Path, isolation: Isolation) -> None:
    before = files(image)
    with running_kube_server(open_folder) as kube:
        kube.admin.load([yaml.safe_load(text) for text in render_crds().values()])
        kube.kubeconfig.chmod(0o644)
        settings = {"KUBECONFIG": str(kube.kubeconfig), "FARGATECLAIMS_HTTP_ADDRESS": "127.0.0.1:0"}
        with container(image, log=log, isolation=isolation, environment=settings) as operator:
            await until(lambda: operator.ended or kube.admin.count(verb="watch", resource="fargateprofileclaims"))
            operator.signal(signal.SIGTERM)
            assert operator.code == 0, operator.output
        assert not lease(kube.url)["spec"].get("holderIdentity")
    assert "stopping: asked to stop" in operator.output
    assert files(image) == before
