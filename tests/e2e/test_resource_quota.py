"""A ResourceQuota bounds how many claims a namespace may have: Kubernetes refuses one more, and says why."""

from support.fault_world import World
from support.installation import Installation
from support.kubectl import Kubectl

COUNTED = "count/fargateprofileclaims.fargateclaims.dev"


async def test_one_claim_too_many_until_another_goes(kubectl: Kubectl, installation: Installation, world: World) -> None:
    kubectl("create", "quota", "claims", "--namespace", world.name, f"--hard={COUNTED}=2")

    async def used() -> object:
        quota = (await world.api.get(f"/api/v1/namespaces/{world.name}/resourcequotas/claims")).ok()
        return quota.get("status", {}).get("used", {}).get(COUNTED)

    # Until it is counted, nothing of its kind may be made at all. The controller looks for new kinds every 30 s.
    await world.wait(used, lambda count: count is not None)
    with installation.operator(class_selector=world.selector) as operator:
        for name in ("first", "second"):
            await world.claim(name)
        excess = world.manifest("third", "third")
        said = kubectl("apply", "--namespace", world.name, "-f", "-", stdin=excess, code=1).stderr
        wanted = f"exceeded quota: claims, requested: {COUNTED}=1, used: {COUNTED}=2, limited: {COUNTED}=2"
        assert wanted in said
        await world.until_active("first", "second")
        kubectl("delete", "fpc", "first", "--namespace", world.name, "--timeout=100s")

        async def taken() -> bool:
            return (await world.api.create(world.path(), excess)).code == 201

        await world.wait(taken, bool)
        await world.until_active("second", "third")
        await operator.stop()
    await world.check_always()
