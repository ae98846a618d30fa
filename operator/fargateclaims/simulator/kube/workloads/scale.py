"""``/scale``: how many pods a workload has and is to have, without the rest of it. Source: ``pkg/registry/apps/deployment/storage``."""

from collections.abc import Callable
from typing import Final, TypeAlias

from fargateclaims.simulator.kube.errors import bad_request
from fargateclaims.simulator.kube.objects import Obj, Value, metadata_of
from fargateclaims.simulator.kube.selectors import of_labels

_Transform: TypeAlias = Callable[[Obj], Value]
_IDENTITY: Final = ("creationTimestamp", "name", "namespace", "resourceVersion", "uid")


def of(workload: Obj) -> Obj:
    """The scale of a workload that is stored."""
    meta, spec = workload["metadata"], workload["spec"]
    wanted = {"replicas": spec["replicas"]} if spec["replicas"] else {}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: meta[name] for name in _IDENTITY if name in meta},
        "spec": wanted,
        "status": {"replicas": (workload.get("status") or {}).get("replicas", 0), "selector": str(of_labels(spec["selector"]))},
    }


def through(transform: _Transform) -> _Transform:
    """What changes a scale, as a change of the workload. A resourceVersion in the scale is a precondition."""

    def changed(workload: Obj) -> Obj:
        scale = transform(of(workload))
        replicas = ((scale.get("spec") or {}).get("replicas") or 0) if isinstance(scale, dict) else None
        if isinstance(replicas, bool) or not isinstance(replicas, int):
            raise bad_request("the scale has no number of replicas")
        meta = {**workload["metadata"], "resourceVersion": metadata_of(scale).get("resourceVersion", "")}
        return {**workload, "metadata": meta, "spec": {**workload["spec"], "replicas": replicas}}

    return changed
