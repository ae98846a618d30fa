from dataclasses import replace
from typing import Any

import pytest

from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.errors import Conflict, Missing
from fargateclaims.kube.lease import Lease, LeaseClient
from support.scripted_server import ScriptedServer, answer, failure

LEASES = "/apis/coordination.k8s.io/v1/namespaces/fargate/leases"
TIME = "2026-11-21T12:00:00.000000Z"


@pytest.fixture
def lease(client: KubeClient) -> LeaseClient:
    return LeaseClient(client, "fargate", "fargateclaims")


def stored(**spec: Any) -> dict[str, Any]:
    return {"kind": "Lease", "metadata": {"name": "fargateclaims", "namespace": "fargate", "resourceVersion": "5"}, "spec": spec}


async def test_what_a_lease_says(server: ScriptedServer, lease: LeaseClient) -> None:
    server.will(answer(stored(holderIdentity="a", leaseDurationSeconds=15, acquireTime=TIME, renewTime=TIME, leaseTransitions=3)))
    assert await lease.get() == Lease("a", 15.0, TIME, TIME, 3)
    assert (server.asked[0].method, server.asked[0].path) == ("GET", f"{LEASES}/fargateclaims")


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"holderIdentity": None, "leaseDurationSeconds": None, "renewTime": None},
        {"holderIdentity": 3, "leaseDurationSeconds": "soon", "leaseTransitions": "x", "renewTime": 5},
        {"leaseDurationSeconds": -1, "leaseTransitions": -4},
    ],
)
async def test_what_does_not_fit_counts_as_absent(server: ScriptedServer, lease: LeaseClient, spec: dict[str, Any]) -> None:
    server.will(answer(stored(**spec)))
    assert await lease.get() == Lease()


async def test_a_lease_without_spec_says_nothing(server: ScriptedServer, lease: LeaseClient) -> None:
    server.will(answer({"metadata": {}}))
    assert await lease.get() == Lease()


async def test_create(server: ScriptedServer, lease: LeaseClient) -> None:
    server.will(answer(stored(holderIdentity="a")))
    await lease.create(Lease("a", 15.0, TIME, TIME))
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", LEASES)
    assert asked.body["metadata"] == {"namespace": "fargate", "name": "fargateclaims"}
    expected = {"holderIdentity": "a", "leaseDurationSeconds": 15, "leaseTransitions": 0, "acquireTime": TIME, "renewTime": TIME}
    assert asked.body["spec"] == expected


async def test_an_update_has_the_version_that_was_read_and_keeps_what_it_does_not_know(server: ScriptedServer, lease: LeaseClient) -> None:
    server.will(answer(stored(holderIdentity="a", strategy="OldestEmulationVersion")), answer(stored(holderIdentity="b")))
    await lease.update(replace(await lease.get(), holder="", duration=0.2))
    asked = server.asked[1]
    assert (asked.method, asked.path) == ("PUT", f"{LEASES}/fargateclaims")
    assert asked.body["metadata"]["resourceVersion"] == "5"
    assert asked.body["spec"] == {
        "leaseDurationSeconds": 1,
        "leaseTransitions": 0,
        "strategy": "OldestEmulationVersion",
    }


async def test_failures_are_those_of_the_client(server: ScriptedServer, lease: LeaseClient) -> None:
    server.will(failure(404, "NotFound", ""), failure(409, "Conflict", ""), failure(409, "AlreadyExists", ""))
    with pytest.raises(Missing):
        await lease.get()
    with pytest.raises(Conflict):
        await lease.update(Lease())
    with pytest.raises(Conflict):
        await lease.create(Lease())
