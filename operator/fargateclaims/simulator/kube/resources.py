"""What kinds of objects there are, and the properties by which a real API server treats them differently."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from fargateclaims.simulator.kube.columns import Column
from fargateclaims.simulator.kube.errors import GroupResource, PageNotFoundError, no_such_path
from fargateclaims.simulator.kube.field_errors import FieldError
from fargateclaims.simulator.kube.objects import Obj
from fargateclaims.simulator.kube.schema import Node

# (new, old or None) -> what is wrong beyond the schema
Check: TypeAlias = Callable[[Obj, Obj | None], list[FieldError]]
# (new, old or None) -> new, with what the server itself fills in
Prepare: TypeAlias = Callable[[Obj, Obj | None], Obj]

# (object, seconds that the client asked for or None) -> seconds until whoever runs it has to be done with it
Grace: TypeAlias = Callable[[Obj, int | None], int]

ALL_VERBS: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
METADATA_FIELDS: Final = {"metadata.name": "metadata.name", "metadata.namespace": "metadata.namespace"}


@dataclass(frozen=True, slots=True)
class Subresource:
    """What can be done at a path below an object. Without a `kind` of its own it takes and gives the object."""

    verbs: tuple[str, ...]
    group: str = ""
    version: str = ""
    kind: str = ""


SUBRESOURCES: Final = {
    "binding": Subresource(("create",), kind="Binding"),
    "eviction": Subresource(("create",), "policy", "v1", "Eviction"),
    "finalize": Subresource(("update",)),
    "scale": Subresource(("get", "patch", "update"), "autoscaling", "v1", "Scale"),
    "status": Subresource(("get", "patch", "update")),
}


@dataclass(frozen=True, slots=True, eq=False)
class ResourceType:
    """A kind in one version, as it is served.

    `collection` is where its objects are stored; versions of a kind share it. `storage_version` is the apiVersion they are stored in.
    """

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    namespaced: bool
    collection: str
    storage_version: str
    openapi: Obj
    schema: Node
    columns: tuple[Column, ...]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: frozenset[str] = frozenset()
    selectable: Mapping[str, str] = field(default_factory=lambda: METADATA_FIELDS)
    verbs: tuple[str, ...] = ALL_VERBS
    custom: bool = False
    has_generation: bool = False
    unconditional_update: bool = True  # PUT without a resourceVersion overwrites
    create_on_update: bool = False  # PUT makes what is not there
    status_from_start: bool = False  # a create keeps the status: whoever creates it knows how it is
    returns_deleted: bool = False  # DELETE answers with the object also when it is gone
    grace: Grace | None = None
    check: Check | None = None
    prepare: Prepare | None = None

    @property
    def api_version(self) -> str:
        """As in an object of this kind."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_resource(self) -> GroupResource:
        """As in messages."""
        return GroupResource(self.group, self.plural)

    @property
    def has_status(self) -> bool:
        """Whether ``/status`` is the only way to write the status."""
        return "status" in self.subresources


class Kinds:
    """All kinds that are served now: the built-in ones for ever, custom ones as their CRDs come and go."""

    def __init__(self, built_in: Iterable[ResourceType]) -> None:
        self._types: dict[tuple[str, str, str], ResourceType] = {}
        self._by_kind: dict[tuple[str, str], ResourceType] = {}
        self._custom: dict[str, list[ResourceType]] = {}
        self.terminating: set[str] = set()  # collections whose CRD is being deleted: no more creates
        for resource in built_in:
            self._add(resource)
        self._built_in_groups = frozenset(resource.group for resource in self)

    def __iter__(self) -> Iterator[ResourceType]:
        return iter(self._types.values())

    def lookup(self, group: str, version: str, plural: str) -> ResourceType:
        """The kind behind a path; 404 if it is not served."""
        found = self._types.get((group, version, plural))
        if found is None:
            raise no_such_path() if group in self._built_in_groups else PageNotFoundError
        return found

    def by_kind(self, api_version: str, kind: str) -> ResourceType | None:
        """The kind that an object names."""
        return self._by_kind.get((api_version, kind))

    def of_collection(self, collection: str) -> ResourceType | None:
        """The first served version of what is stored in a collection."""
        return next((resource for resource in self if resource.collection == collection), None)

    def groups(self) -> dict[str, list[str]]:
        """The versions of each named group, in the order of registration."""
        groups: dict[str, list[str]] = {}
        for resource in self:
            versions = groups.setdefault(resource.group, [])
            if resource.version not in versions:
                versions.append(resource.version)
        return groups

    def replace_custom(self, crd_name: str, types: list[ResourceType]) -> None:
        """Serve exactly `types` for a CRD from now on; an empty list ends it."""
        for resource in self._custom.pop(crd_name, ()):
            del self._types[resource.group, resource.version, resource.plural]
            self._by_kind.pop((resource.api_version, resource.kind), None)
        for resource in types:
            self._add(resource)
        if types:
            self._custom[crd_name] = types

    def _add(self, resource: ResourceType) -> None:
        self._types[resource.group, resource.version, resource.plural] = resource
        self._by_kind[resource.api_version, resource.kind] = resource
