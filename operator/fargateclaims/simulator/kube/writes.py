"""Create, update and delete, the same for every kind: preconditions, admission, managed fields, the store.

Each write is one synchronous step, so nothing can come between what it read and what it stores.
Source: ``k8s.io/apiserver/pkg/registry/generic/registry/store.go``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from fargateclaims.simulator.kube import admission, apply, decoding, deletion, fieldsets, managers, metadata, views
from fargateclaims.simulator.kube.builtins import FOREVER, NAMESPACES
from fargateclaims.simulator.kube.decoding import WriteOptions
from fargateclaims.simulator.kube.deletion import NO_OPTIONS, DeleteOptions, Preconditions
from fargateclaims.simulator.kube.errors import (
    already_exists,
    bad_request,
    conflict,
    forbidden,
    invalid,
    not_found,
)
from fargateclaims.simulator.kube.field_errors import Cause, FieldError
from fargateclaims.simulator.kube.managers import Manager
from fargateclaims.simulator.kube.objects import Clock, Key, Obj, Value, timestamp
from fargateclaims.simulator.kube.resources import Kinds, ResourceType
from fargateclaims.simulator.kube.store import Store, Stored

# From the object as it is to the object as the client wants it, both in the served version.
Transform: TypeAlias = Callable[[Obj], Value]


@dataclass(frozen=True, slots=True)
class Written:
    """What a write answers with."""

    resource: ResourceType
    stored: Stored
    created: bool = False
    deleted: bool = False

    @property
    def obj(self) -> Obj:
        """The object in the served version."""
        return views.from_storage(self.resource, self.stored.data)


# What a new object is compared with: Go's structs have their spec from the start.
_EMPTY: Final[dict[bool, Obj]] = {True: {}, False: {"spec": {}}}
_IDENTITY: Final = ("name", "namespace", "resourceVersion", "uid")


class Writer:
    """All writes to one store."""

    def __init__(self, store: Store, kinds: Kinds, clock: Clock) -> None:
        self._store = store
        self._kinds = kinds
        self._clock = clock

    def create(self, resource: ResourceType, namespace: str, body: Value, options: WriteOptions) -> Written:
        """Store a new object; 409 if the name is taken, 404 or 403 if its namespace is not there or on its way out."""
        obj = decoding.decode(resource, body, options)
        return self._create(resource, namespace, obj, options, "Update")

    def replace(self, resource: ResourceType, key: Key, subresource: str, body: Value, options: WriteOptions) -> Written:
        """PUT; 409 if the body's resourceVersion or UID is not that of the stored object."""
        obj = decoding.decode(resource, body, options)
        meta = obj["metadata"]
        if not meta.get("name"):
            raise bad_request(f"the name of the object ({key[1]} based on URL) was undeterminable: name must be provided")
        _check_place(key, meta)
        if self._store.get(resource.collection, key) is None and resource.create_on_update and not subresource:
            return self._create(resource, key[0], obj, options, "Update")
        stored = self.stored(resource, key)
        Preconditions(uid=meta.get("uid", "")).check_update(resource, stored.data)
        if meta.get("resourceVersion", "0") == "0" and not resource.unconditional_update:
            error = FieldError(Cause.INVALID, "metadata.resourceVersion", "must be specified for an update", 0)
            raise invalid(resource.plural, resource.group, key[1], [error])
        return self._update(resource, stored, subresource, obj, options)

    def patch(self, resource: ResourceType, key: Key, subresource: str, transform: Transform, options: WriteOptions) -> Written:
        """Change an object by a patch; a resourceVersion in the result is a precondition."""
        stored = self.stored(resource, key)
        obj = decoding.decode_patched(resource, transform(views.from_storage(resource, stored.data)), options)
        _check_place(key, obj["metadata"])
        return self._update(resource, stored, subresource, obj, options)

    def apply(self, resource: ResourceType, key: Key, subresource: str, body: Value, options: WriteOptions) -> Written:
        """Server-side apply; creates what is not there."""
        config = decoding.decode_applied(resource, body, options)
        meta = config["metadata"]
        if meta.get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        stored = self._store.get(resource.collection, key)
        if stored is None:
            if subresource:
                raise not_found(resource.group_resource, key[1])
            if meta.get("uid"):
                why = f"uid mismatch: the provided object specified uid {meta['uid']}, and no existing object was found"
                raise conflict(resource.group_resource, key[1], why)
            _check_place(key, meta)
            admission.refuse_nulls(resource, config)
            return self._create(resource, key[0], {**config, "metadata": {**meta, "name": key[1]}}, options, "Apply")
        live = views.from_storage(resource, stored.data)
        writer = self._manager(resource, options, "Apply", subresource)
        obj, managed = apply.applied(resource.schema, live, _appliable(resource, config, subresource), writer, force=options.force)
        _check_place(key, meta)
        admission.refuse_nulls(resource, obj)
        return self._update(resource, stored, subresource, obj, options, managed=managed)

    def delete(self, resource: ResourceType, key: Key, options: DeleteOptions = NO_OPTIONS) -> Written:
        """Delete an object, or mark it for deletion while something must be done first. 403 for the namespaces that every cluster has."""
        stored = self.stored(resource, key)
        if resource.collection == NAMESPACES and key[1] in FOREVER:
            raise forbidden(resource.group_resource, key[1], "this namespace may not be deleted")
        options.preconditions.check_delete(resource, stored.data)
        last = deletion.marked(resource, stored.data, options, self._clock())
        if deletion.lingers(resource, last):
            if last is stored.data:
                return Written(resource, stored)
            return Written(resource, self._put(resource, key, last, dry_run=options.dry_run))
        if options.dry_run:
            return Written(resource, Stored(key, last, stored.revision), deleted=True)
        if resource.grace is not None:
            # Those who watch see that its time is over, and then that it is gone.
            last = self._store.put(resource.collection, key, last).data
        return Written(resource, self._store.delete(resource.collection, key, last), deleted=True)

    def delete_all(self, resource: ResourceType, keys: Iterable[Key], options: DeleteOptions = NO_OPTIONS) -> list[Obj]:
        """Delete each of `keys` that is there; the objects as they were last."""
        present = [key for key in list(keys) if self._store.get(resource.collection, key)]
        return [self.delete(resource, key, options).obj for key in present]

    def amend(self, resource: ResourceType, key: Key, transform: Transform, preconditions: Preconditions, *, dry_run: bool) -> Written:
        """Change an object as the registry itself does: nothing is admitted, and nobody becomes the owner of what changes."""
        stored = self.stored(resource, key)
        preconditions.check_update(resource, stored.data)
        return Written(resource, self._put(resource, key, transform(stored.data), dry_run=dry_run))

    def stored(self, resource: ResourceType, key: Key) -> Stored:
        """What is there now; 404 if nothing is."""
        stored = self._store.get(resource.collection, key)
        if stored is None:
            raise not_found(resource.group_resource, key[1])
        return stored

    def _create(self, resource: ResourceType, namespace: str, obj: Obj, options: WriteOptions, operation: str) -> Written:
        if resource.collection in self._kinds.terminating:
            why = "create not allowed while custom resource definition is terminating"
            raise forbidden(resource.group_resource, obj["metadata"].get("name") or "", why)
        wanted = obj
        obj = metadata.prepare_create(resource, obj, namespace, timestamp(self._clock()))
        self._check_namespace(resource, obj)
        obj = admission.for_create(resource, obj)
        if resource.custom:
            options.warnings += metadata.finalizer_warnings(obj)
        key = (namespace, obj["metadata"]["name"])
        if (present := self._store.get(resource.collection, key)) is not None:
            raise already_exists(resource.group_resource, key[1], deleting="deletionTimestamp" in present.data["metadata"])
        # Who applies owns what they applied; who creates owns what they sent. The status is nobody's yet.
        writer = self._manager(resource, options, operation, "")
        if operation == "Apply":
            fields = fieldsets.of_object(resource.schema, _appliable(resource, wanted, ""))
            managed = managers.write([replace(writer, fields=fields)])
        else:
            managed = managers.created(resource.schema, _EMPTY[resource.custom], _appliable(resource, obj, ""), writer)
        data = views.to_storage(resource, {**obj, "metadata": obj["metadata"] | ({"managedFields": managed} if managed else {})})
        stored = self._put(resource, key, data, dry_run=options.dry_run)
        stored.filled_in = resource.custom and resource.has_status and "status" in data
        return Written(resource, stored, created=True)

    def _put(self, resource: ResourceType, key: Key, data: Obj, *, dry_run: bool) -> Stored:
        return Stored(key, data, self._store.revision) if dry_run else self._store.put(resource.collection, key, data)

    def _check_namespace(self, resource: ResourceType, obj: Obj) -> None:
        name = obj["metadata"].get("namespace")
        if not resource.namespaced or not name:
            return
        stored = self._store.get(NAMESPACES, ("", name))
        if stored is None:
            raise not_found(self._kinds.lookup("", "v1", "namespaces").group_resource, name)
        if stored.data["metadata"].get("deletionTimestamp"):
            causes = [{"reason": "NamespaceTerminating", "message": f"namespace {name} is being terminated", "field": "metadata.namespace"}]
            why = f"unable to create new content in namespace {name} because it is being terminated"
            raise forbidden(resource.group_resource, obj["metadata"].get("name") or "", why, causes=causes)

    def _update(  # noqa: PLR0913 - what is stored, what is wanted, and how
        self,
        resource: ResourceType,
        stored: Stored,
        subresource: str,
        obj: Obj,
        options: WriteOptions,
        *,
        managed: list[Obj] | None = None,
    ) -> Written:
        old = views.from_storage(resource, stored.data)
        Preconditions(resource_version=obj["metadata"].get("resourceVersion", "")).check_update(resource, old)
        new = admission.for_update(resource, metadata.prepare_update(obj, old), old, subresource)
        if managed is None and not managers.are_cleared(obj):
            managed = managers.after_update(resource.schema, old, new, self._manager(resource, options, "Update", subresource))
        meta = {name: value for name, value in new["metadata"].items() if name != "managedFields"}
        if managed:
            meta["managedFields"] = managed
        new = {**new, "metadata": meta}
        data = views.to_storage(resource, new)
        if meta.get("deletionTimestamp") and not deletion.lingers(resource, new):
            if options.dry_run:
                return Written(resource, Stored(stored.key, data, stored.revision), deleted=True)
            return Written(resource, self._store.delete(resource.collection, stored.key, data), deleted=True)
        if new == old and not stored.filled_in:
            return Written(resource, stored)
        return Written(resource, self._put(resource, stored.key, data, dry_run=options.dry_run))

    def _manager(self, resource: ResourceType, options: WriteOptions, operation: str, subresource: str) -> Manager:
        return Manager(options.field_manager, operation, resource.api_version, timestamp(self._clock()), frozenset(), subresource)


def _check_place(key: Key, meta: Obj) -> None:
    """400 if the body is about another object than the path."""
    namespace, name = key
    if meta.get("name", name) != name:
        raise bad_request(f"the name of the object ({meta['name']}) does not match the name on the URL ({name})")
    if meta.get("namespace", namespace) != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")


def _appliable(resource: ResourceType, obj: Obj, subresource: str) -> Obj:
    """What of an object can be written at a path, and so owned by who writes there."""
    if not resource.has_status:
        return obj
    if subresource == "status":
        meta = {name: value for name, value in obj["metadata"].items() if name in _IDENTITY}
        return {"metadata": meta} | ({"status": obj["status"]} if "status" in obj else {})
    return {name: value for name, value in obj.items() if name != "status"}
