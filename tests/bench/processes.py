"""The processes of a benchmark: both simulators, and the operator that is measured. All on loopback, all ended with their `with` block."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fargateclaims.api.group import API_VERSION, CLAIM_KIND, CLAIM_PLURAL, CLASS_KIND, GROUP, VERSION
from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS
from fargateclaims.simulator.kube.kubeconfig import write_kubeconfig
from support.eks_server import eks_server
from support.kube_server import RunningKube, kube_server_process

CRDS = Path(__file__).resolve().parents[2] / "crds"
NAMESPACE = "shop"
START_LIMIT = 120.0
STOP_LIMIT = 30.0
SETTLE_SECONDS = 2.0
"""How long the operator waits before its first change: only its start is shorter by that."""
Object = dict[str, Any]


@dataclass(frozen=True)
class World:
    """Both APIs, and a folder for files."""

    kube: RunningKube
    eks: SimulatedEKS
    folder: Path

    def environment(self, seeded: Seeded) -> dict[str, str]:
        """What an operator needs to find both."""
        kubeconfig = self.folder / "kubeconfig-with-token"
        # As everywhere in earnest; without a token, aiohttp would look into ~/.netrc before each request.
        write_kubeconfig(kubeconfig, self.kube.url, token="anything")
        return {
            **os.environ,
            **seeded.environment(self.eks.url),
            "KUBECONFIG": str(kubeconfig),
            "AWS_DEFAULT_REGION": seeded.region,
        }

    def objects(self, plural: str) -> list[Object]:
        """All objects of one of our kinds."""
        return list(self._request("GET", f"/apis/{GROUP}/{VERSION}/{plural}")["items"])

    def delete_claims(self) -> None:
        """`kubectl delete fargateprofileclaims --all`."""
        self._request("DELETE", f"/apis/{GROUP}/{VERSION}/namespaces/{NAMESPACE}/{CLAIM_PLURAL}")

    def writes(self, since: float, *, resource: str | None = None, name: str | None = None) -> list[Object]:
        """The status writes that were accepted since a moment of the wall clock."""
        wanted: dict[str, str | int] = {"verb": "update", "subresource": "status", "code": 200}
        found = self.kube.admin.ledger(**wanted, **({"resource": resource} if resource else {}), **({"name": name} if name else {}))
        return [entry for entry in found if entry["time"] >= since and entry["group"] == GROUP]

    def _request(self, method: str, path: str) -> Object:
        request = urllib.request.Request(self.kube.url + path, method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
            answer: Object = json.load(response)
        return answer


@contextmanager
def world(folder: Path, seconds: float) -> Iterator[World]:
    """Both simulators, with creates and deletes of so many seconds, our CRDs and a namespace."""
    with kube_server_process(folder, "--crds", str(CRDS)) as kube, eks_server(create_seconds=seconds, delete_seconds=seconds) as eks:
        kube.admin.load([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}])
        yield World(kube, eks, folder)


@dataclass(frozen=True)
class Running:
    """An operator's process."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def peak_mib(self) -> float:
        """The most memory that it has had resident so far."""
        return self._status("VmHWM") / 1024

    def cpu_seconds(self) -> float:
        """The CPU time that it has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def metric(self, name: str, label: str = "") -> float:
        """The sum over all series of a metric; with `label`, such as `reason="Active"`, only over those that have it."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=30) as response:
            text = response.read().decode()
        return sum(float(value) for value in re.findall(rf"^{name}(?:\{{.*{label}.*\}})? (\S+)$", text, re.MULTILINE))

    def ready(self) -> bool:
        """Whether it answers that it is ready."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def _status(self, field: str) -> float:
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        found = re.search(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE)
        assert found
        return float(found[1])


@contextmanager
def operator(around: World, seeded: Seeded, settings: Mapping[str, object]) -> Iterator[Running]:
    """Our operator; `settings` by their names."""
    address = f"127.0.0.1:{_free_port()}"
    given = {"http_address": address, "log_format": "json", "settle_seconds": SETTLE_SECONDS, **settings}
    environment = around.environment(seeded) | {f"FARGATECLAIMS_{name.upper()}": str(value) for name, value in given.items()}
    with _process(
        [sys.executable, "-m", "fargateclaims", "run"], environment, around.folder / "operator.log", f"http://{address}"
    ) as running:
        until(running.ready, START_LIMIT, running)
        yield running


@contextmanager
def plain_operator(around: World, seeded: Seeded) -> Iterator[Running]:
    """The plain kopf operator."""
    code = Path(__file__).with_name("plain_kopf.py")
    address = f"http://127.0.0.1:{_free_port()}"
    command = [sys.executable, "-m", "kopf", "run", "--all-namespaces", f"--liveness={address}/healthz", str(code)]
    with _process(command, around.environment(seeded), around.folder / "plain.log", address) as running:
        until(lambda: around.kube.admin.count(verb="watch", resource=CLAIM_PLURAL), START_LIMIT, running)
        yield running


@contextmanager
def _process(command: Sequence[str], environment: Mapping[str, str], log: Path, url: str) -> Iterator[Running]:
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=dict(environment), stdout=output, stderr=output)
        try:
            yield Running(process, url, log)
        finally:
            process.terminate()
            try:
                process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def until(condition: Callable[[], object], limit: float, running: Running | None = None, every: float = 0.25) -> None:
    """Wait for a condition; TimeoutError after `limit` seconds, RuntimeError when the operator has ended."""
    end = time.monotonic() + limit
    while not _holds(condition, running):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {limit:.0f} s" + (f": {_tail(running.log)}" if running else ""))
        time.sleep(every)


def _holds(condition: Callable[[], object], running: Running | None) -> bool:
    try:
        return bool(condition())
    finally:
        if running is not None and running.process.poll() is not None:
            raise RuntimeError(f"the operator ended with {running.process.returncode}: {_tail(running.log)}")


def manifest_of_class(name: str, arn: str, seeded: Seeded, *, assume: bool = False) -> Object:
    """A class that lets every namespace claim."""
    spec = {"clusterARN": arn, "podExecutionRoleARN": seeded.pod_execution_role_arn, "claims": {"namespaces": {"from": "All"}}}
    if assume:
        spec["assumeRoleARN"] = seeded.operator_role_arn
    return {"apiVersion": API_VERSION, "kind": CLASS_KIND, "metadata": {"name": name}, "spec": spec}


def manifest_of_claim(name: str, class_name: str) -> Object:
    """A claim for pods that no other claim takes."""
    spec = {"className": class_name, "selectors": [{"labels": {"app": name}}]}
    return {"apiVersion": API_VERSION, "kind": CLAIM_KIND, "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}


def is_ready(obj: Object) -> bool:
    """Whether its status says Ready."""
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in obj.get("status", {}).get("conditions", ()))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]
