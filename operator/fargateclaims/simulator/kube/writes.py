"""Create, update and delete, the same for every kind: preconditions, admission, managed fields, the store.

Each write is one synchronous step, so nothing can come between what it read and what it stores.
Source: ``k8s.io/apiserver/pkg/registry/generic/registry/store.go``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from fargateclaims.simulator.kube import admission, apply, decoding, managers, metadata, views
from fargateclaims.simulator.kube.builtins import CRDS, NAMESPACES
from fargateclaims.simulator.kube.crds import FINALIZER
from fargateclaims.simulator.kube.decoding import WriteOptions
from fargateclaims.simulator.kube.errors import (
    GroupResource,
    already_exists,
    bad_request,
    conflict,
    forbidden,
    invalid,
    not_found,
    stale,
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


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What must hold for a write; empty means anything."""

    uid: str = ""
    resource_version: str = ""

    def check_update(self, resource: ResourceType, obj: Obj) -> None:
        """409 if they do not hold for an update."""
        meta = obj["metadata"]
        if self.uid and self.uid != meta["uid"]:
            raise conflict(
                resource.group_resource,
                meta["name"],
                f"Precondition failed: UID in precondition: {self.uid}, UID in object meta: {meta['uid']}",
            )
        if self.resource_version and self.resource_version not in ("0", meta["resourceVersion"]):
            raise stale(resource.group_resource, meta["name"])

    def check_delete(self, resource: ResourceType, obj: Obj) -> None:
        """409 if they do not hold for a delete: worded otherwise, and about the kind."""
        meta = obj["metadata"]
        subject = GroupResource(resource.group, resource.kind)
        for what, wanted, found, guess in (
            ("UID", self.uid, meta["uid"], "deleted and then recreated"),
            ("ResourceVersion", self.resource_version, meta["resourceVersion"], "modified"),
        ):
            if wanted and wanted != found:
                mismatch = f"the {what} in the precondition ({wanted}) does not match the {what} in record ({found})"
                why = f"{mismatch}. The object might have been {guess}"
                raise conflict(subject, meta["name"], why)


NO_PRECONDITIONS: Final = Preconditions()


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
        if meta.get("name", key[1]) != key[1]:
            raise bad_request(f"the name of the object ({meta['name']}) does not match the name on the URL ({key[1]})")
        if meta.get("namespace", key[0]) != key[0]:
            raise bad_request(f"the namespace of the object ({meta['namespace']}) does not match the namespace on the request ({key[0]})")
        if self._store.get(resource.collection, key) is None and resource.create_on_update and not subresource:
            return self._create(resource, key[0], {**obj, "metadata": {**meta, "name": key[1]}}, options, "Update")
        stored = self._stored(resource, key)
        Preconditions(uid=meta.get("uid", "")).check_update(resource, stored.data)
        if not meta.get("resourceVersion") and not resource.unconditional_update:
            error = FieldError(Cause.INVALID, "metadata.resourceVersion", "must be specified for an update", 0)
            raise invalid(resource.plural, resource.group, key[1], [error])
        return self._update(resource, stored, subresource, obj, options)

    def patch(self, resource: ResourceType, key: Key, subresource: str, transform: Transform, options: WriteOptions) -> Written:
        """Change an object by a patch; a resourceVersion in the result is a precondition."""
        stored = self._stored(resource, key)
        changed = transform(views.from_storage(resource, stored.data))
        return self._update(resource, stored, subresource, decoding.decode_patched(resource, changed, options), options)

    def apply(self, resource: ResourceType, key: Key, subresource: str, body: Value, options: WriteOptions) -> Written:
        """Server-side apply; creates what is not there."""
        config = decoding.decode_applied(resource, body, options)
        meta = config["metadata"]
        if meta.get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        if meta.get("name", key[1]) != key[1]:
            raise bad_request(f"the name of the object ({meta['name']}) does not match the name on the URL ({key[1]})")
        stored = self._store.get(resource.collection, key)
        if stored is None:
            if subresource:
                raise not_found(resource.group_resource, key[1])
            return self._create(resource, key[0], {**config, "metadata": {**meta, "name": key[1]}}, options, "Apply")
        live = views.from_storage(resource, stored.data)
        writer = self._manager(resource, options, "Apply", subresource)
        obj, managed = apply.applied(resource.schema, live, config, writer, force=options.force)
        return self._update(resource, stored, subresource, obj, options, managed=managed)

    def delete(self, resource: ResourceType, key: Key, preconditions: Preconditions, *, dry_run: bool = False) -> Written:
        """Delete an object, or mark it for deletion while it has finalizers."""
        stored = self._stored(resource, key)
        preconditions.check_delete(resource, stored.data)
        last = self._marked(resource, stored.data)
        if last["metadata"].get("finalizers") or _holds_namespace(resource, last):
            if last is stored.data:
                return Written(resource, stored)
            return Written(resource, self._put(resource, key, last, dry_run=dry_run))
        gone = Stored(key, last, stored.revision) if dry_run else self._store.delete(resource.collection, key)
        return Written(resource, gone, deleted=True)

    def delete_all(self, resource: ResourceType, keys: Iterable[Key], *, dry_run: bool = False) -> list[Obj]:
        """Delete each of `keys` that is there; the objects as they were last."""
        present = [key for key in list(keys) if self._store.get(resource.collection, key)]
        return [self.delete(resource, key, NO_PRECONDITIONS, dry_run=dry_run).obj for key in present]

    def _stored(self, resource: ResourceType, key: Key) -> Stored:
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
        if self._store.get(resource.collection, key) is not None:
            raise already_exists(resource.group_resource, key[1])
        # Who applies owns what they applied; who creates owns all but the status, which is nobody's yet.
        source = wanted if operation == "Apply" else {name: value for name, value in obj.items() if name != "status"}
        managed = managers.after_update(resource.schema, None, source, self._manager(resource, options, operation, ""))
        data = views.to_storage(resource, {**obj, "metadata": {**obj["metadata"], "managedFields": managed}})
        return Written(resource, self._put(resource, key, data, dry_run=options.dry_run), created=True)

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
        if managed is None:
            managed = managers.after_update(resource.schema, old, new, self._manager(resource, options, "Update", subresource))
        new = {**new, "metadata": {**new["metadata"], "managedFields": managed}}
        meta = new["metadata"]
        data = views.to_storage(resource, new)
        if meta.get("deletionTimestamp") and not meta.get("finalizers") and not _holds_namespace(resource, new):
            if options.dry_run:
                return Written(resource, Stored(stored.key, data, stored.revision), deleted=True)
            return Written(resource, self._store.delete(resource.collection, stored.key, data), deleted=True)
        if new == old:
            return Written(resource, stored)
        return Written(resource, self._put(resource, stored.key, data, dry_run=options.dry_run))

    def _marked(self, resource: ResourceType, data: Obj) -> Obj:
        """`data` with the marks of a deletion that is under way; itself if it has them."""
        meta = data["metadata"]
        if meta.get("deletionTimestamp"):
            return data
        meta = {**meta, "deletionTimestamp": timestamp(self._clock()), "deletionGracePeriodSeconds": 0}
        if resource.has_generation:
            meta["generation"] = meta.get("generation", 0) + 1
        marked = {**data, "metadata": meta}
        if resource.collection == NAMESPACES:
            del meta["deletionGracePeriodSeconds"]
            marked["status"] = {**data.get("status", {}), "phase": "Terminating"}
        if resource.collection == CRDS:
            meta["finalizers"] = [*(meta.get("finalizers") or []), FINALIZER]
        return marked

    def _manager(self, resource: ResourceType, options: WriteOptions, operation: str, subresource: str) -> Manager:
        return Manager(options.field_manager, operation, resource.api_version, timestamp(self._clock()), frozenset(), subresource)


def _holds_namespace(resource: ResourceType, obj: Obj) -> bool:
    return resource.collection == NAMESPACES and bool((obj.get("spec") or {}).get("finalizers"))
