"""Pods and what makes pods, out of plain manifests: each as one template of a pod, or a sentence that says what is wrong with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fargateclaims.domain.pods.words import kind_of, shown


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """The pod that an object is or makes.

    :param namespace: as the manifest says; None if it does not.
    :param pods: how many of it there are at a time; None for one a node (DaemonSet).
    :param ends: whether its pods come to an end by themselves (Job, CronJob).
    :param spec_path: where the pod's spec stands in the object, for messages.
    :param source: the whole object.
    """

    kind: str
    name: str
    namespace: str | None
    pods: int | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: Mapping[str, Any]
    ends: bool = False
    spec_path: str = "spec"
    source: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def title(self) -> str:
        """Kind and name, as kubectl writes them: `deployment/web`."""
        return f"{self.kind.lower()}/{self.name}"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A manifest that is no pod that it should be, and why.

    :param what: kind and name as far as they are known.
    """

    what: str
    message: str


class ManifestError(ValueError):
    """A manifest is no Kubernetes object, or no pod can be made of it; the message says what is wrong where."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where a kind keeps its pod template and how many pods it makes."""

    groups: frozenset[str]
    template: tuple[str, ...]
    count: tuple[str, ...] = ()
    limit: tuple[str, ...] = ()
    suspend: tuple[str, ...] = ()
    each_node: bool = False
    ends: bool = False


_APPS: Final = frozenset({"apps", "extensions"})
_CORE: Final = frozenset({""})
_BATCH: Final = frozenset({"batch"})
_JOB: Final = ("spec", "jobTemplate", "spec")
_REPLICAS: Final = ("spec", "replicas")
_TEMPLATE: Final = ("spec", "template")

_SHAPES: Final = {
    "Pod": _Shape(_CORE, ()),
    "PodTemplate": _Shape(_CORE, ("template",)),
    "ReplicationController": _Shape(_CORE, _TEMPLATE, _REPLICAS),
    "Deployment": _Shape(_APPS, _TEMPLATE, _REPLICAS),
    "ReplicaSet": _Shape(_APPS, _TEMPLATE, _REPLICAS),
    "StatefulSet": _Shape(_APPS, _TEMPLATE, _REPLICAS),
    "DaemonSet": _Shape(_APPS, _TEMPLATE, each_node=True),
    "Job": _Shape(
        _BATCH, _TEMPLATE, ("spec", "parallelism"), limit=("spec", "completions"), suspend=("spec", "suspend"), ends=True
    ),
    "CronJob": _Shape(
        _BATCH, (*_JOB, "template"), (*_JOB, "parallelism"), limit=(*_JOB, "completions"), suspend=("spec", "suspend"), ends=True
    ),
}  # fmt: skip
KINDS: Final = frozenset(_SHAPES)
"""The kinds that are pods or make pods."""


def pod_spec_path(kind: str, group: str) -> tuple[str, ...] | None:
    """Where an object of a kind keeps the spec of its pods; None for a kind that makes none."""
    shape = _SHAPES.get(kind)
    return (*shape.template, "spec") if shape is not None and group in shape.groups else None


_MOST_PODS: Final = 2**31 - 1


def pod_templates(documents: Iterable[object]) -> tuple[list[PodTemplate], list[Unreadable]]:
    """All pods of some manifests, in their order. Kinds that make no pods are passed over; a List is opened.

    :param documents: as a YAML or JSON parser returns them.
    """
    found: list[PodTemplate] = []
    unreadable: list[Unreadable] = []
    for number, document in enumerate(_opened(documents), start=1):
        try:
            template = pod_template(document)
        except ManifestError as error:
            unreadable.append(Unreadable(_what(document, number), str(error)))
        else:
            if template is not None:
                found.append(template)
    return found, unreadable


def _opened(documents: Iterable[object]) -> Iterable[object]:
    for document in documents:
        if document is None:
            continue  # nothing between two separators
        kind = document.get("kind") if isinstance(document, Mapping) else None
        items = document.get("items") if isinstance(document, Mapping) and isinstance(kind, str) and kind.endswith("List") else None
        if isinstance(document, Mapping) and isinstance(kind, str) and isinstance(items, list):
            # A list of one kind, as the API server answers, leaves the kind out of its items.
            item_kind = {} if kind == "List" else {"apiVersion": document.get("apiVersion"), "kind": kind.removesuffix("List")}
            yield from ({**item_kind, **item} if isinstance(item, Mapping) else item for item in items)
        else:
            yield document


def _what(document: object, number: int) -> str:
    if isinstance(document, Mapping):
        kind, metadata = document.get("kind"), document.get("metadata")
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        if isinstance(kind, str) and isinstance(name, str):
            return f"{kind.lower()}/{name}"
    return f"document {number}"


def pod_template(document: object) -> PodTemplate | None:
    """The pod that one object is or makes; None for a kind that makes none.

    :raises ManifestError: it should make one, and does not.
    """
    if not isinstance(document, Mapping):
        raise ManifestError(f"this is no Kubernetes object but {kind_of(document)}")
    kind = document.get("kind")
    if not isinstance(kind, str) or not kind:
        raise ManifestError("this is no Kubernetes object: it has no kind")
    shape = _SHAPES.get(kind)
    if shape is None or _group(document) not in shape.groups:
        return None
    metadata = _mapping(document, ("metadata",), required=False)
    template = _mapping(document, shape.template) if shape.template else document
    spec = _mapping(document, (*shape.template, "spec"))
    path = ".".join((*shape.template, "spec"))
    _check_containers(spec, path)
    inner = _mapping(template, ("metadata",), required=False, prefix=shape.template)
    return PodTemplate(
        kind=kind,
        name=_text(metadata, "name") or _text(metadata, "generateName") or "(unnamed)",
        namespace=_text(metadata, "namespace"),
        pods=_count(document, shape),
        labels=_texts(inner, "labels", (*shape.template, "metadata")),
        annotations=_texts(inner, "annotations", (*shape.template, "metadata")),
        spec=spec,
        ends=shape.ends,
        spec_path=path,
        source=document,
    )


def _group(document: Mapping[str, Any]) -> str:
    version = document.get("apiVersion")
    if not isinstance(version, str):
        raise ManifestError("apiVersion is missing" if version is None else f"apiVersion must be a text, not {kind_of(version)}")
    return version.rpartition("/")[0]


def _count(document: Mapping[str, Any], shape: _Shape) -> int | None:
    if shape.each_node:
        return None
    if shape.suspend and _at(document, shape.suspend) is True:
        return 0
    wanted = _number(document, shape.count)
    most = _number(document, shape.limit)
    # A Job with fewer completions than its parallelism never has more pods at a time than completions.
    return 1 if wanted is None else wanted if most is None else min(wanted, most)


def _number(document: Mapping[str, Any], path: tuple[str, ...]) -> int | None:
    value = _at(document, path) if path else None
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_PODS:
        raise ManifestError(f"{'.'.join(path)} must be a whole number, 0 or more")
    return value


def _at(document: Mapping[str, Any], path: tuple[str, ...]) -> object:
    value: object = document
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def _mapping(
    document: Mapping[str, Any], path: tuple[str, ...], *, required: bool = True, prefix: tuple[str, ...] = ()
) -> Mapping[str, Any]:
    value = _at(document, path)
    if isinstance(value, Mapping):
        return value
    place = ".".join((*prefix, *path))
    if value is None and not required:
        return {}
    raise ManifestError(f"{place} is missing" if value is None else f"{place} must be a mapping, not {kind_of(value)}")


def _text(metadata: Mapping[str, Any], key: str) -> str | None:
    value = metadata.get(key)
    if value is not None and not isinstance(value, str):
        raise ManifestError(f"metadata.{key} must be a text, not {kind_of(value)}")
    return value or None


def _texts(metadata: Mapping[str, Any], key: str, path: tuple[str, ...]) -> Mapping[str, str]:
    values = _mapping(metadata, (key,), required=False, prefix=path)
    for name, value in values.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise ManifestError(f"{'.'.join((*path, key))}: {shown(str(name))} must be a text: put quotes around it")
    return values


def _check_containers(spec: Mapping[str, Any], path: str) -> None:
    containers = spec.get("containers")
    if not isinstance(containers, list) or not containers:
        raise ManifestError(f"{path}.containers must be a list of at least one container")
    inits = spec.get("initContainers") or []
    if not isinstance(inits, list):
        raise ManifestError(f"{path}.initContainers must be a list, not {kind_of(inits)}")
    for name, some in (("containers", containers), ("initContainers", inits)):
        for index, container in enumerate(some):
            if not isinstance(container, Mapping):
                raise ManifestError(f"{path}.{name}[{index}] must be a mapping, not {kind_of(container)}")
