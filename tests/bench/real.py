"""The same on a real kube-apiserver, where the operator has its own ServiceAccount and the rights of `deploy/`.

What the operator wrote, and when, is in the API server's audit log instead of the embedded one's ledger.
"""

import json
import os
import ssl
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from bench.processes import NAMESPACE, Object, World
from fargateclaims.api.group import CLAIM_PLURAL, CLASS_KIND, CLASS_PLURAL, GROUP, VERSION
from fargateclaims.simulator.eks.client import Seeded
from fargateclaims.simulator.kube.client import KubeAdmin
from support.control_plane import ADMIN_TOKEN, ControlPlane, audited, control_plane
from support.eks_server import eks_server
from support.installation import NAME, Installation
from support.kube_server import RunningKube
from support.kubectl import kubectl_with

_OPERATOR = f"system:serviceaccount:{NAME}:{NAME}"


class Requests:
    """Requests of who may do all."""

    def __init__(self, plane: ControlPlane) -> None:
        context = ssl.create_default_context(cafile=plane.certificate)
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)).open
        self._url = plane.url

    def send(self, method: str, path: str, body: object = None) -> Object:
        """Send one, and return the answer. Raises HTTPError if it is refused."""
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with self._open(urllib.request.Request(self._url + path, data, headers, method=method), timeout=60) as response:
            answer: Object = json.load(response)
        return answer


class AuditedAdmin(KubeAdmin):
    """Of the embedded server's admin API, what the queues need."""

    def __init__(self, plane: ControlPlane, requests: Requests) -> None:
        super().__init__(plane.url)
        self._log = plane.audit_log
        self._requests = requests

    def load(self, objects: Iterable[Object]) -> int:
        """See `KubeAdmin.load`."""
        paths = [(_collection(obj), obj) for obj in objects]
        for path, obj in paths:
            self._requests.send("POST", path, obj)
        return len(paths)

    def ledger(self, **wanted: str | int) -> list[Object]:
        """See `KubeAdmin.ledger`; of the operator's requests alone."""
        found = [_entry(event) for event in audited(self._log) if event["user"].get("username") == _OPERATOR]
        return [entry for entry in found if all(entry[key] == value for key, value in wanted.items())]


@dataclass(frozen=True)
class RealWorld(World):
    """A real control plane, and the simulated EKS."""

    requests: Requests
    installation: Installation

    def environment(self, seeded: Seeded) -> dict[str, str]:
        """See `World.environment`."""
        kubeconfig = {"KUBECONFIG": str(self.installation.kubeconfig()), "FARGATECLAIMS_LEASE_NAMESPACE": NAME}
        return {**os.environ, **seeded.environment(self.eks.url), **kubeconfig, "AWS_DEFAULT_REGION": seeded.region}

    def _request(self, method: str, path: str) -> Object:
        return self.requests.send(method, path)


def real_world(assets: Path) -> Callable[[Path, float], AbstractContextManager[World]]:
    """The counterpart of `bench.processes.world` on a control plane of these programs."""
    return partial(_real_world, assets)


@contextmanager
def _real_world(assets: Path, folder: Path, seconds: float) -> Iterator[World]:
    home = folder / "plane"
    home.mkdir()
    with control_plane(assets, home) as plane, eks_server(create_seconds=seconds, delete_seconds=seconds) as eks:
        installation = Installation(plane, kubectl_with(plane.kubeconfig, home), eks, eks.seed(), folder)
        installation.apply()
        requests = Requests(plane)
        requests.send("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        kube = RunningKube(plane.url, AuditedAdmin(plane, requests), plane.kubeconfig)
        yield RealWorld(kube, eks, folder, requests, installation)


def _collection(obj: Object) -> str:
    if obj["kind"] == CLASS_KIND:
        return f"/apis/{GROUP}/{VERSION}/{CLASS_PLURAL}"
    return f"/apis/{GROUP}/{VERSION}/namespaces/{obj['metadata']['namespace']}/{CLAIM_PLURAL}"


def _entry(event: Any) -> Object:
    about = event.get("objectRef", {})
    return {
        "verb": event["verb"],
        "group": about.get("apiGroup", ""),
        "resource": about.get("resource", ""),
        "subresource": about.get("subresource", ""),
        "name": about.get("name", ""),
        "code": event["responseStatus"].get("code"),
        "time": datetime.fromisoformat(event["stageTimestamp"]).timestamp(),
    }
