"""The pods' timeline, on the embedded API server."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fargateclaims.cli.demonstration.kubernetes_api import KubernetesAPI
from fargateclaims.cli.demonstration.pods import Pods
from support.kube_contract import Api
from support.kube_server import RunningKube, running_kube_server
from support.waiting import LIMIT
from support.workloads import TEMPLATE, Workloads, budget, deployment

SHOP = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
ON = {"eks.amazonaws.com/fargate-profile": "shop-web-9999"}


@pytest.fixture
def kube(tmp_path: Path) -> Iterator[RunningKube]:
    with running_kube_server(tmp_path) as server:
        server.admin.load([SHOP])
        yield server


@pytest.fixture
async def workloads(kube: RunningKube) -> AsyncIterator[Workloads]:
    async with Api(kube.kubeconfig) as api:
        template = {**TEMPLATE, "metadata": {"labels": {"app": "web", **ON}}}
        opened = Workloads(api, "shop")
        (await api.create(opened.deployments, deployment("web", 2, template=template))).ok()
        (await api.create(opened.budgets, budget("web", maxUnavailable=1))).ok()
        yield opened


@pytest.fixture
async def pods(kube: RunningKube) -> AsyncIterator[Pods]:
    seen = Pods("deploy/web", 2)
    async with KubernetesAPI(kube.url) as api:
        following = asyncio.ensure_future(seen.follow(api, "shop", "app=web", lambda _pods: None))
        yield seen
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_from_pending_through_an_eviction_nothing_is_missed(kube: RunningKube, workloads: Workloads, pods: Pods) -> None:
    async with asyncio.timeout(LIMIT):
        await pods.until(lambda: len(pods.present) == 2)
        assert not pods.all_refused()
        names = [pod["metadata"]["name"] for pod in await workloads.staying(2)]
        for name in names:
            await refuse(workloads, name)
        await pods.until(pods.all_refused)
        assert pods.now.why == "no nodes available"
        assert pods.describe() == "  deploy/web: 0/2 ready  2 Pending: no nodes available"
        await workloads.run_all(2)
        await pods.until(lambda: pods.all_ready("shop-web-9999"))
        assert not pods.all_ready("shop-web-9998")
        await workloads.until(f"{workloads.budgets}/web", disruptionsAllowed=1)
        began = len(pods.timeline)
        # A watch that ends goes on where it was.
        await asyncio.to_thread(kube.admin.end_watches)
        (await workloads.evict(names[0])).ok()
        await workloads.finish(names[0])
        await workloads.run_all(2)
        await pods.until(lambda: bool(pods.gone) and pods.all_ready())
    after = pods.timeline[began:]
    assert ({moment.healthy for moment in after}, {moment.terminating for moment in after}) == ({1, 2}, {0, 1})
    assert pods.now.ready == {"shop-web-9999": 2}
    assert [(pod.name, pod.evicted, pod.profile) for pod in pods.gone] == [(names[0], True, "shop-web-9999")]
    assert pods.complete
    assert pods.describe() == ""


async def test_what_is_deleted_was_not_evicted(workloads: Workloads, pods: Pods) -> None:
    async with asyncio.timeout(LIMIT):
        await workloads.run_all(2)
        first = (await workloads.staying(2))[0]["metadata"]["name"]
        await workloads.finish(first)
        await pods.until(lambda: len(pods.gone) == 1)
    assert not pods.gone[0].evicted


async def test_a_watch_that_expired_leaves_a_gap(kube: RunningKube, workloads: Workloads, pods: Pods) -> None:
    async with asyncio.timeout(LIMIT):
        await pods.until(lambda: len(pods.present) == 2)
        await asyncio.to_thread(kube.admin.expire_watches)
        await workloads.run_all(2)
        await pods.until(pods.all_ready)
    assert not pods.complete


async def refuse(workloads: Workloads, name: str) -> None:
    """What a scheduler says of a pod that gets no node."""
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no nodes available"}
    body = {"status": {"conditions": [{**condition, "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}
    (await workloads._api.patch(f"{workloads.pods}/{name}/status", body)).ok()
