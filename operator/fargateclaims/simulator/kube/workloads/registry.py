"""What controllers do with the objects of a cluster. Whatever they write, they write as the controller manager."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from fargateclaims.simulator.kube.decoding import WriteOptions
from fargateclaims.simulator.kube.deletion import DeleteOptions, Preconditions
from fargateclaims.simulator.kube.objects import Clock, Key, Obj, key_of, timestamp
from fargateclaims.simulator.kube.resources import Kinds, ResourceType
from fargateclaims.simulator.kube.store import Store
from fargateclaims.simulator.kube.writes import Writer

_MANAGER: Final = "kube-controller-manager"


class Registry:
    """Reads and writes of one cluster. Objects are as they are stored, and must not be changed."""

    def __init__(self, store: Store, kinds: Kinds, writer: Writer, clock: Clock) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self.kinds = kinds
        self.pods: Final = kinds.lookup("", "v1", "pods")
        self.replica_sets: Final = kinds.lookup("apps", "v1", "replicasets")
        self.deployments: Final = kinds.lookup("apps", "v1", "deployments")
        self.budgets: Final = kinds.lookup("policy", "v1", "poddisruptionbudgets")

    @property
    def now(self) -> datetime:
        """The present time."""
        return self._clock()

    @property
    def timestamp(self) -> str:
        """The same, as objects say it."""
        return timestamp(self._clock())

    def get(self, resource: ResourceType, key: Key) -> Obj | None:
        """One object, if it is there."""
        stored = self._store.get(resource.collection, key)
        return None if stored is None else stored.data

    def within(self, resource: ResourceType, namespace: str) -> list[Obj]:
        """All objects of a kind in a namespace."""
        return [stored.data for stored in self._store.snapshot(resource.collection, namespace).after(None)]

    def keys(self, resource: ResourceType, namespace: str) -> list[Key]:
        """Where they are."""
        return self._store.collection(resource.collection).range(namespace)

    def create(self, resource: ResourceType, namespace: str, obj: Obj) -> Obj:
        """Make an object; ApiError if that is refused."""
        return self._writer.create(resource, namespace, obj, _options()).obj

    def change(self, resource: ResourceType, obj: Obj, transform: Callable[[Obj], Obj], subresource: str = "") -> Obj:
        """Change an object that is there; as it is then. Nothing is written if nothing changes."""
        return self._writer.patch(resource, key_of(obj), subresource, transform, _options()).obj

    def set_status(self, resource: ResourceType, obj: Obj, status: Obj) -> Obj:
        """Write the whole status, if it differs."""
        if obj.get("status") == status:
            return obj
        return self.change(resource, obj, lambda current: {**current, "status": status}, "status")

    def delete(self, resource: ResourceType, obj: Obj, policy: str = "Background") -> None:
        """Delete this very object."""
        self._writer.delete(resource, key_of(obj), DeleteOptions(Preconditions(uid=obj["metadata"]["uid"]), policy=policy))


def _options() -> WriteOptions:
    return WriteOptions(field_manager=_MANAGER)
