"""Kubernetes objects as rules see them: who they are, where they stand, and the pod that they make."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fargateclaims.domain.lint.rule import Path
from fargateclaims.domain.lint.values import at, mapping, mappings, text
from fargateclaims.domain.pods.demands import Requests, ResourcesError, pod_requests
from fargateclaims.domain.pods.templates import ManifestError, PodTemplate, pod_template
from fargateclaims.domain.pods.words import kind_of

UNNAMED: Final = "(unnamed)"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object was read.

    :param file: the file's path, `-` for standard input; empty for an object out of a cluster.
    :param root: the value that paths into it start from, with its lines.
    :param first_line: where its document begins, as all lines counted from 0.
    :param head_line: where the document's value begins.
    :param source: the chart's template that Helm says it was rendered from; empty if it does not.
    """

    file: str = ""
    root: Any = None
    first_line: int = 0
    head_line: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a pod, or an init container."""

    path: Path
    name: str
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pod:
    """The pod that an object is or makes.

    :param path: of its spec.
    :param containers: init containers, too.
    :param requests: what it asks for; None if that cannot be read.
    :param misread: why its requests cannot be read; empty if they can.
    """

    template: PodTemplate
    path: Path
    containers: tuple[Container, ...]
    requests: Requests | None
    misread: str = ""

    @property
    def spec(self) -> Mapping[str, Any]:
        """The pod's spec."""
        return self.template.spec

    @property
    def metadata_path(self) -> Path:
        """Where its labels and annotations are."""
        return (*self.path[:-1], "metadata")


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One object of a run. Kind, group and names are empty where the manifest does not say them.

    :param path: where it stands in its document, if in a List.
    :param flaw: why no pod could be made of an object that should make one; empty if all is well.
    """

    kind: str
    group: str
    name: str
    namespace: str
    value: Mapping[str, Any]
    origin: Origin = Origin()
    path: Path = ()
    pod: Pod | None = None
    flaw: str = ""

    @property
    def title(self) -> str:
        """Kind, namespace and name, for people."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def annotations(self) -> Mapping[str, Any]:
        """The object's own annotations."""
        return mapping(self.value, "metadata", "annotations")


def pod_of(resource: Resource) -> Pod:
    """The pod of an object that a rule about pods is asked about. Raises ValueError for one that makes none."""
    if resource.pod is None:
        raise ValueError(f"{resource.title} makes no pods")
    return resource.pod


def resources(value: object, origin: Origin) -> Iterator[Resource]:
    """The objects that a document is or lists; none for what is no Kubernetes object, such as a chart's values."""
    return _opened(value, origin, (), {})


def _opened(value: object, origin: Origin, path: Path, defaults: Mapping[str, str]) -> Iterator[Resource]:
    kind = text(value, "kind") or defaults.get("kind", "")
    if not kind:
        return
    version = text(value, "apiVersion") or defaults.get("apiVersion", "")
    listed = at(value, "items")
    if kind.endswith("List") and isinstance(listed, list):
        if len(path) > _DEEPEST_LIST:
            return
        # A list of one kind, as the API server answers, leaves kind and apiVersion out of its items.
        inner = {} if kind == "List" else {"kind": kind.removesuffix("List"), "apiVersion": version}
        for index, item in enumerate(listed):
            place = (*path, "items", index)
            if isinstance(item, dict) and (inner or text(item, "kind")):
                yield from _opened(item, origin, place, inner)
            else:
                what = "it has no kind" if isinstance(item, dict) else f"it is {kind_of(item)}"
                yield _unlisted(kind, origin, place, f"items[{index}] is no Kubernetes object: {what}")
        return
    if kind == "List" and listed is not None:
        yield _unlisted(kind, origin, (*path, "items"), f"items must be a list, not {kind_of(listed)}")
        return
    if isinstance(value, dict) and not is_owned(value):
        yield _resource(value, kind, version, origin, path)


def is_owned(value: object) -> bool:
    """Whether a controller that has a template of its own made this object: then the template is what is looked at."""
    owners = (owner for _, owner in mappings(value, "metadata", "ownerReferences"))
    return any(owner.get("controller") is True and owner.get("kind") in _MAKERS for owner in owners)


_DEEPEST_LIST: Final = 16
"""Steps of a path below which Lists in Lists are not opened: nobody writes them."""
_MAKERS: Final = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicationController", "Node"})


def _resource(value: Mapping[str, Any], kind: str, version: str, origin: Origin, path: Path) -> Resource:
    flaw, pod = "", None
    try:
        template = pod_template(value if "kind" in value and "apiVersion" in value else {**value, "kind": kind, "apiVersion": version})
        pod = _pod(template, path) if template is not None else None
    except ManifestError as error:
        flaw = str(error)
    metadata = mapping(value, "metadata")
    return Resource(
        kind=kind,
        group=version.rpartition("/")[0],
        name=text(metadata, "name") or text(metadata, "generateName") or UNNAMED,
        namespace=text(metadata, "namespace"),
        value=value,
        origin=origin,
        path=path,
        pod=pod,
        flaw=flaw,
    )


def _unlisted(kind: str, origin: Origin, path: Path, flaw: str) -> Resource:
    return Resource(kind=kind, group="", name=UNNAMED, namespace="", value={}, origin=origin, path=path, flaw=flaw)


def _pod(template: PodTemplate, path: Path) -> Pod:
    spec_path = (*path, *template.spec_path.split("."))
    containers = tuple(
        Container((*spec_path, field, index), text(container, "name") or UNNAMED, container)
        for field in ("initContainers", "containers")
        for index, container in mappings(template.spec, field)
    )
    try:
        return Pod(template, spec_path, containers, pod_requests(template.spec, template.spec_path))
    except ResourcesError as error:
        return Pod(template, spec_path, containers, None, str(error))
