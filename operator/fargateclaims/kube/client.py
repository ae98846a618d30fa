"""Reads and writes of the API server: plain dicts in and out, time-outs of its own, every failure a `KubeError`."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Self, TypeVar, overload
from urllib.parse import quote

import aiohttp
from kubernetes.aio.client import ApiClient
from kubernetes.aio.client.api_client import RequestSerialized
from kubernetes.aio.client.exceptions import OpenApiException
from kubernetes.aio.client.rest import RESTResponse
from kubernetes.aio.config.config_exception import ConfigException

from fargateclaims import __version__
from fargateclaims.api.group import CLAIM_KIND, CLAIM_PLURAL, CLASS_KIND, CLASS_PLURAL, GROUP, VERSION
from fargateclaims.clock import Clock, SystemClock
from fargateclaims.kube.config import TOKEN, api_client, has_another_token, load_configuration
from fargateclaims.kube.errors import KubeError, Throttled, Unavailable, from_answer, from_transport
from fargateclaims.timing import KUBE_CONNECT_TIMEOUT, KUBE_LIST_TIMEOUT, KUBE_REQUEST_TIMEOUT

log = logging.getLogger(__name__)

PAGE_SIZE: Final = 500
"""Objects in one page of a LIST: what client-go uses; a few MiB at most."""
WRITES_AT_ONCE: Final = 16
"""Status and finalizer writes under way at a time. After a first look at hundreds of clusters thousands are due: sent all at once they
would time out in their own queue. Urgent ones have a lane of their own, as wide: no operation waits behind others' places in a queue."""

_JSON: Final = "application/json"
_MERGE_PATCH: Final = "application/merge-patch+json"
_JSON_PATCH: Final = "application/json-patch+json"
_METHODS: Final = {"get": "GET", "list": "GET", "create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}

_PLURALS: Final = {CLAIM_KIND: CLAIM_PLURAL, CLASS_KIND: CLASS_PLURAL}
_UNAUTHORIZED: Final = 401
_GONE: Final = 410
_PAGE_TRIES: Final = 5

T = TypeVar("T")
Body = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""An object; for a patch also a list, which is then a JSON patch."""
Observer = Callable[[str, str], None]
"""Told of each request: its verb (get, list, create, update, patch, delete), and how it ended (ok or the name of a `KubeError`)."""


class KubeClient:
    """The API server, for the objects that the operator deals with.

    Nothing is retried here but single pages of a LIST, and what was refused with a token that had been replaced: what to do about a
    failure is the engine's decision.

    :param api: the library's client, with host and credentials.
    """

    def __init__(self, api: ApiClient, *, clock: Clock | None = None, observe: Observer = lambda _verb, _outcome: None) -> None:
        self._api = api
        self._clock = clock or SystemClock()
        self._observe = observe
        self._closed = False
        self._lanes = {urgent: asyncio.Semaphore(WRITES_AT_ONCE) for urgent in (False, True)}
        api.user_agent = f"fargateclaims/{__version__}"

    @classmethod
    async def connect(cls, *, clock: Clock | None = None, observe: Observer = lambda _verb, _outcome: None) -> Self:
        """Make a client from KUBECONFIG, else from the pod's ServiceAccount; sends nothing yet. Raises ConfigurationError."""
        clock = clock or SystemClock()
        return cls(api_client(await load_configuration(clock)), clock=clock, observe=observe)

    async def close(self) -> None:
        """Close all connections; requests fail from now on."""
        self._closed = True
        await self._api.close()  # type: ignore[no-untyped-call]

    async def list_all(self, plural: str) -> tuple[list[dict[str, Any]], str]:
        """Read all objects of one of our kinds, in all namespaces, and the resourceVersion that they stand for."""
        return await self.list_path(f"/apis/{GROUP}/{VERSION}/{plural}")

    async def list_namespaces(self) -> tuple[list[dict[str, Any]], str]:
        """Read all namespaces, and the resourceVersion that they stand for."""
        return await self.list_path("/api/v1/namespaces")

    @overload
    async def list_path(self, path: str, query: Sequence[tuple[str, str]] = ()) -> tuple[list[dict[str, Any]], str]: ...

    @overload
    async def list_path(self, path: str, query: Sequence[tuple[str, str]], read: Callable[[dict[str, Any]], T]) -> tuple[list[T], str]: ...

    async def list_path(
        self, path: str, query: Sequence[tuple[str, str]] = (), read: Callable[[dict[str, Any]], Any] | None = None
    ) -> tuple[list[Any], str]:
        """Read all objects below `path`, page by page, and the resourceVersion that they stand for.

        :param query: such as a labelSelector.
        :param read: what to keep of each object; by default all but managedFields.
        """
        try:
            return await self._list_once(path, query, read or _lean)
        except Unavailable as error:
            if error.status != _GONE:
                raise
            # The pages already read belong to a state that the API server has forgotten: from the start, once.
            log.info("%s took longer than the API server remembers its state; reading it again", path)
            return await self._list_once(path, query, read or _lean)

    async def get(self, plural: str, namespace: str | None, name: str) -> dict[str, Any]:
        """Read one object of one of our kinds; `namespace` is None for a class."""
        return _lean(await self.request("get", _path(plural, namespace, name)))

    async def get_crd(self, name: str) -> dict[str, Any]:
        """Read a CustomResourceDefinition, such as `fargateprofileclaims.fargateclaims.dev`."""
        return _lean(await self.request("get", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{quote(name, safe='')}"))

    async def put_status(self, obj: Mapping[str, Any], *, urgent: bool = False) -> dict[str, Any]:
        """Replace the status of `obj`, if it still is as it was read: uid and resourceVersion in it are preconditions.

        PUT, not PATCH: a patch is accepted for another object of the same name. Returns the object as it is now.

        :param urgent: whether a call to AWS waits for it.
        """
        metadata = obj["metadata"]
        if not (metadata.get("uid") and metadata.get("resourceVersion")):
            raise ValueError("a status is written only to an object that was read: uid and resourceVersion are missing")
        async with self._lanes[urgent]:
            return _lean(await self.request("update", _path_of(obj) + "/status", body=dict(obj)))

    async def patch_finalizers(self, obj: Mapping[str, Any], finalizers: Sequence[str], *, urgent: bool = False) -> dict[str, Any]:
        """Set the finalizers of `obj`, if it still is as it was read, and nothing else of it. Returns the object as it is now.

        :param urgent: see `put_status`.
        """
        metadata = obj["metadata"]
        patch = {"metadata": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"], "finalizers": list(finalizers)}}
        async with self._lanes[urgent]:
            return _lean(await self.request("patch", _path_of(obj), body=patch))

    async def request(
        self,
        verb: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: Body | None = None,
        timeout: float = KUBE_REQUEST_TIMEOUT,  # noqa: ASYNC109  (aiohttp's own, which also ends the connection)
    ) -> dict[str, Any]:
        """Send one request and return the object in the answer. Raises KubeError, and nothing else.

        :param verb: as in RBAC: get, list, create, update, patch, delete.
        :param body: of a patch: an object is a JSON merge patch, a list is a JSON patch.
        :param timeout: seconds for the whole of it; once more if the token had been replaced.
        """
        try:
            answer = await self._send(verb, path, query, body, timeout)
        except KubeError as error:
            self._observe(verb, type(error).__name__)
            raise
        self._observe(verb, "ok")
        return answer

    async def _send(self, verb: str, path: str, query: Sequence[tuple[str, str]], body: Body | None, seconds: float) -> dict[str, Any]:
        method = _METHODS[verb]
        request = f"{method} {path}"
        if self._closed:
            raise Unavailable(f"{request}: the client is closed")
        headers = {"Accept": _JSON}
        if body is not None:
            headers["Content-Type"] = _content_type(verb, body)
        limit = aiohttp.ClientTimeout(total=seconds, connect=KUBE_CONNECT_TIMEOUT)
        # Called for each time that it is sent: renews the token if that is due.
        prepare = partial(
            self._api.param_serialize, method, path, query_params=list(query), header_params=headers, body=body, auth_settings=[TOKEN]
        )
        try:
            response, content, token = await self._send_once(prepare, limit)
            if response.status == _UNAUTHORIZED and await has_another_token(self._api.configuration, token):
                # Who was not let in has changed nothing: also a write may be sent again.
                response, content, _ = await self._send_once(prepare, limit)
        except (aiohttp.ClientError, OpenApiException, ConfigException, TimeoutError, OSError, UnicodeError) as error:
            raise from_transport(request, error) from error
        except RuntimeError as error:
            # aiohttp's answer when its session was closed under a request.
            if not self._closed:
                raise
            raise Unavailable(f"{request}: the client was closed") from error
        if response.status >= 400:
            raise from_answer(request, response.status, response.headers, content)
        return _object(request, response.status, content)

    async def _send_once(
        self, prepare: Callable[[], Awaitable[RequestSerialized]], limit: aiohttp.ClientTimeout
    ) -> tuple[RESTResponse, bytes, str | None]:
        """The answer, what it contains, and the token that was sent."""
        prepared = await prepare()
        response = await self._api.call_api(*prepared, _request_timeout=limit)
        return response, await response.read(), prepared[2].get("authorization")  # type: ignore[no-untyped-call]

    async def _list_once(self, path: str, query: Sequence[tuple[str, str]], read: Callable[[dict[str, Any]], T]) -> tuple[list[T], str]:
        items: list[T] = []
        place: tuple[tuple[str, str], ...] = ()
        while True:
            page = await self._page(path, [*query, ("limit", str(PAGE_SIZE)), *place])
            metadata = page.get("metadata")
            found = page.get("items")
            if not isinstance(metadata, dict) or not isinstance(found, list | None) or not isinstance(metadata.get("resourceVersion"), str):
                raise Unavailable(f"GET {path}: the answer is no list")
            kind = {"apiVersion": page.get("apiVersion"), "kind": str(page.get("kind", "")).removesuffix("List")}
            # Built-in kinds come without apiVersion and kind in each item.
            items += [read({**kind, **item}) for item in found or ()]
            if not metadata.get("continue"):
                return items, metadata["resourceVersion"]
            place = (("continue", metadata["continue"]),)

    async def _page(self, path: str, query: Sequence[tuple[str, str]]) -> dict[str, Any]:
        # A page is retried by itself: to begin again would ask a busy API server for all of them again.
        for _ in range(_PAGE_TRIES - 1):
            try:
                return await self.request("list", path, query=query, timeout=KUBE_LIST_TIMEOUT)
            except Throttled as error:
                await self._clock.sleep(error.retry_after)
        return await self.request("list", path, query=query, timeout=KUBE_LIST_TIMEOUT)


def _path(plural: str, namespace: str | None, name: str) -> str:
    place = f"namespaces/{quote(namespace, safe='')}/" if namespace else ""
    return f"/apis/{GROUP}/{VERSION}/{place}{plural}/{quote(name, safe='')}"


def _path_of(obj: Mapping[str, Any]) -> str:
    metadata = obj["metadata"]
    return _path(_PLURALS[obj["kind"]], metadata.get("namespace"), metadata["name"])


def _content_type(verb: str, body: Body) -> str:
    if verb != "patch":
        return _JSON
    return _MERGE_PATCH if isinstance(body, Mapping) else _JSON_PATCH


def _object(request: str, status: int, content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Unavailable(f"{request}: the answer is no Kubernetes object; is there a proxy in between?", status=status)
    return answer


def _lean(obj: dict[str, Any]) -> dict[str, Any]:
    # More than half of an object's size, and of no use here.
    metadata = obj.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
    return obj
