"""kopf's part: it watches, and each event becomes a change of the store. Nothing else happens here.

kopf runs in a thread and loop of its own: on its way out it cancels every task of its loop, and in the main thread it takes over the
signals. Its end is the end of the process, unless we have asked for it.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import kopf
from kubernetes.aio.client import Configuration

from fargateclaims.api.group import CLAIM_PLURAL, CLASS_PLURAL, GROUP, VERSION
from fargateclaims.clock import SystemClock
from fargateclaims.engine.store import Store
from fargateclaims.kube.config import load_configuration
from fargateclaims.metrics import Metrics
from fargateclaims.timing import (
    HEARTBEAT_LOST,
    WATCH_CHECK,
    WATCH_CONNECT_TIMEOUT,
    WATCH_INACTIVITY,
    WATCH_SERVER_TIMEOUT,
    WATCH_START_LIMIT,
    WATCH_STOP,
)

log = logging.getLogger(__name__)

Event = Mapping[str, Any]
_DELETED = "DELETED"
_KINDS = 3
_WATCHER = "watcher for "
"""How kopf names the tasks that watch one kind each."""

_API_ERRORS = "kopf._cogs.clients.errors"


def _in_a_sentence(record: logging.LogRecord) -> bool:
    """What kopf says has what the API server answered: the traceback below it would say nothing more."""
    error = record.exc_info[1] if record.exc_info else None
    if type(error).__module__ == _API_ERRORS:
        record.exc_info = None
    return True


# It would warn that it leaves the signals alone, which is what it is in its own thread for.
logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
for _name in ("running", "orchestration"):
    logging.getLogger(f"kopf._core.reactor.{_name}").addFilter(_in_a_sentence)


def registry(take: Callable[[str, str | None, dict[str, Any]], None]) -> kopf.OperatorRegistry:
    """Handlers that hand each event to `take`: the plural of the kind, the event's type (None for the first list), the object."""
    handlers = kopf.OperatorRegistry()

    @kopf.on.login(registry=handlers)
    async def login(**_: object) -> kopf.ConnectionInfo:
        return await connection(await load_configuration(SystemClock()))

    # Coroutines: for plain functions kopf would go through a thread of its executor, once for each event.
    @kopf.on.event(GROUP, VERSION, CLAIM_PLURAL, registry=handlers)
    async def claim(type: str | None, body: kopf.Body, **_: object) -> None:  # noqa: A002 - kopf names its arguments
        take(CLAIM_PLURAL, type, dict(body))

    @kopf.on.event(GROUP, VERSION, CLASS_PLURAL, registry=handlers)
    async def cls(type: str | None, body: kopf.Body, **_: object) -> None:  # noqa: A002
        take(CLASS_PLURAL, type, dict(body))

    @kopf.on.event("", "v1", "namespaces", registry=handlers)
    async def namespace(type: str | None, body: kopf.Body, **_: object) -> None:  # noqa: A002
        take("namespaces", type, dict(body))

    return handlers


def into(store: Store, plural: str, kind: str | None, obj: dict[str, Any]) -> None:
    """Put one event into the store."""
    obj["metadata"] = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    put, remove = {
        CLAIM_PLURAL: (store.put_claim, store.remove_claim),
        CLASS_PLURAL: (store.put_class, store.remove_class),
        "namespaces": (store.put_namespace, store.remove_namespace),
    }[plural]
    (remove if kind == _DELETED else put)(obj)


class Watch:
    """kopf in its thread, feeding a store that lives on the event loop of the caller.

    :param ended: called on that loop when the watches have ended, for whatever reason.
    """

    def __init__(self, store: Store, metrics: Metrics, ended: Callable[[], None]) -> None:
        self._store = store
        self._metrics = metrics
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._complete = False
        self._checked_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="kopf", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    async def stop(self) -> None:
        """End the watches; waits for a moment, and leaves a thread that hangs to the end of the process."""
        self._stop.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, WATCH_STOP)

    def problem(self) -> str | None:
        """What is wrong with the watches, for the probes; None if nothing is. For any thread.

        It tells whether they are kept up, not when the API server last spoke: kopf ends a silent watch itself (`WATCH_INACTIVITY`) and
        begins it anew, and tells nobody of bookmarks.
        """
        if not (self._complete and self._thread.is_alive()):
            return "not all watches are running"
        silent = time.monotonic() - self._checked_at
        return f"their event loop has been blocked for {silent:.0f} s" if silent > HEARTBEAT_LOST else None

    def _run(self) -> None:
        try:
            asyncio.run(self._operate())
        except Exception:
            if not self._stop.is_set():
                log.exception("the watches have failed")
        finally:
            self._tell_ended()

    async def _operate(self) -> None:
        # Before kopf, which cancels whatever was started after it.
        guard = asyncio.ensure_future(self._guard())
        try:
            await kopf.operator(
                registry=registry(self._take),
                settings=_settings(),
                standalone=True,
                clusterwide=True,
                # Not that any peer would see it, but kopf would ask for the user's name, which a user of a container need not have.
                identity="fargateclaims",  # type: ignore[arg-type]  # a NewType of str that kopf does not give away
                stop_flag=self._stop,
            )
        finally:
            guard.cancel()
            # Not only when the thread ends: some of kopf's tasks do not let themselves be cancelled once its session is closed.
            self._tell_ended()

    async def _guard(self) -> None:
        """End kopf when one of its watchers has ended: kopf itself would go on without it, blind."""
        started = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(WATCH_CHECK)
            self._checked_at = time.monotonic()
            running = sum(task.get_name().startswith(_WATCHER) for task in asyncio.all_tasks())
            late = asyncio.get_running_loop().time() - started > WATCH_START_LIMIT
            if running < _KINDS and (self._complete or late):
                log.error("%d of %d watches are running: starting anew", running, _KINDS)
                self._complete = False
                self._stop.set()
                # Not only when kopf has ended, which may be never: it waits for tasks of its own that do not let themselves be cancelled.
                self._tell_ended()
                return
            self._complete = running >= _KINDS

    def _tell_ended(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ended)

    def _take(self, plural: str, kind: str | None, obj: dict[str, Any]) -> None:
        self._metrics.watch_seen.labels(plural).set_to_current_time()
        self._loop.call_soon_threadsafe(into, self._store, plural, kind, obj)


async def connection(configuration: Configuration) -> kopf.ConnectionInfo:
    """The credentials of the rest of the process, as kopf wants them; asked for again when the API server refuses them."""
    header = await configuration.get_api_key_with_prefix("BearerToken")
    scheme, _, token = header.rpartition(" ") if header else ("", "", "")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        username=configuration.username or None,
        password=configuration.password or None,
        scheme=scheme or None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        proxy_url=configuration.proxy,
    )


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.server_timeout = WATCH_SERVER_TIMEOUT
    settings.watching.connect_timeout = WATCH_CONNECT_TIMEOUT
    settings.watching.inactivity_timeout = WATCH_INACTIVITY
    return settings
