"""Who owns what: references to owners, and how a controller comes to own what its selector matches.

Source: ``pkg/controller/controller_ref_manager.go``.
"""

from fargateclaims.simulator.kube.objects import Obj
from fargateclaims.simulator.kube.resources import ResourceType
from fargateclaims.simulator.kube.selectors import of_labels
from fargateclaims.simulator.kube.workloads.registry import Registry


def references(obj: Obj) -> list[Obj]:
    """The owners of an object."""
    return obj["metadata"].get("ownerReferences") or []


def controller_of(obj: Obj) -> Obj | None:
    """The one owner that manages an object."""
    return next((reference for reference in references(obj) if reference.get("controller")), None)


def reference_to(resource: ResourceType, owner: Obj) -> Obj:
    """What says that `owner` manages an object."""
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def claim(registry: Registry, owner_kind: ResourceType, owner: Obj, kind: ResourceType, candidates: list[Obj]) -> list[Obj]:
    """Those of `candidates` that `owner` manages: it adopts orphans that its selector matches, and lets go what it matches no more."""
    selector = of_labels(owner["spec"]["selector"])
    reference = reference_to(owner_kind, owner)
    uid, going = owner["metadata"]["uid"], bool(owner["metadata"].get("deletionTimestamp"))
    owned = []
    for obj in candidates:
        manager, matches = controller_of(obj), selector.matches(obj)
        if manager is None and matches and not going and not obj["metadata"].get("deletionTimestamp"):
            owned.append(registry.change(kind, obj, lambda found: _with_owners(found, [*references(found), reference])))
        elif manager is not None and manager["uid"] == uid and matches:
            owned.append(obj)
        elif manager is not None and manager["uid"] == uid and not going:
            registry.change(kind, obj, lambda found: without_owners(found, {uid}))
    return owned


def without_owners(obj: Obj, uids: set[str]) -> Obj:
    """The object without references to these owners."""
    return _with_owners(obj, [reference for reference in references(obj) if reference["uid"] not in uids])


def _with_owners(obj: Obj, owners: list[Obj]) -> Obj:
    return {**obj, "metadata": {**obj["metadata"], "ownerReferences": owners}}
