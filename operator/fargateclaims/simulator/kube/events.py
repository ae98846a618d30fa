"""Events: one store, two views (``v1`` and ``events.k8s.io/v1``), and the stricter rules of the newer one.

Source: ``k8s.io/kubernetes/pkg/apis/core/validation/events.go`` and ``pkg/apis/events/v1``.
"""

from collections.abc import Iterator
from typing import Final

from fargateclaims.simulator.kube import metadata
from fargateclaims.simulator.kube.field_errors import Cause, FieldError
from fargateclaims.simulator.kube.objects import Obj, metadata_of

GROUP: Final = "events.k8s.io"
NOTE_LIMIT: Final = 1024
_WORD_LIMIT: Final = 128
_LEAST_SERIES: Final = 2
# In the order in which they are compared, one of them twice.
_IMMUTABLE: Final = (
    *("involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count", "reason", "type", "eventTime"),
    *("action", "related", "reportingComponent", "reportingInstance"),
)
_CLUSTER_SCOPED_NAMESPACES: Final = ("default", "kube-system")

_TO_CORE: Final = {
    "deprecatedCount": "count",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedSource": "source",
    "note": "message",
    "regarding": "involvedObject",
    "reportingController": "reportingComponent",
}
_FROM_CORE: Final = {core: new for new, core in _TO_CORE.items()}
_REFERENCE: Final = ("apiVersion", "fieldPath", "kind", "name", "namespace", "resourceVersion", "uid")

CORE_FIELDS: Final = {
    **{f"involvedObject.{name}": f"involvedObject.{name}" for name in _REFERENCE},
    "reason": "reason",
    "reportingComponent": "reportingComponent",
    "source": "source.component",
    "type": "type",
}
NEW_FIELDS: Final = {
    **{f"regarding.{name}": f"involvedObject.{name}" for name in _REFERENCE},
    "reason": "reason",
    "reportingController": "reportingComponent",
    "type": "type",
}


def to_core(event: Obj) -> Obj:
    """An ``events.k8s.io/v1`` Event as it is stored."""
    return {_TO_CORE.get(name, name): value for name, value in event.items()} | {"apiVersion": "v1"}


def from_core(event: Obj) -> Obj:
    """A stored Event in its ``events.k8s.io/v1`` view."""
    return {_FROM_CORE.get(name, name): value for name, value in event.items()} | {"apiVersion": f"{GROUP}/v1"}


def check_core(event: Obj, _old: Obj | None) -> list[FieldError]:
    """What is wrong with a stored Event that came through ``v1``. Without eventTime it is of the old kind, and little is asked."""
    return list(_check_any(event, "reportingComponent"))


def check_new(event: Obj, old: Obj | None) -> list[FieldError]:
    """What is wrong with a stored Event that came through ``events.k8s.io/v1``; it is spoken of in the words of ``v1``."""
    errors = list(_check_any(event, "reportingController"))
    if old is not None:
        changed = [name for name in _IMMUTABLE if event.get(name) != old.get(name)]
        return [*errors, *(FieldError(Cause.INVALID, name, "field is immutable", event.get(name)) for name in changed)]
    if not event.get("eventTime"):
        errors.append(FieldError(Cause.REQUIRED, "eventTime"))
    if event.get("type") not in ("Normal", "Warning"):
        errors.append(FieldError(Cause.INVALID, "type", f"has invalid value: {event.get('type') or ''}", ""))
    of_the_old_kind = [name for name in ("firstTimestamp", "lastTimestamp", "count", "source") if event.get(name)]
    return [*errors, *(FieldError(Cause.INVALID, name, "needs to be unset", "") for name in of_the_old_kind)]


def _check_any(event: Obj, controller: str) -> Iterator[FieldError]:
    namespace = metadata_of(event).get("namespace") or ""
    about = (event.get("involvedObject") or {}).get("namespace") or ""
    is_new = bool(event.get("eventTime"))
    allowed = about or namespace in _CLUSTER_SCOPED_NAMESPACES if is_new else about == namespace or (not about and namespace == "default")
    if not allowed:
        yield FieldError(Cause.INVALID, "involvedObject.namespace", "does not match event.namespace", about)
    if is_new:
        yield from _check_new(event, controller)


def _check_new(event: Obj, controller: str) -> Iterator[FieldError]:
    name = event.get("reportingComponent") or ""
    if not name:
        yield FieldError(Cause.REQUIRED, controller)
    for problem in metadata.qualified_name_problems(name):
        yield FieldError(Cause.INVALID, controller, problem, name)
    for field in ("reportingInstance", "action", "reason"):
        text = event.get(field) or ""
        if not text:
            yield FieldError(Cause.REQUIRED, field)
        elif len(text) > _WORD_LIMIT:
            yield FieldError(Cause.INVALID, field, f"can have at most {_WORD_LIMIT} characters", "")
    if len((event.get("message") or "").encode()) > NOTE_LIMIT:
        yield FieldError(Cause.INVALID, "message", f"can have at most {NOTE_LIMIT} characters", "")
    series = event.get("series")
    if series is not None:
        if (series.get("count") or 0) < _LEAST_SERIES:
            yield FieldError(Cause.INVALID, "series.count", f"should be at least {_LEAST_SERIES}", "")
        if not series.get("lastObservedTime"):
            yield FieldError(Cause.REQUIRED, "series.lastObservedTime")
