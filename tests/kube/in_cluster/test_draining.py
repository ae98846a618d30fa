"""Twenty pods move, and never is more than one of them away: the decision, the evictions and a disruption budget together."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fargateclaims.api.fargateclass import Disruption
from fargateclaims.domain.draining import DrainState, Purpose, Situation, decide
from fargateclaims.domain.evictions import Held, remember
from fargateclaims.domain.no_access import NoAccess
from fargateclaims.kube.clusters import ClusterAPI
from fargateclaims.kube.pods import evict_all, pods_on_profile
from support.kube_contract import Api
from support.workloads import LABELS, Workloads, budget, replica_set

REPLICAS = 20
PROFILE = "eks.amazonaws.com/fargate-profile"
BEGUN = datetime(2200, 1, 1, tzinfo=UTC)  # after any clock of an API server: nothing has come back


async def test_a_budget_of_one_is_kept_to_the_end(api: Api, workloads: Workloads, namespace: str, cluster: ClusterAPI) -> None:
    await twenty_pods(api, workloads, namespace)
    known: dict[str, Held] = {}
    healthy: list[int] = []
    messages: list[str] = []
    for number in range(10 * REPLICAS):
        pods = await cluster.ask(lambda client: pods_on_profile(client, namespace))
        assert not isinstance(pods, NoAccess)
        now = BEGUN + timedelta(seconds=number)
        drain = decide(Situation(namespace, Purpose.REPLACE, Disruption(), pods, BEGUN, now, total=REPLICAS, held=known, successor="new"))
        messages.append(drain.message)
        if drain.state is DrainState.DONE:
            break
        evict = drain.evict
        answers = await cluster.ask(lambda client: evict_all(client, evict, lambda: True))  # noqa: B023 - called at once
        assert not isinstance(answers, NoAccess)
        known = remember(known, answers, now)
        healthy.append(len(await running(workloads)))
        await play_kubelet(workloads)
    assert drain.state is DrainState.DONE
    assert min(healthy) == REPLICAS - 1
    assert messages[0] == f"profile {namespace} is draining: {REPLICAS} of {REPLICAS} pods left"
    assert any(f"waiting for disruption budget {namespace}/web since 00:00:" in message for message in messages)
    assert {item["metadata"]["labels"].get(PROFILE) for item in await running(workloads)} == {None}


async def twenty_pods(api: Api, workloads: Workloads, profile: str) -> None:
    (await api.create(workloads.replica_sets, replica_set("web", REPLICAS))).ok()
    (await api.create(workloads.budgets, budget("web", maxUnavailable=1))).ok()
    await workloads.run_all(REPLICAS)
    for item in await workloads.staying(REPLICAS):
        # What EKS's admission does with the pods of a profile; those that are made later have no such label.
        marked = {"metadata": {"labels": {**LABELS, PROFILE: profile}}}
        (await api.patch(f"{workloads.pods}/{item['metadata']['name']}", marked)).ok()
    await workloads.until(f"{workloads.budgets}/web", currentHealthy=REPLICAS, disruptionsAllowed=1)


async def running(workloads: Workloads) -> list[dict[str, Any]]:
    """Those that serve: not on their way out, and ready."""
    found = await workloads.list(workloads.pods)
    return [item for item in found if "deletionTimestamp" not in item["metadata"] and item["status"].get("phase") == "Running"]


async def play_kubelet(workloads: Workloads) -> None:
    """What has been evicted ends, and what is made in its place runs; then the budget has counted it."""
    await workloads.finish_all()
    for item in await workloads.staying(REPLICAS):
        if item["status"].get("phase") != "Running":
            await workloads.run(item["metadata"]["name"])
    await workloads.until(f"{workloads.budgets}/web", currentHealthy=REPLICAS, disruptionsAllowed=1)
