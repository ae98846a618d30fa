"""The state behind a server, put together: objects, kinds, and the controllers that look after them. No network."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

from fargateclaims.simulator.kube.builtins import BUILT_IN_KINDS
from fargateclaims.simulator.kube.controllers import Controllers
from fargateclaims.simulator.kube.decoding import WriteOptions
from fargateclaims.simulator.kube.errors import bad_request
from fargateclaims.simulator.kube.objects import Clock, Key, Obj, Value, metadata_of
from fargateclaims.simulator.kube.resources import Kinds, ResourceType
from fargateclaims.simulator.kube.reviews import REVIEW_KINDS
from fargateclaims.simulator.kube.store import HISTORY_LIMIT, Store
from fargateclaims.simulator.kube.workloads.binding import Binder
from fargateclaims.simulator.kube.workloads.controllers import Workloads
from fargateclaims.simulator.kube.workloads.eviction import Evictor
from fargateclaims.simulator.kube.workloads.registry import Registry
from fargateclaims.simulator.kube.writes import Writer

LOADER = "simulator-load"
# What a POST to a subresource does: with the object at this key, by this body.
Action: TypeAlias = Callable[[Key, Value, WriteOptions], None]


class Cluster:
    """A fresh cluster with nothing in it but its first namespaces. `wake` and `ended` are those of `Controllers`."""

    def __init__(
        self,
        clock: Clock,
        *,
        wake: Callable[[], None],
        ended: Callable[[str], None],
        history_limit: int = HISTORY_LIMIT,
        revision: int = 1,
    ) -> None:
        self.store = Store(history_limit, revision)
        self.kinds = Kinds((*BUILT_IN_KINDS, *REVIEW_KINDS))
        self.writer = Writer(self.store, self.kinds, clock)
        self.controllers = Controllers(self.store, self.kinds, self.writer, clock, wake=wake, ended=ended)
        registry = Registry(self.store, self.kinds, self.writer, clock)
        self.actions: Mapping[str, Action] = {
            "binding": Binder(self.writer, self.kinds, clock).bind,
            "eviction": Evictor(registry, self.writer).evict,
        }
        self._workloads = Workloads(self.store, registry, wake)
        self.controllers.start()

    def reconcile(self) -> datetime | None:
        """Let the controllers do what is due; when they want to look again although nothing changes."""
        self.controllers.reconcile()
        return self._workloads.reconcile()

    def load(self, objects: Iterable[Obj]) -> int:
        """Create objects as they are, with their status; how many. ApiError for the first that is refused."""
        count = 0
        for obj in objects:
            self._load(obj)
            count += 1
        return count

    def _load(self, obj: Obj) -> None:
        resource = self._resource(obj)
        namespace = metadata_of(obj).get("namespace", "default") if resource.namespaced else ""
        written = self.writer.create(resource, namespace, obj, WriteOptions(field_manager=LOADER))
        if resource.has_status and "status" in obj:
            status = {**written.obj, "status": obj["status"]}
            self.writer.replace(resource, written.stored.key, "status", status, WriteOptions(field_manager=LOADER))
        if resource.kind == "CustomResourceDefinition":
            self.controllers.reconcile()

    def _resource(self, obj: Obj) -> ResourceType:
        api_version, kind = obj.get("apiVersion", ""), obj.get("kind", "")
        resource = self.kinds.by_kind(api_version, kind)
        if resource is None:
            raise bad_request(f'no matches for kind "{kind}" in version "{api_version}"')
        return resource
