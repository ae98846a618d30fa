"""Evictions: a deletion that the disruption budgets agree to."""

import pytest

from support.kube_contract import Api
from support.workloads import Workloads, pod

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
