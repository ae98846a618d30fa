"""An API server for our kinds in memory, as the engine's ports see it: uid, resourceVersion, generation, finalizers, and watches that lag.

Implements `engine.ports.Kube`. Users' side: `apply`, `delete`, `annotate`.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from fargateclaims.api.crd import claim_crd, class_crd
from fargateclaims.api.group import API_VERSION, CLAIM_KIND, CLAIM_PLURAL, CLASS_KIND, CLASS_PLURAL
from fargateclaims.kube.errors import Conflict, KubeError, Missing

Object = dict[str, Any]
Key = tuple[str, str, str]
Listener = Callable[[str, str, Object], None]

NAMESPACES = "namespaces"
_PLURALS = {CLAIM_KIND: CLAIM_PLURAL, CLASS_KIND: CLASS_PLURAL, "Namespace": NAMESPACES}
_DEFAULT_STATUS = {
    kind: crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["default"]
    for kind, crd in ((CLAIM_KIND, claim_crd()), (CLASS_KIND, class_crd()))
}


class MemoryKube:
    """Objects by plural, namespace and name.

    :param now: the time for timestamps.
    :param latency: seconds from a request to its effect, and the same again to its answer.
    :param watch_lag: seconds from a change to its watch event.
    """

    def __init__(self, now: Callable[[], datetime], latency: float = 0.0, watch_lag: float = 0.0) -> None:
        self._now = now
        self._latency = latency
        self._watch_lag = watch_lag
        self._version = 0
        self._objects: dict[Key, Object] = {}
        self._listeners: list[Listener] = []
        self.writes: Counter[str] = Counter()
        self.statuses: Counter[tuple[str, str, str]] = Counter()
        self.failures: dict[str, list[KubeError]] = {}
        self.crd_terminating = False
        self.before: Callable[[str, Mapping[str, Any]], Awaitable[None]] | None = None

    # The users' side.

    def watch(self, listener: Listener) -> None:
        """Tell of each change: the plural, ADDED, MODIFIED or DELETED, the object."""
        self._listeners.append(listener)

    def apply(self, kind: str, name: str, namespace: str = "", *, labels: Mapping[str, str] | None = None, **spec: Any) -> Object:
        """`kubectl apply`: create an object, or replace its spec."""
        key = (_PLURALS[kind], namespace, name)
        present = self._objects.get(key)
        if present is not None:
            return self._store(key, {**present, "spec": spec}, generation=present["spec"] != spec)
        version = self._next()
        metadata: Object = {
            "name": name,
            **({"namespace": namespace} if namespace else {}),
            "uid": f"uid-{name}-{version}",
            "resourceVersion": version,
            "generation": 1,
            "creationTimestamp": _timestamp(self._now()),
            "labels": dict(labels or {}),
        }
        api_version = "v1" if kind == "Namespace" else API_VERSION
        made: Object = {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}
        if kind in _DEFAULT_STATUS:
            made["status"] = deepcopy(_DEFAULT_STATUS[kind])
        self._objects[key] = made
        self._tell(key, "ADDED", made)
        return made

    def delete(self, kind: str, name: str, namespace: str = "") -> None:
        """`kubectl delete`: with finalizers, a timestamp; without, the end."""
        key = (_PLURALS[kind], namespace, name)
        present = self._objects[key]
        if present["metadata"].get("deletionTimestamp") is None:
            self._store(key, _with(present, deletionTimestamp=_timestamp(self._now())), generation=True)

    def annotate(self, kind: str, name: str, namespace: str = "", **annotations: str) -> None:
        """`kubectl annotate` with annotations of ours: retry, paused."""
        key = (_PLURALS[kind], namespace, name)
        named = {f"fargateclaims.dev/{short}": value for short, value in annotations.items()}
        present = self._objects[key]
        self._store(key, _with(present, annotations={**present["metadata"].get("annotations", {}), **named}))

    def find(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """An object as it is now; None if there is none."""
        return self._objects.get((_PLURALS[kind], namespace, name))

    def all(self, kind: str) -> list[Object]:
        """All objects of a kind."""
        plural = _PLURALS[kind]
        return [obj for key, obj in self._objects.items() if key[0] == plural]

    # The operator's side.

    async def list_all(self, plural: str) -> tuple[list[Object], str]:
        """See `Kube.list_all`."""
        await self._arrive("list", {})
        return [obj for key, obj in self._objects.items() if key[0] == plural], str(self._version)

    async def list_namespaces(self) -> tuple[list[Object], str]:
        """See `Kube.list_namespaces`."""
        return await self.list_all(NAMESPACES)

    async def get(self, plural: str, namespace: str | None, name: str) -> Object:
        """See `Kube.get`."""
        await self._arrive("get", {})
        return self._present((plural, namespace or "", name))

    async def get_crd(self, name: str) -> Object:
        """See `Kube.get_crd`."""
        await self._arrive("crd", {})
        terminating = {"deletionTimestamp": "2026-11-21T14:00:00Z"} if self.crd_terminating else {}
        return {"metadata": {"name": name, **terminating}}

    async def put_status(self, obj: Mapping[str, Any], *, urgent: bool = False) -> Object:  # noqa: ARG002
        """See `Kube.put_status`."""
        await self._arrive("status", obj)
        key = _key(obj)
        present = self._checked(key, obj["metadata"])
        if present.get("status") == obj["status"]:
            return present
        self.writes["status"] += 1
        self.statuses[key] += 1
        stored = self._store(key, {**present, "status": obj["status"]})
        await self._answer()
        return stored

    async def patch_finalizers(self, obj: Mapping[str, Any], finalizers: Sequence[str], *, urgent: bool = False) -> Object:  # noqa: ARG002
        """See `Kube.patch_finalizers`."""
        await self._arrive("finalizers", obj)
        key = _key(obj)
        present = self._checked(key, obj["metadata"])
        self.writes["finalizers"] += 1
        stored = self._store(key, _with(present, finalizers=list(finalizers)))
        await self._answer()
        return stored

    def fail(self, request: str, *errors: KubeError) -> None:
        """Answer the next requests (`list`, `get`, `crd`, `status`, `finalizers`) with these errors."""
        self.failures.setdefault(request, []).extend(errors)

    async def _arrive(self, request: str, obj: Mapping[str, Any]) -> None:
        if self.before is not None:
            await self.before(request, obj)
        await asyncio.sleep(self._latency)
        if self.failures.get(request):
            raise self.failures[request].pop(0)

    async def _answer(self) -> None:
        if self._latency:
            await asyncio.sleep(self._latency)

    def _present(self, key: Key) -> Object:
        if key not in self._objects:
            raise Missing(f"{key}: there is none", status=404)
        return self._objects[key]

    def _checked(self, key: Key, metadata: Mapping[str, Any]) -> Object:
        present = self._present(key)
        if (present["metadata"]["uid"], present["metadata"]["resourceVersion"]) != (metadata["uid"], metadata["resourceVersion"]):
            raise Conflict(f"{key}: the object has been modified", status=409)
        return present

    def _store(self, key: Key, obj: Object, *, generation: bool = False) -> Object:
        number = obj["metadata"]["generation"] + (1 if generation else 0)
        stored = _with(obj, resourceVersion=self._next(), generation=number)
        gone = stored["metadata"].get("deletionTimestamp") is not None and not stored["metadata"].get("finalizers")
        if gone:
            del self._objects[key]
        else:
            self._objects[key] = stored
        self._tell(key, "DELETED" if gone else "MODIFIED", stored)
        return stored

    def _tell(self, key: Key, kind: str, obj: Object) -> None:
        for listener in self._listeners:
            if self._watch_lag:
                asyncio.get_running_loop().call_later(self._watch_lag, listener, key[0], kind, obj)
            else:
                listener(key[0], kind, obj)

    def _next(self) -> str:
        self._version += 1
        return str(self._version)


def _key(obj: Mapping[str, Any]) -> Key:
    return _PLURALS[obj["kind"]], obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _with(obj: Object, **metadata: Any) -> Object:
    return {**obj, "metadata": {**obj["metadata"], **metadata}}


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
