"""Thousands of writes at once must leave room for the few requests that cannot wait."""

import asyncio

from aiohttp import web

from fargateclaims.kube.client import WRITES_AT_ONCE, KubeClient
from support.manifests import claim_manifest
from support.scripted_server import ScriptedServer, answer
from support.waiting import until


async def test_few_writes_are_under_way_at_a_time_and_urgent_ones_need_not_wait_for_them(
    server: ScriptedServer, client: KubeClient
) -> None:
    let_go = asyncio.Event()

    async def held(_request: web.Request) -> web.StreamResponse:
        await let_go.wait()
        return answer(claim_manifest())

    at_once = [answer(claim_manifest()), answer(claim_manifest()), answer({"kind": "Lease", "metadata": {}})]
    server.will(*[held] * WRITES_AT_ONCE, *at_once, *[held] * (WRITES_AT_ONCE * 2))
    half = WRITES_AT_ONCE * 3 // 2
    status = [asyncio.ensure_future(client.put_status(claim_manifest())) for _ in range(half)]
    finalizers = [asyncio.ensure_future(client.patch_finalizers(claim_manifest(), [])) for _ in range(half)]
    await until(lambda: len(server.asked) == WRITES_AT_ONCE)
    await client.patch_finalizers(claim_manifest(), [], urgent=True)
    await client.put_status(claim_manifest(), urgent=True)
    assert (await client.request("get", "/apis/coordination.k8s.io/v1/namespaces/default/leases/x"))["kind"] == "Lease"
    assert len(server.asked) == WRITES_AT_ONCE + 3
    let_go.set()
    await asyncio.gather(*status, *finalizers)
    assert len(server.asked) == 3 * WRITES_AT_ONCE + 3
