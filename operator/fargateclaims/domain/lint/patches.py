"""Patches: parts of objects, which Kustomize lays over whole ones. What stands in none of them says nothing of what comes out.

A file shows it by what its workloads lack though the API server demands it, or a kustomization of the same run names it.
Source: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/
"""

from collections.abc import Iterator
from posixpath import basename, dirname, join, normpath
from typing import Final

from fargateclaims.domain.lint.resources import Resource
from fargateclaims.domain.lint.values import items, mappings, text
from fargateclaims.domain.pods.templates import pod_spec_path

_KUSTOMIZATIONS: Final = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
_FIELDS: Final = ("patches", "patchesStrategicMerge")
_SELECTING: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})
_STANDARD_INPUT: Final = "-"


def is_kustomization(file: str) -> bool:
    """Whether Kustomize takes a file of this name for its settings; they need not say their kind."""
    return basename(file) in _KUSTOMIZATIONS


def patches_of(file: str, value: object) -> Iterator[str]:
    """The files that a kustomization names as patches, as `normpath` writes them.

    :param file: its own path.
    """
    for field in _FIELDS:
        for entry in items(value, field):
            named = entry if isinstance(entry, str) else text(entry, "path")
            if named:
                yield normpath(join(dirname(file), named))


def why_patch(resource: Resource) -> str:
    """What a workload lacks that it would need to be whole; empty if nothing, and for what cannot be a patch.

    What comes out of a cluster or through a pipe is what would be applied, whole or not.
    """
    path = pod_spec_path(resource.kind, resource.group)
    if path is None or resource.origin.file in ("", _STANDARD_INPUT):
        return ""
    if resource.group == "apps" and resource.kind in _SELECTING and _lacks(resource.value, ("spec", "selector")):
        return "spec.selector"
    if _lacks(resource.value, (*path, "containers")):
        return f"{'.'.join(path)}.containers"
    for field in ("containers", "initContainers"):
        for index, container in mappings(resource.value, *path, field):
            if container.get("image") is None:
                return f"{'.'.join((*path, field))}[{index}].image"
    return ""


def _lacks(value: object, path: tuple[str, ...]) -> bool:
    """Whether there is nothing at a path; not if something on the way to it has another shape."""
    for key in path:
        if not isinstance(value, dict):
            return False
        value = value.get(key)
        if value is None:
            return True
    return False
