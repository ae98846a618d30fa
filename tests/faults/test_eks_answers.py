"""EKS refuses, fails, hides or loses what it was asked for."""

from datetime import timedelta

import pytest

from support.engine_in_process import Engine
from support.fault_world import CREATE, DELETE, World, condition, profile_of, settled, stands
from support.scenarios import CleanRun, come_and_gone, edited, one_claim, two_claims

DESCRIBE, LIST = "DescribeFargateProfile", "ListFargateProfiles"


async def test_fault_18_delete_while_creating(world: World, clean: CleanRun) -> None:
    expected = await clean(come_and_gone)
    async with Engine(selector=world.selector):
        await world.claim()
        await world.until(lambda claim: profile_of(claim) and claim["status"]["profile"]["status"] == "CREATING")
        left = await world.delete()
        assert left is not None
        assert left["metadata"]["finalizers"] == ["fargateclaims.dev/profile"]
        waiting = await world.until(lambda claim: stands(claim)[1] == "Deleting")
        assert "then it will be deleted" in condition(waiting)["message"]
        await world.until_gone()
        await world.check_same(expected)
    assert [call.operation for call in world.calls() if call.changed] == [CREATE, DELETE]
    await world.check_always()


async def test_fault_20_throttling(world: World, clean: CleanRun) -> None:
    expected = await clean(edited)
    async with Engine(selector=world.selector) as engine:
        await one_claim(world, engine)
        fault = world.eks.fault("throttling", service="eks", **world.target())
        await world.edit(app="other")
        throttled = await world.until(lambda claim: stands(claim, "Synced")[1] == "Throttled")
        assert stands(throttled, "Synced")[0] == "Unknown"
        assert "AWS throttles" in condition(throttled, "Synced")["message"]
        assert stands(throttled, "Available")[0] == "True"
        world.eks.clear_faults(fault)
        await world.until_active()
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 1)
    await world.check_always()


async def test_fault_21_burst_of_server_errors(world: World, clean: CleanRun) -> None:
    expected = await clean(one_claim)
    async with Engine(selector=world.selector, resync_seconds=0.3) as engine:
        await one_claim(world, engine)
        fault = world.eks.fault("server_error", service="eks", **world.target())
        cut_off = await world.until(lambda claim: stands(claim, "Synced") == ("Unknown", "Unavailable"))
        assert stands(cut_off)[0] == "True"
        assert stands(cut_off, "Available")[0] == "True"
        assert not condition(cut_off, "Stalled")
        world.eks.clear_faults(fault)
        await world.until_active()
        await world.check_same(expected)
    assert [call.operation for call in world.calls() if call.changed] == [CREATE]
    await world.check_always()


@pytest.mark.parametrize("how", ["disconnect", "server_error"])
async def test_fault_22_create_done_but_answer_lost(world: World, clean: CleanRun, how: str) -> None:
    expected = await clean(one_claim)
    world.eks.fault(how, when="after", operation=CREATE, calls=1, **world.target())
    async with Engine(selector=world.selector) as engine:
        await one_claim(world, engine)
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert world.begun(CREATE) == len(world.calls(CREATE)) == 1
    await world.check_always()


async def test_fault_22_delete_done_but_answer_lost(world: World, clean: CleanRun) -> None:
    expected = await clean(come_and_gone)
    world.eks.fault("disconnect", when="after", operation=DELETE, calls=1, **world.target())
    async with Engine(selector=world.selector) as engine:
        await come_and_gone(world, engine)
        await world.check_same(expected)
    assert world.begun(DELETE) == len(world.calls(DELETE)) == 1
    await world.check_always()


async def test_fault_22_create_lost_on_its_way(world: World, clean: CleanRun) -> None:
    """The other half of not knowing: nothing was made, and it is made once after the settling time."""
    expected = await clean(one_claim)
    world.eks.fault("disconnect", when="before", operation=CREATE, calls=1, **world.target())
    async with Engine(selector=world.selector) as engine:
        await one_claim(world, engine)
        await world.check_same(expected)
    assert (world.begun(CREATE), len(world.calls(CREATE))) == (1, 2)
    await world.check_always()


async def test_fault_23_create_then_describe_not_found(world: World, clean: CleanRun) -> None:
    expected = await clean(one_claim)
    world.eks.timings(1.2, 0.3, **world.target())
    world.eks.behave(describe_lag=0.4, list_lag=0.4, **world.target())
    async with Engine(selector=world.selector) as engine:
        await one_claim(world, engine)
        await world.check_same(expected)
    assert any(call.error == "ResourceNotFoundException" for call in world.calls(DESCRIBE))
    assert len(world.calls(CREATE)) == 1
    await world.check_always()


async def test_fault_24_sibling_busy(world: World, clean: CleanRun) -> None:
    """Somebody else begins a create that EKS's list does not show yet."""
    expected = await clean(one_claim)
    world.eks.behave(list_lag=60, **world.target())
    world.eks.foreign_create(world.name, "by-terraform", never_ends=True)
    async with Engine(selector=world.selector):
        await world.claim()
        queued = await world.until(lambda claim: stands(claim)[1] == "Queued" and "by-terraform" in condition(claim)["message"])
        assert stands(queued)[0] == "Unknown"
        assert queued["status"]["operation"]["state"] == "Queued"
        assert queued["status"]["operation"]["blockedBy"] == {"profileName": "by-terraform", "status": "CREATING", "origin": "Foreign"}
        assert "failedAttempts" not in queued["status"]
        world.eks.finish(**world.target())
        await world.until_active()
        expected["profiles"]["by-terraform"] = (await world.picture())["profiles"]["by-terraform"]
        await world.check_same(expected)
    assert world.begun(CREATE) == 1
    assert "by-terraform" in world.profiles()
    await world.check_always(refused=None)
    assert world.eks.verdict(world.name).refused >= 1


MISCONFIGURED = {
    "code": "InvalidParameterException",
    "message": "Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal",
    "operation": CREATE,
}


async def test_fault_25_trust_policy_not_propagated(world: World, clean: CleanRun) -> None:
    expected = await clean(one_claim)
    world.eks.fault("error", calls=3, **MISCONFIGURED, **world.target())
    async with Engine(selector=world.selector):
        await world.claim()
        waiting = await world.until(lambda claim: stands(claim)[1] == "Propagating")
        assert stands(waiting)[0] == "Unknown"
        assert not condition(waiting, "Stalled")
        await world.until_active()
        await world.check_same(expected)
    assert (world.begun(CREATE), len(world.calls(CREATE))) == (1, 4)
    await world.check_always()


async def test_fault_25_trust_policy_wrong_for_good(world: World, clean: CleanRun) -> None:
    """After IAM's window the claim is Stalled, and a slow re-check finds out when somebody has mended the role."""
    expected = await clean(one_claim)
    fault = world.eks.fault("error", **MISCONFIGURED, **world.target())
    async with Engine(selector=world.selector, iam_window=timedelta(seconds=0.5)) as engine:
        await world.claim()
        stalled = await world.until(lambda claim: stands(claim) == ("False", "Invalid"))
        assert condition(stalled, "Stalled")["status"] == "True"
        assert "Trust Policy" in condition(stalled)["message"]
        world.eks.clear_faults(fault)
        await world.until_active()
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert world.begun(CREATE) == 1
    await world.check_always()


async def test_fault_26_create_failed(world: World, clean: CleanRun) -> None:
    expected = await clean(two_claims)
    issue = {"code": "PodExecutionRoleAlreadyInUse", "message": "the role is in use elsewhere", "resource_ids": ["the-role"]}
    world.eks.next("create", issue=issue, **world.target())
    async with Engine(selector=world.selector) as engine:
        await world.claim("first")
        failed = await world.until(lambda claim: claim["status"].get("failedAttempts") == 1, "first")
        assert "PodExecutionRoleAlreadyInUse: the role is in use elsewhere" in condition(failed, "Synced")["message"]
        await world.claim("second")
        await world.until_active("first", "second")
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn), ["first", "second"])
    assert (world.begun(CREATE), world.begun(DELETE)) == (3, 1)
    await world.check_always()


async def test_fault_26_create_fails_every_time(world: World) -> None:
    """The attempts are bounded; the sibling has the slot in between; what failed is cleared away; an edit begins anew."""
    world.eks.next("create", count=2, issue={"code": "AccessDenied", "message": "no"}, **world.target())
    async with Engine(selector=world.selector, max_attempts=2) as engine:
        await world.claim("bad")
        stalled = await world.until(lambda claim: stands(claim) == ("False", "CreateFailed"), "bad")
        assert condition(stalled, "Stalled")["status"] == "True"
        await world.until_eks(lambda: not world.profiles())
        assert (world.begun(CREATE), world.begun(DELETE)) == (2, 2)
        await world.claim("good")
        await world.until_active("good")
        assert stands(await world.read("bad")) == ("False", "CreateFailed")
        await world.annotate("bad", retry="now")
        await world.until_active("bad")
        await world.check_at_rest(lambda: engine.turns(world.arn), ["bad", "good"])
    await world.check_always()


async def test_fault_26_delete_failed(world: World, clean: CleanRun) -> None:
    expected = await clean(come_and_gone)
    async with Engine(selector=world.selector) as engine:
        await one_claim(world, engine)
        world.eks.next("delete", count=2, issue={"code": "InternalFailure", "message": "try again"}, **world.target())
        await world.delete()
        failed = await world.until(lambda claim: claim["status"].get("failedAttempts") == 1)
        assert failed["metadata"]["finalizers"]
        assert "InternalFailure: try again" in condition(failed, "Synced")["message"]
        await world.until_gone()
        await world.check_same(expected)
    assert (world.begun(CREATE), world.begun(DELETE)) == (1, 3)
    await world.check_always()


async def test_fault_28_profile_deleted_out_of_band(world: World, clean: CleanRun) -> None:
    expected = await clean(one_claim)
    async with Engine(selector=world.selector, resync_seconds=0.4) as engine:
        await one_claim(world, engine)
        (name,) = world.profiles()
        world.eks.foreign_delete(world.name, name)
        await world.until(lambda claim: not settled(claim))
        await world.until_active()
        await world.check_same(expected)
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 0)
    await world.check_always()


async def test_fault_29_access_denied(world: World, clean: CleanRun) -> None:
    expected = await clean(one_claim)
    fault = world.eks.fault("access_denied", operation=CREATE, **world.target())
    async with Engine(selector=world.selector) as engine:
        await world.claim()
        refused = await world.until(lambda claim: stands(claim) == ("False", "Unauthorized"))
        assert "eks:CreateFargateProfile" in condition(refused)["message"]
        assert not condition(refused, "Stalled")
        await world.until_eks(lambda: len(world.calls(CREATE)) >= 2)
        world.eks.clear_faults(fault)
        await world.until_active()
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert world.begun(CREATE) == 1
    await world.check_always()


async def test_fault_29_credentials_expired(world: World, clean: CleanRun) -> None:
    expected = await clean(one_claim)
    async with Engine(selector=world.selector, resync_seconds=0.3) as engine:
        await one_claim(world, engine)
        fault = world.eks.fault("expired_credentials")
        refused = await world.until(lambda claim: stands(claim, "Synced") == ("Unknown", "Unauthorized"))
        assert stands(refused)[0] == stands(refused, "Available")[0] == "True"
        world.eks.clear_faults(fault)
        await world.until_active()
        await world.check_same(expected)
    assert [call.operation for call in world.calls() if call.changed] == [CREATE]
    await world.check_always()


async def test_fault_30_profile_of_somebody_else(world: World) -> None:
    world.place({"name": "shared", "tags": {"managed-by": "terraform"}})
    before = world.profiles()
    async with Engine(selector=world.selector):
        await world.claim(profileName="shared")
        refused = await world.until(lambda claim: stands(claim) == ("False", "Conflict"))
        assert "shared" in condition(refused)["message"]
        await world.claim("other")
        await world.until_active("other")
        await world.delete()
        await world.until_gone()
        await world.delete("other")
        await world.until_gone("other")
    assert world.profiles() == before
    await world.check_always()


async def test_fault_31_hidden_cluster_update(world: World, clean: CleanRun) -> None:
    expected = await clean(one_claim)
    world.eks.behave(hidden_update_seconds=900, **world.target())
    async with Engine(selector=world.selector) as engine:
        await world.claim()
        updating = await world.until(lambda claim: stands(claim)[1] == "ClusterUpdating")
        assert stands(updating)[0] == "Unknown"
        await world.until_eks(lambda: world.eks.verdict(world.name).refused_for_update >= 5)
        still = await world.read()
        assert stands(still) == ("Unknown", "ClusterUpdating")
        assert still is not None
        assert "failedAttempts" not in still["status"]
        assert not condition(still, "Stalled")
        world.eks.behave(hidden_update_seconds=0, **world.target())
        refused = world.eks.verdict(world.name).refused_for_update
        await world.until_active()
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    # The first call after the end is taken: its wait is one backoff, which is capped.
    assert world.eks.verdict(world.name).refused_for_update == refused
    assert world.begun(CREATE) == 1
    await world.check_always()
