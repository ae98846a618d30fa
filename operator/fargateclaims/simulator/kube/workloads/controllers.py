"""Runs the controllers of workloads: who has to look at what, after which change, or at what time."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeAlias

from fargateclaims.simulator.kube.errors import ApiError
from fargateclaims.simulator.kube.objects import Key, Obj
from fargateclaims.simulator.kube.store import Change, Store
from fargateclaims.simulator.kube.workloads.budgets import Budgets
from fargateclaims.simulator.kube.workloads.deployments import Deployments
from fargateclaims.simulator.kube.workloads.garbage import GarbageCollector
from fargateclaims.simulator.kube.workloads.owners import controller_of
from fargateclaims.simulator.kube.workloads.registry import Registry
from fargateclaims.simulator.kube.workloads.replicasets import ReplicaSets

# A kind, and which of its objects.
_Item: TypeAlias = tuple[str, Key]
_logger = logging.getLogger(__name__)


class Workloads:
    """All of them for one cluster; they react to changes of their own kinds alone. `wake` is called when there is work for `reconcile`."""

    def __init__(self, store: Store, registry: Registry, wake: Callable[[], None]) -> None:
        self._registry = registry
        self._wake = wake
        self._garbage = GarbageCollector(registry, wake)
        self._reconcilers: Final[dict[str, Callable[[Key], datetime | None]]] = {
            "Deployment": Deployments(registry, self._replica_sets_for, self._pods_of).reconcile,
            "ReplicaSet": ReplicaSets(registry, self._pods_for).reconcile,
            "PodDisruptionBudget": Budgets(registry).reconcile,
        }
        self._due: dict[_Item, None] = {}
        self._later: dict[_Item, datetime] = {}
        self._unmanaged: set[Key] = set()  # pods that a replica set may adopt
        store.listeners.append(self._garbage.changed)
        store.collection(registry.pods.collection).listeners.append(self._pod_changed)
        for resource in (registry.deployments, registry.replica_sets, registry.budgets):
            store.collection(resource.collection).listeners.append(self._changed)

    def reconcile(self) -> datetime | None:
        """Do what is due; when to come back although nothing changes."""
        self._garbage.collect()
        now = self._registry.now
        items = [*self._due, *(item for item, due in self._later.items() if due <= now and item not in self._due)]
        self._due = {}
        for item in items:
            self._later.pop(item, None)
            self._reconcile(item)
        return min(self._later.values(), default=None)

    def _reconcile(self, item: _Item) -> None:
        kind, key = item
        try:
            due = self._reconcilers[kind](key)
        except ApiError as error:
            # Such as in a namespace that is on its way out. The next change is another chance.
            _logger.info("%s %s/%s: %s", kind, *key, error.message)
            return
        if due is not None:
            self._later[item] = due

    def _enqueue(self, kind: str, *keys: Key) -> None:
        self._due.update(dict.fromkeys((kind, key) for key in keys))
        if keys:
            self._wake()

    def _changed(self, change: Change) -> None:
        obj, key = change.current.data, change.current.key
        self._enqueue(obj["kind"], key)
        if obj["kind"] == "ReplicaSet":
            self._enqueue_manager("Deployment", obj, key)

    def _pod_changed(self, change: Change) -> None:
        key, registry = change.current.key, self._registry
        pod, before = change.current.data, change.previous
        self._unmanaged.discard(key)
        if controller_of(pod) is None and registry.get(registry.pods, key) is not None:
            self._unmanaged.add(key)
        self._enqueue_manager("ReplicaSet", pod, key)
        if before is not None and controller_of(before.data) != controller_of(pod):
            self._enqueue_manager("ReplicaSet", before.data, key)
        self._enqueue("PodDisruptionBudget", *registry.keys(registry.budgets, key[0]))

    def _enqueue_manager(self, kind: str, obj: Obj, key: Key) -> None:
        """Whoever manages an object; if nobody does, all who may want to."""
        manager = controller_of(obj)
        if manager is None:
            resource = {"Deployment": self._registry.deployments, "ReplicaSet": self._registry.replica_sets}[kind]
            self._enqueue(kind, *self._registry.keys(resource, key[0]))
        elif manager["kind"] == kind:
            self._enqueue(kind, (key[0], manager["name"]))

    def _pods_of(self, owner: Obj) -> list[Obj]:
        return self._garbage.owned_by(owner["metadata"]["uid"], "Pod")

    def _pods_for(self, replica_set: Obj) -> list[Obj]:
        registry, namespace = self._registry, replica_set["metadata"]["namespace"]
        orphans = (registry.get(registry.pods, key) for key in sorted(self._unmanaged) if key[0] == namespace)
        return [*self._pods_of(replica_set), *(pod for pod in orphans if pod is not None)]

    def _replica_sets_for(self, deployment: Obj) -> list[Obj]:
        owned = self._garbage.owned_by(deployment["metadata"]["uid"], "ReplicaSet")
        replica_sets = self._registry.within(self._registry.replica_sets, deployment["metadata"]["namespace"])
        return [*owned, *(entry for entry in replica_sets if controller_of(entry) is None)]
