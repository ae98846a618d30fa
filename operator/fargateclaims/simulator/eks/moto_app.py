"""moto's own server application, called from the event loop: on one worker thread, under the lock of moto's state."""

import asyncio
import io
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import RLock
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from fargateclaims.simulator.eks.wire import Answer


class MotoApplication:
    """Answers what the simulator does not answer itself: EC2, IAM, STS and EKS's node groups."""

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._app = DomainDispatcherApplication(create_backend_app)
        # moto's backends have no locks of their own.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="moto")

    async def answer(self, request: web.BaseRequest, body: bytes) -> Answer:
        """Return moto's answer."""
        environ = _environ(request, body)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._call, environ)

    def close(self) -> None:
        """Let the worker thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _call(self, environ: dict[str, Any]) -> Answer:
        status, headers = 500, dict[str, str]()

        def start_response(line: str, fields: list[tuple[str, str]], _problem: object = None) -> Callable[[bytes], object]:
            nonlocal status
            status = int(line.split(" ", 1)[0])
            headers.update(fields)
            return io.BytesIO().write

        # Outside the lock: the first request for a service builds its application, which takes up to a second.
        application = self._app.get_application(environ)
        with self._lock:
            chunks: Iterable[bytes] = application(environ, start_response)
            body = b"".join(chunks)
        for name in ("Content-Length", "Connection", "Transfer-Encoding"):
            headers.pop(name, None)
        return Answer(status, body, headers)


def _environ(request: web.BaseRequest, body: bytes) -> dict[str, Any]:
    path, _, query = request.raw_path.partition("?")
    host, _, port = request.host.partition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        # WSGI wants the path's bytes as Latin-1 (PEP 3333).
        "PATH_INFO": unquote(path, "latin-1"),
        "RAW_URI": request.raw_path,
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        if name.lower() not in {"content-type", "content-length"}:
            environ["HTTP_" + name.upper().replace("-", "_")] = value
    return environ
