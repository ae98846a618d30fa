"""What Kubernetes holds, as last heard: the one place where the engine looks objects up.

A full LIST replaces what is not newer than itself; in between, watch events update it, and only with a higher resourceVersion, since they
may arrive later than the LIST that already knew. Removal goes by UID: an old DELETED event must not take a claim that was made again, and
what was seen to go does not come back with a LIST that was read before.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.claim import ClaimSpec, FargateProfileClaim
from fargateclaims.api.claim_status import ClaimStatus
from fargateclaims.api.errors import MalformedObject
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.metadata import ObjectMeta
from fargateclaims.domain.facts import Namespace
from fargateclaims.engine.ports import Object

T = TypeVar("T")
Key = tuple[str, str]
"""Namespace, empty for what is in none, and name."""
Place = ClusterARN | None
"""Where a claim is worked on: a cluster, or None while it has no usable class."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """One object: as it is stored, and as a model.

    :param problem: what is wrong with its spec; the model has a placeholder then.
    """

    raw: Object
    model: T
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One object that cannot be read at all, and what is wrong with it."""

    raw: Object
    problem: str


@dataclass(frozen=True, slots=True)
class Versions:
    """The resourceVersion of each LIST. Without one, what a LIST does not name counts as gone."""

    claims: str = ""
    classes: str = ""
    namespaces: str = ""


_UNKNOWN = Versions()


class Table(Generic[T]):
    """All objects of one kind, by namespace and name; and those that cannot be read at all."""

    def __init__(self, parse: Callable[[Object], Entry[T] | str]) -> None:
        self._read = parse
        self._entries: dict[Key, Entry[T]] = {}
        self._ahead: dict[tuple[str, str], Entry[T] | str] = {}
        # By UID, the resourceVersion at which it went.
        self._removed: dict[str, int] = {}
        self.unreadable: dict[Key, Unreadable] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def values(self) -> Iterable[Entry[T]]:
        """All entries."""
        return self._entries.values()

    def get(self, namespace: str, name: str) -> Entry[T] | None:
        """One entry; None if it is not there or cannot be read at all."""
        return self._entries.get((namespace, name))

    def put(self, raw: Object) -> tuple[Entry[T] | None, Entry[T] | None] | None:
        """Take an object if it is newer; returns the entries before and after, or None if it is old news."""
        key = _key(raw)
        known = self._known(key)
        if _version(raw) <= self._removed.get(_uid(raw), -1) or (known is not None and _is_older(raw, known.raw)):
            return None
        after = self._parse(raw)
        before = self._entries.pop(key, None)
        self.unreadable.pop(key, None)
        if isinstance(after, Unreadable):
            self.unreadable[key] = after
            return before, None
        self._entries[key] = after
        return before, after

    def remove(self, raw: Object) -> Entry[T] | None:
        """Forget an object by its UID; returns what was there."""
        key = _key(raw)
        self._removed[_uid(raw)] = max(_version(raw), self._removed.get(_uid(raw), 0))
        known = self._known(key)
        if known is None or _uid(known.raw) != _uid(raw):
            return None
        self.unreadable.pop(key, None)
        return self._entries.pop(key, None)

    def parse_ahead(self, raw: Object) -> None:
        """Parse what `replace` will be given: thousands of objects in one go would block the event loop for seconds."""
        metadata = raw["metadata"]
        known = self._entries.get(_key(raw))
        if known is None or known.raw["metadata"]["resourceVersion"] != metadata["resourceVersion"]:
            self._ahead[metadata["uid"], metadata["resourceVersion"]] = self._read(raw)

    def replace(self, items: Iterable[Object], version: str = "") -> None:
        """Take a full LIST in place of everything that is not newer than it.

        Watches go on while it is read: what they have shown newer stays, what they have shown to go does not come back.

        :param version: the LIST's own resourceVersion; see `Versions`.
        """
        entries: dict[Key, Entry[T]] = {}
        unreadable: dict[Key, Unreadable] = {}
        for key, each in self._merged(items, version):
            if isinstance(each, Unreadable):
                unreadable[key] = each
            else:
                entries[key] = each
        # Only now: an object that nobody can cope with must not leave half a table behind.
        self._entries, self.unreadable = entries, unreadable
        self._ahead, self._removed = {}, {}

    def _merged(self, items: Iterable[Object], version: str) -> Iterator[tuple[Key, Entry[T] | Unreadable]]:
        since = _number(version)
        present: dict[Key, Entry[T] | Unreadable] = {**self._entries, **self.unreadable}
        listed = set()
        for raw in items:
            key = _key(raw)
            if since is not None and self._removed.get(_uid(raw), 0) > since:
                continue
            known = present.get(key)
            listed.add(key)
            yield key, known if known is not None and _is_older(raw, known.raw) else self._parse(raw)
        for key, each in present.items():
            if key not in listed and since is not None and _version(each.raw) > since:
                yield key, each

    def _known(self, key: Key) -> Entry[T] | Unreadable | None:
        return self._entries.get(key) or self.unreadable.get(key)

    def _parse(self, raw: Object) -> Entry[T] | Unreadable:
        ahead = self._ahead.get((_uid(raw), raw["metadata"]["resourceVersion"]))
        read = self._read(raw) if ahead is None else ahead
        return Unreadable(raw, read) if isinstance(read, str) else read


class Store:
    """Claims, classes and namespaces.

    :param takes_class: whether this installation takes a class, by its labels.
    :param changed: called with each place whose plan may be another now.
    """

    def __init__(self, takes_class: Callable[[Mapping[str, str]], bool], changed: Callable[[Place], None]) -> None:
        self._takes_class = takes_class
        self._changed = changed
        self.claims: Table[FargateProfileClaim] = Table(_claim)
        self.classes: Table[FargateProfileClass] = Table(_class)
        self.namespaces: Table[Namespace] = Table(_namespace)
        # Derived from `classes`: this installation's, by name and by cluster.
        self._own: dict[str, FargateProfileClass] = {}
        self._at: dict[Place, tuple[FargateProfileClass, ...]] = {}
        self._by_place: dict[Place, dict[str, Entry[FargateProfileClaim]]] = defaultdict(dict)
        self._place_of: dict[str, Place] = {}

    def replace(
        self, claims: Iterable[Object], classes: Iterable[Object], namespaces: Iterable[Object], versions: Versions = _UNKNOWN
    ) -> None:
        """Take full LISTs of all three kinds, as of these versions."""
        before = set(self.places())
        self.namespaces.replace(namespaces, versions.namespaces)
        self.classes.replace(classes, versions.classes)
        self._own, self._at = {}, {}
        for cls in self.classes.values():
            self._derive(None, cls)
        self.claims.replace(claims, versions.claims)
        self._by_place.clear()
        self._place_of.clear()
        for entry in self.claims.values():
            self._index(entry)
        for place in before | set(self.places()):
            self._changed(place)

    def put_claim(self, raw: Object, *, ours: bool = False) -> None:
        """A claim is there, or has changed.

        :param ours: whether the change is what a worker has just written itself: it need not be told.
        """
        change = self.claims.put(raw)
        if change is None:
            return
        before, after = change
        places = {self._drop(before)} if before is not None else set()
        if after is not None:
            places.add(self._index(after))
        self._tell(places if not ours or len(places) > 1 else ())

    def remove_claim(self, raw: Object) -> None:
        """A claim is gone."""
        before = self.claims.remove(raw)
        if before is not None:
            self._tell({self._drop(before)})

    def put_class(self, raw: Object, *, ours: bool = False) -> None:
        """A class is there, or has changed. `ours` as with claims."""
        change = self.classes.put(raw)
        if change is None:
            return
        self._derive(*change)
        if not ours:
            self._class_changed(raw, *change)

    def remove_class(self, raw: Object) -> None:
        """A class is gone."""
        unreadable = len(self.classes.unreadable)
        before = self.classes.remove(raw)
        self._derive(before, None)
        if before is not None or len(self.classes.unreadable) < unreadable:
            self._class_changed(raw, before)

    def put_namespace(self, raw: Object) -> None:
        """A namespace is there, or its labels or phase have changed."""
        change = self.namespaces.put(raw)
        if change is None or (change[0] is not None and change[1] is not None and change[0].model == change[1].model):
            return
        name = raw["metadata"]["name"]
        for entry in [entry for entry in self.claims.values() if entry.model.metadata.namespace == name]:
            self._changed(self._place_of.get(entry.model.metadata.uid))

    def remove_namespace(self, raw: Object) -> None:
        """A namespace is gone."""
        self.namespaces.remove(raw)

    def places(self) -> tuple[Place, ...]:
        """All places with claims or classes."""
        clusters = {cls.spec.cluster_arn for cls in self.classes_by_name().values()}
        return tuple(clusters | {place for place, claims in self._by_place.items() if claims})

    def claims_at(self, place: Place) -> tuple[Entry[FargateProfileClaim], ...]:
        """The claims of one place."""
        return tuple(self._by_place.get(place, {}).values())

    def classes_by_name(self) -> Mapping[str, FargateProfileClass]:
        """All classes of this installation."""
        return self._own

    def classes_at(self, arn: ClusterARN) -> tuple[FargateProfileClass, ...]:
        """The classes of one cluster, by name."""
        return self._at.get(arn, ())

    def malformed_classes(self) -> dict[str, str]:
        """What is wrong with each class that cannot be read, by name."""
        return {name: each.problem for (_, name), each in self.classes.unreadable.items()}

    def _class_changed(self, raw: Object, *entries: Entry[FargateProfileClass] | None) -> None:
        name = raw["metadata"]["name"]
        places: set[Place] = {entry.model.spec.cluster_arn for entry in entries if entry is not None}
        for entry in [entry for entry in self.claims.values() if entry.model.spec.class_name == name]:
            places |= {self._drop(entry), self._index(entry)}
        self._tell(places)

    def _derive(self, before: Entry[FargateProfileClass] | None, after: Entry[FargateProfileClass] | None) -> None:
        # One class at a time: each status write of a class passes here, and there may be thousands of classes.
        for entry in (before, after):
            if entry is None:
                continue
            name, arn = entry.model.metadata.name, entry.model.spec.cluster_arn
            others = tuple(cls for cls in self._at.get(arn, ()) if cls.metadata.name != name)
            self._own.pop(name, None)
            if entry is after and self._takes_class(entry.model.metadata.labels):
                self._own[name] = entry.model
                others = tuple(sorted((*others, entry.model), key=_name))
            self._at[arn] = others

    def _tell(self, places: Iterable[Place]) -> None:
        for place in places:
            self._changed(place)

    def _index(self, entry: Entry[FargateProfileClaim]) -> Place:
        place = self._place(entry.model)
        cls = self.classes.get("", entry.model.spec.class_name)
        if cls is None or self._takes_class(cls.model.metadata.labels):
            self._place_of[entry.model.metadata.uid] = place
            self._by_place[place][entry.model.metadata.uid] = entry
        return place

    def _drop(self, entry: Entry[FargateProfileClaim]) -> Place:
        uid = entry.model.metadata.uid
        place = self._place_of.pop(uid, None)
        self._by_place[place].pop(uid, None)
        return place

    def _place(self, claim: FargateProfileClaim) -> Place:
        # Where its profile is: a class made again for another cluster does not move it.
        if claim.status.resolved is not None and claim.status.resolved.cluster_arn is not None:
            return claim.status.resolved.cluster_arn
        cls = self.classes.get("", claim.spec.class_name)
        return cls.model.spec.cluster_arn if cls is not None else None


def _name(cls: FargateProfileClass) -> str:
    return cls.metadata.name


def _key(raw: Object) -> Key:
    return raw["metadata"].get("namespace", ""), raw["metadata"]["name"]


def _uid(raw: Object) -> str:
    uid: str = raw["metadata"]["uid"]
    return uid


def _version(raw: Object) -> int:
    return _number(raw["metadata"].get("resourceVersion", "")) or 0


def _number(version: str) -> int | None:
    return int(version) if version.isdigit() else None


def _is_older(raw: Object, known: Object) -> bool:
    """Whether an object tells nothing new over what is known: of itself, or of another that has its name now."""
    return _version(raw) < _version(known) or (_uid(raw) == _uid(known) and _version(raw) == _version(known))


def _claim(raw: Object) -> Entry[FargateProfileClaim] | str:
    try:
        return Entry(raw, FargateProfileClaim.from_object(raw))
    except MalformedObject as error:
        return _placeholder(raw, str(error))


def _placeholder(raw: Object, problem: str) -> Entry[FargateProfileClaim] | str:
    """A claim whose spec cannot be read still has an identity and a status: it is told what is wrong, and can be deleted."""
    spec: Any = raw.get("spec")
    class_name = spec.get("className") if isinstance(spec, dict) else None
    try:
        metadata = ObjectMeta.model_validate(raw["metadata"])
    except ValueError:
        return problem
    model = FargateProfileClaim.model_construct(
        metadata=metadata,
        spec=ClaimSpec.model_construct(class_name=class_name if isinstance(class_name, str) else "", selectors=(), tags={}),
        status=ClaimStatus.parse(raw.get("status")),
    )
    return Entry(raw, model, problem)


def _class(raw: Object) -> Entry[FargateProfileClass] | str:
    try:
        return Entry(raw, FargateProfileClass.from_object(raw))
    except MalformedObject as error:
        return str(error)


def _namespace(raw: Object) -> Entry[Namespace] | str:
    metadata = raw["metadata"]
    terminating = "deletionTimestamp" in metadata or raw.get("status", {}).get("phase") == "Terminating"
    return Entry(raw, Namespace(metadata.get("labels") or {}, terminating))
