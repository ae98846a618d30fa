"""Pods that go: AWS patches Fargate's hosts now and then, evicts their pods, and deletes those that cannot be evicted in time.

Source: the EKS user guide, "Set actions for AWS Fargate OS patching events".
"""

import re
from collections.abc import Iterator
from math import ceil
from typing import Final

from fargateclaims.domain.lint.inventory import REPLICATED, Inventory
from fargateclaims.domain.lint.resources import Resource, pod_of
from fargateclaims.domain.lint.rule import Hit, Rule, Severity
from fargateclaims.domain.lint.values import at, number

LONG_GRACE: Final = 600
"""Seconds. The deletion of a profile waits for its pods, and holds the cluster's only slot all the while."""
_PERCENT: Final = re.compile(r"([0-9]{1,3})%")


def _replicas(workload: Resource, inventory: Inventory) -> int:
    return inventory.least_pods(pod_of(workload).template) or 0


def _one_replica(resource: Resource, inventory: Inventory) -> Iterator[Hit]:
    if resource.pod is not None and _replicas(resource, inventory) == 1:
        yield Hit((*resource.path, "spec", "replicas"), "keeps one pod")


def _no_budget(resource: Resource, inventory: Inventory) -> Iterator[Hit]:
    if resource.pod is None or inventory.budgets(resource):
        return
    replicas = _replicas(resource, inventory)
    if replicas > 1:
        yield Hit((*resource.path, "spec"), f"no PodDisruptionBudget selects its {replicas} pods")


def _impossible_budget(resource: Resource, inventory: Inventory) -> Iterator[Hit]:
    spec = at(resource.value, "spec")
    most, least = at(spec, "maxUnavailable"), at(spec, "minAvailable")
    if _share(most, 100) == 0:
        yield Hit((*resource.path, "spec", "maxUnavailable"), f"lets no pod go (maxUnavailable: {most})")
        return
    if isinstance(least, str) and _share(least, 100) == 100:
        yield Hit((*resource.path, "spec", "minAvailable"), f"lets no pod go (minAvailable: {least})")
        return
    selected = inventory.selected_by(resource)
    pods = sum(_replicas(workload, inventory) for workload in selected)
    wanted = _share(least, pods)
    # A budget with a number may cover several workloads: all of their pods count together.
    if wanted is not None and 0 < pods <= wanted:
        yield Hit(
            (*resource.path, "spec", "minAvailable"),
            f"lets no pod go (minAvailable: {least}, and {_names(selected)} keeps {pods})",
        )


def _share(value: object, pods: int) -> int | None:
    """A budget's number of pods; a share is rounded up, as the API server does."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return ceil(int(found[1]) * pods / 100) if found else None


def _names(workloads: list[Resource]) -> str:
    first = f"{workloads[0].kind} {workloads[0].name}"
    return first if len(workloads) == 1 else f"{first} and {len(workloads) - 1} more"


def _long_grace(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    pod = pod_of(resource)
    seconds = number(pod.spec, "terminationGracePeriodSeconds")
    if seconds is not None and seconds > LONG_GRACE:
        yield Hit((*pod.path, "terminationGracePeriodSeconds"), f"the pods may take {seconds} s to end")


RULES: Final = (
    Rule(
        id="FG208",
        severity=Severity.WARNING,
        title="One replica",
        why="When AWS patches the pod's host, or its profile is replaced, nothing serves until the next has started (a minute or more).",
        advice="run two or more with a PodDisruptionBudget, if it has to be there all the time",
        sources=("G19",),
        kinds=REPLICATED,
        check=_one_replica,
    ),
    Rule(
        id="FG209",
        severity=Severity.INFO,
        title="No disruption budget",
        why="When AWS patches hosts, or a profile is replaced, all of these pods may be evicted at a time.",
        advice="add a PodDisruptionBudget with maxUnavailable: 1",
        sources=("G19",),
        kinds=REPLICATED,
        check=_no_budget,
    ),
    Rule(
        id="FG210",
        severity=Severity.WARNING,
        title="Disruption budget that lets no pod go",
        why="AWS cannot evict these pods, so it deletes them in the end, whatever the budget says; a replaced profile is never drained.",
        advice="allow one pod to be unavailable (maxUnavailable: 1), and keep more than that",
        sources=("G19",),
        kinds=frozenset({"PodDisruptionBudget"}),
        check=_impossible_budget,
    ),
    Rule(
        id="FG214",
        severity=Severity.INFO,
        title="Long grace period",
        why="Deleting a Fargate profile waits for its pods to end, and all other profiles of the cluster wait for that.",
        advice=f"end within {LONG_GRACE} s if the work allows it",
        sources=("G19", "T15"),
        check=_long_grace,
    ),
)
