"""`kubectl delete crd` marks every claim as deleted, which nobody has asked for: the profiles stay, and so do their tags."""

from fargateclaims.api.group import CLAIM_PLURAL, GROUP
from support.fault_world import CREATE, DELETE, World
from support.installation import Installation
from support.kubectl import Kubectl

CRD = f"{CLAIM_PLURAL}.{GROUP}"
CLAIMS = ("first", "second")


async def test_profiles_stay_and_are_taken_back_after_a_reinstall(kubectl: Kubectl, installation: Installation, world: World) -> None:
    with installation.operator(class_selector=world.selector) as operator:
        for name in CLAIMS:
            await world.claim(name)
        await world.until_active(*CLAIMS)
        before = world.profiles()
        # Its claims go first, and they have our finalizer.
        kubectl("delete", "crd", CRD, "--timeout=100s")
        assert operator.code == 1
    assert "Traceback" not in operator.stderr
    assert f"the CRD {CRD} is being deleted: claims are let go, their profiles stay in EKS" in operator.stderr
    assert world.profiles() == before
    with installation.operator(class_selector=world.selector) as operator:
        assert operator.code == 1, "there is nothing to work for"
        assert operator.last_message == f"the CRD {CRD} is not installed: kubectl apply --server-side -f crds/"
    installation.apply()
    for name in CLAIMS:
        await world.claim(name)
    with installation.operator(class_selector=world.selector) as operator:
        await world.until_active(*CLAIMS)
        assert world.profiles() == before
        await operator.stop()
    assert (world.begun(CREATE), world.begun(DELETE)) == (len(CLAIMS), 0)
    await world.check_always()
