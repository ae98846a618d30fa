"""PodDisruptionBudgets: how many pods they count, and how many of them may go."""

from typing import Any

import pytest

from support.kube_contract import MERGE, Api
from support.workloads import Workloads, budget, deployment, pod

Bound = dict[str, int | str]


@pytest.mark.parametrize(
    ("bound", "desired"),
    [
        ({"minAvailable": 2}, 2),
        ({"minAvailable": 0}, 0),
        ({"minAvailable": 7}, 7),
        ({"minAvailable": "50%"}, 3),
        ({"minAvailable": "100%"}, 5),
        ({"maxUnavailable": 1}, 4),
        ({"maxUnavailable": 0}, 5),
        ({"maxUnavailable": 9}, 0),
        ({"maxUnavailable": "30%"}, 3),
        ({"maxUnavailable": "0%"}, 5),
    ],
)
async def test_bounds_are_numbers_or_percentages(api: Api, workloads: Workloads, bound: Bound, desired: int) -> None:
    (await api.create(workloads.deployments, deployment("web", 5))).ok()
    await workloads.run_all(5)
    (await api.create(workloads.budgets, budget("b", **bound))).ok()
    allowed = max(4 - desired, 0)
    (sick, *_) = (item["metadata"]["name"] for item in await workloads.staying(5))
    await workloads.run(sick, ready=False)
    found = await workloads.until(
        f"{workloads.budgets}/b", expectedPods=5, currentHealthy=4, desiredHealthy=desired, disruptionsAllowed=allowed, observedGeneration=1
    )
    (condition,) = found["status"]["conditions"]
    state = ("True", "SufficientPods") if allowed else ("False", "InsufficientPods")
    assert (condition["type"], condition["status"], condition["reason"]) == ("DisruptionAllowed", *state)
    assert (condition["message"], condition["observedGeneration"]) == ("", 1)


async def test_a_number_counts_pods_that_nobody_manages(api: Api, workloads: Workloads) -> None:
    for name in ("one", "two"):
        (await api.create(workloads.pods, pod(name))).ok()
        await workloads.run(name)
    (await api.create(workloads.budgets, budget("number", minAvailable=1))).ok()
    (await api.create(workloads.budgets, budget("share", minAvailable="50%"))).ok()
    await workloads.until(f"{workloads.budgets}/number", expectedPods=2, currentHealthy=2, desiredHealthy=1, disruptionsAllowed=1)
    await workloads.until(f"{workloads.budgets}/share", expectedPods=0, currentHealthy=2, desiredHealthy=0, disruptionsAllowed=0)


async def test_a_budget_counts_what_it_selects(api: Api, workloads: Workloads) -> None:
    for name, label in (("one", "a"), ("two", "b"), ("three", "c")):
        manifest = pod(name)
        manifest["metadata"]["labels"] = {"part": label}
        (await api.create(workloads.pods, manifest)).ok()
        await workloads.run(name)
    some = {"matchExpressions": [{"key": "part", "operator": "In", "values": ["a", "b"]}]}
    (await api.create(workloads.budgets, budget("some", minAvailable=1, selector=some))).ok()
    (await api.create(workloads.budgets, budget("all", minAvailable=1, selector={}))).ok()
    (await api.create(workloads.budgets, budget("none", minAvailable=1, selector={"matchLabels": {"part": "d"}}))).ok()
    for name, healthy in (("some", 2), ("all", 3), ("none", 0)):
        await workloads.until(f"{workloads.budgets}/{name}", currentHealthy=healthy, expectedPods=healthy)


async def test_a_changed_budget_counts_anew(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.pods, pod("p"))).ok()
    await workloads.run("p")
    (await api.create(workloads.budgets, budget("b", minAvailable=1))).ok()
    await workloads.until(f"{workloads.budgets}/b", disruptionsAllowed=0, currentHealthy=1)
    changed = (await api.patch(f"{workloads.budgets}/b", {"spec": {"minAvailable": 0}}, MERGE)).ok()
    assert changed["metadata"]["generation"] == 2
    await workloads.until(f"{workloads.budgets}/b", disruptionsAllowed=1, observedGeneration=2)


@pytest.mark.parametrize(
    ("bounds", "field", "words"),
    [
        ({"minAvailable": 1, "maxUnavailable": 1}, "spec", "minAvailable and maxUnavailable cannot be both set"),
        ({"minAvailable": "half"}, "spec.minAvailable", "a valid percent string must be a numeric string followed by an ending '%'"),
        ({"maxUnavailable": "101%"}, "spec.maxUnavailable", "must not be greater than 100%"),
        ({"maxUnavailable": -1}, "spec.maxUnavailable", "must be greater than or equal to 0"),
        ({"unhealthyPodEvictionPolicy": "Never"}, "spec.unhealthyPodEvictionPolicy", 'supported values: "AlwaysAllow", "IfHealthyBudget"'),
    ],
)
async def test_budgets_that_are_refused(api: Api, workloads: Workloads, bounds: dict[str, Any], field: str, words: str) -> None:
    status = (await api.create(workloads.budgets, budget("b", **bounds))).refused(422, "Invalid")
    assert [cause["field"] for cause in status["details"]["causes"]] == [field]
    assert words in status["details"]["causes"][0]["message"]
