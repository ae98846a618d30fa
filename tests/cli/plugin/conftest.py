"""The plugin in this process, on an embedded API server, at half past eleven."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fargateclaims.cli.plugin import session
from fargateclaims.cli.plugin.commands import app
from fargateclaims.cli.plugin.errors import guarded
from fargateclaims.clock import SystemClock
from fargateclaims.kube import client as requests
from fargateclaims.simulator.kube.server import Settings, read_manifests
from support.kube_server import RunningKube, running_kube_server
from support.plugin import Plugin, Ran
from support.waiting import NEVER

CRDS = Path(__file__).parents[3] / "crds"
MADE = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
"""When the API server makes everything. Claims' profiles are ACTIVE from eleven on, if nothing else is said."""
NOW = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)


class _AtHalfPastEleven(SystemClock):
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def plugin(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Plugin:
    """The plugin without a cluster, for a person whose home is empty."""
    monkeypatch.setattr(requests, "KUBE_CONNECT_TIMEOUT", NEVER)
    monkeypatch.setattr(session, "SystemClock", _AtHalfPastEleven)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("KUBECONFIG", "AWS_REGION", "AWS_DEFAULT_REGION", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, stdin: str = "") -> Ran:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        try:
            code = guarded(lambda: app(list(arguments), prog_name="kubectl fargate"))
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run


@pytest.fixture
def kube(tmp_path: Path, plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningKube]:
    """A cluster that knows the kinds of the API, and that the person's kubeconfig leads to."""
    with running_kube_server(tmp_path, Settings(objects=read_manifests(CRDS), clock=lambda: MADE)) as running:
        monkeypatch.setenv("KUBECONFIG", str(running.kubeconfig))
        running.admin.load({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("shop", "data"))
        yield running
