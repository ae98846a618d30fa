"""The API server is down. `E2E_OUTAGE_SECONDS=300` makes it five minutes; else it is just longer than a Lease lasts."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from support.control_plane import ControlPlane
from support.fault_world import CREATE, DELETE, World, stands
from support.installation import Installation
from support.replicas import LEADS, ended, replicas
from support.scenarios import CleanRun, two_claims
from support.tcp_proxy import Admission, TCPProxy
from support.waiting import until

OUTAGE_S = float(os.environ.get("E2E_OUTAGE_SECONDS", "16"))


@contextmanager
def no_api_server(plane: ControlPlane, proxy: TCPProxy) -> Iterator[None]:
    """Kill it for the length of the with block. As behind a load balancer, nobody gets to it before it is ready."""
    proxy.admit(Admission.REFUSE)
    plane.kill_api_server()
    proxy.cut()
    try:
        yield
    finally:
        plane.start_api_server()
        proxy.admit(Admission.PASS)


@pytest.mark.timeout(OUTAGE_S + 600)
async def test_fault_15_api_server_down(
    installation: Installation, plane: ControlPlane, tcp_proxy: TCPProxy, world: World, clean: CleanRun
) -> None:
    """What EKS does goes on and is found done; nothing is begun meanwhile, since nobody can tell what is still wanted."""
    expected = await clean(two_claims)
    kubeconfig = installation.kubeconfig(server=f"https://127.0.0.1:{tcp_proxy.port}")
    async with replicas(installation, world, leaders=kubeconfig, others=kubeconfig) as (leader, standby):
        world.eks.next("create", never_ends=True, **world.target())
        await world.claim("first")
        await world.until(lambda claim: stands(claim)[1] == "Creating", "first")
        await world.claim("second")
        await world.until(lambda claim: stands(claim)[1] == "Queued", "second")
        with ExitStack() as more:
            with no_api_server(plane, tcp_proxy):
                world.eks.finish(**world.target())
                await asyncio.gather(asyncio.sleep(OUTAGE_S), ended(leader))
                # Its Deployment starts it anew, and it waits.
                again = more.enter_context(installation.operator(kubeconfig=kubeconfig, class_selector=world.selector))
                await until(lambda: "the API server does not answer yet" in again.stderr)
                assert (world.begun(CREATE), world.begun(DELETE)) == (1, 0)
                assert [profile["status"] for profile in world.profiles().values()] == ["ACTIVE"]
                assert LEADS not in standby.stderr
            await world.until_active("first", "second")
            await world.check_same(expected)
            # Either of them may lead by now; an API server that has just started may also be too slow for the one that led first.
            left = [operator for operator in (standby, again) if not operator.ended]
            await world.check_at_rest(lambda: sum(operator.turns() for operator in left), ("first", "second"))
            for operator in (standby, again):
                await (operator.stop() if operator in left else ended(operator))
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 0)
    await world.check_always()
