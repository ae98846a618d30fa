"""A pod that a profile matches: marked, given a node of its own, started, ended."""

import asyncio

from fargateclaims.simulator.fargate import marks
from fargateclaims.simulator.fargate.settings import Timings
from support.fargate_world import AT_ONCE, NODES, FargateWorld, condition, is_marked
from support.kube_contract import MERGE, eventually
from support.waiting import NEVER

MANY = 60


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
    assert node["metadata"]["labels"]["topology.kubernetes.io/zone"].startswith("us-east-1")
    assert node["metadata"]["annotations"][marks.PROFILE_ARN] == arn
    assert (node["status"]["capacity"]["cpu"], node["status"]["capacity"]["memory"]) == ("250m", "512Mi")
    assert condition(node, "Ready")["status"] == "True"


async def test_the_schedulers_word_is_in_an_event(world: FargateWorld) -> None:
    world.profile()
    async with world.plane():
        path = await world.pod()
        pod = await world.ready(path)
        (event,) = await world.events(path)
    assert (event["type"], event["reason"], event["source"]["component"]) == ("Normal", "Scheduled", "fargate-scheduler")
    name = f"{world.namespace}/{pod['metadata']['name']}"
    assert event["message"] == f"Successfully assigned {name} to {pod['spec']['nodeName']}"


async def test_a_pod_is_as_large_as_its_requests_need(world: FargateWorld) -> None:
    world.profile()
    container = {"name": "main", "image": "app:1", "resources": {"requests": {"cpu": "1", "memory": "8Gi"}}}
    async with world.plane():
        pod = await world.ready(await world.pod({"containers": [container]}))
        node = await world.read(f"{NODES}/{pod['spec']['nodeName']}")
    assert pod["metadata"]["annotations"][marks.CAPACITY] == "2vCPU 9GB"
    assert (node["status"]["capacity"]["cpu"], node["status"]["capacity"]["memory"]) in {("2000m", "9216Mi"), ("2", "9Gi")}


async def test_init_containers_end_and_sidecars_run(world: FargateWorld) -> None:
    world.profile()
    inits = [
        {"name": "init", "image": "init:1"},
        {"name": "sidecar", "image": "sidecar:1", "restartPolicy": "Always"},
    ]
    async with world.plane():
        pod = await world.ready(await world.pod({"initContainers": inits}))
    init, sidecar = pod["status"]["initContainerStatuses"]
    assert init["state"]["terminated"]["exitCode"] == 0
    assert "running" in sidecar["state"]


async def test_each_of_many_pods_has_an_address_of_its_own(world: FargateWorld) -> None:
    world.profile()
    async with world.plane():
        paths = await asyncio.gather(*(world.pod() for _ in range(MANY)))
        pods = [await world.ready(path) for path in paths]
        nodes = await world.nodes()
    assert len({pod["status"]["podIP"] for pod in pods}) == MANY
    assert {pod["spec"]["nodeName"] for pod in pods} == {node["metadata"]["name"] for node in nodes}
    # The pods of a profile are spread over its subnets, and so over their zones.
    assert len({node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes}) == len(world.seeded.private_subnets)


async def test_nothing_happens_before_its_time(world: FargateWorld) -> None:
    world.profile()
    async with world.plane(Timings(provision=NEVER)):
        waiting = await world.pod()
        await world.until(waiting, is_marked)
        assert not await world.nodes()
    async with world.plane(Timings(provision=0, start=NEVER)):
        pod = await world.until(waiting, lambda pod: pod["spec"].get("nodeName"))
        assert pod["status"]["phase"] == "Pending"


async def test_a_data_plane_that_is_started_anew_goes_on(world: FargateWorld) -> None:
    world.profile()
    async with world.plane():
        running = await world.pod()
        await world.ready(running)
        (node,) = await world.nodes()
    await world.api.delete(running)
    made_meanwhile = await world.pod()
    async with world.plane():
        await world.until_gone(running)
        await world.ready(made_meanwhile)
        (new_node,) = await eventually(lambda: world.nodes_if(count=1))
    assert new_node["metadata"]["uid"] != node["metadata"]["uid"]


async def test_a_deleted_pod_ends_and_takes_its_node_with_it(world: FargateWorld) -> None:
    world.profile()
    async with world.plane():
        path = await world.pod()
        pod = await world.ready(path)
        await world.api.delete(path)
        await world.until_gone(path)
        await world.until_gone(f"{NODES}/{pod['spec']['nodeName']}")


async def test_a_pod_ends_no_later_than_its_grace_period_wants(world: FargateWorld) -> None:
    world.profile()
    async with world.plane(Timings(provision=0, start=0, stop=NEVER)):
        path = await world.pod()
        await world.ready(path)
        await world.api.delete(path, {"gracePeriodSeconds": 1})
        await world.until_gone(path)


async def test_a_pod_takes_its_time_to_stop(world: FargateWorld) -> None:
    world.profile()
    async with world.plane(Timings(provision=0, start=0, stop=NEVER)):
        path, other = await world.pod(), await world.pod()
        for one in (path, other):
            await world.ready(one)
        await world.api.delete(path, {"gracePeriodSeconds": int(NEVER)})
        await world.api.delete(other, {"gracePeriodSeconds": 1})
        await world.until_gone(other)
        assert (await world.read(path))["status"]["phase"] == "Running"


async def test_what_is_stopped_has_failed_before_it_is_gone(world: FargateWorld) -> None:
    world.profile()
    async with world.plane():
        path = await world.pod({"restartPolicy": "Never"})
        pod = await world.ready(path)
        await world.api.patch(path, {"metadata": {"finalizers": ["fargateclaims.test/hold"]}}, MERGE)
        await world.api.delete(path)
        ended = await world.until(path, lambda pod: pod["metadata"].get("deletionGracePeriodSeconds") == 0)
        await world.api.patch(path, {"metadata": {"finalizers": None}}, MERGE)
        await world.until_gone(path)
    assert pod["status"]["phase"] == "Running"
    assert ended["status"]["phase"] == "Failed"
    assert ended["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 143


async def test_a_pod_that_completes_keeps_its_node(world: FargateWorld) -> None:
    """Finished pods cost until they are removed."""
    world.profile()
    async with world.plane():
        good, bad = [
            await world.pod({"restartPolicy": "Never"}, annotations={marks.COMPLETES_AFTER: "0", marks.EXIT_CODE: code})
            for code in ("0", "3")
        ]
        succeeded = await world.until(good, lambda pod: pod["status"]["phase"] == "Succeeded")
        failed = await world.until(bad, lambda pod: pod["status"]["phase"] == "Failed")
        await world.read(f"{NODES}/{succeeded['spec']['nodeName']}")
        await world.api.delete(good)
        await world.until_gone(good)
    assert succeeded["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 0
    assert failed["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3
    assert condition(failed, "Ready")["status"] == "False"


async def test_pods_of_other_schedulers_are_not_touched(world: FargateWorld) -> None:
    world.profile()
    async with world.plane(AT_ONCE):
        other = await world.pod({"schedulerName": "volcano"})
        await world.ready(await world.pod())
        assert marks.PROFILE not in ((await world.read(other))["metadata"].get("labels") or {})
