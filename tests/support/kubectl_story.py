"""The demo's hand on Kubernetes, with kubectl in it, on an API server with TLS and tokens."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Any

import aiohttp

from fargateclaims.api.group import CLAIM_PLURAL
from fargateclaims.cli.demonstration.kubernetes_api import KubernetesAPI
from support.control_plane import ADMIN_TOKEN, ControlPlane
from support.kubectl import Kubectl


class KubectlAPI(KubernetesAPI):
    """Reads and watches as the demo does; what the demo's people do, they do with kubectl here."""

    def __init__(self, plane: ControlPlane, kubectl: Kubectl) -> None:
        trusted = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=plane.certificate))
        super().__init__(plane.url, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}, connector=trusted)
        self._kubectl = kubectl

    async def create(self, obj: Mapping[str, Any]) -> None:
        """`kubectl apply`."""
        await asyncio.to_thread(self._kubectl, "apply", "-f", "-", stdin=dict(obj))

    async def patch_claim(self, namespace: str, name: str, patch: Mapping[str, Any]) -> None:
        """`kubectl patch`."""
        merge = ("--type=merge", "--patch-file=/dev/stdin")
        await asyncio.to_thread(self._kubectl, "patch", CLAIM_PLURAL, name, "--namespace", namespace, *merge, stdin=dict(patch))

    async def delete_claim(self, namespace: str, name: str) -> None:
        """`kubectl delete`."""
        await asyncio.to_thread(self._kubectl, "delete", CLAIM_PLURAL, name, "--namespace", namespace, "--wait=false")
