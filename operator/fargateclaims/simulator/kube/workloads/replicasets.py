"""ReplicaSets: as many pods as are wanted, made from a template. Source: ``pkg/controller/replicaset``.

A pod that is on its way out is no replica: another one is made while it still ends.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from heapq import nsmallest
from typing import Final

from fargateclaims.simulator.kube.objects import Key, Obj, parse_timestamp
from fargateclaims.simulator.kube.selectors import of_labels
from fargateclaims.simulator.kube.workloads import pods
from fargateclaims.simulator.kube.workloads.conditions import condition
from fargateclaims.simulator.kube.workloads.owners import claim, reference_to
from fargateclaims.simulator.kube.workloads.registry import Registry

_PHASES: Final = {"Pending": 0, "Unknown": 1, "Running": 2}
_DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
# In one go, as the real controller: the rest follows at once.
_BURST: Final = 500


class ReplicaSets:
    """The controller of replica sets. `candidates` gives the pods that a replica set has, or may adopt."""

    def __init__(self, registry: Registry, candidates: Callable[[Obj], list[Obj]]) -> None:
        self._registry = registry
        self._candidates = candidates

    def reconcile(self, key: Key) -> datetime | None:
        """Bring one replica set towards what is wanted; when to look again by the clock."""
        registry = self._registry
        found = registry.get(registry.replica_sets, key)
        if found is None:
            return None
        owned = claim(registry, registry.replica_sets, found, registry.pods, self._candidates(found))
        active = [pod for pod in owned if pods.is_active(pod)]
        if not found["metadata"].get("deletionTimestamp"):
            self._scale(found, active)
        now = registry.now
        terminating = sum(pods.is_terminating(pod) and not pods.is_terminal(pod) for pod in owned)
        registry.set_status(registry.replica_sets, found, status(found, active, terminating, now))
        return next_available(active, found["spec"].get("minReadySeconds", 0), now)

    def _scale(self, replica_set: Obj, active: list[Obj]) -> None:
        missing = replica_set["spec"]["replicas"] - len(active)
        for _ in range(min(missing, _BURST)):
            self._registry.create(self._registry.pods, replica_set["metadata"]["namespace"], self._new_pod(replica_set))
        for pod in nsmallest(-missing, active, key=_worth) if missing < 0 else ():
            self._registry.delete(self._registry.pods, pod)

    def _new_pod(self, replica_set: Obj) -> Obj:
        template = replica_set["spec"]["template"]
        given = {name: value for name, value in (template.get("metadata") or {}).items() if name in ("annotations", "finalizers", "labels")}
        owner = reference_to(self._registry.replica_sets, replica_set)
        meta = {**given, "generateName": f"{replica_set['metadata']['name']}-", "ownerReferences": [owner]}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}


def status(replica_set: Obj, active: list[Obj], terminating: int, now: datetime) -> Obj:
    """What a replica set says of its pods."""
    labels = of_labels({"matchLabels": (replica_set["spec"]["template"].get("metadata") or {}).get("labels")})
    wait = replica_set["spec"].get("minReadySeconds", 0)
    counts = {
        "fullyLabeledReplicas": sum(labels.matches(pod) for pod in active),
        "readyReplicas": sum(map(pods.is_ready, active)),
        "availableReplicas": sum(is_available(pod, wait, now) for pod in active),
    }
    shown = {name: count for name, count in counts.items() if count}
    generation = replica_set["metadata"]["generation"]
    return {"replicas": len(active), **shown, "terminatingReplicas": terminating, "observedGeneration": generation}


def is_available(pod: Obj, wait: int, now: datetime) -> bool:
    """Whether a pod has been ready for `wait` seconds."""
    if not pods.is_ready(pod):
        return False
    return not wait or _ready_since(pod) + timedelta(seconds=wait) <= now


def next_available(active: Iterable[Obj], wait: int, now: datetime) -> datetime | None:
    """When the next of the ready pods will be available."""
    return min(
        (_ready_since(pod) + timedelta(seconds=wait) for pod in active if pods.is_ready(pod) and not is_available(pod, wait, now)),
        default=None,
    )


def _ready_since(pod: Obj) -> datetime:
    since = condition(pod, "Ready").get("lastTransitionTime") or pod["metadata"]["creationTimestamp"]
    return parse_timestamp(since)


def _worth(pod: Obj) -> tuple[float, ...]:
    """The higher, the later a pod goes: what runs, and has done so for long, stays. How many share a node does not count here."""
    meta, ready = pod["metadata"], pods.is_ready(pod)
    cost = (meta.get("annotations") or {}).get(_DELETION_COST, "0")
    restarts = sum(entry.get("restartCount", 0) for entry in (pod.get("status") or {}).get("containerStatuses") or ())
    return (
        bool(pod["spec"].get("nodeName")),
        _PHASES.get(pods.phase(pod), 0),
        ready,
        int(cost) if cost.lstrip("-").isdigit() else 0,
        -_ready_since(pod).timestamp() if ready else 0,
        -restarts,
        -parse_timestamp(meta["creationTimestamp"]).timestamp(),
    )
