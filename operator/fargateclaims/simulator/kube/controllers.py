"""The two controllers without which nothing would ever be established or finish terminating: of CRDs and of namespaces.

Both are level-triggered: `reconcile` looks at everything that is marked and does what can be done now.
"""

from collections.abc import Callable, Iterator

from fargateclaims.simulator.kube import crds
from fargateclaims.simulator.kube.builtins import CRDS, FIRST_NAMESPACES, NAMESPACES
from fargateclaims.simulator.kube.decoding import WriteOptions
from fargateclaims.simulator.kube.objects import Clock, Key, Obj, timestamp
from fargateclaims.simulator.kube.resources import Kinds, ResourceType
from fargateclaims.simulator.kube.schema import apply_defaults, prune
from fargateclaims.simulator.kube.store import Change, ChangeType, Store
from fargateclaims.simulator.kube.writes import Transform, Writer

_MANAGER = "kube-controller-manager"
_API_SERVER = "kube-apiserver"  # establishes and finalizes its own definitions


class Controllers:
    """Keeps the served kinds, and what is terminating, in step with the store.

    `wake` is called when there is work for `reconcile`; `ended` with a collection whose kind is no longer served.
    """

    def __init__(  # noqa: PLR0913 - the parts of a cluster that it looks after
        self,
        store: Store,
        kinds: Kinds,
        writer: Writer,
        clock: Clock,
        *,
        wake: Callable[[], None],
        ended: Callable[[str], None],
    ) -> None:
        self._store = store
        self._kinds = kinds
        self._writer = writer
        self._clock = clock
        self._wake = wake
        self._ended = ended
        self._watched: set[str] = set()
        self._served: dict[str, int] = {}
        self._watch(CRDS)
        self._watch(NAMESPACES)

    def start(self) -> None:
        """Make the namespaces that every cluster has."""
        namespaces = self._kinds.lookup("", "v1", NAMESPACES)
        for name in FIRST_NAMESPACES:
            self._writer.create(namespaces, "", {"metadata": {"name": name}}, WriteOptions(field_manager="kube-apiserver"))

    def reconcile(self) -> None:
        """Establish new CRDs, empty what is terminating, and let go what is empty."""
        for crd in self._objects(CRDS):
            self._reconcile_crd(crd)
        for namespace in self._objects(NAMESPACES):
            if namespace["metadata"].get("deletionTimestamp"):
                self._empty_namespace(namespace)

    def _objects(self, collection: str) -> list[Obj]:
        return [stored.data for stored in self._store.snapshot(collection, None).after(None)]

    def _watch(self, collection: str) -> None:
        if collection not in self._watched:
            self._watched.add(collection)
            self._store.collection(collection).listeners.append(self._changed)

    def _changed(self, change: Change) -> None:
        obj = change.current.data
        marked = bool(obj["metadata"].get("deletionTimestamp"))
        if marked or obj["kind"] in ("CustomResourceDefinition", "Namespace") or change.type is ChangeType.DELETED:
            self._wake()

    def _reconcile_crd(self, crd: Obj) -> None:
        name, collection = crd["metadata"]["name"], crds.collection_of(crd)
        if crd["metadata"].get("deletionTimestamp"):
            self._kinds.terminating.add(collection)
            self._empty_kind(crd)
            return
        if not crds.is_established(crd):
            self._patch(CRDS, name, {"status": self._established(crd)}, "status")
            self._watch(collection)
        generation = crd["metadata"]["generation"]
        if self._served.get(name) != generation:
            self._served[name] = generation
            self._serve(name, collection, crds.resource_types(crd))

    def _serve(self, name: str, collection: str, types: list[ResourceType]) -> None:
        """Serve a kind, or serve it with another schema: what is stored is pruned and filled in when it is read."""
        self._kinds.replace_custom(name, types)
        stored = next((resource for resource in types if resource.api_version == resource.storage_version), None)
        if stored is not None:
            self._store.reread(collection, lambda obj: apply_defaults(stored.schema, prune(stored.schema, obj, [])))

    def _established(self, crd: Obj) -> Obj:
        now = timestamp(self._clock())
        facts = (
            ("NamesAccepted", "NoConflicts", "no conflicts found"),
            ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        )
        conditions = [
            {"type": kind, "status": "True", "lastTransitionTime": now, "reason": reason, "message": message}
            for kind, reason, message in facts
        ]
        return {"conditions": conditions, "acceptedNames": crd["spec"]["names"]}

    def _empty_kind(self, crd: Obj) -> None:
        collection = crds.collection_of(crd)
        resource = self._kinds.of_collection(collection)
        if resource is not None:
            self._delete_unmarked(resource, None)
        if self._store.collection(collection).objects:
            return
        name = crd["metadata"]["name"]
        self._kinds.replace_custom(name, [])
        del self._served[name]
        self._kinds.terminating.discard(collection)
        self._watched.discard(collection)
        self._store.drop(collection)
        self._ended(collection)
        rest = [finalizer for finalizer in crd["metadata"]["finalizers"] if finalizer != crds.FINALIZER]
        self._patch(CRDS, name, {"metadata": {"finalizers": rest}}, "")

    def _empty_namespace(self, namespace: Obj) -> None:
        name = namespace["metadata"]["name"]
        left = False
        for resource in self._stored_namespaced():
            self._delete_unmarked(resource, name)
            left = left or bool(self._store.collection(resource.collection).range(name))
        if not left and namespace["spec"].get("finalizers"):
            self._patch(NAMESPACES, name, {"spec": {"finalizers": []}}, "finalize")

    def _stored_namespaced(self) -> Iterator[ResourceType]:
        seen: set[str] = set()
        for resource in list(self._kinds):
            if resource.namespaced and resource.collection and resource.collection not in seen:
                seen.add(resource.collection)
                self._watch(resource.collection)
                yield resource

    def _delete_unmarked(self, resource: ResourceType, namespace: str | None) -> None:
        objects = self._store.snapshot(resource.collection, namespace).after(None)
        unmarked = [stored.key for stored in objects if not stored.data["metadata"].get("deletionTimestamp")]
        self._writer.delete_all(resource, unmarked)

    def _patch(self, collection: str, name: str, patch: Obj, subresource: str) -> None:
        resource = self._kinds.of_collection(collection)
        if resource is not None:

            def transform(obj: Obj) -> Obj:
                return {**obj, **{part: {**obj.get(part, {}), **value} for part, value in patch.items()}}

            self._change(resource, ("", name), subresource, transform)

    def _change(self, resource: ResourceType, key: Key, subresource: str, transform: Transform) -> None:
        if self._store.get(resource.collection, key) is not None:
            manager = _API_SERVER if resource.collection == CRDS else _MANAGER
            self._writer.patch(resource, key, subresource, transform, WriteOptions(field_manager=manager))
