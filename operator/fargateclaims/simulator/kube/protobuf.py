"""Bodies in Kubernetes' protobuf, which kubectl sends for a few built-in kinds whatever the server offers (``kubectl create namespace``).

Only what is needed for these is read; answers are always JSON, which the same clients accept. The numbers are those of the
``generated.proto`` files in ``k8s.io/api`` and ``k8s.io/apimachinery``.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from fargateclaims.simulator.kube.errors import bad_request
from fargateclaims.simulator.kube.objects import Obj, Value

MEDIA_TYPE: Final = "application/vnd.kubernetes.protobuf"
_MAGIC: Final = b"k8s\x00"
_VARINT: Final = 0
_BYTES: Final = 2
_FIXED_LENGTHS: Final = {1: 8, 5: 4}  # wire type: bytes


@dataclass(frozen=True, slots=True)
class _Message:
    """Fields by number: the JSON name, and how the value is read (a `_Message`, or one of the words of `_read`)."""

    fields: dict[int, "tuple[str, str | _Message]"] = field(default_factory=dict)


_OBJECT_META: Final = _Message(
    {1: ("name", "text"), 2: ("generateName", "text"), 3: ("namespace", "text"), 11: ("labels", "map"), 12: ("annotations", "map")}
)
_META: Final = ("metadata", _OBJECT_META)
_RESOURCE_ATTRIBUTES: Final = _Message(
    {number: (name, "text") for number, name in enumerate(("namespace", "verb", "group", "version", "resource", "subresource", "name"), 1)}
)
_KINDS: Final[dict[str, _Message]] = {
    "ConfigMap": _Message({1: _META, 2: ("data", "map"), 3: ("binaryData", "byte map"), 4: ("immutable", "flag")}),
    "Namespace": _Message({1: _META}),
    "Secret": _Message({1: _META, 2: ("data", "byte map"), 3: ("type", "text"), 4: ("stringData", "map"), 5: ("immutable", "flag")}),
    "SelfSubjectAccessReview": _Message({1: _META, 2: ("spec", _Message({1: ("resourceAttributes", _RESOURCE_ATTRIBUTES)}))}),
    "SelfSubjectReview": _Message({1: _META}),
    "SelfSubjectRulesReview": _Message({1: _META, 2: ("spec", _Message({1: ("namespace", "text")}))}),
    "ServiceAccount": _Message({1: _META}),
}
_TYPE_META: Final = _Message({1: ("apiVersion", "text"), 2: ("kind", "text")})


def decode(body: bytes) -> Obj:
    """The object in a body of `MEDIA_TYPE`; 400 if it is malformed or of a kind that is not read here."""
    if not body.startswith(_MAGIC):
        raise bad_request("the body of the request is not in Kubernetes' protobuf")
    try:
        envelope = dict(_fields(body[len(_MAGIC) :]))
        head = _object(_TYPE_META, envelope[1])
        message = _KINDS.get(head.get("kind", ""))
        if message is None:
            raise bad_request(f"a {head.get('kind')} in protobuf is not read by this server: send JSON")
        return {**head, **_object(message, envelope[2])}
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise bad_request(f"the body of the request is malformed protobuf: {error}") from error


def _fields(data: bytes) -> Iterator[tuple[int, Value]]:
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire = tag >> 3, tag & 7
        if wire in _FIXED_LENGTHS:
            position += _FIXED_LENGTHS[wire]
            continue
        value, position = _varint(data, position)
        if wire == _VARINT:
            yield number, value
        elif wire == _BYTES and position + value <= len(data):
            yield number, data[position : position + value]
            position += value
        else:
            raise ValueError(f"field {number} of wire type {wire} is truncated or unknown")


def _varint(data: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7


def _object(message: _Message, data: bytes) -> Obj:
    result: Obj = {}
    for number, raw in _fields(data):
        if number not in message.fields:
            continue
        name, kind = message.fields[number]
        if isinstance(kind, _Message):
            result[name] = _object(kind, raw)
        elif kind.endswith("map"):
            entry = dict(_fields(raw))
            text = entry.get(2, b"")
            result.setdefault(name, {})[entry[1].decode()] = base64.b64encode(text).decode() if kind == "byte map" else text.decode()
        elif (value := raw.decode() if kind == "text" else bool(raw)) not in ("", False):
            result[name] = value
    return result
