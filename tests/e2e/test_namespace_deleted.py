"""`kubectl delete namespace` with claims in it: it ends when the profiles are gone, and nothing is left behind."""

from support.fault_world import CREATE, DELETE, World, stands
from support.installation import Installation
from support.kubectl import Kubectl


async def test_it_goes_when_the_profiles_are_gone(kubectl: Kubectl, installation: Installation, world: World) -> None:
    team = f"{world.name}-team"
    await world.make_namespace(team)
    with installation.operator(class_selector=world.selector) as operator:
        await world.claim("ours")
        await world.claim("active", namespace=team)
        await world.until_active("active", namespace=team)
        await world.until_active("ours")
        # One that is being created, and one that waits for it, when the namespace goes.
        world.eks.next("create", seconds=3, **world.target())
        await world.claim("creating", namespace=team)
        await world.until(lambda claim: stands(claim)[1] == "Creating" and "profile" in claim["status"], "creating", team)
        await world.claim("waiting", namespace=team)
        await world.until(lambda claim: stands(claim)[1] == "Queued", "waiting", team)
        kubectl("delete", "namespace", team, "--timeout=100s")
        assert [profile["tags"]["fargateclaims.dev/name"] for profile in world.profiles().values()] == ["ours"]
        # Who refuses events in a namespace that goes says nothing about rights.
        assert "is forbidden" not in operator.stderr
        await operator.stop()
    assert (world.begun(CREATE), world.begun(DELETE)) == (3, 2)
    await world.check_always()
