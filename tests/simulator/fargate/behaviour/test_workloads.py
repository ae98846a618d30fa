"""Deployments on Fargate: what a profile's end and an eviction mean for them."""

from functools import partial
from typing import Any

from fargateclaims.simulator.fargate import marks
from support.fargate_world import FargateWorld, condition, is_ready
from support.kube_contract import eventually
from support.waiting import NEVER

REPLICAS = 3


async def deploy(world: FargateWorld) -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "main", "image": "app:1"}]}}
    spec = {"replicas": REPLICAS, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    path = f"/apis/apps/v1/namespaces/{world.namespace}/deployments"
    (await world.api.create(path, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})).ok()


async def pods(world: FargateWorld) -> list[dict[str, Any]]:
    found = await world.read(f"/api/v1/namespaces/{world.namespace}/pods")
    return [pod for pod in found["items"] if not pod["metadata"].get("deletionTimestamp")]


async def ready_on(world: FargateWorld, profile: str) -> list[dict[str, Any]]:
    """All replicas, as soon as all are Ready and of this profile."""

    async def look() -> list[dict[str, Any]]:
        found = [pod for pod in await pods(world) if is_ready(pod) and pod["metadata"]["labels"].get(marks.PROFILE) == profile]
        return found if len(found) == REPLICAS else []

    found: list[dict[str, Any]] = await eventually(look)
    return found


async def test_a_deployment_moves_to_another_profile_when_its_own_is_deleted(world: FargateWorld) -> None:
    world.profile("a")
    world.profile("b")
    world.eks.timings(0, NEVER)
    async with world.plane():
        await deploy(world)
        await ready_on(world, "a")
        world.delete_profile("a")
        await ready_on(world, "b")
        await undeploy(world)


async def test_without_another_profile_its_new_pods_stay_pending(world: FargateWorld) -> None:
    world.profile("a")
    async with world.plane():
        await deploy(world)
        await ready_on(world, "a")
        world.delete_profile("a")

        async def all_pending() -> bool:
            found = await pods(world)
            return len(found) == REPLICAS and all(condition(pod, "PodScheduled").get("reason") == "Unschedulable" for pod in found)

        await eventually(all_pending)
        await undeploy(world)


async def test_an_evicted_pod_is_replaced_while_its_budget_holds(world: FargateWorld) -> None:
    world.profile("a")
    budget = {"minAvailable": REPLICAS - 1, "selector": {"matchLabels": {"app": "web"}}}
    path = f"/apis/policy/v1/namespaces/{world.namespace}/poddisruptionbudgets"
    body = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": budget}
    (await world.api.create(path, body)).ok()
    async with world.plane():
        await deploy(world)
        before = {pod["metadata"]["name"] for pod in await ready_on(world, "a")}
        for name in before:
            await eventually(partial(evicted, world, name))
        after = {pod["metadata"]["name"] for pod in await eventually(partial(replaced, world, before))}
        await undeploy(world)
    assert len(after) == REPLICAS


async def evicted(world: FargateWorld, name: str) -> bool:
    """Whether a pod may be evicted now; then it is."""
    path = f"/api/v1/namespaces/{world.namespace}/pods/{name}/eviction"
    answer = await world.api.create(path, {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}})
    assert answer.code in {201, 429}, answer.body
    return answer.code == 201


async def replaced(world: FargateWorld, before: set[str]) -> list[dict[str, Any]]:
    """All replicas, once all are Ready and none is one of `before`."""
    found = [pod for pod in await ready_on(world, "a") if pod["metadata"]["name"] not in before]
    return found if len(found) == REPLICAS else []


async def undeploy(world: FargateWorld) -> None:
    """Else its controller would go on making pods while the test is cleaned up."""
    await world.api.delete(f"/apis/apps/v1/namespaces/{world.namespace}/deployments/web", {"propagationPolicy": "Background"})

    async def gone() -> bool:
        return not (await world.read(f"/api/v1/namespaces/{world.namespace}/pods"))["items"]

    await eventually(gone)
