"""docs/kubectl-plugin.md shows what is really printed."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from support.kube_server import RunningKube
from support.plugin import Plugin, claim, on_fargate, owned_by, pod, pods_of, said_about

PAGE = (Path(__file__).parents[3] / "docs" / "kubectl-plugin.md").read_text(encoding="utf-8")
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^```yaml\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PIN = "eks.amazonaws.com/fargate-profile"


def of(kind: str, version: str, name: str) -> dict[str, Any]:
    """A workload that nobody looks after, so that its pods have the names that the page has."""
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "app", "image": "app"}]}}
    spec: dict[str, Any] = {"serviceName": name, "selector": {"matchLabels": {"app": name}}, "template": template}
    spec = spec if kind == "StatefulSet" else {"suspend": True, "template": template}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


@pytest.fixture
def shop(kube: RunningKube) -> RunningKube:
    """The cluster that the page speaks of."""
    kube.admin.load([of("StatefulSet", "apps/v1", "checkout"), of("Job", "batch/v1", "import")])
    checkout = owned_by(kube, "/apis/apps/v1/namespaces/shop/statefulsets/checkout")
    job = owned_by(kube, "/apis/batch/v1/namespaces/shop/jobs/import")
    kube.admin.load(
        [
            claim("checkout", {"labels": {"app": "checkout"}}),
            claim("batch", {"labels": {"app": "batch"}}),
            claim("search", {"labels": {"app": "search"}}, state=""),
            pod("web-7f", labels={"app": "web"}),
            pod("checkout-0", labels={"app": "checkout"}, metadata=checkout),
            pod("checkout-1", labels={"app": "checkout"}, metadata=checkout),
            pod("debug", labels={"app": "checkout"}),
            pod("batch-1", labels={"app": "batch", PIN: "shop-batch-9999"}, spec={"schedulerName": "fargate-scheduler"}),
            on_fargate("api-0", "1vCPU 3GB", resources={"requests": {"cpu": "600m", "memory": "2Gi"}}),
            on_fargate("import-1", "0.25vCPU 0.5GB", metadata=job, phase="Succeeded"),
        ]
    )
    message = "Pod not supported on Fargate: invalid SecurityContext fields: Privileged, port contains HostIP or HostPort"
    kube.admin.load([said_about(pods_of(kube)["batch-1"], message)])
    return kube


def test_what_the_page_shows_is_what_is_printed(shop: RunningKube, plugin: Plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILE.findall(PAGE):
        (tmp_path / name).write_text(text)
    shown = CONSOLE.findall(PAGE)
    assert len(shown) == 9
    for block in shown:
        printed = ""
        for command in re.findall(r"^\$ kubectl fargate (.*)$", block, re.MULTILINE):
            ran = plugin(*shlex.split(command))
            printed += f"$ kubectl fargate {command}\n{ran.out}{ran.err}"
        assert printed == block
