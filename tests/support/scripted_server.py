"""An HTTP server on loopback that answers as a test tells it to, and remembers what it was asked."""

import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


Answer = web.StreamResponse | Callable[[web.Request], Awaitable[web.StreamResponse]]


def answer(body: Any, status: int = 200, **headers: str) -> web.Response:
    """Answer with JSON."""
    return web.json_response(body, status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def failure(status: int, reason: str, message: str, retry_after: str | None = None) -> web.Response:
    """Answer with a `Status` object, as the API server refuses."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason, "code": status}
    return answer(body, status, **({"Retry_After": retry_after} if retry_after is not None else {}))


@dataclass
class ScriptedServer:
    """Answers in the order of `answers`; asked for more, it answers 500."""

    url: str = ""
    answers: deque[Answer] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)

    def will(self, *answers: Answer) -> None:
        """Append to the script."""
        self.answers.extend(answers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Play the next line of the script."""
        text = await request.text()
        body = json.loads(text) if text else None
        self.asked.append(Asked(request.method, request.path, dict(request.query), dict(request.headers), body))
        if not self.answers:
            return failure(500, "InternalError", "the script has ended")
        line = self.answers.popleft()
        return line if isinstance(line, web.StreamResponse) else await line(request)


@asynccontextmanager
async def scripted_server() -> AsyncIterator[ScriptedServer]:
    """Run one on a free port."""
    server = ScriptedServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()
