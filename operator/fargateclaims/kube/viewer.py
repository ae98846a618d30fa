"""Reads with a person's own rights: pods, what makes them, their events, claims; and the deletion of a pod that was looked at."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self
from urllib.parse import quote

from fargateclaims.api.group import API_VERSION, CLAIM_PLURAL, CLASS_PLURAL, GROUP
from fargateclaims.clock import Clock
from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.config import UserConfiguration, api_client
from fargateclaims.kube.errors import KubeError, Refused

WORKLOADS: Final = {
    "pod": ("v1", "pods"),
    "podtemplate": ("v1", "podtemplates"),
    "replicationcontroller": ("v1", "replicationcontrollers"),
    "deployment": ("apps/v1", "deployments"),
    "replicaset": ("apps/v1", "replicasets"),
    "statefulset": ("apps/v1", "statefulsets"),
    "daemonset": ("apps/v1", "daemonsets"),
    "job": ("batch/v1", "jobs"),
    "cronjob": ("batch/v1", "cronjobs"),
}
"""The kinds that are pods or make some, in lower case: apiVersion and plural."""

_FORBIDDEN: Final = 403


class MissingRightError(KubeError):
    """The person may not do this; the message names the right. Its fields are as in RBAC.

    :param namespace: None for all of them.
    """

    def __init__(self, verb: str, resource: str, namespace: str | None) -> None:
        where = f"in namespace {namespace}" if namespace else "in all namespaces"
        super().__init__(f"you may not {verb} {resource} {where}: ask for a role with the verb {verb} on {resource}", status=_FORBIDDEN)
        self.verb = verb
        self.resource = resource
        self.namespace = namespace


class Viewer:
    """The API server as one person sees it. All methods raise KubeError, and MissingRightError where it is for want of a right."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    @classmethod
    def connect(cls, configuration: UserConfiguration, clock: Clock) -> Self:
        """Make one; nothing is sent yet. Raises ConfigurationError."""
        return cls(KubeClient(api_client(configuration.client), clock=clock))

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def get(self, kind: str, namespace: str, name: str) -> dict[str, Any]:
        """Read one object of one of the WORKLOADS."""
        version, plural = WORKLOADS[kind]
        path = f"{_path(version, plural, namespace)}/{quote(name, safe='')}"
        try:
            found = await self._client.request("get", path)
        except Refused as error:
            raise _explained(error, "get", plural, namespace) from error
        return {"apiVersion": version, "kind": found.get("kind"), **found}

    async def pods(self, namespace: str | None) -> list[dict[str, Any]]:
        """Read all pods of a namespace, or of all."""
        return await self._list("v1", "pods", namespace)

    async def events_of(self, namespace: str, uid: str) -> list[dict[str, Any]]:
        """Read the events about one object."""
        return await self._list("v1", "events", namespace, [("fieldSelector", f"involvedObject.uid={uid}")])

    async def claims(self, namespace: str | None) -> list[dict[str, Any]]:
        """Read all claims of a namespace, or of all."""
        return await self._list(API_VERSION, CLAIM_PLURAL, namespace)

    async def claim(self, namespace: str, name: str) -> dict[str, Any]:
        """Read one claim."""
        try:
            return await self._client.get(CLAIM_PLURAL, namespace, name)
        except Refused as error:
            raise _explained(error, "get", f"{CLAIM_PLURAL}.{GROUP}", namespace) from error

    async def fargate_class(self, name: str) -> dict[str, Any]:
        """Read one class."""
        try:
            return await self._client.get(CLASS_PLURAL, None, name)
        except Refused as error:
            raise _explained(error, "get", f"{CLASS_PLURAL}.{GROUP}", None) from error

    async def classes(self) -> list[dict[str, Any]]:
        """Read all classes."""
        return await self._list(API_VERSION, CLASS_PLURAL, None)

    async def objects(
        self, version: str, plural: str, namespace: str | None, query: Sequence[tuple[str, str]] = ()
    ) -> list[dict[str, Any]]:
        """Read all objects of a kind, in a namespace or, with None, in all. Missing if the cluster does not know the kind.

        :param version: its apiVersion.
        """
        return await self._list(version, plural, namespace, query)

    async def delete_pod(self, namespace: str, name: str, uid: str, resource_version: str) -> None:
        """Delete a pod, if it still is as it was read: Conflict if it has changed, Missing if it has gone."""
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid, "resourceVersion": resource_version},
        }
        try:
            await self._client.request("delete", f"{_path('v1', 'pods', namespace)}/{quote(name, safe='')}", body=body)
        except Refused as error:
            raise _explained(error, "delete", "pods", namespace) from error

    async def _list(self, version: str, plural: str, namespace: str | None, query: Sequence[tuple[str, str]] = ()) -> list[dict[str, Any]]:
        try:
            found, _ = await self._client.list_path(_path(version, plural, namespace), query)
        except Refused as error:
            group = version.rpartition("/")[0]
            raise _explained(error, "list", f"{plural}.{group}" if group else plural, namespace) from error
        return found


def _path(version: str, plural: str, namespace: str | None) -> str:
    root = "/apis" if "/" in version else "/api"
    place = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
    return f"{root}/{version}{place}/{plural}"


def _explained(error: Refused, verb: str, resource: str, namespace: str | None) -> KubeError:
    return MissingRightError(verb, resource, namespace) if error.status == _FORBIDDEN else error


def message_of(event: Mapping[str, Any]) -> tuple[str, str]:
    """Who said something in an event, and what."""
    source = event.get("source")
    component = source.get("component") if isinstance(source, Mapping) else None
    said = event.get("message")
    return str(event.get("reportingComponent") or component or ""), said if isinstance(said, str) else ""
