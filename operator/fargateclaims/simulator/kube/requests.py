"""From a method and a path to what is asked for. Source: ``k8s.io/apiserver/pkg/endpoints/request/requestinfo.go``."""

from collections.abc import Mapping
from dataclasses import dataclass

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_SCOPED_BY_NAME = ("status", "finalize")


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """A request for resources. `verb` is Kubernetes' word for it; `resource` is the plural."""

    verb: str
    group: str
    version: str
    resource: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def parse(method: str, path: str, query: Mapping[str, str]) -> RequestInfo | None:
    """What a request is about; None if the path is not one of resources."""
    parts = [part for part in path.split("/") if part]
    if len(parts) >= 3 and parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    elif len(parts) >= 4 and parts[0] == "apis":
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and not (group == "" and rest[2] in _SCOPED_BY_NAME and len(rest) == 3):
        namespace, rest = rest[1], rest[2:]
    resource, name, subresource = [*rest, "", ""][:3]
    return RequestInfo(_verb(method, name, query), group, version, resource, namespace, name, "/".join([subresource, *rest[3:]]))


def is_true(value: str | None) -> bool:
    """A boolean query parameter."""
    return value is not None and value not in ("", "false", "0")


def _verb(method: str, name: str, query: Mapping[str, str]) -> str:
    if method in ("GET", "HEAD"):
        if name:
            return "get"
        return "watch" if is_true(query.get("watch")) else "list"
    if method == "DELETE":
        return "delete" if name else "deletecollection"
    return _VERBS.get(method, method.lower())
