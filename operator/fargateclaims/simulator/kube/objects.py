"""Kubernetes objects as plain JSON. A stored object is never changed in place: every write makes new dicts along the path it changes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

Obj: TypeAlias = dict[str, Any]
Value: TypeAlias = Any  # any JSON value: schemas and patches work on what is not yet known to be valid
Clock: TypeAlias = Callable[[], datetime]
Key: TypeAlias = tuple[str, str]  # namespace ("" for cluster-scoped objects) and name

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)


def dumps(value: Value) -> bytes:
    """Compact UTF-8 JSON."""
    return _encoder.encode(value).encode()


def utc_now() -> datetime:
    """The clock of a server in use; tests bring their own."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """``metav1.Time``: RFC 3339 in UTC with whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_timestamp(text: str) -> datetime:
    """A ``metav1.Time`` or ``MicroTime``; ValueError if it is neither."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or "T" not in text.upper():
        raise ValueError(f"{text!r} is not an RFC 3339 time")
    return moment


def metadata_of(obj: Obj) -> Obj:
    """The object's metadata, empty if it has none."""
    meta = obj.get("metadata")
    return meta if isinstance(meta, dict) else {}


def key_of(obj: Obj) -> Key:
    """Namespace and name of an object that has a name."""
    meta = metadata_of(obj)
    return meta.get("namespace") or "", meta["name"]
