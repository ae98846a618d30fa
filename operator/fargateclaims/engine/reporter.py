"""Writes a plan's reports to Kubernetes: finalizers, then the whole status if it differs, then the events that go with it.

A report that is refused because the object has changed is dropped, never sent again: the object is read anew and the plan is made again.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from fargateclaims.api.claim_status import ClaimStatus
from fargateclaims.api.class_status import ClassStatus
from fargateclaims.api.conditions import Condition
from fargateclaims.api.group import CLAIM_KIND, CLAIM_PLURAL, CLASS_FINALIZER, CLASS_PLURAL, FINALIZER
from fargateclaims.clock import Clock
from fargateclaims.domain.class_report import ClassReport
from fargateclaims.domain.events import EventNote
from fargateclaims.domain.report import ClaimReport
from fargateclaims.engine.ports import Events, Kube, Object
from fargateclaims.engine.store import Store
from fargateclaims.kube.errors import Conflict, KubeError, Missing, Throttled, Unavailable
from fargateclaims.kube.events import ObjectRef
from fargateclaims.timing import KUBE_RETRY_AFTER, POSITION_WRITE_INTERVAL

log = logging.getLogger(__name__)


class Reporter:
    """Writes to the objects of one cluster's claims and classes.

    :param written: called after each status write.
    """

    def __init__(self, kube: Kube, store: Store, events: Events, clock: Clock, written: Callable[[], None] = lambda: None) -> None:
        self._kube = kube
        self._store = store
        self._events = events
        self._clock = clock
        self._written = written
        # By UID, when an object may be written again: at all, and for little.
        self._not_before: dict[str, float] = {}
        self._little_not_before: dict[str, float] = {}
        self._retry_at: float | None = None

    def due(self) -> float | None:
        """Seconds until a write that was put off may be made; None if none was."""
        return self._retry_at - self._clock.monotonic() if self._retry_at is not None else None

    def begin(self) -> None:
        """A new pass: what was put off is decided anew."""
        self._retry_at = None
        # Whose object is gone asks no more: what has passed is forgotten here, for all.
        now = self._clock.monotonic()
        for times in (self._not_before, self._little_not_before):
            for uid in [uid for uid, at in times.items() if at <= now]:
                del times[uid]

    async def claim(self, report: ClaimReport, *, fence: bool = False) -> bool:
        """Write one claim's report.

        :param fence: whether a mutation depends on it: it is written at once and proves that the claim is still as it was planned for.
        :returns: whether the claim in Kubernetes is now as reported.
        """
        metadata = report.claim.metadata
        entry = self._store.claims.get(metadata.namespace or "", metadata.name)
        if entry is None or entry.raw["metadata"]["resourceVersion"] != metadata.resource_version:
            return False  # it has changed since the plan was made, and the cluster is marked for another pass
        if self._must_wait(self._not_before, metadata.uid):
            return False
        raw = entry.raw
        minor = not report.release and _is_minor(report.claim.status, report.status)
        if not fence and minor and self._must_wait(self._little_not_before, metadata.uid):
            return False
        try:
            if report.finalizer and FINALIZER not in raw["metadata"].get("finalizers", ()):
                raw = await self._kube.patch_finalizers(raw, [*raw["metadata"].get("finalizers", ()), FINALIZER], urgent=fence)
                self._store.put_claim(raw, ours=True)
            if report.release:
                await self._release(report, raw)
                return True
            if report.status != report.claim.status:
                raw = await self._kube.put_status(_with_status(raw, report.status.to_dict()), urgent=fence)
                self._store.put_claim(raw, ours=True)
                self._written()
                self._little_not_before[metadata.uid] = self._clock.monotonic() + POSITION_WRITE_INTERVAL
        except KubeError as error:
            await self._refused(error, raw, CLAIM_PLURAL, self._store.put_claim, self._store.remove_claim)
            return False
        self._emit(raw, report.events)
        return True

    async def cls(self, report: ClassReport) -> bool:
        """Write one class's report; returns whether the class in Kubernetes is now as reported."""
        metadata = report.cls.metadata
        entry = self._store.classes.get("", metadata.name)
        if entry is None or entry.raw["metadata"]["resourceVersion"] != metadata.resource_version:
            return False
        if self._must_wait(self._not_before, metadata.uid):
            return False
        raw = entry.raw
        try:
            present = raw["metadata"].get("finalizers", [])
            if report.finalizer != (CLASS_FINALIZER in present):
                wanted = [*present, CLASS_FINALIZER] if report.finalizer else [name for name in present if name != CLASS_FINALIZER]
                if report.finalizer and metadata.deletion_timestamp is not None:
                    return True  # too late: Kubernetes takes no new finalizer on an object that is being deleted
                raw = await self._kube.patch_finalizers(raw, wanted)
                if raw["metadata"].get("deletionTimestamp") and not raw["metadata"].get("finalizers"):
                    self._store.remove_class(raw)
                    return True
                self._store.put_class(raw, ours=True)
            if report.status != report.cls.status and not (
                _is_minor_for_class(report.cls.status, report.status) and self._must_wait(self._little_not_before, metadata.uid)
            ):
                raw = await self._kube.put_status(_with_status(raw, report.status.to_dict()))
                self._store.put_class(raw, ours=True)
                self._written()
                self._little_not_before[metadata.uid] = self._clock.monotonic() + POSITION_WRITE_INTERVAL
                self._emit(raw, report.events)
        except KubeError as error:
            await self._refused(error, raw, CLASS_PLURAL, self._store.put_class, self._store.remove_class)
            return False
        return True

    def tell(self, kind: str, namespace: str, name: str, note: EventNote) -> None:
        """Post an event about a claim (CLAIM_KIND) or class, if it still exists."""
        store = self._store.claims if kind == CLAIM_KIND else self._store.classes
        entry = store.get(namespace, name)
        if entry is not None:
            self._emit(entry.raw, (note,))

    async def _release(self, report: ClaimReport, raw: Object) -> None:
        # The event first: afterwards the object that it speaks of may be gone.
        self._emit(raw, report.events)
        left = [name for name in raw["metadata"].get("finalizers", ()) if name != FINALIZER]
        raw = await self._kube.patch_finalizers(raw, left)
        if left:
            self._store.put_claim(raw)
        else:
            self._store.remove_claim(raw)

    async def _refused(
        self, error: KubeError, raw: Object, plural: str, put: Callable[[Object], None], remove: Callable[[Object], None]
    ) -> None:
        metadata = raw["metadata"]
        name = f"{metadata.get('namespace', '')}/{metadata['name']}".lstrip("/")
        if isinstance(error, Throttled):
            self._come_back(error, raw)
        elif isinstance(error, Conflict):
            await self._read_again(lambda: self._kube.get(plural, metadata.get("namespace"), metadata["name"]), raw, put, remove)
        elif isinstance(error, Missing):
            remove(raw)
        elif isinstance(error, Unavailable):
            log.warning("%s: its status could not be written: %s", name, error)
            self._come_back(error, raw)
        else:
            log.error("%s: the API server refuses the write: %s", name, error)
            self._put_off(POSITION_WRITE_INTERVAL)

    async def _read_again(
        self, read: Callable[[], Awaitable[Object]], raw: Object, put: Callable[[Object], None], remove: Callable[[Object], None]
    ) -> None:
        try:
            now = await read()
        except Missing:
            remove(raw)
        except KubeError as error:
            if not isinstance(error, Throttled):
                log.warning("the object could not be read again: %s", error)
            self._come_back(error, raw)
        else:
            if now["metadata"]["uid"] != raw["metadata"]["uid"]:
                remove(raw)
            put(now)
            # Also if the watch was faster: the plan was made from what is no longer true.
            self._put_off(0)

    def _come_back(self, error: KubeError, raw: Object) -> None:
        """Soon; but not before the API server wants it, whatever happens meanwhile."""
        after = error.retry_after if isinstance(error, Throttled | Unavailable) else None
        if after is not None:
            self._not_before[raw["metadata"]["uid"]] = self._clock.monotonic() + after
        self._put_off(max(after or 0.0, KUBE_RETRY_AFTER))

    def _must_wait(self, times: Mapping[str, float], uid: str) -> bool:
        """Whether it is too soon by these times; puts the write off if so."""
        wait = times.get(uid, 0.0) - self._clock.monotonic()
        if wait > 0:
            self._put_off(wait)
        return wait > 0

    def _put_off(self, seconds: float) -> None:
        at = self._clock.monotonic() + seconds
        self._retry_at = at if self._retry_at is None else min(self._retry_at, at)

    def _emit(self, raw: Object, notes: Iterable[EventNote]) -> None:
        for event in notes:
            self._events.emit(ObjectRef.of(raw), "Warning" if event.warning else "Normal", event.reason, event.action, event.note)


def _with_status(raw: Object, status: dict[str, Any]) -> Object:
    return {**raw, "status": status}


def _is_minor(before: ClaimStatus, after: ClaimStatus) -> bool:
    return before != after and _without_place(before) == _without_place(after)


def _is_minor_for_class(before: ClassStatus, after: ClassStatus) -> bool:
    def lasting(status: ClassStatus) -> ClassStatus:
        return status.model_copy(
            update={"profiles": None, "queue": None, "attached_claims": None, "conditions": tuple(map(_without_words, status.conditions))}
        )

    return lasting(before) == lasting(after)


def _without_place(status: ClaimStatus) -> ClaimStatus:
    operation = status.operation
    if operation is not None:
        operation = operation.model_copy(update={"position": None, "length": None, "display": None, "blocked_by": None})
    return status.model_copy(update={"operation": operation, "conditions": tuple(map(_without_words, status.conditions))})


def _without_words(condition: Condition) -> Condition:
    return condition.model_copy(update={"message": ""})
