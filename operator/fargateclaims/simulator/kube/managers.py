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

    @property
    def identity(self) -> tuple[str, str, str]:
        """Two entries with the same identity are one."""
        return self.name, self.operation, self.subresource

    def encoded(self) -> Obj:
        """As in ``managedFields``."""
        entry: Obj = {
            "manager": self.name,
            "operation": self.operation,
            "apiVersion": self.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": fieldsets.encode(self.fields),
        }
        return entry | ({"subresource": self.subresource} if self.subresource else {})


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
        )
        for entry in metadata_of(obj).get("managedFields") or ()
    ]


def write(managers: Iterable[Manager]) -> list[Obj]:
    """``managedFields``, without managers that own nothing; appliers first, as the server sorts them."""
    kept = [manager for manager in managers if manager.fields]
    return [manager.encoded() for manager in sorted(kept, key=lambda manager: (manager.operation, manager.time, manager.name))]


def after_update(schema: Node | None, old: Obj | None, new: Obj, writer: Manager) -> list[Obj]:
    """``managedFields`` after an update by `writer` (its `fields` are ignored): it owns what it changed, and nobody what is gone."""
    present = read(old) if old is not None else []
    if old is None:
        set_now, gone = fieldsets.of_object(schema, new), frozenset[fieldsets.FieldPath]()
    else:
        set_now, gone = fieldsets.changed(schema, old, new)
    if not set_now and not gone and old is not None:
        return list(metadata_of(old).get("managedFields") or [])
    lost = set_now | gone
    managers: list[Manager] = []
    own: FieldSet = frozenset()
    for manager in present:
        if manager.identity == writer.identity:
            own = manager.fields
        else:
            managers.append(replace(manager, fields=manager.fields - lost))
    return write([*managers, replace(writer, fields=(own - gone) | set_now)])
