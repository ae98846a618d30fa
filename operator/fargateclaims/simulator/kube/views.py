"""Objects as they are stored, and as a served version shows them."""

from fargateclaims.simulator.kube import events
from fargateclaims.simulator.kube.objects import Obj, dumps
from fargateclaims.simulator.kube.resources import ResourceType
from fargateclaims.simulator.kube.store import Stored


def to_storage(resource: ResourceType, obj: Obj) -> Obj:
    """An object of the served version, in the stored one."""
    if resource.api_version == resource.storage_version:
        return obj
    return events.to_core(obj) if resource.group == events.GROUP else {**obj, "apiVersion": resource.storage_version}


def from_storage(resource: ResourceType, obj: Obj) -> Obj:
    """A stored object in the served version."""
    if resource.api_version == resource.storage_version:
        return obj
    return events.from_core(obj) if resource.group == events.GROUP else {**obj, "apiVersion": resource.api_version}


def encode(resource: ResourceType, stored: Stored) -> bytes:
    """The JSON of a stored object in the served version."""
    if resource.api_version == resource.storage_version:
        return stored.encoded
    return dumps(from_storage(resource, stored.data))


def encode_item(resource: ResourceType, stored: Stored) -> bytes:
    """The same as an item of a list: built-in kinds leave out there what the list itself says."""
    if resource.custom:
        return encode(resource, stored)
    view = from_storage(resource, stored.data)
    return dumps({name: value for name, value in view.items() if name not in ("apiVersion", "kind")})
