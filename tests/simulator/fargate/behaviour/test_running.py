"""A pod that a profile matches: marked, given a node of its own, started, ended."""

from fargateclaims.simulator.fargate import marks
from support.fargate_world import NODES, FargateWorld, condition


async def test_a_pod_that_a_profile_matches_runs_on_a_node_of_its_own(world: FargateWorld) -> None:
    arn = world.profile("web")
    async with world.plane():
        pod = await world.ready(await world.pod())
        node = await world.read(f"{NODES}/{pod['spec']['nodeName']}")
    assert pod["metadata"]["labels"][marks.PROFILE] == "web"
    assert pod["metadata"]["annotations"][marks.CAPACITY] == "0.25vCPU 0.5GB"
    assert pod["status"]["phase"] == "Running"
    assert condition(pod, "PodScheduled")["status"] == "True"
    (container,) = pod["status"]["containerStatuses"]
    assert (container["name"], container["ready"], container["restartCount"]) == ("main", True, 0)
    assert "running" in container["state"]
    address = pod["status"]["podIP"]
    assert node["metadata"]["name"] == f"fargate-ip-{address.replace('.', '-')}.ec2.internal"
    assert node["spec"]["taints"] == [{"key": "eks.amazonaws.com/compute-type", "value": "fargate", "effect": "NoSchedule"}]
    assert node["metadata"]["labels"]["eks.amazonaws.com/compute-type"] == "fargate"
    assert node["metadata"]["annotations"][marks.PROFILE_ARN] == arn
    assert node["status"]["capacity"] | {"ephemeral-storage": ""} == {
        "cpu": "250m",
        "memory": "512Mi",
        "pods": "1",
        "ephemeral-storage": "",
    }
