import pytest

from fargateclaims.simulator.kube.errors import ApiError
from fargateclaims.simulator.kube.protobuf import decode
from fargateclaims.simulator.kube.requests import RequestInfo, parse


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", "/api/v1/namespaces", {}, RequestInfo("list", "", "v1", "namespaces")),
        ("GET", "/api/v1/namespaces/a", {}, RequestInfo("get", "", "v1", "namespaces", name="a")),
        ("PUT", "/api/v1/namespaces/a/finalize", {}, RequestInfo("update", "", "v1", "namespaces", name="a", subresource="finalize")),
        ("GET", "/api/v1/namespaces/a/pods", {"watch": "true"}, RequestInfo("watch", "", "v1", "pods", "a")),
        ("GET", "/api/v1/namespaces/a/pods", {"watch": "0"}, RequestInfo("list", "", "v1", "pods", "a")),
        ("GET", "/api/v1/namespaces/a/status/b", {}, RequestInfo("get", "", "v1", "status", "a", "b")),
        ("POST", "/apis/x.dev/v1/namespaces/a/foos", {}, RequestInfo("create", "x.dev", "v1", "foos", "a")),
        ("PATCH", "/apis/x.dev/v1/namespaces/a/foos/b/status", {}, RequestInfo("patch", "x.dev", "v1", "foos", "a", "b", "status")),
        ("DELETE", "/apis/x.dev/v1/foos", {}, RequestInfo("deletecollection", "x.dev", "v1", "foos")),
        ("DELETE", "/apis/x.dev/v1/foos/b", {}, RequestInfo("delete", "x.dev", "v1", "foos", name="b")),
        ("GET", "/apis/x.dev/v1", {}, None),
        ("GET", "/healthz", {}, None),
    ],
)
def test_paths(method: str, path: str, query: dict[str, str], expected: RequestInfo | None) -> None:
    assert parse(method, path, query) == expected


def field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content


def message(kind: str, content: bytes) -> bytes:
    return b"k8s\x00" + field(1, field(1, b"v1") + field(2, kind.encode())) + field(2, content)


def test_protobuf_of_a_secret() -> None:
    meta = (
        field(1, b"n")
        + field(3, b"ns")
        + bytes([7 << 3, 1])
        + bytes([6 << 3 | 1])
        + bytes(8)
        + bytes([11 << 3 | 2, 6])
        + b"\x0a\x01l\x12\x01v"
    )
    body = message("Secret", field(1, meta) + field(2, field(1, b"k") + field(2, b"\x00\x01")) + field(3, b"Opaque") + bytes([5 << 3, 1]))
    assert decode(body) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "n", "namespace": "ns", "labels": {"l": "v"}},
        "data": {"k": "AAE="},
        "type": "Opaque",
        "immutable": True,
    }


@pytest.mark.parametrize(
    "body", [b"{}", b"k8s\x00", b"k8s\x00\x0a\x7f", message("ReplicaSet", b""), message("Secret", b"\x0a"), message("Secret", b"\x0b")]
)
def test_protobuf_that_is_not_read_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        decode(body)
    assert refused.value.code == 400
