"""PodDisruptionBudgets: how many of some pods may be disrupted now. Source: ``pkg/controller/disruption``."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from fargateclaims.simulator.kube.objects import Key, Obj, parse_timestamp
from fargateclaims.simulator.kube.selectors import of_labels
from fargateclaims.simulator.kube.workloads import pods
from fargateclaims.simulator.kube.workloads.conditions import condition
from fargateclaims.simulator.kube.workloads.owners import controller_of
from fargateclaims.simulator.kube.workloads.registry import Registry
from fargateclaims.simulator.kube.workloads.rollout import scaled

# How long an eviction that was agreed to is counted although the pod is still there.
_DELETION_LIMIT: Final = timedelta(minutes=2)
_BOUNDS: Final = ("minAvailable", "maxUnavailable")
CONDITION: Final = "DisruptionAllowed"


class Budgets:
    """The controller of disruption budgets."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def reconcile(self, key: Key) -> datetime | None:
        """Count the pods of one budget; when an eviction that did not happen is forgotten."""
        registry = self._registry
        budget = registry.get(registry.budgets, key)
        if budget is None:
            return None
        selector = of_labels(budget["spec"].get("selector"))
        matching = [pod for pod in registry.within(registry.pods, key[0]) if selector.matches(pod)]
        disrupted = still_disrupted(budget, matching, registry.now)
        try:
            expected, desired = self._wanted(budget["spec"], matching)
        except LookupError as error:
            registry.set_status(registry.budgets, budget, failed(budget, str(error), registry.timestamp))
            return None
        healthy = sum(pods.is_ready(pod) and not pods.is_terminating(pod) and pod["metadata"]["name"] not in disrupted for pod in matching)
        counts = {
            "expectedPods": expected,
            "desiredHealthy": desired,
            "currentHealthy": healthy,
            "disruptionsAllowed": max(healthy - desired, 0) if expected else 0,
            "observedGeneration": budget["metadata"]["generation"],
        }
        counts |= {"disruptedPods": disrupted} if disrupted else {}
        registry.set_status(registry.budgets, budget, judged(budget, counts, registry.timestamp))
        return min((parse_timestamp(since) + _DELETION_LIMIT for since in disrupted.values()), default=None)

    def _wanted(self, spec: Obj, matching: list[Obj]) -> tuple[int, int]:
        """How many pods there should be, and how many of them healthy; LookupError if nobody says how many."""
        least, most = (spec.get(bound) for bound in _BOUNDS)
        if most is not None:
            expected = self._scale(matching)
            return expected, max(expected - scaled(most, expected, up=True), 0)
        if isinstance(least, str):
            expected = self._scale(matching)
            return expected, scaled(least, expected, up=True)
        return (len(matching), least) if least is not None else (0, 0)

    def _scale(self, matching: Iterable[Obj]) -> int:
        """How many pods those want to have who manage these. Pods that nobody manages do not count."""
        managed = {reference["uid"]: (reference, pod) for pod in matching if (reference := controller_of(pod)) is not None}
        return sum(dict(self._top(reference, pod) for reference, pod in managed.values()).values())

    def _top(self, reference: Obj, pod: Obj) -> tuple[str, int]:
        """Who says how many there are, and how many."""
        namespace = pod["metadata"]["namespace"]
        owner = self._scalable(reference, namespace)
        if owner is None:
            raise LookupError(f'found no controllers for pod "{pod["metadata"]["name"]}"')
        above = controller_of(owner)
        owner = (self._scalable(above, namespace) if above is not None else None) or owner
        return owner["metadata"]["uid"], owner["spec"]["replicas"]

    def _scalable(self, reference: Obj, namespace: str) -> Obj | None:
        version, kind = reference["apiVersion"], reference["kind"]
        resource = self._registry.kinds.by_kind(version, kind)
        if resource is None:
            raise LookupError(f'no matches for kind "{kind}" in version "{version}"')
        if "scale" not in resource.subresources:
            raise LookupError(f"{resource.group_resource} does not implement the scale subresource")
        found = self._registry.get(resource, (namespace, reference["name"]))
        return found if found is not None and found["metadata"]["uid"] == reference["uid"] else None


def still_disrupted(budget: Obj, matching: Iterable[Obj], now: datetime) -> dict[str, str]:
    """The pods whose eviction was agreed to and has yet to begin, with the time of the agreement."""
    agreed = (budget.get("status") or {}).get("disruptedPods") or {}
    waiting = {pod["metadata"]["name"] for pod in matching if not pods.is_terminating(pod)}
    return {name: since for name, since in agreed.items() if name in waiting and parse_timestamp(since) + _DELETION_LIMIT > now}


def judged(budget: Obj, counts: Obj, now: str) -> Obj:
    """The status of these counts, with its condition."""
    allowed = counts["disruptionsAllowed"] > 0
    reason = "SufficientPods" if allowed else "InsufficientPods"
    return {**counts, "conditions": _conditions(budget, counts, {"status": str(allowed), "reason": reason, "message": ""}, now)}


def failed(budget: Obj, why: str, now: str) -> Obj:
    """The status of a budget that cannot be counted: nothing may be disrupted."""
    zero = {"currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}
    status = zero | (budget.get("status") or {}) | {"disruptionsAllowed": 0}
    return {**status, "conditions": _conditions(budget, status, {"status": "False", "reason": "SyncFailed", "message": why}, now)}


def _conditions(budget: Obj, status: Obj, wanted: Mapping[str, str], now: str) -> list[Obj]:
    present = condition(budget, CONDITION)
    since = present["lastTransitionTime"] if present.get("status") == wanted["status"] else now
    generation = {"observedGeneration": status["observedGeneration"]} if "observedGeneration" in status else {}
    others = [entry for entry in (budget.get("status") or {}).get("conditions") or () if entry["type"] != CONDITION]
    return [*others, {"type": CONDITION, **wanted, **generation, "lastTransitionTime": since}]
