"""The garbage collector: what is owned goes with its last owner, before it (Foreground), after it (Background), or not at all (Orphan).

Level-triggered: an object is looked at when it or one of its owners changes. Source: ``pkg/controller/garbagecollector``.
"""

from collections import defaultdict
from collections.abc import Callable
from enum import Enum
from typing import Final, TypeAlias

from fargateclaims.simulator.kube.deletion import FOREGROUND, ORPHAN
from fargateclaims.simulator.kube.objects import Key, Obj
from fargateclaims.simulator.kube.resources import ResourceType
from fargateclaims.simulator.kube.store import Change, ChangeType
from fargateclaims.simulator.kube.workloads.owners import references, without_owners
from fargateclaims.simulator.kube.workloads.registry import Registry

# apiVersion, kind, namespace and name
_Place: TypeAlias = tuple[str, str, Key]
_WAITING: Final = (FOREGROUND, ORPHAN)


class _Owner(Enum):
    HOLDS = "is there"
    WAITS = "waits for its dependents to be gone"
    GONE = "is gone"


class GarbageCollector:
    """Knows who depends on whom. `wake` is called when there is work for `collect`."""

    def __init__(self, registry: Registry, wake: Callable[[], None]) -> None:
        self._registry = registry
        self._wake = wake
        self._dependents: defaultdict[str, set[_Place]] = defaultdict(set)  # by the owner's UID
        self._suspects: set[_Place] = set()
        self._waiting: set[_Place] = set()  # marked, with a finalizer of the garbage collector's

    def owned_by(self, uid: str, kind: str) -> list[Obj]:
        """The objects of a kind that refer to an owner, in the order of their names."""
        places = sorted(place for place in self._dependents.get(uid, ()) if place[1] == kind)
        return [found[1] for place in places if (found := self._find(place))]

    def changed(self, change: Change) -> None:
        """Take note of a write to any object."""
        obj, before = change.current.data, change.previous
        meta = obj["metadata"]
        owners = meta.get("ownerReferences")
        if owners or (before is not None and before.data["metadata"].get("ownerReferences")):
            self._note_owners(change)
        if change.type is ChangeType.DELETED:
            if meta["uid"] in self._dependents:
                self._suspect(*self._dependents.pop(meta["uid"]))
        elif meta.get("deletionTimestamp") and any(name in _WAITING for name in meta.get("finalizers") or ()):
            self._waiting.add(_place(obj, change.current.key))
            self._wake()

    def _note_owners(self, change: Change) -> None:
        obj, place = change.current.data, _place(change.current.data, change.current.key)
        if change.previous is not None:
            for reference in references(change.previous.data):
                self._dependents[reference["uid"]].discard(place)
        if change.type is ChangeType.DELETED:
            # Someone may wait until it is gone.
            owners = ((reference["apiVersion"], reference["kind"], reference["name"]) for reference in references(obj))
            self._waiting.update((version, kind, (key, name)) for version, kind, name in owners for key in {place[2][0], ""})
            self._wake()
            return
        for reference in references(obj):
            self._dependents[reference["uid"]].add(place)
        self._suspect(place)

    def _suspect(self, *places: _Place) -> None:
        self._suspects.update(places)
        self._wake()

    def collect(self) -> None:
        """Look once at all that may have to go."""
        suspects, self._suspects = self._suspects, set()
        waiting, self._waiting = self._waiting, set()
        for place in sorted(waiting):
            if (found := self._find(place)) is not None:
                self._let_go(*found)
        for place in sorted(suspects):
            if (found := self._find(place)) is not None:
                self._judge(*found)

    def _find(self, place: _Place) -> tuple[ResourceType, Obj] | None:
        version, kind, key = place
        resource = self._registry.kinds.by_kind(version, kind)
        obj = None if resource is None else self._registry.get(resource, key)
        return None if resource is None or obj is None else (resource, obj)

    def _judge(self, resource: ResourceType, obj: Obj) -> None:
        """Delete what no owner holds any more; forget owners that are gone where another one is left."""
        owners = {reference["uid"]: self._state(reference, obj) for reference in references(obj)}
        if not owners or obj["metadata"].get("deletionTimestamp"):
            return
        if _Owner.HOLDS not in owners.values():
            first = _Owner.WAITS in owners.values() and self._dependents.get(obj["metadata"]["uid"])
            self._registry.delete(resource, obj, "Foreground" if first else "Background")
        elif lost := {uid for uid, state in owners.items() if state is not _Owner.HOLDS}:
            self._registry.change(resource, obj, lambda found: without_owners(found, lost))

    def _state(self, reference: Obj, obj: Obj) -> _Owner:
        resource = self._registry.kinds.by_kind(reference["apiVersion"], reference["kind"])
        if resource is None:
            # Perhaps it is served again, one day.
            return _Owner.HOLDS
        namespace = obj["metadata"].get("namespace", "") if resource.namespaced else ""
        owner = self._registry.get(resource, (namespace, reference["name"]))
        if owner is None or owner["metadata"]["uid"] != reference["uid"]:
            return _Owner.GONE
        return _Owner.WAITS if _is_held(owner, FOREGROUND) else _Owner.HOLDS

    def _let_go(self, resource: ResourceType, owner: Obj) -> None:
        """Do what the deletion of an owner waits for."""
        uid = owner["metadata"]["uid"]
        dependents = [(place, *found) for place in sorted(self._dependents.get(uid, ())) if (found := self._find(place))]
        if _is_held(owner, ORPHAN):
            for _, kind, dependent in dependents:
                self._registry.change(kind, dependent, lambda found: without_owners(found, {uid}))
            self._registry.change(resource, owner, lambda found: _without_finalizer(found, ORPHAN))
        elif _is_held(owner, FOREGROUND):
            if any(_blocks(dependent, uid) for _, _, dependent in dependents):
                self._suspect(*(place for place, _, dependent in dependents if not dependent["metadata"].get("deletionTimestamp")))
            else:
                self._registry.change(resource, owner, lambda found: _without_finalizer(found, FOREGROUND))


def _place(obj: Obj, key: Key) -> _Place:
    return obj["apiVersion"], obj["kind"], key


def _is_held(obj: Obj, finalizer: str) -> bool:
    meta = obj["metadata"]
    return bool(meta.get("deletionTimestamp")) and finalizer in (meta.get("finalizers") or ())


def _blocks(obj: Obj, uid: str) -> bool:
    return any(reference["uid"] == uid and reference.get("blockOwnerDeletion") for reference in references(obj))


def _without_finalizer(obj: Obj, finalizer: str) -> Obj:
    rest = [name for name in obj["metadata"].get("finalizers") or () if name != finalizer]
    return {**obj, "metadata": {**obj["metadata"], "finalizers": rest}}
