"""Events: one store, two views (``v1`` and ``events.k8s.io/v1``), and the stricter rules of the newer one.

Source: ``k8s.io/kubernetes/pkg/apis/core/validation/events.go`` and ``pkg/apis/events/v1``.
"""

import re
from typing import Final

from fargateclaims.simulator.kube.field_errors import Cause, FieldError
from fargateclaims.simulator.kube.objects import Obj, metadata_of

GROUP: Final = "events.k8s.io"
NOTE_LIMIT: Final = 1024
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


def check_core(event: Obj, old: Obj | None) -> list[FieldError]:
    """What is wrong with a stored Event that came through ``v1``. Without eventTime it is of the old kind, and little is asked."""
    errors = _check_namespace(event, "involvedObject")
    if event.get("eventTime") and old is None:
        errors += _check_new(event, "reportingComponent", "message")
    return errors


def check_new(event: Obj, old: Obj | None) -> list[FieldError]:
    """What is wrong with a stored Event that came through ``events.k8s.io/v1``."""
    errors = _check_namespace(event, "involvedObject")
    if old is None:
        if not event.get("eventTime"):
            errors.append(FieldError(Cause.REQUIRED, "eventTime"))
        errors += _check_new(event, "reportingController", "note")
    return errors


def _check_namespace(event: Obj, field: str) -> list[FieldError]:
    namespace = metadata_of(event).get("namespace") or ""
    about = (event.get(field) or {}).get("namespace") or ""
    if about == namespace or (not about and namespace in _CLUSTER_SCOPED_NAMESPACES):
        return []
    detail = "does not match event.namespace" if about else 'must be "default" or "kube-system" for an object without a namespace'
    return [FieldError(Cause.INVALID, f"{field}.namespace", detail, about)]


def _check_new(event: Obj, controller: str, note: str) -> list[FieldError]:
    errors = []
    name = event.get("reportingComponent") or ""
    if not name:
        errors.append(FieldError(Cause.REQUIRED, controller))
    elif not re.fullmatch(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", name):
        detail = "a qualified name must consist of alphanumeric characters, '-', '_' or '.'"
        errors.append(FieldError(Cause.INVALID, controller, detail, name))
    for field, limit in (("reportingInstance", 128), ("action", 128), ("reason", 128)):
        text = event.get(field) or ""
        if not text:
            errors.append(FieldError(Cause.REQUIRED, field))
        elif len(text) > limit:
            errors.append(FieldError(Cause.INVALID, field, f"can have at most {limit} characters", text))
    if len((event.get("message") or "").encode()) > NOTE_LIMIT:
        errors.append(FieldError(Cause.INVALID, note, f"can have at most {NOTE_LIMIT} characters", event["message"]))
    if event.get("type") not in ("Normal", "Warning"):
        errors.append(FieldError(Cause.INVALID, "type", 'has invalid value: must be "Normal" or "Warning"', event.get("type") or ""))
    return errors
