"""``metadata.managedFields``: who set which field, kept for every write as a real API server does."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from fargateclaims.simulator.kube import fieldsets
from fargateclaims.simulator.kube.fieldsets import FieldSet
from fargateclaims.simulator.kube.objects import Obj, metadata_of
from fargateclaims.simulator.kube.schema import Node


@dataclass(frozen=True, slots=True)
class Manager:
    """One entry: the fields that one client owns by one kind of operation on one endpoint."""

    name: str
    operation: str  # Apply or Update
    api_version: str
    time: str
    fields: FieldSet
    subresource: str = ""
    entry: Obj | None = None  # what it was read from, as long as it is the same

    @property
    def identity(self) -> tuple[str, str, str]:
        """Two entries with the same identity are one."""
        return self.name, self.operation, self.subresource

    def without(self, lost: FieldSet) -> "Manager":
        """The same manager without these fields."""
        return self if self.fields.isdisjoint(lost) else replace(self, fields=self.fields - lost, entry=None)

    def encoded(self) -> Obj:
        """As in ``managedFields``."""
        if self.entry is not None:
            return self.entry
        entry: Obj = {
            "manager": self.name,
            "operation": self.operation,
            "apiVersion": self.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": fieldsets.encode(self.fields),
            "subresource": self.subresource,
        }
        return {name: value for name, value in entry.items() if value != ""}


def read(obj: Obj) -> list[Manager]:
    """The managers of a stored object."""
    return [
        Manager(
            name=entry.get("manager", ""),
            operation=entry.get("operation", "Update"),
            api_version=entry.get("apiVersion", ""),
            time=entry.get("time", ""),
            fields=fieldsets.decode(entry.get("fieldsV1") or {}),
            subresource=entry.get("subresource", ""),
            entry=entry,
        )
        for entry in metadata_of(obj).get("managedFields") or ()
    ]


def write(managers: Iterable[Manager]) -> list[Obj]:
    """``managedFields``, without managers that own nothing; appliers first, as the server sorts them."""
    kept = [manager for manager in managers if manager.fields]
    return [manager.encoded() for manager in sorted(kept, key=lambda manager: (manager.operation, manager.time, *manager.identity))]


def given(old: Obj, new: Obj, subresource: str) -> Obj:
    """Where the owners before an update are read from: a client may write ``managedFields``, but not through a subresource."""
    return old if subresource or not metadata_of(new).get("managedFields") else new


def are_cleared(obj: Obj) -> bool:
    """Whether a client asks that owners be forgotten: a list of one empty entry."""
    return metadata_of(obj).get("managedFields") == [{}]


def created(schema: Node | None, empty: Obj, obj: Obj, writer: Manager) -> list[Obj]:
    """``managedFields`` of a new object: `writer` owns all that an `empty` one has not (its `fields` are ignored)."""
    return write([replace(writer, fields=fieldsets.changed(schema, empty, obj)[0])])


def after_update(schema: Node | None, old: Obj, new: Obj, writer: Manager) -> list[Obj]:
    """``managedFields`` after an update by `writer` (its `fields` are ignored): it owns what it changed, and nobody what is gone."""
    source = given(old, new, writer.subresource)
    present: list[Obj] = metadata_of(source).get("managedFields") or []
    set_now, gone = fieldsets.changed(schema, old, new)
    if not present or not (set_now or gone):
        # Nobody is the owner of anything once that was cleared, until the object is applied.
        return present
    lost = set_now | gone
    own = replace(writer, fields=frozenset())
    managers: list[Manager] = []
    for manager in read(source):
        if manager.identity == writer.identity:
            own = manager.without(gone)
        else:
            managers.append(manager.without(lost))
    if set_now:
        same = own.entry is not None and own.time == writer.time and set_now <= own.fields
        own = own if same else replace(own, fields=own.fields | set_now, time=writer.time, entry=None)
    return write([*managers, own])
