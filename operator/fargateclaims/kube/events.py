"""Events (`events.k8s.io/v1`) about claims and classes: what `kubectl describe` ends with. Never in anybody's way."""

import asyncio
import logging
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar
from urllib.parse import quote

from fargateclaims.api.group import GROUP
from fargateclaims.api.times import format_micro_time
from fargateclaims.clock import Clock
from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.errors import KubeError, Missing, Throttled, Unavailable
from fargateclaims.redaction import redact
from fargateclaims.timing import EVENT_BURST, EVENT_DRAIN, EVENT_REFILL, EVENT_RETRY, EVENT_SERIES_INTERVAL, EVENT_SERIES_WINDOW

log = logging.getLogger(__name__)

EventType = Literal["Normal", "Warning"]

CLUSTER_SCOPED_NAMESPACE: Final = "default"
"""Where events about cluster-scoped objects go: the API server refuses them elsewhere."""
NOTE_BYTES: Final = 1024
_INSTANCE_LENGTH: Final = 128
_NAME_LENGTH: Final = 253
_QUEUE_LENGTH: Final = 1000
_REMEMBERED: Final = 4096
_CONTROLLER: Final = f"{GROUP}/operator"

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """The object that an event is about."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str

    @classmethod
    def of(cls, obj: Mapping[str, Any]) -> "ObjectRef":
        """Return the reference to an object as it was read."""
        metadata = obj["metadata"]
        return cls(obj["apiVersion"], obj["kind"], metadata.get("namespace") or "", metadata["name"], metadata["uid"])

    def to_dict(self) -> dict[str, str]:
        """Return it as an `ObjectReference`."""
        reference = {"apiVersion": self.api_version, "kind": self.kind, "namespace": self.namespace, "name": self.name, "uid": self.uid}
        return {name: value for name, value in reference.items() if value}


@dataclass(frozen=True, slots=True)
class _Event:
    """Events that are equal are the same thing happening again."""

    regarding: ObjectRef
    type: EventType
    reason: str
    action: str
    note: str


@dataclass(slots=True)
class _Series:
    """How often something has happened, and how much of that the API server has been told."""

    name: str
    first: float
    count: int = 1
    told: int = 0
    tried_at: float = 0.0
    queued: bool = False


@dataclass(slots=True)
class _Bucket:
    """What one object may still say."""

    tokens: float
    since: float


class _Recent(OrderedDict[K, V], Generic[K, V]):
    """A dict of the keys set last: what is remembered of objects must not grow with those that come and go."""

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > _REMEMBERED:
            self.popitem(last=False)


class EventRecorder:
    """Sends events from a task of its own. Events that repeat are counted in one; an object that has much to say is cut short.

    What cannot be sent is dropped: a namespace that is being deleted refuses events, which is no sign of missing rights.

    :param instance: this replica, such as its pod's name.
    :param observe: told how each event ended: sent, counted, refused, failed, dropped (too many).
    """

    def __init__(self, client: KubeClient, clock: Clock, instance: str, *, observe: Callable[[str], None] = lambda _outcome: None) -> None:
        self._client = client
        self._clock = clock
        self._instance = instance[:_INSTANCE_LENGTH]
        self._observe = observe
        self._queue: asyncio.Queue[tuple[_Event, _Series]] = asyncio.Queue(_QUEUE_LENGTH)
        self._series: _Recent[_Event, _Series] = _Recent()
        self._buckets: _Recent[str, _Bucket] = _Recent()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send, in the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="events")

    async def stop(self) -> None:
        """Send what is waiting, for a second at most, then stop."""
        if self._task is None:
            return
        drained = asyncio.ensure_future(self._queue.join())
        timer = asyncio.ensure_future(self._clock.sleep(EVENT_DRAIN))
        await asyncio.wait({drained, timer, self._task}, return_when=asyncio.FIRST_COMPLETED)
        for task in (drained, timer, self._task):
            task.cancel()
        await asyncio.gather(drained, timer, self._task, return_exceptions=True)
        self._task = None

    def emit(self, regarding: ObjectRef, event_type: EventType, reason: str, action: str, note: str) -> None:
        """Hand an event over; returns at once and never raises.

        :param reason: why, as one CamelCase word, such as `Created`.
        :param action: what was done or tried, as one CamelCase word, such as `CreateProfile`.
        :param note: a sentence for people; cut to what the API takes (1 KiB).
        """
        event = _Event(regarding, event_type, reason, action, _shortened(redact(note)))
        now = self._clock.monotonic()
        series = self._series.get(event)
        if series and now - series.first < EVENT_SERIES_WINDOW:
            series.count += 1
            # The first repetition is told at once; of further ones, what matters is that they go on.
            if series.queued or (series.count > 2 and now - series.tried_at < EVENT_SERIES_INTERVAL):
                return
        elif self._may_say_more(regarding, now):
            self._series[event] = series = _Series(_name(regarding), now)
        else:
            self._observe("dropped")
            return
        try:
            self._queue.put_nowait((event, series))
            series.queued = True
        except asyncio.QueueFull:
            self._observe("dropped")

    def _may_say_more(self, regarding: ObjectRef, now: float) -> bool:
        self._buckets[regarding.uid] = bucket = self._buckets.get(regarding.uid) or _Bucket(EVENT_BURST, now)
        bucket.tokens = min(EVENT_BURST, bucket.tokens + (now - bucket.since) / EVENT_REFILL)
        bucket.since = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    async def _run(self) -> None:
        while True:
            event, series = await self._queue.get()
            series.queued = False
            series.tried_at = self._clock.monotonic()
            try:
                self._observe(await self._deliver(event, series))
            except KubeError as error:
                log.debug("event %s about %s was not taken: %s", event.reason, event.regarding.name, error)
                self._observe("failed" if isinstance(error, Unavailable | Throttled) else "refused")
            except Exception:
                # An event less; without the task, all later ones would be missing too.
                log.exception("event %s about %s could not be sent", event.reason, event.regarding.name)
            finally:
                self._queue.task_done()

    async def _deliver(self, event: _Event, series: _Series) -> str:
        try:
            return await self._send(event, series)
        except (Unavailable, Throttled) as error:
            await self._clock.sleep(EVENT_RETRY if error.retry_after is None else error.retry_after)
            return await self._send(event, series)

    async def _send(self, event: _Event, series: _Series) -> str:
        if series.told:
            try:
                await self._count(event, series)
            except Missing:
                # The API server forgets events after an hour; this one earlier.
                log.debug("event %s is gone; it is posted anew", series.name)
            else:
                return "counted"
        await self._post(event, series)
        return "sent"

    async def _post(self, event: _Event, series: _Series) -> None:
        namespace = event.regarding.namespace or CLUSTER_SCOPED_NAMESPACE
        body: dict[str, Any] = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"namespace": namespace, "name": series.name},
            "eventTime": format_micro_time(self._clock.now()),
            "reportingController": _CONTROLLER,
            "reportingInstance": self._instance,
            "type": event.type,
            "reason": event.reason,
            "action": event.action,
            "note": event.note,
            "regarding": event.regarding.to_dict(),
        }
        if series.count > 1:
            body["series"] = self._series_of(series)
        told = series.count
        await self._client.request("create", _collection(namespace), body=body)
        series.told = told

    async def _count(self, event: _Event, series: _Series) -> None:
        told = series.count
        namespace = event.regarding.namespace or CLUSTER_SCOPED_NAMESPACE
        path = f"{_collection(namespace)}/{quote(series.name, safe='')}"
        await self._client.request("patch", path, body={"series": self._series_of(series)})
        series.told = told

    def _series_of(self, series: _Series) -> dict[str, Any]:
        return {"count": series.count, "lastObservedTime": format_micro_time(self._clock.now())}


def _name(regarding: ObjectRef) -> str:
    # A name per event, as the API demands, that still says what it is about.
    suffix = f".{uuid.uuid4().hex[:16]}"
    return regarding.name[: _NAME_LENGTH - len(suffix)] + suffix


def _collection(namespace: str) -> str:
    return f"/apis/events.k8s.io/v1/namespaces/{quote(namespace, safe='')}/events"


def _shortened(note: str) -> str:
    encoded = note.encode()
    if len(encoded) <= NOTE_BYTES:
        return note
    dots = "…"
    return encoded[: NOTE_BYTES - len(dots.encode())].decode(errors="ignore") + dots
