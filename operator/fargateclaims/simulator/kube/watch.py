"""WATCH: one stream for each connection, fed by the store, and everything that can be made to go wrong with it.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

import asyncio
import contextlib
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from aiohttp import web

from fargateclaims.simulator.kube import reads
from fargateclaims.simulator.kube.errors import ApiError, expired, invalid
from fargateclaims.simulator.kube.field_errors import Cause, FieldError
from fargateclaims.simulator.kube.objects import Clock, Obj, dumps
from fargateclaims.simulator.kube.reads import ListOptions
from fargateclaims.simulator.kube.representation import Representation
from fargateclaims.simulator.kube.resources import ResourceType
from fargateclaims.simulator.kube.selectors import EVERYTHING, Selector
from fargateclaims.simulator.kube.store import Change, ChangeType, RevisionGoneError, Store, Stored

# A real API server ends a watch after a random time from this many seconds to twice as many, unless the client says otherwise.
DEFAULT_TIMEOUT: Final = 1800.0
# A watcher that does not read is cut off, as there, instead of filling the memory.
BACKLOG_LIMIT: Final = 100_000
# The last bookmark comes so many seconds before the end of a watch, if it lasts longer than that.
_LAST_BOOKMARK: Final = 2.0
ALL: Final = "*"
_MATCH: Final = "resourceVersionMatch"


class Trouble(StrEnum):
    """What can be done to open watches. `silence` lasts, for new watches too, until `resume`; the others happen once."""

    CUT = "cut"  # the TCP connection is closed in mid-stream
    END = "end"  # the stream ends as it does after its time-out
    EXPIRE = "expire"  # an ERROR event with 410, then the end
    ERROR = "error"  # an ERROR event with 500, then the end
    GARBAGE = "garbage"  # a line that is no JSON, and the stream goes on
    SILENCE = "silence"  # nothing any more, not even bookmarks
    RESUME = "resume"  # all that was held back, and then as usual


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """The query parameters of a WATCH. `timeout` is in seconds."""

    selector: Selector = EVERYTHING
    namespace: str | None = None
    resource_version: str = ""
    bookmarks: bool = False
    send_initial: bool | None = None
    match: str = ""
    continued: bool = False
    timeout: float | None = None


@dataclass(eq=False, slots=True)
class Stream:
    """One open watch."""

    resource: ResourceType
    options: WatchOptions
    user_agent: str
    backlog: deque[Change] = field(default_factory=deque)
    troubles: deque[Trouble] = field(default_factory=deque)
    silent: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def push(self, change: Change) -> None:
        """Called by the store with each write."""
        if self.options.namespace is None or change.current.key[0] == self.options.namespace:
            self.backlog.append(change)
            self.woken.set()

    def trouble(self, kind: Trouble) -> None:
        """Make something go wrong."""
        self.troubles.append(kind)
        self.woken.set()

    def describe(self) -> Obj:
        """As the admin API shows it."""
        return {
            "resource": self.resource.plural,
            "group": self.resource.group,
            "namespace": self.options.namespace,
            "userAgent": self.user_agent,
            "silent": self.silent,
            "backlog": len(self.backlog),
        }


class Watches:
    """All open watches of one server."""

    def __init__(self, store: Callable[[], Store], clock: Clock, bookmark_seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._bookmark_seconds = bookmark_seconds
        self._streams: set[Stream] = set()
        self._silenced: set[str] = set()

    def describe(self) -> list[Obj]:
        """The open watches."""
        return [stream.describe() for stream in self._streams]

    def trouble(self, kind: Trouble, resource: str) -> int:
        """Make something go wrong with all watches of a resource (plural, or ``*``); how many there are."""
        if kind is Trouble.SILENCE:
            self._silenced.add(resource)
        elif kind is Trouble.RESUME:
            self._silenced = set() if resource == ALL else self._silenced - {resource}
        affected = [stream for stream in self._streams if resource in (ALL, stream.resource.plural)]
        for stream in affected:
            stream.trouble(kind)
        return len(affected)

    def end_collection(self, collection: str) -> None:
        """The kind is no longer served."""
        for stream in self._streams:
            if stream.resource.collection == collection:
                stream.trouble(Trouble.END)

    def reset(self) -> None:
        """End all watches, and silence none."""
        self._silenced.clear()
        self.trouble(Trouble.END, ALL)

    async def serve(self, request: web.Request, resource: ResourceType, options: WatchOptions, form: Representation) -> web.StreamResponse:
        """Answer a WATCH until it ends. Errors that a real server sends within the stream are sent there too."""
        _check_initial(options)
        store = self._store()
        stream = Stream(resource, options, request.headers.get("User-Agent", ""))
        stream.silent = bool(self._silenced & {ALL, resource.plural})
        sender = _Sender(stream, form, self._clock, store)
        try:
            opening = sender.opening()
        except RevisionGoneError as error:
            opening = _event("ERROR", dumps(expired(str(error)).status()))
            sender.ended = True
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-cache, private"})
        listeners = store.collection(resource.collection).listeners
        listeners.append(stream.push)
        self._streams.add(stream)
        try:
            await response.prepare(request)
            await self._run(request, response, sender, opening)
        finally:
            self._streams.discard(stream)
            with contextlib.suppress(ValueError):
                listeners.remove(stream.push)
        return response

    async def _run(self, request: web.Request, response: web.StreamResponse, sender: "_Sender", opening: bytes) -> None:
        loop = asyncio.get_running_loop()
        stream = sender.stream
        timeout = stream.options.timeout or DEFAULT_TIMEOUT * random.uniform(1, 2)  # noqa: S311 - spreads load
        deadline = loop.time() + timeout
        bookmark_at = self._next_bookmark(deadline)
        if opening and not stream.silent:
            await response.write(opening)
        while not sender.ended and loop.time() < deadline:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min(deadline, bookmark_at)):
                    await stream.woken.wait()
            stream.woken.clear()
            if Trouble.CUT in stream.troubles or len(stream.backlog) > BACKLOG_LIMIT:
                if request.transport is not None:
                    request.transport.abort()
                return
            chunk = sender.next_chunk()
            if loop.time() >= bookmark_at:
                bookmark_at = self._next_bookmark(deadline)
                if stream.options.bookmarks and not stream.silent:
                    chunk += sender.bookmark()
            if chunk:
                await response.write(chunk)

    def _next_bookmark(self, deadline: float) -> float:
        now = asyncio.get_running_loop().time()
        last = deadline - _LAST_BOOKMARK
        return min(now + self._bookmark_seconds, last if last > now else math.inf)


class _Sender:
    """Turns what happened into the bytes of events."""

    def __init__(self, stream: Stream, form: Representation, clock: Clock, store: Store) -> None:
        self.stream = stream
        self.ended = False
        self._form = form
        self._clock = clock
        self._store = store

    def opening(self) -> bytes:
        """The events that are due at once: the present state, or what happened since the resourceVersion."""
        stream, options = self.stream, self.stream.options
        if options.send_initial is False and options.resource_version in ("", "0"):
            return b""
        if options.resource_version in ("", "0") or options.send_initial:
            page = reads.list_page(self._store, stream.resource, options.namespace, ListOptions(selector=options.selector))
            events = b"".join(self._encoded(ChangeType.ADDED, stored) for stored in page.items)
            marked = options.send_initial and options.bookmarks
            return events + (self.bookmark({"k8s.io/initial-events-end": "true"}) if marked else b"")
        since = reads.parse_revision(options.resource_version)
        changes = self._store.collection(stream.resource.collection).since(since)
        return b"".join(self._change(change) for change in changes if options.namespace in (None, change.current.key[0]))

    def next_chunk(self) -> bytes:
        """What is to be sent now."""
        parts: list[bytes] = []
        stream = self.stream
        while stream.troubles:
            parts.append(self._trouble(stream.troubles.popleft()))
        while stream.backlog and not stream.silent and not self.ended:
            parts.append(self._change(stream.backlog.popleft()))
        return b"".join(parts)

    def bookmark(self, annotations: dict[str, str] | None = None) -> bytes:
        """A BOOKMARK event at the present revision."""
        return _event("BOOKMARK", dumps(self._form.bookmark(self.stream.resource, self._store.revision, annotations)))

    def _trouble(self, kind: Trouble) -> bytes:
        match kind:
            case Trouble.SILENCE | Trouble.RESUME:
                self.stream.silent = kind is Trouble.SILENCE
                return b""
            case Trouble.GARBAGE:
                return b'{"type":"MODIFIED","object":\n'
            case Trouble.EXPIRE:
                refusal = expired("The resourceVersion for the provided watch is too old.")
            case Trouble.ERROR:
                refusal = ApiError(500, "InternalError", "an error on the server has ended the watch")
            case _:
                self.ended = True
                return b""
        self.ended = True
        return _event("ERROR", dumps(refusal.status()))

    def _change(self, change: Change) -> bytes:
        """As a watch with a selector sees it: what begins to match is added, what no longer matches is deleted."""
        selector = self.stream.options.selector
        kind = change.type
        if selector:
            matched = change.previous is not None and selector.matches(change.previous.data)
            matches = change.type is not ChangeType.DELETED and selector.matches(change.current.data)
            if not matched and not matches:
                return b""
            if matched != matches:
                kind = ChangeType.ADDED if matches else ChangeType.DELETED
        return self._encoded(kind, change.current)

    def _encoded(self, kind: ChangeType, stored: Stored) -> bytes:
        encoded = self._form.one(self.stream.resource, stored, self._clock())
        self._form = self._form.without_columns()
        return _event(kind, encoded)


def _event(kind: str, encoded: bytes) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (kind.encode(), encoded)


def _check_initial(options: WatchOptions) -> None:
    if options.resource_version:
        reads.parse_revision(options.resource_version)
    errors = []
    if options.continued:
        errors.append(FieldError(Cause.FORBIDDEN, _MATCH, "resourceVersionMatch is forbidden when continue is provided"))
    if options.send_initial is not None and options.match != "NotOlderThan":
        errors.append(FieldError(Cause.FORBIDDEN, _MATCH, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
    if options.match and options.send_initial is None:
        detail = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        errors.append(FieldError(Cause.FORBIDDEN, _MATCH, detail))
    if options.match not in ("", "NotOlderThan"):
        errors.append(FieldError(Cause.NOT_SUPPORTED, _MATCH, 'supported values: "NotOlderThan"', options.match))
    if errors:
        raise invalid("ListOptions", "meta.k8s.io", "", errors)
