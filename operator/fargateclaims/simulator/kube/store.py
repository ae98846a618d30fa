"""Versioned objects in memory, with a bounded history: what etcd and the watch cache are to a real API server.

One revision counter serves all collections. Objects are immutable once stored, so a reader needs no copy, and the JSON
of an object is encoded once for all readers. Nothing here knows Kubernetes' rules beyond ``metadata.resourceVersion``.
"""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from fargateclaims.simulator.kube.objects import Key, Obj, dumps

# Enough for a client that was away for a while, and some 50 MiB; a real API server forgets after minutes, so clients must cope anyway.
HISTORY_LIMIT = 5_000


class ChangeType(StrEnum):
    """As in a watch event."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


class Stored:
    """An object at one revision. `data` must not be changed by anyone.

    `filled_in`: readers see defaults that are not stored yet; the next write stores them, even if it changes nothing.
    """

    __slots__ = ("_encoded", "data", "filled_in", "key", "revision")

    def __init__(self, key: Key, data: Obj, revision: int) -> None:
        self.key = key
        self.data = data
        self.revision = revision
        self.filled_in = False
        self._encoded: bytes | None = None

    @property
    def encoded(self) -> bytes:
        """The object as JSON, made at the first use."""
        if self._encoded is None:
            self._encoded = dumps(self.data)
        return self._encoded


@dataclass(frozen=True, slots=True)
class Change:
    """One write. `current` is the object after it (for a delete: its last state, with the revision of the delete)."""

    type: ChangeType
    current: Stored
    previous: Stored | None

    @property
    def revision(self) -> int:
        """The revision that this write made."""
        return self.current.revision


Listener: TypeAlias = Callable[[Change], None]


class RevisionGoneError(Exception):
    """The history does not reach back to this revision. `oldest` is the first one it still knows."""

    def __init__(self, wanted: int, oldest: int) -> None:
        super().__init__(f"too old resource version: {wanted} ({oldest})")
        self.wanted = wanted
        self.oldest = oldest


@dataclass(slots=True)
class Collection:
    """All objects of one kind, sorted by namespace and name."""

    name: str
    objects: dict[Key, Stored] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)
    history: deque[Change] = field(default_factory=deque)
    floor: int = 0  # no watch begins before this revision
    forgotten: int = 0  # no state before this revision can be listed
    listeners: list[Listener] = field(default_factory=list)

    def range(self, namespace: str | None) -> list[Key]:
        """The keys of one namespace, or of all (None), in order."""
        if namespace is None:
            return self.keys
        return self.keys[bisect_left(self.keys, (namespace, "")) : bisect_left(self.keys, (namespace + "\0", ""))]

    def since(self, revision: int) -> list[Change]:
        """The writes after `revision`, oldest first; RevisionGoneError if some of them are forgotten."""
        if revision < self.floor:
            raise RevisionGoneError(revision, self.floor)
        return self._changes_after(revision)

    def undone_to(self, revision: int) -> list[Change]:
        """The same for who wants to see the state at `revision`: it may lie before the first write."""
        if revision < self.forgotten:
            raise RevisionGoneError(revision, self.forgotten)
        return self._changes_after(revision)

    def _changes_after(self, revision: int) -> list[Change]:
        changes: list[Change] = []
        for change in reversed(self.history):
            if change.revision <= revision:
                break
            changes.append(change)
        changes.reverse()
        return changes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A collection as it was at one revision."""

    revision: int
    _keys: list[Key]
    _objects: dict[Key, Stored]

    def after(self, start: Key | None) -> Iterator[Stored]:
        """The objects in key order, from behind `start` (None: from the first)."""
        first = 0 if start is None else bisect_right(self._keys, start)
        for index in range(first, len(self._keys)):
            yield self._objects[self._keys[index]]

    def count_after(self, start: Key | None) -> int:
        """How many objects `after` yields."""
        return len(self._keys) - (0 if start is None else bisect_right(self._keys, start))


class Store:
    """Collections by name, made at their first use. `revision` is where the counter starts."""

    def __init__(self, history_limit: int = HISTORY_LIMIT, revision: int = 1) -> None:
        self._collections: dict[str, Collection] = {}
        self._history_limit = history_limit
        self.listeners: list[Listener] = []  # of all collections, for ever
        self.revision = revision

    def collection(self, name: str) -> Collection:
        """The collection of that name."""
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = Collection(name, floor=self.revision)
        return found

    def collections(self) -> list[Collection]:
        """All that were ever used."""
        return list(self._collections.values())

    def get(self, collection: str, key: Key) -> Stored | None:
        """The object as it is now."""
        return self.collection(collection).objects.get(key)

    def put(self, collection: str, key: Key, data: Obj) -> Stored:
        """Store `data` as the next revision, stamped with it."""
        target = self.collection(collection)
        previous = target.objects.get(key)
        stored = self._stamped(key, data)
        if previous is None:
            insort(target.keys, key)
        target.objects[key] = stored
        self._record(target, Change(ChangeType.MODIFIED if previous else ChangeType.ADDED, stored, previous))
        return stored

    def delete(self, collection: str, key: Key, data: Obj | None = None) -> Stored:
        """Remove the object; `data` is its last state if that differs from what is stored. KeyError if there is none."""
        target = self.collection(collection)
        previous = target.objects.pop(key)
        del target.keys[bisect_left(target.keys, key)]
        last = self._stamped(key, previous.data if data is None else data)
        self._record(target, Change(ChangeType.DELETED, last, previous))
        return last

    def reread(self, collection: str, seen: Callable[[Obj], Obj]) -> None:
        """From now on readers see the objects as `seen` makes them; that is no write."""
        objects = self.collection(collection).objects
        for key, stored in objects.items():
            data = seen(stored.data)
            if data is not stored.data:
                objects[key] = Stored(key, data, stored.revision)
                objects[key].filled_in = True

    def snapshot(self, collection: str, namespace: str | None, revision: int | None = None) -> Snapshot:
        """The collection at `revision` (None: now); RevisionGoneError if the history does not reach so far."""
        source = self.collection(collection)
        keys = source.range(namespace)
        if revision is None or revision >= self.revision:
            return Snapshot(self.revision, keys, source.objects)
        undo: dict[Key, Stored | None] = {}
        for change in reversed(source.undone_to(revision)):
            if namespace is None or change.current.key[0] == namespace:
                undo[change.current.key] = change.previous
        if not undo:
            return Snapshot(revision, keys, source.objects)
        objects = {key: source.objects[key] for key in keys if key not in undo}
        objects.update({key: stored for key, stored in undo.items() if stored is not None})
        return Snapshot(revision, sorted(objects), objects)

    def compact(self, collection: str | None = None) -> None:
        """Forget the history of one collection, or of all."""
        for target in [self.collection(collection)] if collection else self.collections():
            target.history.clear()
            target.floor = target.forgotten = self.revision

    def drop(self, collection: str) -> None:
        """Forget a collection with all its objects, without telling anyone: its kind is gone."""
        self._collections[collection] = Collection(collection, floor=self.revision)

    def _stamped(self, key: Key, data: Obj) -> Stored:
        self.revision += 1
        meta = {**data["metadata"], "resourceVersion": str(self.revision)}
        return Stored(key, {**data, "metadata": meta}, self.revision)

    def _record(self, target: Collection, change: Change) -> None:
        target.history.append(change)
        if len(target.history) > self._history_limit:
            target.floor = target.forgotten = target.history.popleft().revision
        for listener in self.listeners:
            listener(change)
        for listener in tuple(target.listeners):
            listener(change)
