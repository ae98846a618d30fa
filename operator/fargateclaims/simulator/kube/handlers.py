"""The verbs of resources over HTTP: query parameters, bodies and content types in, objects and statuses out."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from fargateclaims.simulator.kube import decoding, protobuf, reads, requests, reviews, selectors
from fargateclaims.simulator.kube.cluster import Cluster
from fargateclaims.simulator.kube.decoding import FieldValidation, WriteOptions
from fargateclaims.simulator.kube.errors import ApiError, bad_request, invalid, method_not_allowed, no_such_path, unsupported_media_type
from fargateclaims.simulator.kube.faults import Fault
from fargateclaims.simulator.kube.field_errors import Cause, FieldError
from fargateclaims.simulator.kube.objects import Clock, Key, Obj, Value, dumps, metadata_of
from fargateclaims.simulator.kube.patches import json_patch, merge_patch
from fargateclaims.simulator.kube.reads import ListOptions
from fargateclaims.simulator.kube.representation import negotiate
from fargateclaims.simulator.kube.requests import RequestInfo, is_true
from fargateclaims.simulator.kube.resources import ResourceType
from fargateclaims.simulator.kube.strategic import strategic_patch
from fargateclaims.simulator.kube.watch import Watches, WatchOptions
from fargateclaims.simulator.kube.writes import Preconditions, Written

# As in a real API server (and etcd behind it).
BODY_LIMIT: Final = 3 * 1024 * 1024
# The last is what aiohttp takes a body without a type for; a real server takes it for JSON.
_BODY_TYPES: Final = ("application/json", "application/yaml", protobuf.MEDIA_TYPE, "application/octet-stream")
_APPLY: Final = "application/apply-patch+yaml"
_JSON_PATCH: Final = "application/json-patch+json"
_MERGE_PATCH: Final = "application/merge-patch+json"
_STRATEGIC: Final = "application/strategic-merge-patch+json"


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
        stored = reads.get(self._cluster.store, resource, (info.namespace, info.name))
        form = negotiate(request.headers.get("Accept", ""), request.query.get("includeObject", ""))
        return _json(form.one(resource, stored, self._clock()))

    def _list(self, request: web.Request, resource: ResourceType, info: RequestInfo, fault: Fault | None) -> web.Response:
        query = request.query
        form = negotiate(request.headers.get("Accept", ""), query.get("includeObject", ""))
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
        options = _write_options(request)
        content_type = request.content_type
        if info.verb == "patch":
            written = self._patch(resource, info, content_type, decoding.parse_body(body, content_type), options)
        else:
            if content_type not in _BODY_TYPES:
                raise unsupported_media_type(", ".join(_BODY_TYPES[:-1]))
            parsed = decoding.parse_body(body, content_type)
            if not resource.collection:
                return _json(dumps(reviews.answer(resource, parsed)), 201)
            if info.verb == "create":
                written = self._cluster.writer.create(resource, info.namespace, parsed, options)
            else:
                written = self._cluster.writer.replace(resource, (info.namespace, info.name), info.subresource, parsed, options)
        return self._written(request, written, options)

    def _patch(self, resource: ResourceType, info: RequestInfo, content_type: str, patch: Value, options: WriteOptions) -> Written:
        key, writer = (info.namespace, info.name), self._cluster.writer
        if content_type == _APPLY:
            return writer.apply(resource, key, info.subresource, patch, options)
        if content_type == _JSON_PATCH:
            return writer.patch(resource, key, info.subresource, lambda obj: json_patch(obj, patch), options)
        if not isinstance(patch, dict):
            raise bad_request("error decoding patch: a merge patch is an object")
        if content_type == _MERGE_PATCH:
            return writer.patch(resource, key, info.subresource, lambda obj: merge_patch(obj, patch), options)
        if content_type == _STRATEGIC and not resource.custom:
            return writer.patch(resource, key, info.subresource, lambda obj: strategic_patch(obj, patch), options)
        accepted = [_JSON_PATCH, _MERGE_PATCH, _APPLY] if resource.custom else [_JSON_PATCH, _MERGE_PATCH, _STRATEGIC, _APPLY]
        raise unsupported_media_type(", ".join(accepted))

    def _written(self, request: web.Request, written: Written, options: WriteOptions) -> web.Response:
        form = negotiate(request.headers.get("Accept", ""), request.query.get("includeObject", ""))
        response = _json(form.one(written.resource, written.stored, self._clock()), 201 if written.created else 200)
        for warning in options.warnings:
            response.headers.add("Warning", f'299 - "{warning.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"')
        return response

    def _delete(self, request: web.Request, resource: ResourceType, info: RequestInfo, body: bytes) -> web.Response:
        given = decoding.parse_body(body, request.content_type) if body.strip() else {}
        if not isinstance(given, dict):
            raise bad_request("the body of a delete must be DeleteOptions")
        dry_run = _is_dry_run(request.query) or bool(given.get("dryRun"))
        if not info.name:
            return self._delete_all(request, resource, info, dry_run=dry_run)
        wanted = given.get("preconditions") or {}
        preconditions = Preconditions(wanted.get("uid") or "", wanted.get("resourceVersion") or "")
        written = self._cluster.writer.delete(resource, (info.namespace, info.name), preconditions, dry_run=dry_run)
        if not written.deleted:
            return _json(dumps(written.obj))
        details = {"name": info.name, "group": resource.group, "kind": resource.plural, "uid": metadata_of(written.obj)["uid"]}
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        return _json(dumps(status | {"details": {name: value for name, value in details.items() if value}}))

    def _delete_all(self, request: web.Request, resource: ResourceType, info: RequestInfo, *, dry_run: bool) -> web.Response:
        query = request.query
        selector = selectors.parse(query.get("labelSelector", ""), query.get("fieldSelector", ""), resource.selectable)
        page = reads.list_page(self._cluster.store, resource, info.namespace or None, ListOptions(selector=selector))
        keys: list[Key] = [stored.key for stored in page.items]
        items = self._cluster.writer.delete_all(resource, keys, dry_run=dry_run)
        meta = {"resourceVersion": str(self._cluster.store.revision)}
        return _json(dumps({"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": meta, "items": items}))


def _json(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")


async def _body(request: web.Request) -> bytes:
    if (request.content_length or 0) > BODY_LIMIT:
        raise ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {BODY_LIMIT}")
    return await request.read()


def _check_path(resource: ResourceType, info: RequestInfo) -> None:
    if info.subresource and info.subresource not in resource.subresources:
        raise no_such_path()
    if info.verb not in resource.verbs or (info.subresource and info.verb not in ("get", "update", "patch")):
        raise method_not_allowed()
    if bool(info.name) != (info.verb in ("update", "patch")) and info.verb in ("create", "update", "patch"):
        raise method_not_allowed()
    if resource.namespaced and not info.namespace and info.verb not in ("list", "watch"):
        raise method_not_allowed()
    if not resource.namespaced and info.namespace:
        raise no_such_path()


def _number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name) or "0"
    if not text.lstrip("-").isdigit():
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return max(int(text), 0)


def _watch_options(query: Mapping[str, str], resource: ResourceType, info: RequestInfo) -> WatchOptions:
    fields = query.get("fieldSelector", "")
    if info.name:
        fields = ",".join(filter(None, (fields, f"metadata.name={info.name}")))
    return WatchOptions(
        selector=selectors.parse(query.get("labelSelector", ""), fields, resource.selectable),
        namespace=info.namespace or None,
        resource_version=query.get("resourceVersion", ""),
        bookmarks=is_true(query.get("allowWatchBookmarks")),
        send_initial=is_true(query.get("sendInitialEvents")),
        match=query.get("resourceVersionMatch", ""),
        timeout=_number(query, "timeoutSeconds") or None,
    )


def _is_dry_run(query: Mapping[str, str]) -> bool:
    wanted = query.get("dryRun", "")
    if wanted not in ("", "All"):
        error = FieldError(Cause.NOT_SUPPORTED, "dryRun", 'supported values: "All"', [wanted])
        raise invalid("WriteOptions", "meta.k8s.io", "", [error])
    return bool(wanted)


def _write_options(request: web.Request) -> WriteOptions:
    query = request.query
    validation = query.get("fieldValidation") or FieldValidation.WARN
    if validation not in list(FieldValidation):
        error = FieldError(Cause.NOT_SUPPORTED, "fieldValidation", 'supported values: "Ignore", "Strict", "Warn"', validation)
        raise invalid("WriteOptions", "meta.k8s.io", "", [error])
    manager = query.get("fieldManager", "")
    if request.content_type == _APPLY and not manager:
        error = FieldError(Cause.REQUIRED, "fieldManager", "is required for apply patch")
        raise invalid("PatchOptions", "meta.k8s.io", "", [error])
    return WriteOptions(
        dry_run=_is_dry_run(query),
        field_manager=manager or request.headers.get("User-Agent", "unknown").split("/")[0][:128] or "unknown",
        field_validation=FieldValidation(validation),
        force=requests.is_true(query.get("force")),
    )


def status_response(error: ApiError) -> web.Response:
    """An ApiError as HTTP."""
    body: Obj = error.status()
    return web.Response(body=dumps(body), status=error.code, headers=error.headers, content_type="application/json")
