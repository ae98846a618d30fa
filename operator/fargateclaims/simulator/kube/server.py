"""The HTTP server: routes each request, lets faults act on it, and enters it in the ledger."""

import asyncio
import logging
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml
from aiohttp import web

from fargateclaims.simulator.kube import paths, requests
from fargateclaims.simulator.kube.admin import PREFIX, Admin
from fargateclaims.simulator.kube.cluster import Cluster
from fargateclaims.simulator.kube.errors import ApiError, PageNotFoundError
from fargateclaims.simulator.kube.faults import Fault, Faults, When
from fargateclaims.simulator.kube.handlers import ResourceHandlers, page_not_found, status_response
from fargateclaims.simulator.kube.kubeconfig import write_kubeconfig
from fargateclaims.simulator.kube.ledger import Entry, Ledger
from fargateclaims.simulator.kube.objects import Clock, Obj, dumps, utc_now
from fargateclaims.simulator.kube.requests import RequestInfo
from fargateclaims.simulator.kube.store import HISTORY_LIMIT
from fargateclaims.simulator.kube.watch import Watches

# As a real API server, about once a minute.
BOOKMARK_SECONDS: Final = 60.0
# Bulk loads of ten thousand objects; requests for resources have the limit of a real server.
_ADMIN_BODY_LIMIT: Final = 1024 * 1024 * 1024
# Open watches must not keep the process from ending.
_SHUTDOWN_SECONDS: Final = 1.0
# A clock may stand still, and never reach what is waited for.
_LEAST_WAIT: Final = 0.1
# Seconds of the controllers' work that no client notices.
_SHORT_PASS: Final = 0.005
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server behaves. `token`: if set, requests need it as their bearer token. `objects` (CRDs, say) are there from the start."""

    token: str = ""
    objects: tuple[Obj, ...] = ()
    bookmark_seconds: float = BOOKMARK_SECONDS
    history_limit: int = HISTORY_LIMIT
    clock: Clock = utc_now


class KubeServer:
    """One API server. `start` and `stop` belong to the event loop that runs it."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self.faults = Faults()
        self.ledger = Ledger()
        self.url = ""
        self._watches = Watches(lambda: self._cluster.store, self._settings.clock, self._settings.bookmark_seconds)
        self._controllers_due = False
        self._pass_seconds = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._cluster = self._new_cluster(revision=1)
        self._admin = Admin(lambda: self._cluster, self._watches, self.faults, self.ledger, self._reset)
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, on a free port if `port` is 0, and return the URL."""
        self._loop = asyncio.get_running_loop()
        app = web.Application(client_max_size=_ADMIN_BODY_LIMIT)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_SECONDS)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, reuse_address=True)
        await site.start()
        self._wake_controllers()
        bound = self._runner.addresses[0][1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{bound}"
        return self.url

    async def stop(self) -> None:
        """End all watches and stop listening."""
        self._watches.reset()
        if self._alarm is not None:
            self._alarm.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    def _new_cluster(self, revision: int) -> Cluster:
        settings = self._settings
        cluster = Cluster(
            settings.clock,
            wake=self._wake_controllers,
            ended=self._watches.end_collection,
            history_limit=settings.history_limit,
            revision=revision,
        )
        cluster.controllers.reconcile()
        cluster.load(settings.objects)
        self._wake_controllers()
        self._handlers = ResourceHandlers(cluster, self._watches, settings.clock)
        return cluster

    def _reset(self) -> None:
        self.faults.remove(None)
        self.ledger.clear()
        self._watches.reset()
        # Revisions go on, so that no client takes an old one for a new one.
        self._cluster = self._new_cluster(self._cluster.store.revision)

    def _wake_controllers(self) -> None:
        if self._loop is not None and not self._controllers_due:
            self._controllers_due = True
            # Whatever they have to look at, clients get their share of the time.
            self._loop.call_later(self._pass_seconds if self._pass_seconds > _SHORT_PASS else 0, self._run_controllers)

    def _run_controllers(self) -> None:
        self._controllers_due = False
        begun = time.monotonic()
        due = self._cluster.reconcile()
        self._pass_seconds = time.monotonic() - begun
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if due is not None and self._loop is not None:
            seconds = (due - self._settings.clock()).total_seconds()
            self._alarm = self._loop.call_later(max(seconds, _LEAST_WAIT), self._wake_controllers)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            if request.path.startswith(PREFIX):
                return _json(await self._admin.answer(request))
            self._authenticate(request)
            info = requests.parse(request.method, request.path, request.query)
            if info is None:
                return paths.answer(self._cluster.kinds, request)
        except ApiError as error:
            return status_response(error)
        except PageNotFoundError:
            return page_not_found()
        return await self._handle_resource(request, info)

    def _authenticate(self, request: web.Request) -> None:
        token = self._settings.token
        if token and request.headers.get("Authorization") != f"Bearer {token}" and request.path not in paths.HEALTH:
            raise ApiError(401, "Unauthorized", "Unauthorized")

    async def _handle_resource(self, request: web.Request, info: RequestInfo) -> web.StreamResponse:
        fault = self.faults.take(info, request.headers.get("User-Agent", ""))
        if info.verb == "watch" and (fault is None or fault.error() is None):
            self._enter(request, info, 200)
        try:
            response = await self._answer(request, info, fault)
        except ApiError as error:
            response = status_response(error)
        except PageNotFoundError:
            response = page_not_found()
        except Exception:
            _logger.exception("%s %s failed", request.method, request.path)
            response = status_response(ApiError(500, "InternalError", "the simulator has a fault of its own; see its log"))
        if info.verb != "watch" or response.status != 200:
            self._enter(request, info, response.status)
        return response

    async def _answer(self, request: web.Request, info: RequestInfo, fault: Fault | None) -> web.StreamResponse:
        if fault is None:
            return await self._handlers.answer(request, info, None)
        if fault.delay:
            await asyncio.sleep(fault.delay)
        error = fault.error()
        if error is not None and fault.when is When.BEFORE:
            raise error
        if fault.drop and fault.when is When.BEFORE:
            return _dropped(request)
        response = await self._handlers.answer(request, info, fault)
        if error is not None:
            raise error
        return _dropped(request) if fault.drop else response

    def _enter(self, request: web.Request, info: RequestInfo, code: int) -> None:
        self.ledger.add(
            Entry(
                time=self._settings.clock().timestamp(),
                verb=info.verb,
                group=info.group,
                resource=info.resource,
                subresource=info.subresource,
                namespace=info.namespace,
                name=info.name,
                user_agent=request.headers.get("User-Agent", ""),
                code=code,
            )
        )


def _json(value: object) -> web.Response:
    return web.Response(body=dumps(value), content_type="application/json")


def _dropped(request: web.Request) -> web.Response:
    """The connection breaks before any answer; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def read_manifests(folder: Path) -> tuple[Obj, ...]:
    """All objects in the YAML files of a folder, in the order of the files' names."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
    return tuple(obj for path in files for obj in yaml.safe_load_all(path.read_text(encoding="utf-8")) if obj)


def serve(host: str, port: int, *, kubeconfig: Path | None = None, manifests: Path | None = None, token: str = "") -> None:
    """Run a server until SIGTERM or SIGINT. Prints one line with the URL when it is ready.

    `kubeconfig` is written before that line; the objects in `manifests` (CRDs, say) are there from the start.
    OSError if the port is taken, ApiError if an object is refused.
    """
    objects = read_manifests(manifests) if manifests else ()
    asyncio.run(_serve(host, port, Settings(token=token, objects=objects), kubeconfig))


async def _serve(host: str, port: int, settings: Settings, kubeconfig: Path | None) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = KubeServer(settings)
    try:
        url = await server.start(host, port)
        if kubeconfig is not None:
            write_kubeconfig(kubeconfig, url, token=settings.token)
        print(f"Kubernetes API: {url}", flush=True)  # noqa: T201 - the one line that says it is ready
        await stopped.wait()
    finally:
        await server.stop()
