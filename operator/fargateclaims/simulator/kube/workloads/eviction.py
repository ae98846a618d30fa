"""``pods/eviction``: a deletion that asks the disruption budgets first. Source: ``pkg/registry/core/pod/storage/eviction.go``."""

from dataclasses import replace
from typing import Final

from fargateclaims.simulator.kube.decoding import WriteOptions
from fargateclaims.simulator.kube.deletion import NO_PRECONDITIONS, DeleteOptions, parse_options
from fargateclaims.simulator.kube.errors import ApiError, bad_request
from fargateclaims.simulator.kube.objects import Key, Obj, Value, metadata_of
from fargateclaims.simulator.kube.selectors import of_labels
from fargateclaims.simulator.kube.workloads import pods
from fargateclaims.simulator.kube.workloads.budgets import CONDITION, judged
from fargateclaims.simulator.kube.workloads.conditions import condition
from fargateclaims.simulator.kube.workloads.registry import Registry
from fargateclaims.simulator.kube.writes import Writer

_VIOLATION: Final = "Cannot evict pod as it would violate the pod's disruption budget."
# Seconds.
_BEING_PROCESSED: Final = 10
_EVICTED: Final = {
    "type": "DisruptionTarget",
    "status": "True",
    "reason": "EvictionByEvictionAPI",
    "message": "Eviction API: evicting",
}


class Evictor:
    """Evicts pods."""

    def __init__(self, registry: Registry, writer: Writer) -> None:
        self._registry = registry
        self._writer = writer
        self._pods = registry.pods

    def evict(self, key: Key, eviction: Value, options: WriteOptions) -> None:
        """Evict the pod at `key`; 400 if `eviction` is about another, 429 if a budget does not allow it now, 500 if there are two."""
        if not isinstance(eviction, dict) or metadata_of(eviction).get("name") != key[1]:
            raise bad_request("name in URL does not match name in Eviction object")
        wanted = parse_options(eviction.get("deleteOptions") or {})
        wanted = replace(wanted, dry_run=wanted.dry_run or options.dry_run)
        pod = self._writer.stored(self._pods, key).data
        if not (pods.is_terminal(pod) or pods.is_terminating(pod) or pods.phase(pod) == "Pending"):
            self._ask(pod, dry_run=wanted.dry_run)
        self._delete(key, pod, wanted)

    def _ask(self, pod: Obj, *, dry_run: bool) -> None:
        """Have the pod's budget count it as gone, if there is one and it is healthy."""
        registry = self._registry
        budgets = [
            budget
            for budget in registry.within(registry.budgets, pod["metadata"]["namespace"])
            if of_labels(budget["spec"].get("selector")).matches(pod)
        ]
        if len(budgets) > 1:
            raise ApiError(500, "", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
        if budgets and (pods.is_ready(pod) or not _lets_unhealthy_go(budgets[0])):
            self._spend(budgets[0], pod["metadata"]["name"], dry_run=dry_run)

    def _spend(self, budget: Obj, name: str, *, dry_run: bool) -> None:
        status = budget.get("status") or {}
        if status.get("observedGeneration", 0) < budget["metadata"]["generation"]:
            words = f"The disruption budget {budget['metadata']['name']} is still being processed by the server."
            raise _too_many(words, retry_after=_BEING_PROCESSED)
        if not status["disruptionsAllowed"]:
            raise _too_many(_refusal(budget, status), retry_after=None)
        if not dry_run:
            now = self._registry.timestamp
            disrupted = {**(status.get("disruptedPods") or {}), name: now}
            counts = {**status, "disruptionsAllowed": status["disruptionsAllowed"] - 1, "disruptedPods": disrupted}
            self._registry.set_status(self._registry.budgets, budget, judged(budget, counts, now))

    def _delete(self, key: Key, pod: Obj, options: DeleteOptions) -> None:
        options.preconditions.check_delete(self._pods, pod)
        if not options.dry_run:
            self._writer.amend(self._pods, key, self._marked, NO_PRECONDITIONS, dry_run=False)
        self._writer.delete(self._pods, key, replace(options, preconditions=NO_PRECONDITIONS))

    def _marked(self, pod: Obj) -> Obj:
        return pods.with_condition(pod, _EVICTED, self._registry.timestamp)


def _lets_unhealthy_go(budget: Obj) -> bool:
    """Whether a pod that is not ready may go: it does not count, unless the others are too few."""
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    status = budget.get("status") or {}
    healthy, desired = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
    return bool(healthy >= desired > 0)


def _refusal(budget: Obj, status: Obj) -> str:
    name, why = f"The disruption budget {budget['metadata']['name']}", condition(budget, CONDITION)
    if why.get("reason") == "SyncFailed":
        return f"{name} does not allow evicting pods currently because it failed sync: {why['message']}"
    if status["currentHealthy"] <= status["desiredHealthy"]:
        return f"{name} needs {status['desiredHealthy']} healthy pods and has {status['currentHealthy']} currently"
    return f"{name} does not allow evicting pods currently"


def _too_many(words: str, *, retry_after: int | None) -> ApiError:
    details = {"causes": [{"reason": "DisruptionBudget", "message": words}]}
    return ApiError(429, "TooManyRequests", _VIOLATION, details=details, retry_after=retry_after)
