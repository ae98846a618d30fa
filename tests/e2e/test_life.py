"""What an operator is for, seen on a real API server."""

from support.fault_world import CREATE, DELETE, World
from support.installation import Installation
from support.waiting import until


async def test_a_claim_becomes_a_profile_and_goes(installation: Installation, world: World) -> None:
    with installation.operator(class_selector=world.selector) as operator:
        await world.claim()
        await world.until_active()
        assert [profile["status"] for profile in world.profiles().values()] == ["ACTIVE"]
        await world.delete()
        await world.until_gone()
        operator.terminate()
        await until(lambda: operator.ended)
        assert operator.code == 0
    assert (world.begun(CREATE), world.begun(DELETE)) == (1, 1)
    assert "Traceback" not in operator.stderr
    await world.check_always()
