"""All objects of a run, found by what others call them.

Manifests often leave the namespace to whoever applies them: an unknown namespace may be any.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

from fargateclaims.api.labels import LabelSelectorOperator as Operator
from fargateclaims.domain.labels import Requirement
from fargateclaims.domain.lint.resources import Pod, Resource
from fargateclaims.domain.lint.values import items, mapping, mappings, number, text
from fargateclaims.domain.pods.templates import PodTemplate


class Inventory:
    """The objects of a run."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._by_kind: dict[str, list[Resource]] = defaultdict(list)
        self._named: dict[tuple[str, str], list[Resource]] = defaultdict(list)
        for resource in resources:
            self._by_kind[resource.kind].append(resource)
            self._named[resource.kind, resource.name].append(resource)

    def of(self, kind: str) -> list[Resource]:
        """All of a kind."""
        return self._by_kind.get(kind, [])

    def find(self, kind: str, name: str, namespace: str = "") -> Resource | None:
        """The one of this name in this namespace, or one whose namespace is not known."""
        found = [one for one in self._named.get((kind, name), ()) if may_share(one.namespace, namespace)]
        return next((one for one in found if one.namespace == namespace), found[0] if found else None)

    @cached_property
    def default_class(self) -> Resource | None:
        """The StorageClass of claims that name none."""
        key = "storageclass.kubernetes.io/is-default-class"
        return next((one for one in self.of("StorageClass") if one.annotations.get(key) == "true"), None)

    def least_pods(self, template: PodTemplate) -> int | None:
        """How many pods a workload keeps at least: an autoscaler's word counts before its own. None for one a node (DaemonSet)."""
        for scaler in self._scalers.get((template.kind, template.name), ()):
            # Kubernetes' own leaves alone what was set to no pods; KEDA's does not.
            if may_share(scaler.namespace, template.namespace or "") and (template.pods != 0 or scaler.kind == "ScaledObject"):
                _, field, default = _SCALERS[scaler.kind]
                least = number(scaler.value, "spec", field)
                return default if least is None else least
        return template.pods

    @cached_property
    def _scalers(self) -> Mapping[tuple[str, str], list[Resource]]:
        """By the kind and name of what they scale."""
        found: dict[tuple[str, str], list[Resource]] = defaultdict(list)
        for kind, (default, _, _) in _SCALERS.items():
            for one in self.of(kind):
                target = mapping(one.value, "spec", "scaleTargetRef")
                found[text(target, "kind") or default, text(target, "name")].append(one)
        return found

    def ingresses(self, service: Resource) -> Iterator[Resource]:
        """The Ingresses that send to a Service."""
        return (one for one in self._backends.get(service.name, ()) if may_share(one.namespace, service.namespace))

    @cached_property
    def _backends(self) -> Mapping[str, list[Resource]]:
        found: dict[str, list[Resource]] = defaultdict(list)
        for one in self.of("Ingress"):
            for name in set(_services(one)):
                found[name].append(one)
        return found

    def budgets(self, workload: Resource) -> list[Resource]:
        """The PodDisruptionBudgets that select a workload's pods."""
        if workload.pod is None:
            return []
        labels = workload.pod.template.labels
        candidates = self._budgets.get(None, [])
        for label in labels.items():
            candidates = candidates + self._budgets.get(label, [])
        return [one for one in candidates if may_share(one.namespace, workload.namespace) and selects(one, workload.pod)]

    @cached_property
    def _budgets(self) -> Mapping[tuple[str, str] | None, list[Resource]]:
        """By one of the labels that they ask for, so that not each is compared with each pod."""
        found: dict[tuple[str, str] | None, list[Resource]] = defaultdict(list)
        for one in self.of("PodDisruptionBudget"):
            label = next(iter(_match_labels(one).items()), None)
            found[label].append(one)
        return found

    def selected_by(self, budget: Resource) -> list[Resource]:
        """The workloads whose pods a PodDisruptionBudget selects."""
        return self._selected.get(budget, [])

    @cached_property
    def _selected(self) -> Mapping[Resource, list[Resource]]:
        found: dict[Resource, list[Resource]] = defaultdict(list)
        for kind in sorted(REPLICATED):
            for workload in self.of(kind):
                for budget in self.budgets(workload):
                    found[budget].append(workload)
        return found


_SCALERS: Final[Mapping[str, tuple[str, str, int]]] = {
    "HorizontalPodAutoscaler": ("", "minReplicas", 1),
    "ScaledObject": ("Deployment", "minReplicaCount", 0),
}
"""For each kind of autoscaler: its target's kind if it does not say one, where it says the least number of pods, and that by default."""

REPLICATED = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"})
"""The kinds that keep a number of pods running."""


def may_share(one: str, other: str) -> bool:
    """Whether two namespaces can be the same."""
    return one == other or not one or not other


def _services(ingress: Resource) -> Iterator[str]:
    yield text(ingress.value, "spec", "defaultBackend", "service", "name")
    for _, rule in mappings(ingress.value, "spec", "rules"):
        for _, path in mappings(rule, "http", "paths"):
            yield text(path, "backend", "service", "name")


def _match_labels(budget: Resource) -> Mapping[str, str]:
    labels = mapping(budget.value, "spec", "selector", "matchLabels")
    return {key: value for key, value in labels.items() if isinstance(key, str) and isinstance(value, str)}


def selects(budget: Resource, pod: Pod) -> bool:
    """Whether a budget's selector selects a pod. In policy/v1 an empty one selects all, and none selects nothing."""
    selector = mapping(budget.value, "spec").get("selector")
    if not isinstance(selector, dict):
        return False
    labels = pod.template.labels
    if any(labels.get(key) != value for key, value in mapping(selector, "matchLabels").items()):
        return False
    return all(_holds(requirement, labels) for _, requirement in mappings(selector, "matchExpressions"))


def _holds(requirement: Mapping[str, object], labels: Mapping[str, str]) -> bool:
    try:
        operator = Operator(text(requirement, "operator"))
    except ValueError:
        return False
    values = frozenset(value for value in items(requirement, "values") if isinstance(value, str))
    return Requirement(text(requirement, "key"), operator, values).matches(labels)
