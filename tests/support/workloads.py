"""Pods and what makes them, on any Kubernetes API server, with the part of the scheduler and of the kubelet played by the test."""

from typing import Any, Final

from support.kube_contract import MERGE, Answer, Api, eventually

LABELS: Final = {"app": "web"}
TEMPLATE: Final[dict[str, Any]] = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "c", "image": "example.test/web:1"}]}}
NODES: Final = "/api/v1/nodes"


def pod(name: str, **spec: Any) -> dict[str, Any]:
    """A pod of one container."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": LABELS}, "spec": {**TEMPLATE["spec"], **spec}}


def deployment(name: str, replicas: int = 1, **spec: Any) -> dict[str, Any]:
    """A Deployment of such pods."""
    wanted = {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": TEMPLATE, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": wanted}


def replica_set(name: str, replicas: int = 1, **spec: Any) -> dict[str, Any]:
    """A ReplicaSet of such pods."""
    return {**deployment(name, replicas, **spec), "kind": "ReplicaSet"}


def budget(name: str, **spec: Any) -> dict[str, Any]:
    """A budget of such pods."""
    wanted = {"selector": {"matchLabels": LABELS}, **spec}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": wanted}


def image(number: int) -> dict[str, Any]:
    """A patch of a Deployment to other pods."""
    return {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": f"example.test/web:{number}"}]}}}}


def node(name: str, **status: Any) -> dict[str, Any]:
    """A node."""
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": status}


class Workloads:
    """The pods, and what is above them, of one namespace."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self.pods = f"/api/v1/namespaces/{namespace}/pods"
        self.deployments = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        self.replica_sets = f"/apis/apps/v1/namespaces/{namespace}/replicasets"
        self.budgets = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"

    async def bind(self, name: str, target: str = "n", **meta: Any) -> Answer:
        """What a scheduler does."""
        binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name, **meta}, "target": {"kind": "Node", "name": target}}
        return await self._api.create(f"{self.pods}/{name}/binding", binding)

    async def run(self, name: str, *, ready: bool = True) -> dict[str, Any]:
        """What a kubelet does with a pod that is bound to its node (to one that is not there, if it is not bound)."""
        found = (await self._api.get(f"{self.pods}/{name}")).ok()
        if not found["spec"].get("nodeName"):
            (await self.bind(name)).ok()
        return await self.set_status(name, phase="Running", ready=ready)

    async def set_status(self, name: str, *, phase: str, ready: bool = False) -> dict[str, Any]:
        """Say how a pod is."""
        condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": "2026-01-01T00:00:00Z"}
        return (await self._api.patch(f"{self.pods}/{name}/status", {"status": {"phase": phase, "conditions": [condition]}}, MERGE)).ok()

    async def finish(self, name: str) -> None:
        """What a kubelet does when the containers of a deleted pod have ended."""
        (await self._api.delete(f"{self.pods}/{name}", gracePeriodSeconds=0)).ok()

    async def evict(self, name: str, **options: Any) -> Answer:
        """Ask for an eviction, with these delete options."""
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
        return await self._api.create(f"{self.pods}/{name}/eviction", eviction | ({"deleteOptions": options} if options else {}))

    async def staying(self, count: int, **query: Any) -> list[dict[str, Any]]:
        """The pods that are not on their way out, once there are so many: by name."""

        async def enough() -> tuple[list[dict[str, Any]]] | None:
            found = [item for item in await self.list(self.pods, **query) if "deletionTimestamp" not in item["metadata"]]
            return (found,) if len(found) == count else None

        return list((await eventually(enough))[0])

    async def run_all(self, count: int) -> None:
        """Run each of so many pods."""
        for item in await self.staying(count):
            await self.run(item["metadata"]["name"])

    async def finish_all(self) -> None:
        """End all that is on its way out."""
        for item in await self.list(self.pods):
            if "deletionTimestamp" in item["metadata"]:
                await self.finish(item["metadata"]["name"])

    async def until(self, path: str, **status: Any) -> dict[str, Any]:
        """An object, once its status has these values (0 where it says nothing)."""

        async def reached() -> dict[str, Any] | None:
            found = await self.get(path)
            given = found.get("status") or {}
            seen = given.get("observedGeneration", 0) >= found["metadata"]["generation"]
            return found if seen and {name: given.get(name, 0) for name in status} == status else None

        found: dict[str, Any] = await eventually(reached)
        return found

    async def get(self, path: str) -> dict[str, Any]:
        """One object."""
        return (await self._api.get(path)).ok()

    async def list(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Objects."""
        return list((await self._api.get(path, **query)).ok()["items"])
