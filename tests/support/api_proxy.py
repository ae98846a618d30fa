"""A proxy that ends TLS before the real API server: it keeps a record, holds single requests or answers, and answers in its stead.

For faults that depend on what is asked; where connections fail as such, `support.tcp_proxy` is nearer to the truth.
"""

import asyncio
import json
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from aiohttp import web

from support.control_plane import ControlPlane
from support.loop_thread import LoopThread

_HOP: Final = frozenset({"connection", "transfer-encoding", "content-length", "content-encoding", "accept-encoding", "host", "keep-alive"})


@dataclass
class Exchange:
    """One request, and its answer once there is one.

    :param at: when it came, as `time.monotonic`.
    :param status: 0 until it is answered.
    :param said: the lines of a watch that have been passed on.
    """

    at: float
    method: str
    path: str
    query: Mapping[str, str]
    body: Any = None
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    said: list[Any] = field(default_factory=list)

    @property
    def watch(self) -> bool:
        return self.query.get("watch") == "true"


Matches = Callable[[Exchange], bool]


@dataclass(eq=False)
class Rule:
    """What is done to requests that match; `met` are those that did so far.

    :param status: to answer with; 0 passes the request on.
    :param late: whether it is the answer that is held.
    :param times: how many requests it meets; None for all.
    """

    matches: Matches
    gate: asyncio.Event
    status: int = 0
    content: bytes = b""
    late: bool = False
    times: int | None = None
    met: list[Exchange] = field(default_factory=list)

    def takes(self, exchange: Exchange) -> bool:
        if not self.matches(exchange) or (self.times is not None and len(self.met) >= self.times):
            return False
        self.met.append(exchange)
        return True


class APIProxy(LoopThread):
    """Stands before the API server of a control plane, with its certificate. Use as a context manager."""

    def __init__(self, plane: ControlPlane) -> None:
        super().__init__()
        self._server = plane.url
        self._certificate = plane.certificate
        self._rules: list[Rule] = []
        self._streams: list[_Stream] = []
        self.exchanges: list[Exchange] = []
        self.url = ""

    def hold(self, matches: Matches, *, late: bool = False, times: int | None = None) -> Rule:
        """Hold requests before the API server sees them, until `release`. Those whose sender gives up are dropped.

        :param late: let them get there, and hold the answers.
        """
        return self._add(Rule(matches, asyncio.Event(), late=late, times=times))

    def answer(self, matches: Matches, status: int, content: bytes = b"{}", *, times: int | None = None) -> Rule:
        """Answer in the API server's stead, until `release`."""
        return self._add(Rule(matches, asyncio.Event(), status, content, times=times))

    def release(self, rule: Rule) -> None:
        """End a rule; what it held goes on its way."""
        self._rules.remove(rule)
        self._call(rule.gate.set)

    def say(self, plural: str, line: bytes) -> int:
        """Put a line into all open watches of a kind; returns how many there were."""

        async def write() -> int:
            chosen = self._open_watches(plural)
            for stream in chosen:
                await stream.response.write(line)
            return len(chosen)

        return self._await(write())

    def end_watches(self, plural: str) -> None:
        """End all open watches of a kind, as the API server does from time to time."""

        def end() -> None:
            for stream in self._open_watches(plural):
                stream.carrying.cancel()

        self._call(end)

    def asked(self, matches: Matches) -> list[Exchange]:
        """The requests so far that match, in their order."""
        return [exchange for exchange in list(self.exchanges) if matches(exchange)]

    def _add(self, rule: Rule) -> Rule:
        self._rules.append(rule)
        return rule

    async def _open(self) -> None:
        trusting = ssl.create_default_context(cafile=self._certificate)
        connector = aiohttp.TCPConnector(ssl=trusting, limit=0)
        self._session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(), auto_decompress=False)
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0)
        await self._runner.setup()
        serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        serving.load_cert_chain(self._certificate, self._certificate.with_suffix(".key"))
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=serving).start()
        self.url = f"https://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _close(self) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        exchange = Exchange(time.monotonic(), request.method, request.path, dict(request.query), json.loads(content) if content else None)
        self.exchanges.append(exchange)
        rule = next((rule for rule in list(self._rules) if rule.takes(exchange)), None)
        if rule is not None and rule.status:
            exchange.status = rule.status
            return web.Response(status=rule.status, body=rule.content, content_type="application/json")
        if rule is not None and not rule.late:
            await rule.gate.wait()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        async with self._session.request(
            request.method, self._server + str(request.rel_url), data=content or None, headers=headers
        ) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP}
            if exchange.watch and answer.status == 200:
                return await self._stream(request, exchange, answer, kept)
            body = await answer.read()
        exchange.status, exchange.headers = answer.status, kept
        if rule is not None and rule.late:
            await rule.gate.wait()
        return web.Response(status=answer.status, body=body, headers=kept)

    async def _stream(
        self, request: web.Request, exchange: Exchange, answer: aiohttp.ClientResponse, headers: Mapping[str, str]
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=headers)
        response.enable_chunked_encoding()
        await response.prepare(request)
        exchange.status, exchange.headers = 200, headers
        stream = _Stream(exchange, response, asyncio.ensure_future(_carry(answer, exchange, response)))
        self._streams.append(stream)
        try:
            await asyncio.wait({stream.carrying})
            with suppress(OSError):
                await response.write_eof()
        finally:
            stream.carrying.cancel()
            self._streams.remove(stream)
        return response

    def _open_watches(self, plural: str) -> list["_Stream"]:
        return [stream for stream in self._streams if stream.exchange.path.endswith(f"/{plural}")]


@dataclass(eq=False)
class _Stream:
    """An open watch."""

    exchange: Exchange
    response: web.StreamResponse
    carrying: asyncio.Task[None]


async def _carry(answer: aiohttp.ClientResponse, exchange: Exchange, response: web.StreamResponse) -> None:
    # Objects are longer than what aiohttp takes for a line.
    rest = b""
    with suppress(OSError, aiohttp.ClientError):
        async for piece in answer.content.iter_any():
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                exchange.said.append(json.loads(line))
                await response.write(line + b"\n")
