"""What the demo does as a user of Kubernetes: the few calls that kubectl would make, so that kubectl need not be installed."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from fargateclaims.api.group import API_VERSION, CLAIM_KIND, CLAIM_PLURAL, CLASS_KIND, CLASS_PLURAL, GROUP, VERSION
from fargateclaims.cli.demonstration.errors import DemoError

_OURS: Final = f"/apis/{GROUP}/{VERSION}"
_POLICY: Final = "/apis/policy/v1"
_BUDGETS: Final = "poddisruptionbudgets"
_COLLECTIONS: Final = {
    ("v1", "Namespace"): ("/api/v1", "namespaces"),
    ("apps/v1", "Deployment"): ("/apis/apps/v1", "deployments"),
    ("policy/v1", "PodDisruptionBudget"): (_POLICY, _BUDGETS),
    (API_VERSION, CLASS_KIND): (_OURS, CLASS_PLURAL),
    (API_VERSION, CLAIM_KIND): (_OURS, CLAIM_PLURAL),
}
_REQUEST_LIMIT: Final = aiohttp.ClientTimeout(total=30)
_WATCH_LIMIT: Final = aiohttp.ClientTimeout(total=None, sock_connect=10)


@dataclass(frozen=True, slots=True)
class Collection:
    """Objects that are watched together.

    :param selector: by label; empty for all.
    """

    path: str
    selector: str = ""


CLAIMS: Final = Collection(f"{_OURS}/{CLAIM_PLURAL}")


def pods_of(namespace: str, selector: str) -> Collection:
    """The pods of a namespace that have these labels."""
    return Collection(f"/api/v1/namespaces/{namespace}/pods", selector)


class WatchExpiredError(Exception):
    """What has changed since is not known any more: only a new list tells."""


class KubernetesAPI:
    """An API server. Every refusal is a DemoError.

    :param session: keywords of aiohttp's, for one that wants TLS or a token; the embedded one wants neither.
    """

    def __init__(self, url: str, **session: Any) -> None:  # noqa: ANN401 - of many types
        self._url = url
        # An object with many conditions is one line of a watch, longer than aiohttp's default.
        self._session = aiohttp.ClientSession(read_bufsize=2**22, **session)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        await self._session.close()

    async def create(self, obj: Mapping[str, Any]) -> None:
        """Create an object of a manifest."""
        prefix, plural = _COLLECTIONS[obj["apiVersion"], obj["kind"]]
        await self._request("POST", _path(prefix, plural, obj["metadata"].get("namespace")), obj)

    async def get_class(self, name: str) -> dict[str, Any]:
        """Read a class."""
        return await self._request("GET", _path(_OURS, CLASS_PLURAL, None, name))

    async def patch_claim(self, namespace: str, name: str, patch: Mapping[str, Any]) -> None:
        """Change a claim by a merge patch."""
        await self._request("PATCH", _path(_OURS, CLAIM_PLURAL, namespace, name), patch, "application/merge-patch+json")

    async def delete_claim(self, namespace: str, name: str) -> None:
        """Ask for a claim to be deleted; does not wait."""
        await self._request("DELETE", _path(_OURS, CLAIM_PLURAL, namespace, name))

    async def get_budget(self, namespace: str, name: str) -> dict[str, Any]:
        """Read a disruption budget."""
        return await self._request("GET", _path(_POLICY, _BUDGETS, namespace, name))

    async def list_all(self, collection: Collection) -> tuple[list[dict[str, Any]], str]:
        """Read all objects, and the resourceVersion to watch from."""
        answer = await self._request("GET", collection.path, query=_query(collection))
        return answer["items"], answer["metadata"]["resourceVersion"]

    async def watch(self, collection: Collection, resource_version: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """The changes since a version, as event type and object, until the server ends the watch. Raises WatchExpiredError."""
        query = {**_query(collection), "watch": "true", "resourceVersion": resource_version}
        try:
            async with self._session.get(self._url + collection.path, params=query, timeout=_WATCH_LIMIT) as response:
                if response.status == HTTPStatus.GONE:
                    raise WatchExpiredError
                if response.status >= 400:
                    raise DemoError(f"the Kubernetes API refuses a watch of {collection.path}: {response.status} {response.reason}")
                async for line in response.content:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise WatchExpiredError
                    yield event["type"], event["object"]
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise DemoError(f"the watch of {collection.path} has failed: {str(error) or type(error).__name__}") from error

    async def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        data = None if body is None else json.dumps(body)
        try:
            async with self._session.request(
                method, self._url + path, data=data, params=query, headers={"Content-Type": content_type}, timeout=_REQUEST_LIMIT
            ) as response:
                answer: dict[str, Any] = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise DemoError(f"the Kubernetes API does not answer: {method} {path}: {str(error) or type(error).__name__}") from error
        if response.status >= 400:
            raise DemoError(f"the Kubernetes API refuses: {answer.get('message', response.status)}")
        return answer


def _path(prefix: str, plural: str, namespace: str | None = None, name: str | None = None) -> str:
    return prefix + (f"/namespaces/{namespace}" if namespace else "") + f"/{plural}" + (f"/{name}" if name else "")


def _query(collection: Collection) -> dict[str, str]:
    return {"labelSelector": collection.selector} if collection.selector else {}
