"""Bodies in Kubernetes' protobuf, which kubectl sends for a few built-in kinds whatever the server offers (``kubectl create namespace``).

Only what is needed for these is read; answers are always JSON, which the same clients accept. The numbers are those of the
``generated.proto`` files in ``k8s.io/api`` and ``k8s.io/apimachinery``.
"""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from fargateclaims.simulator.kube.errors import bad_request
from fargateclaims.simulator.kube.objects import Obj, Value

MEDIA_TYPE: Final = "application/vnd.kubernetes.protobuf"
_MAGIC: Final = b"k8s\x00"
_VARINT: Final = 0
_BYTES: Final = 2
_FIXED_LENGTHS: Final = {1: 8, 5: 4}  # wire type: bytes


@dataclass(frozen=True, slots=True)
class _Message:
    """Fields by number: the JSON name, and how the value is read (a `_Message`, or one of the words of `_value`)."""

    fields: dict[int, "tuple[str, str | _Message | _Each]"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Each:
    """A field that may be there any number of times."""

    kind: str | _Message


_OBJECT_META: Final = _Message(
    {1: ("name", "text"), 2: ("generateName", "text"), 3: ("namespace", "text"), 11: ("labels", "map"), 12: ("annotations", "map")}
)
_META: Final = ("metadata", _OBJECT_META)
_RESOURCE_ATTRIBUTES: Final = _Message(
    {number: (name, "text") for number, name in enumerate(("namespace", "verb", "group", "version", "resource", "subresource", "name"), 1)}
)
_SELECTOR: Final = ("selector", _Message({1: ("matchLabels", "map")}))
_PORT: Final = _Message({3: ("containerPort", "number"), 4: ("protocol", "text")})
_CONTAINER: Final = _Message(
    {1: ("name", "text"), 2: ("image", "text"), 3: ("command", _Each("text")), 4: ("args", _Each("text")), 6: ("ports", _Each(_PORT))}
)
_POD_SPEC: Final = _Message({2: ("containers", _Each(_CONTAINER)), 3: ("restartPolicy", "text")})
_TEMPLATE: Final = ("template", _Message({1: _META, 2: ("spec", _POD_SPEC)}))
_BUDGET_SPEC: Final = _Message({1: ("minAvailable", "number or text"), 2: _SELECTOR, 3: ("maxUnavailable", "number or text")})
_KINDS: Final[dict[str, _Message]] = {
    "ConfigMap": _Message({1: _META, 2: ("data", "map"), 3: ("binaryData", "byte map"), 4: ("immutable", "flag")}),
    "Deployment": _Message({1: _META, 2: ("spec", _Message({1: ("replicas", "number"), 2: _SELECTOR, 3: _TEMPLATE}))}),
    "Job": _Message({1: _META, 2: ("spec", _Message({6: _TEMPLATE}))}),
    "Namespace": _Message({1: _META}),
    "PodDisruptionBudget": _Message({1: _META, 2: ("spec", _BUDGET_SPEC)}),
    "Secret": _Message({1: _META, 2: ("data", "byte map"), 3: ("type", "text"), 4: ("stringData", "map"), 5: ("immutable", "flag")}),
    "SelfSubjectAccessReview": _Message({1: _META, 2: ("spec", _Message({1: ("resourceAttributes", _RESOURCE_ATTRIBUTES)}))}),
    "SelfSubjectReview": _Message({1: _META}),
    "SelfSubjectRulesReview": _Message({1: _META, 2: ("spec", _Message({1: ("namespace", "text")}))}),
    "ServiceAccount": _Message({1: _META}),
}
_SCALARS: Final[dict[str, Callable[[Any], Value]]] = {"text": bytes.decode, "flag": bool, "number": int}
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
        if isinstance(kind, str) and kind.endswith("map"):
            entry = dict(_fields(raw))
            text = entry.get(2, b"")
            result.setdefault(name, {})[entry[1].decode()] = base64.b64encode(text).decode() if kind == "byte map" else text.decode()
        elif isinstance(kind, _Each):
            result.setdefault(name, []).append(_value(kind.kind, raw))
        elif (value := _value(kind, raw)) != "" and value is not False:
            result[name] = value
    return result


def _value(kind: "str | _Message", raw: Any) -> Value:  # noqa: ANN401 - a number or bytes, by the wire type
    if isinstance(kind, _Message):
        return _object(kind, raw)
    if kind == "number or text":
        # Which of the two it is, then the one, then the other.
        parts = dict(_fields(raw))
        return parts.get(3, b"").decode() if parts.get(1) else parts.get(2, 0)
    return _SCALARS[kind](raw)
