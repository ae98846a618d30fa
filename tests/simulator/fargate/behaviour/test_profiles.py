"""Profiles that come and go while pods run."""

from fargateclaims.simulator.fargate.aws_auth import lets_in
from fargateclaims.simulator.fargate.settings import Timings
from support.fargate_world import NODES, FargateWorld, is_marked
from support.kube_contract import eventually
from support.waiting import NEVER

AWS_AUTH = "/api/v1/namespaces/kube-system/configmaps/aws-auth"


async def test_a_profile_that_is_deleted_takes_its_pods_with_it(world: FargateWorld) -> None:
    """At once, while the profile is still DELETING; those of other profiles stay."""
    world.profile("a", tier="a")
    world.profile("b", tier="b")
    world.eks.timings(0, NEVER)
    async with world.plane():
        doomed, other = await world.pod(labels={"tier": "a"}), await world.pod(labels={"tier": "b"})
        node = (await world.ready(doomed))["spec"]["nodeName"]
        await world.ready(other)
        world.delete_profile("a")
        await world.until_gone(doomed)
        await world.until_gone(f"{NODES}/{node}")
        await world.ready(other)
    assert world.eks.profiles(world.cluster)["a"]["status"] == "DELETING"


async def test_a_pod_that_waits_for_its_node_goes_as_well(world: FargateWorld) -> None:
    world.profile()
    async with world.plane(Timings(provision=NEVER, poll=0.02)):
        waiting = await world.pod()
        await world.until(waiting, is_marked)
        world.delete_profile("p")
        await world.until_gone(waiting)


async def test_a_profile_of_the_same_name_is_another_one(world: FargateWorld) -> None:
    """Also if nobody was there to see that the old one went."""
    world.profile()
    async with world.plane():
        old = await world.pod()
        await world.ready(old)
    world.delete_profile("p")
    world.profile()
    async with world.plane():
        await world.until_gone(old)
        await world.ready(await world.pod())


async def test_disruption_budgets_do_not_hold_it_up(world: FargateWorld) -> None:
    world.profile()
    budget = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    path = f"/apis/policy/v1/namespaces/{world.namespace}/poddisruptionbudgets"
    body = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": budget}
    (await world.api.create(path, body)).ok()
    async with world.plane():
        pod = await world.pod(labels={"app": "web"})
        await world.ready(pod)
        world.delete_profile("p")
        await world.until_gone(pod)


async def test_a_new_profile_takes_pods_as_soon_as_eks_says_active(world: FargateWorld) -> None:
    async with world.plane(Timings(provision=0, start=0, poll=NEVER)):
        world.create_profile("p")
        await world.ready(await world.pod())


async def test_on_a_cluster_that_knows_roles_by_aws_auth_alone_eks_adds_the_role_once(world: FargateWorld) -> None:
    name = f"{world.cluster}-map"
    world.seeded = world.eks.seed([name], authentication_mode="CONFIG_MAP")
    world.cluster = name
    role = world.seeded.pod_execution_role_arn

    async def added() -> bool:
        answer = await world.api.get(AWS_AUTH)
        return answer.code == 200 and lets_in(answer.body["data"]["mapRoles"], role)

    try:
        async with world.plane():
            world.create_profile("p")
            await eventually(added)
            await world.ready(await world.pod())
            await world.api.delete(AWS_AUTH)
            lost = await world.pod()
            assert "not found in auth config" in await world.refused(lost)
            assert not await added()
    finally:
        await world.api.delete(AWS_AUTH)
