"""Nodes: cluster-scoped, with the status that their kubelet registers them with."""

import secrets
from collections.abc import AsyncIterator

import pytest

from support.kube_contract import MERGE, Api
from support.workloads import NODES, node

READY = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}


@pytest.fixture
async def name(api: Api) -> AsyncIterator[str]:
    chosen = f"fargate-{secrets.token_hex(4)}"
    yield chosen
    await api.delete(f"{NODES}/{chosen}")


async def test_a_node_comes_with_its_status(api: Api, name: str) -> None:
    made = (await api.create(NODES, node(name, conditions=[READY], nodeInfo={"kubeletVersion": "v1.36.3"}))).ok()
    assert "namespace" not in made["metadata"]
    assert "generation" not in made["metadata"]
    assert made["status"]["conditions"][0]["type"] == "Ready"
    assert made["status"]["nodeInfo"]["kubeletVersion"] == "v1.36.3"


async def test_later_the_status_has_its_own_path(api: Api, name: str) -> None:
    (await api.create(NODES, node(name, conditions=[READY]))).ok()
    path = f"{NODES}/{name}"
    away = {"status": {"conditions": [{**READY, "status": "False"}]}, "spec": {"unschedulable": True}}
    assert (await api.patch(path, away, MERGE)).ok()["status"]["conditions"][0]["status"] == "True"
    assert (await api.patch(f"{path}/status", away, MERGE)).ok()["status"]["conditions"][0]["status"] == "False"
    listed = (await api.get(NODES, fieldSelector="spec.unschedulable=true")).ok()["items"]
    assert name in [item["metadata"]["name"] for item in listed]


async def test_a_node_goes_at_once(api: Api, name: str) -> None:
    (await api.create(NODES, node(name))).ok()
    assert (await api.delete(f"{NODES}/{name}")).ok()["status"] == "Success"
    (await api.get(f"{NODES}/{name}")).refused(404, "NotFound")
