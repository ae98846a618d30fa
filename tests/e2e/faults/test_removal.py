"""Things are taken away: the CRD, the rights, the namespace, the class, all of the management cluster. Profiles go only if they should."""

import asyncio
from collections.abc import Iterator

import pytest

from fargateclaims.api.group import CLAIM_PLURAL, CLASS_PLURAL, GROUP, VERSION
from support.fault_world import CREATE, DELETE, World, profile_of, stands
from support.installation import NAME, Beside, Installation
from support.kubectl import Kubectl
from support.scenarios import CleanRun, one_claim, two_claims
from support.waiting import until

CRD = f"{CLAIM_PLURAL}.{GROUP}"


@pytest.fixture
def beside(installation: Installation) -> Iterator[Beside]:
    """An operator's installation whose rights may be taken away."""
    made = Beside(installation.plane, installation.kubectl, installation.eks, installation.seeded, installation.folder)
    made.apply()
    yield made
    made.remove()
    # Whatever was not put back.
    installation.apply()


async def claims_again(world: World, *names: str) -> None:
    """Apply the same manifests anew."""
    for name in names:
        await world.claim(name)
    await world.until_active(*names)


async def test_fault_19_crd_deleted(installation: Installation, world: World, clean: CleanRun) -> None:
    """`kubectl delete crd` takes the claims, not their profiles; the operator ends, and a reinstall goes on with the same profiles."""
    expected = await clean(two_claims)
    with installation.operator(class_selector=world.selector) as operator:
        await two_claims(world, operator)
        before = world.profiles()
        # Its claims go first, and they have our finalizer.
        installation.kubectl("delete", "crd", CRD, "--timeout=100s")
        await until(lambda: operator.ended)
        assert operator.code == 1
    assert "Traceback" not in operator.stderr
    assert f"the CRD {CRD} is being deleted: claims are let go, their profiles stay in EKS" in operator.stderr
    with installation.operator(class_selector=world.selector) as operator:
        await until(lambda: operator.ended)
        assert operator.code == 1, "there is nothing to work for"
        assert operator.last_message == f"the CRD {CRD} is not installed: kubectl apply --server-side -f crds/"
    assert world.profiles() == before
    installation.apply()
    with installation.operator(class_selector=world.selector) as operator:
        await claims_again(world, "first", "second")
        await world.check_same(expected)
        await world.check_at_rest(operator.turns, ("first", "second"))
        await operator.stop()
    assert world.profiles() == before
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 0)
    await world.check_always()


async def test_fault_19_rights_removed_and_crd_deleted(beside: Beside, world: World, clean: CleanRun) -> None:
    """An uninstall that takes the rights first: the operator may do nothing any more, so it ends, and the finalizers stay.

    The rights come back: the CRD and its claims go, their profiles stay. With the CRD, the same manifests take them back.
    """
    expected = await clean(two_claims)
    with beside.operator(class_selector=world.selector) as operator:
        await two_claims(world, operator)
        before = world.profiles()
        beside.revoke()
        beside.kubectl("delete", "crd", CRD, "--wait=false")
        await until(lambda: operator.ended)
        assert operator.code == 1
        assert "403 Forbidden" in operator.stderr
    await world.wait(world.claims, lambda claims: ["deletionTimestamp" in claim["metadata"] for claim in claims] == [True, True])
    with beside.operator(class_selector=world.selector) as operator:
        await until(lambda: operator.ended)
        assert operator.code == 1
        assert "see the operator's ClusterRole" in operator.stderr
    beside.grant()
    # Nobody could give it back; the test need not wait until it runs out.
    beside.kubectl("delete", "lease", NAME, "--namespace", beside.namespace)
    with beside.operator(class_selector=world.selector) as operator:
        beside.kubectl("wait", "--for=delete", f"crd/{CRD}", "--timeout=100s")
        await until(lambda: operator.ended)
        assert operator.code == 1
    assert world.profiles() == before
    beside.apply()
    with beside.operator(class_selector=world.selector) as operator:
        await claims_again(world, "first", "second")
        await world.check_same(expected)
        await operator.stop()
    assert world.profiles() == before
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 0)
    await world.check_always()


async def test_fault_39_namespace_deleted_with_claims_in_it(
    installation: Installation, kubectl: Kubectl, world: World, clean: CleanRun
) -> None:
    """What is served goes with its profile; what only waits goes at once and costs no call; then the namespace goes."""
    expected = await clean(one_claim)
    doomed = f"{world.name}-doomed"
    await world.make_namespace(doomed)
    with installation.operator(class_selector=world.selector) as operator:
        await one_claim(world, operator)
        await world.claim("served", namespace=doomed)
        await world.until_active("served", namespace=doomed)
        world.eks.next("create", never_ends=True, **world.target())
        await world.claim("creating", namespace=doomed)
        await world.until(lambda claim: stands(claim)[1] == "Creating" and profile_of(claim), "creating", doomed)
        for name in ("waits", "held"):
            await world.claim(name, namespace=doomed)
            await world.until(lambda claim: stands(claim)[1] == "Queued", name, doomed)
        # Somebody else's finalizer keeps this one: ours must not come to it any more.
        foreign = {"metadata": {"finalizers": ["example.com/hold"]}}
        (await world.api.patch(f"{world.path(doomed)}/held", foreign)).ok()
        going = asyncio.create_task(asyncio.to_thread(kubectl, "delete", "namespace", doomed, "--timeout=100s"))
        await world.until_gone("waits", namespace=doomed)
        left = await world.until(lambda claim: stands(claim)[1] == "Queued", "served", doomed)
        assert left["metadata"]["finalizers"]
        world.eks.finish(**world.target())
        await world.until_gone("creating", "served", namespace=doomed)
        held = await world.read("held", doomed)
        assert held is not None
        assert held["metadata"]["finalizers"] == ["example.com/hold"]
        assert not going.done()
        (await world.api.patch(f"{world.path(doomed)}/held", {"metadata": {"finalizers": None}})).ok()
        await going
        await world.check_same(expected)
        await world.check_at_rest(operator.turns)
        await operator.stop()
    assert '"level": "error"' not in operator.stderr
    # Who refuses events in a namespace that goes says nothing about rights.
    assert "is forbidden" not in operator.stderr
    assert (world.begun(CREATE), world.begun(DELETE)) == (3, 2)
    await world.check_always()


async def test_fault_40_class_and_claims_deleted_in_one_go(installation: Installation, kubectl: Kubectl, world: World) -> None:
    """The claims finish with what they know of their class, which goes last."""
    with installation.operator(class_selector=world.selector) as operator:
        await two_claims(world, operator)
        kubectl("delete", CLASS_PLURAL, world.name, "--wait=false")
        kubectl("delete", CLAIM_PLURAL, "--all", "--namespace", world.name, "--wait=false")
        path = f"/apis/{GROUP}/{VERSION}/{CLASS_PLURAL}/{world.name}"
        await world.wait(lambda: world.api.get(path), lambda answer: answer.code == 404)
        assert not await world.claims()
        await operator.stop()
    assert not world.profiles()
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 2)
    await world.check_always()


async def test_fault_42_management_cluster_rebuilt(installation: Installation, world: World, clean: CleanRun) -> None:
    """Everything is taken out of Kubernetes behind the operator's back and applied again: profiles are recognised by their tags."""
    expected = await clean(two_claims)
    with installation.operator(class_selector=world.selector) as operator:
        await two_claims(world, operator)
        await operator.stop()
    before = world.profiles()
    uids = {claim["metadata"]["uid"] for claim in await world.claims()}
    await world.remove()
    await asyncio.to_thread(installation.kubectl, "wait", "--for=delete", f"namespace/{world.name}", "--timeout=100s")
    await world.open()
    with installation.operator(class_selector=world.selector) as operator:
        await claims_again(world, "first", "second")
        assert uids.isdisjoint(claim["metadata"]["uid"] for claim in await world.claims())
        await world.check_same(expected)
        await world.check_at_rest(operator.turns, ("first", "second"))
        await operator.stop()
    assert world.profiles() == before
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 0)
    await world.check_always()
