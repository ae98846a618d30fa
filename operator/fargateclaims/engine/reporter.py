"""Writes a plan's reports to Kubernetes: finalizers, then the whole status if it differs, then the events that go with it.

A report that is refused because the object has changed is dropped, never sent again: the object is read anew and the plan is made again.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from fargateclaims.api.claim_status import ClaimStatus
from fargateclaims.api.class_status import ClassStatus
from fargateclaims.api.conditions import Condition
from fargateclaims.api.group import CLAIM_PLURAL, CLASS_FINALIZER, CLASS_PLURAL, FINALIZER
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
        self._wrote_at: dict[str, float] = {}
        # By UID, when the API server may be asked to write an object again.
        self._not_before: dict[str, float] = {}
        self._retry_at: float | None = None

    def due(self) -> float | None:
        """Seconds until a write that was put off may be made; None if none was."""
        return self._retry_at - self._clock.monotonic() if self._retry_at is not None else None

    def begin(self) -> None:
        """A new pass: what was put off is decided anew."""
        self._retry_at = None

    async def claim(self, report: ClaimReport, *, fence: bool = False) -> bool:
        """Write one claim's report.

        :param fence: whether a mutation depends on it: it is written at once and proves that the claim is still as it was planned for.
        :returns: whether the claim in Kubernetes is now as reported.
        """
        metadata = report.claim.metadata
        entry = self._store.claims.get(metadata.namespace or "", metadata.name)
        if entry is None or entry.raw["metadata"]["resourceVersion"] != metadata.resource_version:
            return False  # it has changed since the plan was made, and the cluster is marked for another pass
        if self._is_throttled(metadata.uid):
            return False
        raw = entry.raw
        minor = not report.release and _is_minor(report.claim.status, report.status)
        if not fence and self._is_too_soon(metadata.uid, minor=minor):
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
                self._wrote_at[metadata.uid] = self._clock.monotonic()
        except KubeError as error:
            await self._refused(error, raw, CLAIM_PLURAL, self._store.put_claim, self._store.remove_claim)
            return False
        self._emit(raw, report.events)
        return True

    async def cls(self, report: ClassReport) -> bool:
        """Write one class's report; returns whether the class in Kubernetes is now as reported."""
        metadata = report.cls.metadata
        entry = self._store.classes.get("", metadata.name)
        if entry is None or entry.raw["metadata"]["resourceVersion"] != metadata.resource_version or self._is_throttled(metadata.uid):
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
            if report.status != report.cls.status and not self._is_too_soon(
                metadata.uid, minor=_is_minor_for_class(report.cls.status, report.status)
            ):
                raw = await self._kube.put_status(_with_status(raw, report.status.to_dict()))
                self._store.put_class(raw, ours=True)
                self._written()
                self._wrote_at[metadata.uid] = self._clock.monotonic()
                self._emit(raw, report.events)
        except KubeError as error:
            await self._refused(error, raw, CLASS_PLURAL, self._store.put_class, self._store.remove_class)
            return False
        return True

    async def _release(self, report: ClaimReport, raw: Object) -> None:
        # The event first: afterwards the object that it speaks of may be gone.
        self._emit(raw, report.events)
        left = [name for name in raw["metadata"].get("finalizers", ()) if name != FINALIZER]
        raw = await self._kube.patch_finalizers(raw, left)
        self._wrote_at.pop(report.claim.metadata.uid, None)
        if left:
            self._store.put_claim(raw)
        else:
            self._store.remove_claim(raw)

    def _is_too_soon(self, uid: str, *, minor: bool) -> bool:
        """Whether only places, counts or words have changed, and the last write was a moment ago."""
        wrote_at = self._wrote_at.get(uid)
        if wrote_at is None or not minor:
            return False
        wait = wrote_at + POSITION_WRITE_INTERVAL - self._clock.monotonic()
        if wait <= 0:
            return False
        self._put_off(wait)
        return True

    async def _refused(
        self, error: KubeError, raw: Object, plural: str, put: Callable[[Object], None], remove: Callable[[Object], None]
    ) -> None:
        metadata = raw["metadata"]
        name = f"{metadata.get('namespace', '')}/{metadata['name']}".lstrip("/")
        if isinstance(error, Throttled):
            self._throttled(error, raw)
        elif isinstance(error, Conflict):
            await self._read_again(lambda: self._kube.get(plural, metadata.get("namespace"), metadata["name"]), raw, put, remove)
        elif isinstance(error, Missing):
            remove(raw)
        elif isinstance(error, Unavailable):
            log.warning("%s: its status could not be written: %s", name, error)
            self._put_off(KUBE_RETRY_AFTER)
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
        except Throttled as error:
            self._throttled(error, raw)
        except KubeError as error:
            log.warning("the object could not be read again: %s", error)
            self._put_off(KUBE_RETRY_AFTER)
        else:
            if now["metadata"]["uid"] != raw["metadata"]["uid"]:
                remove(raw)
            put(now)
            # Also if the watch was faster: the plan was made from what is no longer true.
            self._put_off(0)

    def _throttled(self, error: Throttled, raw: Object) -> None:
        self._not_before[raw["metadata"]["uid"]] = self._clock.monotonic() + error.retry_after
        self._put_off(error.retry_after)

    def _is_throttled(self, uid: str) -> bool:
        """Whether it is too soon since a 429, whatever has happened meanwhile."""
        wait = self._not_before.get(uid, 0.0) - self._clock.monotonic()
        if wait <= 0:
            self._not_before.pop(uid, None)
            return False
        self._put_off(wait)
        return True

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
