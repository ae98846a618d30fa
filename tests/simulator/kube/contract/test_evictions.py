"""Evictions: a deletion that the disruption budgets agree to."""

from typing import Any

import pytest

from support.kube_contract import MERGE, Api, eventually
from support.workloads import Workloads, budget, pod, replica_set

OTHER_UID = "6f1c2a9e-0000-4000-8000-000000000000"
SUCCESS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


async def test_without_a_budget_every_pod_may_be_evicted(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.pods, pod("p"))).ok()
    await workloads.run("p")
    answer = await workloads.evict("p")
    assert (answer.code, answer.body) == (201, SUCCESS)
    evicted = await workloads.get(f"{workloads.pods}/p")
    assert evicted["metadata"]["deletionGracePeriodSeconds"] == 30
    condition = next(entry for entry in evicted["status"]["conditions"] if entry["type"] == "DisruptionTarget")
    assert (condition["status"], condition["reason"], condition["message"]) == ("True", "EvictionByEvictionAPI", "Eviction API: evicting")
    # It is on its way out: once more, and sooner.
    (await workloads.evict("p", gracePeriodSeconds=5)).ok()
    assert (await workloads.get(f"{workloads.pods}/p"))["metadata"]["deletionGracePeriodSeconds"] == 5
    await workloads.finish("p")


async def test_a_pod_that_never_ran_goes_at_once(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.pods, pod("p"))).ok()
    (await workloads.evict("p")).ok()
    (await api.get(f"{workloads.pods}/p")).refused(404, "NotFound")
    (await workloads.evict("p")).refused(404, "NotFound")


async def test_a_dry_run_evicts_nothing(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.pods, pod("p"))).ok()
    before = await workloads.run("p")
    path = f"{workloads.pods}/p/eviction"
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    assert (await workloads.evict("p", dryRun=["All"])).code == 201
    assert (await api.create(path, eviction, dryRun="All")).code == 201
    assert await workloads.get(f"{workloads.pods}/p") == before


@pytest.mark.parametrize(("field", "wrong"), [("uid", OTHER_UID), ("resourceVersion", "1")])
async def test_another_pod_of_that_name_is_not_evicted(api: Api, workloads: Workloads, field: str, wrong: str) -> None:
    (await api.create(workloads.pods, pod("p"))).ok()
    running = await workloads.run("p")
    (await workloads.evict("p", preconditions={field: wrong})).refused(409, "Conflict")
    assert "deletionTimestamp" not in (await workloads.get(f"{workloads.pods}/p"))["metadata"]
    (await workloads.evict("p", preconditions={field: running["metadata"][field]})).ok()
    assert "deletionTimestamp" in (await workloads.get(f"{workloads.pods}/p"))["metadata"]


async def test_an_eviction_names_its_pod(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.pods, pod("p"))).ok()
    wrong = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "q"}}
    status = (await api.create(f"{workloads.pods}/p/eviction", wrong)).refused(400, "BadRequest")
    assert status["message"] == "name in URL does not match name in Eviction object"
    (await api.get(f"{workloads.pods}/p/eviction")).refused(405, "MethodNotAllowed")


async def running(api: Api, workloads: Workloads, count: int) -> list[str]:
    """The names of so many ready pods of one replica set."""
    (await api.create(workloads.replica_sets, replica_set("web", count))).ok()
    await workloads.run_all(count)
    return sorted(item["metadata"]["name"] for item in await workloads.staying(count))


async def test_a_budget_is_spent_pod_by_pod(api: Api, workloads: Workloads) -> None:
    first, second, _ = await running(api, workloads, 3)
    (await api.create(workloads.budgets, budget("most", maxUnavailable=1))).ok()
    await workloads.until(f"{workloads.budgets}/most", disruptionsAllowed=1, currentHealthy=3)
    assert (await workloads.evict(first, dryRun=["All"])).code == 201
    assert (await workloads.evict(first)).code == 201
    await workloads.until(f"{workloads.budgets}/most", disruptionsAllowed=0, currentHealthy=2, disruptedPods=0)
    status = (await workloads.evict(second)).refused(429, "TooManyRequests")
    assert status["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    cause = {"reason": "DisruptionBudget", "message": "The disruption budget most needs 2 healthy pods and has 2 currently"}
    assert status["details"] == {"causes": [cause]}
    # What has agreed to go may be told again, and sooner.
    (await workloads.evict(first, gracePeriodSeconds=1)).ok()
    await workloads.finish(first)
    (await workloads.evict(second)).refused(429, "TooManyRequests")
    await workloads.run_all(3)
    await workloads.until(f"{workloads.budgets}/most", disruptionsAllowed=1, currentHealthy=3)
    (await workloads.evict(second)).ok()


async def test_an_agreed_eviction_counts_at_once(api: Api, workloads: Workloads) -> None:
    names = await running(api, workloads, 4)
    (await api.create(workloads.budgets, budget("least", minAvailable=3))).ok()
    await workloads.until(f"{workloads.budgets}/least", disruptionsAllowed=1)
    answers = [(await workloads.evict(name)).code for name in names]
    assert sorted(answers) == [201, 429, 429, 429]


async def test_two_budgets_are_one_too_many(api: Api, workloads: Workloads) -> None:
    first, _ = await running(api, workloads, 2)
    for name in ("one", "two"):
        (await api.create(workloads.budgets, budget(name, maxUnavailable=1))).ok()
        await workloads.until(f"{workloads.budgets}/{name}", disruptionsAllowed=1)
    answer = await workloads.evict(first)
    assert (answer.code, answer.body["message"]) == (
        500,
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    )


async def test_budgets_do_not_hold_what_never_ran_or_has_ended(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.budgets, budget("all", maxUnavailable=0))).ok()
    for name in ("waiting", "ended", "running"):
        (await api.create(workloads.pods, pod(name))).ok()
    await workloads.run("ended")
    await workloads.set_status("ended", phase="Failed")
    await workloads.run("running")
    await workloads.until(f"{workloads.budgets}/all", currentHealthy=1)
    (await workloads.evict("waiting")).ok()
    (await workloads.evict("ended")).ok()
    assert [item["metadata"]["name"] for item in await workloads.list(workloads.pods)] == ["running"]
    (await workloads.evict("running")).refused(429, "TooManyRequests")


async def test_a_pod_that_is_not_ready_goes_while_the_others_are_enough(api: Api, workloads: Workloads) -> None:
    sick, *others = await running(api, workloads, 3)
    (await api.create(workloads.budgets, budget("least", minAvailable=2))).ok()
    await workloads.run(sick, ready=False)
    await workloads.until(f"{workloads.budgets}/least", currentHealthy=2, disruptionsAllowed=0)
    (await workloads.evict(others[0])).refused(429, "TooManyRequests")
    (await workloads.evict(sick)).ok()


@pytest.mark.parametrize(("policy", "code"), [(None, 429), ("IfHealthyBudget", 429), ("AlwaysAllow", 201)])
async def test_a_policy_lets_sick_pods_go_whatever_the_others_do(api: Api, workloads: Workloads, policy: str | None, code: int) -> None:
    first, second = await running(api, workloads, 2)
    (await api.create(workloads.budgets, budget("least", minAvailable=2, unhealthyPodEvictionPolicy=policy))).ok()
    for name in (first, second):
        await workloads.run(name, ready=False)
    await workloads.until(f"{workloads.budgets}/least", currentHealthy=0, desiredHealthy=2)
    assert (await workloads.evict(first)).code == code


@pytest.mark.parametrize(
    ("owner", "why"),
    [
        ({"apiVersion": "contract.test/v1", "kind": "Other"}, 'no matches for kind "Other" in version "contract.test/v1"'),
        ({"apiVersion": "v1", "kind": "ConfigMap"}, "configmaps does not implement the scale subresource"),
    ],
)
async def test_a_budget_that_cannot_be_counted_lets_nothing_go(
    api: Api, workloads: Workloads, namespace: str, owner: dict[str, Any], why: str
) -> None:
    made = (await api.create(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "x"}})).ok()
    manifest = pod("p")
    manifest["metadata"]["ownerReferences"] = [{**owner, "name": "x", "uid": made["metadata"]["uid"], "controller": True}]
    (await api.create(workloads.pods, manifest)).ok()
    await workloads.run("p")
    (await api.create(workloads.budgets, budget("most", maxUnavailable=1))).ok()

    async def failed() -> dict[str, Any] | None:
        found = await workloads.get(f"{workloads.budgets}/most")
        conditions = (found.get("status") or {}).get("conditions") or []
        return next((entry for entry in conditions if entry["reason"] == "SyncFailed"), None)

    condition = await eventually(failed)
    assert (condition["status"], condition["message"]) == ("False", why)
    (await workloads.evict("p")).refused(429, "TooManyRequests")
    (await api.patch(f"{workloads.pods}/p", {"metadata": {"ownerReferences": None}}, MERGE)).ok()
    await workloads.until(f"{workloads.budgets}/most", expectedPods=0)
    await workloads.finish("p")
