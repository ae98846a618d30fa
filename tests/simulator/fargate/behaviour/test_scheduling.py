"""Which pods get a node, and what is said of those that do not."""

from typing import Any

import pytest

from fargateclaims.simulator.fargate import marks
from fargateclaims.simulator.fargate.aws_auth import GROUPS, USERNAME
from support.fargate_world import NODES, FargateWorld, condition

NO_PROFILE = "no nodes available to schedule pods"
BLOCKED = "Misconfigured Fargate Profile: fargate profile p blocked for new launches due to: "
NOT_LET_IN = (
    BLOCKED + "Pod execution role is not found in auth config or does not have all required permissions for launching fargate pods."
)
CONFIG_MAPS = "/api/v1/namespaces/kube-system/configmaps"
AWS_AUTH = f"{CONFIG_MAPS}/aws-auth"


async def test_a_pod_that_no_profile_matches_stays_pending_for_ever(world: FargateWorld) -> None:
    async with world.plane():
        early = await world.pod(labels={"app": "web"})
        assert await world.refused(early, component="default-scheduler") == NO_PROFILE
        world.profile(app="web")
        later = await world.ready(await world.pod(labels={"app": "web"}))
        left = await world.read(early)
    assert later["metadata"]["labels"][marks.PROFILE] == "p"
    assert marks.PROFILE not in left["metadata"]["labels"]
    assert condition(left, "PodScheduled")["reason"] == "Unschedulable"
    assert "nodeName" not in left["spec"]


async def test_also_a_data_plane_that_is_started_anew_leaves_it_pending(world: FargateWorld) -> None:
    async with world.plane():
        early = await world.pod()
        await world.refused(early, component="default-scheduler")
    world.profile()
    async with world.plane():
        await world.ready(await world.pod())
        assert "nodeName" not in (await world.read(early))["spec"]


async def test_unless_pending_pods_are_to_be_matched_again(world: FargateWorld) -> None:
    world.behaviour.matches_pending_pods = True
    async with world.plane():
        early = await world.pod()
        await world.refused(early, component="default-scheduler")
        world.profile()
        await world.ready(early)


async def test_beside_fargates_own_nodes_it_is_their_taint_that_is_not_tolerated(world: FargateWorld) -> None:
    world.profile(app="web")
    async with world.plane():
        await world.ready(await world.pod(labels={"app": "web"}))
        message = await world.refused(await world.pod(), component="default-scheduler")
    assert message == (
        "0/1 nodes are available: 1 node(s) had untolerated taint {eks.amazonaws.com/compute-type: fargate}. "
        "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    )


async def test_beside_other_nodes_it_is_left_to_their_scheduler(world: FargateWorld) -> None:
    node = f"{world.namespace}-ec2"
    (await world.api.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node}})).ok()
    try:
        world.profile(app="web")
        async with world.plane():
            other = await world.pod()
            await world.ready(await world.pod(labels={"app": "web"}))
            assert not condition(await world.read(other), "PodScheduled")
            assert not await world.events(other)
    finally:
        await world.api.delete(f"{NODES}/{node}")


async def test_the_first_profile_by_name_takes_a_pod_that_names_none(world: FargateWorld) -> None:
    for name in ("b", "a-9", "a-10"):
        world.profile(name)
    async with world.plane():
        pod = await world.ready(await world.pod())
        chooser = await world.ready(await world.pod(labels={marks.PROFILE: "b"}))
        by_annotation = await world.ready(await world.pod(annotations={marks.PROFILE: "a-9"}))
        misled = await world.pod(labels={marks.PROFILE: "c"})
        await world.refused(misled, component="default-scheduler")
    assert pod["metadata"]["labels"][marks.PROFILE] == "a-10"
    assert chooser["metadata"]["labels"][marks.PROFILE] == "b"
    assert by_annotation["metadata"]["labels"][marks.PROFILE] == "a-9"


async def test_a_pod_for_ec2_gets_no_node_of_fargates(world: FargateWorld) -> None:
    world.profile()
    async with world.plane():
        pod = await world.pod(annotations={marks.COMPUTE_TYPE: "ec2"})
        assert await world.refused(pod, component="default-scheduler") == NO_PROFILE


@pytest.mark.parametrize(
    ("spec", "reason", "message"),
    [
        ({"hostNetwork": True}, "Unschedulable", "Pod not supported on Fargate: fields not supported: HostNetwork"),
        (
            {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "nowhere"}}]},
            "Unschedulable",
            'Pod not supported on Fargate: volumes not supported: data not supported because: persistentvolumeclaim "nowhere" not found',
        ),
        (
            {"containers": [{"name": "main", "image": "app:1", "resources": {"requests": {"cpu": "17"}}}]},
            "POD_CPU_MEM_EXCEEDS_MAX_FARGATE_SIZE",
            "Your pod's cpu/memory requirements exceed the max Fargate configuration",
        ),
    ],
    ids=["host-network", "no-claim", "too-large"],
)
async def test_what_fargate_cannot_run_is_marked_and_stays_pending(
    world: FargateWorld, spec: dict[str, Any], reason: str, message: str
) -> None:
    world.profile()
    async with world.plane():
        pod = await world.pod(spec)
        assert await world.refused(pod) == message
        await world.ready(await world.pod())
        refused = await world.read(pod)
    assert refused["metadata"]["labels"][marks.PROFILE] == "p"
    assert condition(refused, "PodScheduled")["reason"] == reason
    assert "nodeName" not in refused["spec"]


async def test_a_role_without_an_access_entry_blocks_until_it_has_one_again(world: FargateWorld) -> None:
    world.profile()
    world.shut_out()
    async with world.plane():
        pod = await world.pod()
        assert await world.refused(pod) == NOT_LET_IN
        world.let_in()
        await world.ready(pod)


async def test_a_role_in_aws_auth_needs_no_access_entry(world: FargateWorld) -> None:
    world.profile()
    world.shut_out()
    role = world.seeded.pod_execution_role_arn
    entries = f"- rolearn: {role}\n  username: '{USERNAME}'\n  groups: [{', '.join(GROUPS)}]\n"
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth"}, "data": {"mapRoles": entries}}
    (await world.api.create(CONFIG_MAPS, config_map)).ok()
    try:
        async with world.plane():
            await world.ready(await world.pod())
    finally:
        await world.api.delete(AWS_AUTH)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"provisioning_times_out": True}, "Pod provisioning timed out (will retry) for pod: {namespace}/{name}"),
        ({"account_limit": 0}, "Your AWS account has reached the limit on the number of Fargate pods it can run concurrently"),
        (
            {"role_cannot_be_assumed": True},
            BLOCKED
            + "Failed to assume PodExecutionRole; Please make sure the role exists and trusts the "
            + "eks-fargate-pods.amazonaws.com service principal",
        ),
    ],
    ids=["timed-out", "account-limit", "role-not-assumed"],
)
async def test_what_may_get_better_is_tried_again(world: FargateWorld, fault: dict[str, Any], message: str) -> None:
    world.profile()
    for name, value in fault.items():
        setattr(world.behaviour, name, value)
    async with world.plane():
        pod = await world.pod()
        assert await world.refused(pod) == message.format(namespace=world.namespace, name=pod.rpartition("/")[2])
        for name in fault:
            setattr(world.behaviour, name, None)
        await world.ready(pod)


async def test_the_account_limit_counts_all_pods_on_fargate(world: FargateWorld) -> None:
    world.profile()
    world.behaviour.account_limit = 2
    async with world.plane():
        pods = [await world.pod() for _ in range(2)]
        for pod in pods:
            await world.ready(pod)
        third = await world.pod()
        assert "reached the limit" in await world.refused(third)
        await world.api.delete(pods[0])
        await world.ready(third)


async def test_the_same_thing_said_again_is_counted_in_one_event(world: FargateWorld) -> None:
    world.profile()
    world.behaviour.provisioning_times_out = True
    async with world.plane():
        pod = await world.pod()
        await world.refused(pod)
        (event,) = await world.events(pod)
        await world.until(f"/api/v1/namespaces/{world.namespace}/events/{event['metadata']['name']}", lambda event: event["count"] > 1)
        assert len(await world.events(pod)) == 1
