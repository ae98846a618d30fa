"""APIs that fail, forget, or are not what they should be. On the embedded API server alone: only it can be made to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.kube.errors import ConfigurationError
from fargateclaims.simulator.fargate import marks
from fargateclaims.simulator.fargate.eks import EKSUnavailableError
from fargateclaims.simulator.fargate.plane import Settings, running
from fargateclaims.simulator.fargate.settings import Timings
from support.fargate_world import NODES, FargateWorld, is_ready
from support.kube_contract import MERGE, eventually
from support.kube_server import RunningKube, running_kube_server
from support.ports import reserved_port


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKube]:
    with running_kube_server(tmp_path_factory.mktemp("kube")) as kube:
        yield kube


@pytest.fixture
def kube(_server: RunningKube) -> RunningKube:
    _server.admin.reset()
    return _server


@pytest.fixture
def kubeconfig(kube: RunningKube) -> Path:
    return kube.kubeconfig


async def test_changes_that_nobody_remembers_are_seen_by_a_new_list(world: FargateWorld, kube: RunningKube) -> None:
    world.profile()
    async with world.plane():
        gone = await world.pod()
        await world.ready(gone)
        (node,) = await world.nodes()
        kube.admin.silence_watches("pods")
        await world.api.delete(gone, {"gracePeriodSeconds": 0})
        new = await world.pod()
        kube.admin.expire_watches("pods")
        kube.admin.resume_watches("pods")
        await world.ready(new)

        async def removed() -> bool:
            return node["metadata"]["uid"] not in {node["metadata"]["uid"] for node in await world.nodes()}

        await eventually(removed)


@pytest.mark.parametrize("trouble", ["cut", "end", "error", "garbage"])
async def test_a_watch_that_breaks_is_begun_again(world: FargateWorld, kube: RunningKube, trouble: str) -> None:
    world.profile()
    async with world.plane():
        await world.ready(await world.pod())
        kube.admin.trouble_watches(trouble)
        await world.ready(await world.pod())


@pytest.mark.parametrize(
    "fault",
    [
        {"code": 409, "verb": "patch", "resource": "pods"},
        {"code": 503, "verb": "patch", "resource": "pods", "subresource": "status"},
        {"code": 429, "verb": "create", "resource": "nodes", "retryAfter": 1},
        {"code": 500, "verb": "create", "resource": "nodes", "when": "After"},
        {"code": 500, "verb": "create", "resource": "pods", "subresource": "binding"},
        {"code": 500, "verb": "create", "resource": "pods", "subresource": "binding", "when": "After"},
        {"code": 500, "verb": "create", "resource": "events"},
        {"code": 503, "verb": "list", "resource": "pods"},
        {"code": 503, "verb": "watch", "resource": "pods"},
        {"drop": True, "verb": "patch", "resource": "pods"},
    ],
    ids=lambda fault: " ".join(map(str, fault.values())),
)
async def test_a_request_that_fails_is_sent_again(world: FargateWorld, kube: RunningKube, fault: dict[str, Any]) -> None:
    world.profile()
    kube.admin.fail(times=1, **fault)
    async with world.plane():
        await world.ready(await world.pod())
        assert len(await world.nodes()) == 1
    assert kube.admin.faults() == []


async def test_a_pod_that_goes_while_it_waits_leaves_nothing_behind(world: FargateWorld) -> None:
    world.profile()
    async with world.plane():
        other = await world.pod()
        await world.ready(other)
    async with world.plane(Timings(provision=0.2, start=0)):
        doomed = await world.pod()
        await world.until(doomed, lambda pod: marks.CAPACITY in (pod["metadata"].get("annotations") or {}))
        await world.api.delete(doomed, {"gracePeriodSeconds": 0})
        await world.until_gone(doomed)
        await eventually(lambda: world.nodes_if(count=1))
        assert is_ready(await world.read(other))


async def test_a_node_without_a_pod_is_removed_at_the_start(world: FargateWorld) -> None:
    labels = {marks.COMPUTE_TYPE: marks.FARGATE}
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "fargate-ip-10-0-0-9.ec2.internal", "labels": labels}}
    (await world.api.create(NODES, node)).ok()
    async with world.plane():
        await world.until_gone(f"{NODES}/fargate-ip-10-0-0-9.ec2.internal")


async def test_a_cluster_that_eks_forgets_keeps_its_pods(world: FargateWorld) -> None:
    """The simulator was reset, or started anew: that no profile is there any more says nothing."""
    world.profile()
    async with world.plane() as plane:
        pod = await world.pod()
        await world.ready(pod)
        world.eks.reset()
        await eventually(lambda: _forgotten(plane))
        await world.api.patch(pod, {"metadata": {"labels": {"looked": "at"}}}, MERGE)
        assert not (await world.ready(pod))["metadata"].get("deletionTimestamp")


async def _forgotten(plane: Any) -> bool:
    return plane._profiles.latest is None


async def test_a_cluster_that_eks_does_not_have_is_named(world: FargateWorld) -> None:
    arn = ClusterARN.parse(world.seeded.clusters[world.cluster].replace(world.cluster, "other"))
    with pytest.raises(EKSUnavailableError, match="has no cluster arn:aws:eks:us-east-1:123456789012:cluster/other"):
        async with running(Settings(arn, world.kubeconfig, world.eks.url)):
            pass


async def test_an_eks_that_does_not_answer_is_named(world: FargateWorld) -> None:
    arn = ClusterARN.parse(world.seeded.clusters[world.cluster])
    with reserved_port() as port, pytest.raises(EKSUnavailableError, match=f"GET /_sim/clusters: .*{port}"):
        async with running(Settings(arn, world.kubeconfig, f"http://127.0.0.1:{port}")):
            pass


@pytest.mark.parametrize("content", ["", "]", "a: 1", "clusters: []", "kind: Config\ncurrent-context: x", "[" * 9000])
async def test_a_kubeconfig_that_is_none_is_named(tmp_path: Path, content: str) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(content)
    arn = ClusterARN.parse("arn:aws:eks:us-east-1:123456789012:cluster/c")
    with pytest.raises(ConfigurationError, match="kubeconfig is no kubeconfig that can be used"):
        async with running(Settings(arn, kubeconfig, "http://127.0.0.1:1")):
            pass
