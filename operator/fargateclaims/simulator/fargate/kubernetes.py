"""The Kubernetes API server as the data plane needs it: by kubeconfig, plain dicts in and out, every failure a `KubeError`."""

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import yaml
from kubernetes.aio.client import Configuration
from kubernetes.aio.config import load_kube_config
from kubernetes.aio.config.config_exception import ConfigException

from fargateclaims.kube.errors import ConfigurationError, KubeError, Unavailable, from_answer, from_transport
from fargateclaims.simulator.kube.objects import Obj, dumps
from fargateclaims.timing import KUBE_CONNECT_TIMEOUT, KUBE_REQUEST_TIMEOUT, WATCH_INACTIVITY, WATCH_SERVER_TIMEOUT

MERGE: Final = "application/merge-patch+json"
STRATEGIC: Final = "application/strategic-merge-patch+json"
AT_ONCE: Final = 32
"""Requests under way at a time, watches aside."""
_PAGE: Final = "500"
# An object with much in it is one line of a watch, longer than aiohttp's default.
_LONGEST_LINE: Final = 2**22
_REQUEST: Final = aiohttp.ClientTimeout(total=KUBE_REQUEST_TIMEOUT, connect=KUBE_CONNECT_TIMEOUT)
_WATCH: Final = aiohttp.ClientTimeout(total=None, connect=KUBE_CONNECT_TIMEOUT, sock_read=WATCH_INACTIVITY)
_MISSHAPEN: Final = (ConfigException, yaml.YAMLError, OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError)


class KubernetesAPI(AbstractAsyncContextManager["KubernetesAPI"]):
    """An API server; use as an async context manager. Raises ConfigurationError if the kubeconfig cannot be used."""

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig

    async def __aenter__(self) -> Self:
        settings = Configuration()
        try:
            await load_kube_config(str(self._kubeconfig), client_configuration=settings, persist_config=False)  # type: ignore[no-untyped-call]
            connector = aiohttp.TCPConnector(ssl=_tls(settings), limit=0)
        except _MISSHAPEN as error:
            # Without the error's text: it may quote the file, and the file may hold secrets.
            raise ConfigurationError(f"{self._kubeconfig} is no kubeconfig that can be used ({type(error).__name__})") from error
        token = settings.api_key.get("BearerToken")
        headers = {"Authorization": token if token.startswith("Bearer ") else f"Bearer {token}"} if token else {}
        self._base = settings.host
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._session = aiohttp.ClientSession(
            headers={"User-Agent": "fargate-scheduler", **headers}, connector=connector, read_bufsize=_LONGEST_LINE
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        await self._session.close()

    async def get(self, path: str) -> Obj:
        """Read one object."""
        return await self._request("GET", path)

    async def create(self, path: str, body: Obj) -> Obj:
        """Create an object, or use a subresource such as `binding`."""
        return await self._request("POST", path, body)

    async def patch(self, path: str, body: Obj, content_type: str = STRATEGIC) -> Obj:
        """Change an object; a `metadata.uid` in the patch is a precondition."""
        return await self._request("PATCH", path, body, content_type)

    async def delete(self, path: str, *, uid: str, grace_seconds: int | None = None) -> None:
        """Delete this very object.

        :param grace_seconds: 0 lets go of a pod whose containers have ended; None leaves it to the pod.
        """
        options: Obj = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        await self._request("DELETE", path, options)

    async def list_all(self, path: str) -> tuple[list[Obj], str]:
        """Read all objects, page by page, and the resourceVersion that they stand for."""
        items: list[Obj] = []
        query = {"limit": _PAGE}
        while True:
            page = await self._request("GET", path, query=query)
            items += page.get("items") or []
            if not page["metadata"].get("continue"):
                return items, page["metadata"]["resourceVersion"]
            query = {"limit": _PAGE, "continue": page["metadata"]["continue"]}

    async def watch(self, path: str, version: str) -> AsyncGenerator[tuple[str, Obj]]:
        """Type and object of each change since a resourceVersion, bookmarks included, until the server ends the watch.

        Raises Unavailable with status 410 when the changes since then are not known any more.
        """
        query = {"watch": "true", "resourceVersion": version, "allowWatchBookmarks": "true", "timeoutSeconds": str(WATCH_SERVER_TIMEOUT)}
        request = f"GET {path}?watch"
        try:
            async with self._session.get(self._base + path, params=query, timeout=_WATCH) as response:
                if response.status >= 400:
                    raise from_answer(request, response.status, response.headers, await response.read())
                async for line in response.content:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise from_answer(request, event["object"].get("code") or 500, {}, dumps(event["object"]))
                    yield event["type"], event["object"]
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise from_transport(request, error) from error

    async def _request(
        self, method: str, path: str, body: Obj | None = None, content_type: str = "application/json", query: dict[str, str] | None = None
    ) -> Obj:
        request = f"{method} {path}"
        data = None if body is None else dumps(body)
        headers = {"Accept": "application/json", "Content-Type": content_type}
        try:
            # Outside of the time-out: hundreds of pods that come at a time wait for each other, not for the server.
            async with (
                self._turns,
                self._session.request(
                    method, self._base + path, data=data, headers=headers, params=query or {}, timeout=_REQUEST
                ) as response,
            ):
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise from_transport(request, error) from error
        if response.status >= 400:
            raise from_answer(request, response.status, response.headers, content)
        try:
            answer = json.loads(content)
        except ValueError as error:
            raise Unavailable(f"{request}: the answer is no JSON", status=response.status) from error
        if not isinstance(answer, dict):
            raise Unavailable(f"{request}: the answer is no object", status=response.status)
        return answer


def is_gone(error: KubeError) -> bool:
    """Whether a watch can only go on after a new list."""
    return error.status == 410


def _tls(settings: Any) -> ssl.SSLContext | bool:  # noqa: ANN401  (the library ships no types)
    if not settings.host.startswith("https"):
        return True
    context = ssl.create_default_context(cafile=settings.ssl_ca_cert)
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    if not settings.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
