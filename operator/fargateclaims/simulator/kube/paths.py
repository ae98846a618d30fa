"""Everything a server answers that is not about resources: health, version, discovery and OpenAPI."""

from typing import Final

from aiohttp import web

from fargateclaims.simulator.kube import discovery, openapi
from fargateclaims.simulator.kube.errors import no_such_path, not_acceptable
from fargateclaims.simulator.kube.objects import Value, dumps
from fargateclaims.simulator.kube.resources import Kinds

HEALTH: Final = ("/healthz", "/livez", "/readyz")


def answer(kinds: Kinds, request: web.Request) -> web.Response:
    """The answer to a GET; ApiError if there is nothing at this path."""
    parts = [part for part in request.path.split("/") if part]
    match parts:
        case [] | ["version"]:
            return _json(discovery.VERSION if parts else {"paths": ["/api", "/apis", *HEALTH, "/openapi/v2", "/openapi/v3", "/version"]})
        case ["healthz" | "livez" | "readyz", *_]:
            return web.Response(text="ok")
        case ["api" | "apis" as root]:
            return _root(kinds, request, core=root == "api")
        case ["api", version]:
            return _json(discovery.resource_list(kinds, "", version))
        case ["apis", group]:
            return _json(discovery.group(kinds, group))
        case ["apis", group, version]:
            return _json(discovery.resource_list(kinds, group, version))
        case ["openapi", *rest]:
            return _openapi(kinds, request, rest)
    raise no_such_path()


def _root(kinds: Kinds, request: web.Request, *, core: bool) -> web.Response:
    wanted = discovery.aggregated_version(request.headers.get("Accept", ""))
    if wanted is not None:
        body = dumps(discovery.aggregated(kinds, wanted, core=core))
        return web.Response(body=body, headers={"Content-Type": discovery.AGGREGATED_TYPES[wanted]})
    return _json(discovery.core_versions(request.host) if core else discovery.group_list(kinds))


def _openapi(kinds: Kinds, request: web.Request, parts: list[str]) -> web.Response:
    match parts:
        case ["v2"]:
            accept = request.headers.get("Accept", "*/*")
            if "application/json" not in accept and "*/*" not in accept:
                raise not_acceptable("application/json")
            return _json(openapi.v2_document(kinds))
        case ["v3"]:
            return _json(openapi.v3_index(kinds))
        case ["v3", "api", version]:
            return _json(openapi.v3_document(kinds, "", version))
        case ["v3", "apis", group, version]:
            return _json(openapi.v3_document(kinds, group, version))
    raise no_such_path()


def _json(value: Value) -> web.Response:
    return web.Response(body=dumps(value), content_type="application/json")
