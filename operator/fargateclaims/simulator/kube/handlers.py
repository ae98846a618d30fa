"""The verbs of resources over HTTP: query parameters, bodies and content types in, objects and statuses out."""

from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web

from fargateclaims.simulator.kube import decoding, deletion, protobuf, reads, requests, reviews, selectors
from fargateclaims.simulator.kube.cluster import Cluster
from fargateclaims.simulator.kube.decoding import FieldValidation, WriteOptions
from fargateclaims.simulator.kube.deletion import DeleteOptions
from fargateclaims.simulator.kube.errors import (
    ApiError,
    PageNotFoundError,
    bad_request,
    invalid,
    method_not_allowed,
    no_such_path,
    not_found,
    unsupported_media_type,
)
from fargateclaims.simulator.kube.faults import Fault
from fargateclaims.simulator.kube.field_errors import Cause, FieldError
from fargateclaims.simulator.kube.objects import Clock, Key, Obj, Value, dumps, metadata_of
from fargateclaims.simulator.kube.patches import json_patch, merge_patch
from fargateclaims.simulator.kube.reads import ListOptions
from fargateclaims.simulator.kube.representation import Representation, negotiate
from fargateclaims.simulator.kube.requests import RequestInfo, is_true
from fargateclaims.simulator.kube.resources import SUBRESOURCES, ResourceType
from fargateclaims.simulator.kube.store import Stored
from fargateclaims.simulator.kube.strategic import strategic_patch
from fargateclaims.simulator.kube.watch import Watches, WatchOptions
from fargateclaims.simulator.kube.workloads import scale
from fargateclaims.simulator.kube.writes import Transform, Written

# As in a real API server (and etcd behind it).
BODY_LIMIT: Final = 3 * 1024 * 1024
_BODY_TYPES: Final = ("application/json", "application/yaml", protobuf.MEDIA_TYPE)
_APPLY: Final = "application/apply-patch+yaml"
_JSON_PATCH: Final = "application/json-patch+json"
_MERGE_PATCH: Final = "application/merge-patch+json"
_STRATEGIC: Final = "application/strategic-merge-patch+json"
_PATCHES: Final[Mapping[str, Callable[[Value, Value], Value]]] = {
    _JSON_PATCH: json_patch,
    _MERGE_PATCH: merge_patch,
    _STRATEGIC: strategic_patch,
}
_UNDECODABLE_PATCH: Final = "error decoding patch: "
_OPTIONS: Final = {"create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"}
_MANAGER_LIMIT: Final = 128


class ResourceHandlers:
    """Answers requests for resources of one cluster."""

    def __init__(self, cluster: Cluster, watches: Watches, clock: Clock) -> None:
        self._cluster = cluster
        self._watches = watches
        self._clock = clock

    async def answer(self, request: web.Request, info: RequestInfo, fault: Fault | None) -> web.StreamResponse:
        """The answer to a request; ApiError if it is refused."""
        resource = self._cluster.kinds.lookup(info.group, info.version, info.resource)
        _check_path(resource, info)
        match info.verb:
            case "watch":
                form = negotiate(request.headers.get("Accept", ""), request.query.get("includeObject", ""))
                return await self._watches.serve(request, resource, _watch_options(request.query, resource, info), form)
            case "list":
                return self._list(request, resource, info, fault)
            case "get":
                return self._get(request, resource, info)
            case "delete" | "deletecollection":
                return self._delete(request, resource, info, await _body(request))
            case _:
                return self._write(request, resource, info, await _body(request))

    def _get(self, request: web.Request, resource: ResourceType, info: RequestInfo) -> web.Response:
        stored = reads.get(self._cluster.store, resource, (info.namespace, info.name), request.query.get("resourceVersion", ""))
        return _json(self._shown(request, resource, stored, info.subresource))

    def _shown(self, request: web.Request, resource: ResourceType, stored: Stored, subresource: str) -> bytes:
        if subresource == "scale":
            return dumps(scale.of(stored.data))
        form = negotiate(request.headers.get("Accept", ""), request.query.get("includeObject", ""))
        return form.one(resource, stored, self._clock())

    def _list(self, request: web.Request, resource: ResourceType, info: RequestInfo, fault: Fault | None) -> web.Response:
        query = request.query
        form = negotiate(request.headers.get("Accept", ""), query.get("includeObject", ""))
        if "sendInitialEvents" in query:
            error = FieldError(Cause.FORBIDDEN, "sendInitialEvents", "sendInitialEvents is forbidden for list")
            raise invalid("ListOptions", "meta.k8s.io", "", [error])
        options = ListOptions(
            selector=selectors.parse(query.get("labelSelector", ""), query.get("fieldSelector", ""), resource.selectable),
            limit=_number(query, "limit"),
            continue_token=query.get("continue", ""),
            resource_version=query.get("resourceVersion", ""),
            match=query.get("resourceVersionMatch", ""),
        )
        page = reads.list_page(self._cluster.store, resource, info.namespace or None, options, fault.as_of if fault else None)
        return _json(form.many(resource, page, self._clock()))

    def _write(self, request: web.Request, resource: ResourceType, info: RequestInfo, body: bytes) -> web.Response:
        options = _write_options(request, info.verb)
        content_type = request.content_type if "Content-Type" in request.headers else "application/json"
        if info.verb == "patch":
            written = self._patch(resource, info, content_type, body, options)
        else:
            if content_type not in _BODY_TYPES:
                raise unsupported_media_type(", ".join(_BODY_TYPES))
            parsed = decoding.parse_body(body, content_type, decoding.unrecognized(resource) + decoding.NO_VERSION)
            if not resource.collection:
                return _json(dumps(reviews.answer(resource, parsed)), 201)
            if info.verb == "create" and info.subresource:
                self._cluster.actions[info.subresource]((info.namespace, info.name), parsed, options)
                return _json(dumps(_success(code=201)), 201)
            if info.subresource == "scale":
                written = self._change(resource, info, lambda _: parsed, options)
            elif info.verb == "create":
                written = self._cluster.writer.create(resource, info.namespace, parsed, options)
            else:
                written = self._cluster.writer.replace(resource, (info.namespace, info.name), info.subresource, parsed, options)
        return self._written(request, info, written, options)

    def _patch(self, resource: ResourceType, info: RequestInfo, content_type: str, body: bytes, options: WriteOptions) -> Written:
        if content_type == _APPLY:
            config = decoding.parse_body(body, content_type, "error decoding YAML: error converting YAML to JSON: yaml: ")
            return self._cluster.writer.apply(resource, (info.namespace, info.name), info.subresource, config, options)
        change = _PATCHES.get(content_type)
        if change is None or (content_type == _STRATEGIC and resource.custom):
            accepted = [_JSON_PATCH, _MERGE_PATCH, _APPLY] if resource.custom else [_JSON_PATCH, _MERGE_PATCH, _STRATEGIC, _APPLY]
            raise unsupported_media_type(", ".join(accepted))
        patch = decoding.parse_body(body, content_type, _UNDECODABLE_PATCH)
        if not isinstance(patch, list if content_type == _JSON_PATCH else dict):
            target = "[]handlers.jsonPatchOp" if content_type == _JSON_PATCH else "map[string]interface {}"
            raise bad_request(_UNDECODABLE_PATCH + decoding.cannot_unmarshal(patch, target))
        return self._change(resource, info, lambda obj: change(obj, patch), options)

    def _change(self, resource: ResourceType, info: RequestInfo, transform: Transform, options: WriteOptions) -> Written:
        if info.subresource == "scale":
            transform = scale.through(transform)
        return self._cluster.writer.patch(resource, (info.namespace, info.name), info.subresource, transform, options)

    def _written(self, request: web.Request, info: RequestInfo, written: Written, options: WriteOptions) -> web.Response:
        body = self._shown(request, written.resource, written.stored, info.subresource)
        response = _json(body, 201 if written.created else 200)
        for warning in options.warnings:
            response.headers.add("Warning", f'299 - "{warning.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"')
        return response

    def _delete(self, request: web.Request, resource: ResourceType, info: RequestInfo, body: bytes) -> web.Response:
        # With a body, the query says nothing.
        given = decoding.parse_body(body, request.content_type, decoding.NO_VERSION) if body.strip() else dict(request.query)
        options = deletion.parse_options(given)
        if not info.name:
            return self._delete_all(request, resource, info, options)
        written = self._cluster.writer.delete(resource, (info.namespace, info.name), options)
        if not written.deleted or resource.returns_deleted:
            return _json(dumps(written.obj))
        details = {"name": info.name, "group": resource.group, "kind": resource.plural, "uid": metadata_of(written.obj)["uid"]}
        return _json(dumps(_success(details={name: value for name, value in details.items() if value})))

    def _delete_all(self, request: web.Request, resource: ResourceType, info: RequestInfo, options: DeleteOptions) -> web.Response:
        query = request.query
        selector = selectors.parse(query.get("labelSelector", ""), query.get("fieldSelector", ""), resource.selectable)
        page = reads.list_page(self._cluster.store, resource, info.namespace or None, ListOptions(selector=selector))
        keys: list[Key] = [stored.key for stored in page.items]
        self._cluster.writer.delete_all(resource, keys, options)
        # As they were listed, before they were marked or gone.
        return _json(Representation().many(resource, page, self._clock()))


def _success(**fields: Value) -> Obj:
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", **fields}


def _json(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")


async def _body(request: web.Request) -> bytes:
    if (request.content_length or 0) > BODY_LIMIT:
        raise ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {BODY_LIMIT}")
    return await request.read()


def _check_path(resource: ResourceType, info: RequestInfo) -> None:
    if not resource.namespaced and info.namespace:
        raise no_such_path()
    if resource.namespaced and not info.namespace and info.verb not in ("list", "watch"):
        raise PageNotFoundError if resource.custom else method_not_allowed()
    if info.subresource and info.subresource not in resource.subresources:
        raise not_found(resource.group_resource, info.name) if resource.custom else no_such_path()
    if info.subresource and info.verb not in SUBRESOURCES[info.subresource].verbs:
        why = f'{info.verb} is not supported on resources of kind "{resource.group_resource}"'
        raise method_not_allowed(why) if resource.custom else method_not_allowed()
    if info.verb in ("update", "patch") and not info.name:
        raise bad_request("name must be provided") if resource.custom else method_not_allowed()
    if info.verb not in resource.verbs or (info.verb == "create" and info.name and not info.subresource):
        raise method_not_allowed()


def _number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name) or "0"
    if not text.lstrip("-").isdigit():
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return max(int(text), 0)


def _watch_options(query: Mapping[str, str], resource: ResourceType, info: RequestInfo) -> WatchOptions:
    return WatchOptions(
        selector=selectors.parse(query.get("labelSelector", ""), query.get("fieldSelector", ""), resource.selectable),
        namespace=info.namespace or None,
        resource_version=query.get("resourceVersion", ""),
        bookmarks=is_true(query.get("allowWatchBookmarks")),
        send_initial=is_true(query["sendInitialEvents"]) if "sendInitialEvents" in query else None,
        match=query.get("resourceVersionMatch", ""),
        continued="continue" in query,
        timeout=_number(query, "timeoutSeconds") or None,
    )


def _write_options(request: web.Request, verb: str) -> WriteOptions:
    query = request.query
    options = _OPTIONS[verb]
    validation = query.get("fieldValidation") or FieldValidation.WARN
    if validation not in list(FieldValidation):
        error = FieldError(Cause.NOT_SUPPORTED, "fieldValidation", 'supported values: "", "Ignore", "Strict", "Warn"', validation)
        raise invalid(options, "meta.k8s.io", "", [error])
    manager = query.get("fieldManager", "")
    if len(manager) > _MANAGER_LIMIT:
        error = FieldError(Cause.TOO_LONG, "fieldManager", f"may not be more than {_MANAGER_LIMIT} bytes")
        raise invalid(options, "meta.k8s.io", "", [error])
    if request.content_type == _APPLY and not manager:
        error = FieldError(Cause.REQUIRED, "fieldManager", "is required for apply patch")
        raise invalid(options, "meta.k8s.io", "", [error])
    return WriteOptions(
        dry_run=decoding.is_dry_run(query.get("dryRun", ""), options),
        field_manager=manager or request.headers.get("User-Agent", "unknown").split("/")[0][:_MANAGER_LIMIT] or "unknown",
        field_validation=FieldValidation(validation),
        force=requests.is_true(query.get("force")),
    )


def page_not_found() -> web.Response:
    """What Go's own server says."""
    return web.Response(text=PageNotFoundError.text, status=404)


def status_response(error: ApiError) -> web.Response:
    """An ApiError as HTTP."""
    body: Obj = error.status()
    return web.Response(body=dumps(body), status=error.code, headers=error.headers, content_type="application/json")
