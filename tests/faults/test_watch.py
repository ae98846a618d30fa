"""The API server's view arrives late, in part, or not at all; others write at the same time."""

from fargateclaims.api.group import CLAIM_PLURAL
from support.embedded_world import EmbeddedWorld
from support.engine_in_process import Engine
from support.fault_world import CREATE, DELETE, World, profile_of, settled, stands
from support.scenarios import CleanRun, edited, one_claim

OPERATOR = "fargateclaims/"


async def test_fault_08_deleted_in_the_gap_of_a_410(world: EmbeddedWorld, clean: CleanRun) -> None:
    """The watch does not tell of the deletion, and its new LIST is silent about it: the ghost is found out before EKS is asked."""
    expected = await clean(one_claim)
    world.eks.foreign_create(world.name, "by-terraform", never_ends=True)
    async with Engine(selector=world.selector) as engine:
        await world.claim("ghost")
        await world.until(lambda claim: stands(claim)[1] == "Queued", "ghost")
        await world.claim()
        await world.until(lambda claim: stands(claim)[1] == "Queued")
        await world.silence(engine)
        assert await world.delete("ghost") is None
        world.kube.admin.expire_watches(CLAIM_PLURAL)
        world.kube.admin.resume_watches(CLAIM_PLURAL)
        await world.finish()
        await world.until_active()
        await world.check_at_rest(lambda: engine.turns(world.arn))
        assert not engine.knows(world.name, "ghost")
        expected["profiles"]["by-terraform"] = (await world.picture())["profiles"]["by-terraform"]
        await world.check_same(expected)
    assert world.kube.admin.ledger(verb="patch", name="ghost", code=404), "it was known of all the time"
    assert [call.profile for call in world.calls(CREATE)] == list(set(world.profiles()) - {"by-terraform"})
    await world.check_always()


async def test_fault_08_list_replaces_the_store(world: EmbeddedWorld, clean: CleanRun) -> None:
    """What the watch has missed is gone with the next resync, without anything to write to."""
    expected = await clean(one_claim)
    async with Engine(selector=world.selector, resync_seconds=1) as engine:
        await one_claim(world, engine)
        await world.claim("ghost", className=world.name + "-x")
        await world.until(lambda claim: stands(claim)[1] == "ClassNotFound", "ghost")
        assert engine.knows(world.name, "ghost")
        await world.silence(engine)
        assert await world.delete("ghost") is None
        await world.until_eks(lambda: not engine.knows(world.name, "ghost"))
        await world.check_same(expected)
    await world.check_always()


async def test_fault_11_events_coalesced(world: EmbeddedWorld, clean: CleanRun) -> None:
    """A, B and A again while the watch is away: the last level is what the profile already is."""
    expected = await clean(one_claim)
    async with Engine(selector=world.selector) as engine:
        await one_claim(world, engine)
        await world.silence(engine)
        await world.edit(app="other")
        await world.edit(app="web")
        world.kube.admin.expire_watches(CLAIM_PLURAL)
        world.kube.admin.resume_watches(CLAIM_PLURAL)
        settled_again = await world.until(settled)
        assert settled_again["status"]["observedGeneration"] == 3
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert (world.begun(CREATE), world.begun(DELETE)) == (1, 0)
    await world.check_always()


async def test_fault_11_edits_while_it_is_made(world: World, clean: CleanRun) -> None:
    """A, B and A again while A is being created: no replacement."""
    expected = await clean(one_claim)
    world.eks.next("create", never_ends=True, **world.target())
    async with Engine(selector=world.selector):
        await world.claim()
        await world.until(lambda claim: stands(claim)[1] == "Creating" and profile_of(claim))
        await world.edit(app="other")
        await world.until(lambda claim: claim["status"]["observedGeneration"] == 2)
        await world.edit(app="web")
        await world.until(lambda claim: claim["status"]["observedGeneration"] == 3)
        await world.finish()
        await world.until_active()
        await world.check_same(expected)
    assert (world.begun(CREATE), world.begun(DELETE)) == (1, 0)
    await world.check_always()


async def test_fault_13_conflict_on_status(world: EmbeddedWorld, clean: CleanRun) -> None:
    expected = await clean(edited)
    async with Engine(selector=world.selector) as engine:
        for skipped in range(3):
            # One fault for each of the first writes: the intent's, too.
            world.kube.admin.fail(409, verb="update", subresource="status", namespace=world.name, times=1)
            await (one_claim(world, engine) if not skipped else world.edit(app="other"))
            await world.until_active()
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 1)
    assert_read_again_after_each_refusal(world)
    await world.check_always()


def assert_read_again_after_each_refusal(world: EmbeddedWorld) -> None:
    """Between a refused write and the next one, the claim is read: an old body is never sent again."""
    requests = [one for one in world.kube.admin.ledger(namespace=world.name) if OPERATOR in one["user_agent"] and one["name"] == "web"]
    refused = [number for number, one in enumerate(requests) if one["code"] == 409]
    assert refused
    for number in refused:
        assert requests[number + 1]["verb"] == "get"


async def test_fault_13_somebody_else_writes(world: EmbeddedWorld, clean: CleanRun) -> None:
    """A label is written between the operator's read and its write, with the watch away: real conflicts."""
    expected = await clean(edited)
    async with Engine(selector=world.selector) as engine:
        await one_claim(world, engine)
        await world.silence(engine)
        await world.annotate(note="from somebody else")
        world.eks.foreign_create(world.name, "by-terraform")
        await world.edit(app="other")
        world.kube.admin.resume_watches(CLAIM_PLURAL)
        for note in range(20):
            await world.annotate(note=str(note))
        found = await world.until(settled)
        assert found["metadata"]["annotations"]["note"] == "19"
        await world.until_active()
        expected["profiles"]["by-terraform"] = (await world.picture())["profiles"]["by-terraform"]
        await world.check_same(expected)
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 1)
    await world.check_always(refused=None)


async def test_fault_17_made_again_under_the_same_name(world: World, clean: CleanRun) -> None:
    """The finalizer holds the name until the old claim's profile is gone; then the new one is served."""
    expected = await clean(edited)
    async with Engine(selector=world.selector) as engine:
        await one_claim(world, engine)
        world.eks.next("delete", never_ends=True, **world.target())
        left = await world.delete()
        assert left is not None
        again = await world.api.create(world.path(), world.manifest("web", "other"))
        assert again.refused(409, "AlreadyExists")
        await world.finish()
        await world.until_gone()
        made = await world.claim("web", "other")
        assert made["metadata"]["uid"] != left["metadata"]["uid"]
        await world.until_active()
        picture = await world.rest()
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert [call.operation for call in world.calls() if call.changed] == [CREATE, DELETE, CREATE]
    # As if it had been edited, but for the name of its profile: the old one was gone when the new one was named.
    renamed = {name.replace("9998", "9999"): profile for name, profile in expected["profiles"].items()}
    assert picture["profiles"] == renamed
    await world.check_always()


async def test_fault_17_report_refuses_a_mix_up(world: EmbeddedWorld) -> None:
    """The operator knows the old claim alone, and it is its turn: the intent is refused, and nothing is made for it."""
    world.eks.foreign_create(world.name, "by-terraform", never_ends=True)
    async with Engine(selector=world.selector) as engine:
        old = await world.claim("web", "old")
        await world.until(lambda claim: stands(claim)[1] == "Queued")
        await world.silence(engine)
        assert await world.delete() is None
        new = await world.claim("web", "new")
        assert new["metadata"]["uid"] != old["metadata"]["uid"]
        await world.finish()
        await world.until_active()
        world.kube.admin.resume_watches(CLAIM_PLURAL)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert world.kube.admin.ledger(verb="patch", namespace=world.name, name="web", code=409)
    (made,) = [profile for name, profile in world.profiles().items() if name != "by-terraform"]
    assert made["selectors"] == [{"namespace": world.name, "labels": {"app": "new"}}]
    assert len(world.calls(CREATE)) == 1
    await world.check_always()
