"""`/healthz`, `/readyz` and `/metrics`, served from a thread and an event loop of their own.

So a blocked main loop is *reported*, at once and with its name, where a server inside that loop would leave the kubelet to a time-out.
Health is what is fresh, not that a web server answers: each part of the operator registers a check of its own freshness.
"""

import asyncio
import errno
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web

from fargateclaims.engine.heartbeat import Heartbeat
from fargateclaims.metrics import CONTENT_TYPE
from fargateclaims.settings import split_address
from fargateclaims.timing import HEARTBEAT_STALE, PROBES_STOP

log = logging.getLogger(__name__)

Check = Callable[[], str | None]
"""Returns None if all is well, else a sentence that says what is not. Called in the probes' thread: it may only read."""

_EVENT_LOOP: Final = "event-loop"
_START_LIMIT: Final = 10.0


class ProbesError(Exception):
    """The address cannot be served; the text says which and why."""


class Probes:
    """The HTTP server for kubelet and Prometheus.

    :param address: `HOST:PORT`, `[IPv6]:PORT` or `:PORT`; port 0 takes a free one.
    :param exposition: gives the metrics as Prometheus scrapes them; called in the probes' thread.
    :param heartbeat: of the main event loop.
    """

    def __init__(self, address: str, exposition: Callable[[], bytes], heartbeat: Heartbeat) -> None:
        self._address = address
        self._exposition = exposition
        self._heartbeat = heartbeat
        self._live: dict[str, Check] = {_EVENT_LOOP: self._event_loop}
        self._ready: dict[str, Check] = {}
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._started = threading.Event()
        self._failure: OSError | None = None
        self._urls: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:8080`; once started."""
        return self._urls[0]

    def add_liveness(self, name: str, check: Check) -> None:
        """Make `/healthz` depend on a check: while it fails, the kubelet restarts the container."""
        # Replaced as a whole: the probes' thread may be walking through the old one.
        self._live = {**self._live, name: check}

    def add_readiness(self, name: str, check: Check) -> None:
        """Make `/readyz` depend on a check."""
        self._ready = {**self._ready, name: check}

    def start(self) -> None:
        """Serve. Raises ProbesError if the address cannot be used. Blocks for the moment that this takes."""
        host, port = split_address(self._address)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(host, port)), name="probes", daemon=True)
        self._thread.start()
        if not self._started.wait(_START_LIMIT):
            raise ProbesError(f"the probes did not start on {self._address} within {_START_LIMIT:g} s")
        if self._failure is not None:
            self._thread.join()
            raise ProbesError(f"the probes cannot be served on {self._address}: {self._failure.strerror or self._failure}")

    def stop(self) -> None:
        """Stop serving; blocks for a second at most. Does nothing if it was never started."""
        if self._thread is None or self._loop is None or self._stop is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PROBES_STOP * 2)
        self._thread = None

    def _event_loop(self) -> str | None:
        silent = self._heartbeat.silence()
        return f"blocked for {silent:.0f} s" if silent > HEARTBEAT_STALE else None

    async def _serve(self, host: str | None, port: int) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=PROBES_STOP)
        try:
            await runner.setup()
            await _site(runner, host, port).start()
            self._urls = tuple(f"http://{_shown(address[0])}:{address[1]}" for address in runner.addresses)
            log.info("probes and metrics are served on %s", ", ".join(self._urls))
            self._started.set()
            await self._stop.wait()
        except OSError as error:
            self._failure = error
        finally:
            await runner.cleanup()
            self._started.set()

    async def _healthz(self, _request: web.Request) -> web.Response:
        return _report(self._live)

    async def _readyz(self, _request: web.Request) -> web.Response:
        return _report(self._ready)

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._exposition(), headers={"Content-Type": CONTENT_TYPE})


def _site(runner: web.AppRunner, host: str | None, port: int) -> web.BaseSite:
    return web.TCPSite(runner, host, port) if host else web.SockSite(runner, _on_all_addresses(port))


def _on_all_addresses(port: int) -> socket.socket:
    # One socket for IPv4 and IPv6: two would get two ports when a free one is asked for.
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        except OSError as error:
            # A kernel may know IPv6 while the machine has none.
            if error.errno != errno.EADDRNOTAVAIL:
                raise
    return socket.create_server(("", port))


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _report(checks: Mapping[str, Check]) -> web.Response:
    complaints = {name: _outcome(name, check) for name, check in checks.items()}
    lines = [f"[-] {name}: {complaint}" if complaint else f"[+] {name}: ok" for name, complaint in complaints.items()]
    well = not any(complaints.values())
    lines.append("ok" if well else "failed")
    # Never from a cache: it is asked because it changes.
    return web.Response(text="\n".join(lines) + "\n", status=200 if well else 503, headers={"Cache-Control": "no-store"})


def _outcome(name: str, check: Check) -> str | None:
    try:
        return check()
    except Exception as error:
        log.exception("check %s failed", name)
        return f"the check itself failed: {type(error).__name__}"
