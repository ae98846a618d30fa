"""A small client of any Kubernetes API server, by kubeconfig, for tests that must see the raw answers."""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp
from kubernetes.aio import client, config

from support.waiting import LIMIT

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True)
class Answer:
    """Status code, decoded body, and the Warning headers."""

    code: int
    body: Any
    warnings: list[str] = field(default_factory=list)

    def ok(self) -> dict[str, Any]:
        """The body of a success."""
        assert 200 <= self.code < 300, self.body
        assert isinstance(self.body, dict)
        return self.body

    def refused(self, code: int, reason: str) -> dict[str, Any]:
        """The Status of a refusal of this code and reason."""
        assert (self.code, self.body.get("reason")) == (code, reason), self.body
        assert (self.body["kind"], self.body["apiVersion"], self.body["status"], self.body["code"]) == ("Status", "v1", "Failure", code)
        return dict(self.body)


class Api:
    """Requests to the server of a kubeconfig; use as an async context manager."""

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig

    async def __aenter__(self) -> Self:
        settings = client.Configuration()
        await config.load_kube_config(str(self._kubeconfig), client_configuration=settings)  # type: ignore[no-untyped-call]
        self._base = settings.host
        token = settings.api_key.get("BearerToken", "")
        headers = {"Authorization": token if token.startswith("Bearer ") else f"Bearer {token}"} if token else {}
        self._session = aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(ssl=_tls(settings)))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        **query: Any,
    ) -> Answer:
        """One request. `body` is sent as JSON unless it is bytes; `query` are the query parameters."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        data = None if content is None else io.BytesIO(content)
        headers = {"Accept": accept} | ({"Content-Type": content_type} if data is not None else {})
        params = {name: str(value) for name, value in query.items()}
        async with self._session.request(method, self._base + path, data=data, headers=headers, params=params) as response:
            text = await response.text()
            # Not by its type: the index of the OpenAPI documents is JSON that is called plain text.
            decoded = json.loads(text) if text[:1] in ("{", "[") else text
            return Answer(response.status, decoded, response.headers.getall("Warning", []))

    async def get(self, path: str, **query: Any) -> Answer:
        return await self.call("GET", path, **query)

    async def create(self, path: str, body: Any, **query: Any) -> Answer:
        return await self.call("POST", path, body, **query)

    async def replace(self, path: str, body: Any, **query: Any) -> Answer:
        return await self.call("PUT", path, body, **query)

    async def patch(self, path: str, body: Any, content_type: str = MERGE, **query: Any) -> Answer:
        return await self.call("PATCH", path, body, content_type=content_type, **query)

    async def delete(self, path: str, body: Any = None, **query: Any) -> Answer:
        return await self.call("DELETE", path, body, **query)

    def watch(self, path: str, *, accept: str = "application/json", **query: Any) -> "WatchStream":
        """An open watch; use as an async context manager."""
        params = {"watch": "true", **{name: str(value) for name, value in query.items()}}
        return WatchStream(self._session.get(self._base + path, params=params, headers={"Accept": accept}))


class WatchStream:
    """The events of one watch."""

    def __init__(self, request: Any) -> None:
        self._request = request

    async def __aenter__(self) -> Self:
        self._response = await self._request.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._response.close()
        await self._request.__aexit__(*exc)

    @property
    def code(self) -> int:
        return int(self._response.status)

    async def next(self) -> dict[str, Any]:
        """The next event; StopAsyncIteration at the end of the stream."""
        line = await self._response.content.readline()
        if not line:
            raise StopAsyncIteration
        event: dict[str, Any] = json.loads(line)
        return event

    async def take(self, count: int) -> list[tuple[str, str]]:
        """Type and name of the next events, but for bookmarks."""
        events: list[tuple[str, str]] = []
        while len(events) < count:
            event = await self.next()
            if event["type"] != "BOOKMARK":
                events.append((event["type"], event["object"]["metadata"]["name"]))
        return events

    async def rest(self) -> list[dict[str, Any]]:
        """All events until the end."""
        events = []
        while True:
            try:
                events.append(await self.next())
            except StopAsyncIteration:
                return events


def _tls(settings: Any) -> Any:
    if not str(settings.host).startswith("https"):
        return False
    import ssl

    context = ssl.create_default_context(cafile=settings.ssl_ca_cert)
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    if not settings.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def eventually(check: Callable[[], Awaitable[Any]]) -> Any:
    """Call `check` until it returns something true, and return that. Raises TimeoutError after `LIMIT` seconds."""
    async with asyncio.timeout(LIMIT):
        while not (found := await check()):  # noqa: ASYNC110  (what is waited for happens in another process)
            await asyncio.sleep(0.02)
        return found
