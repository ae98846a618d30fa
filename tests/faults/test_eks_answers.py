"""EKS refuses, fails, hides or loses what it was asked for."""

import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from botocore.config import Config

from fargateclaims.aws import calls, cloud, sessions
from fargateclaims.aws.limits import THREADS_PER_ACCOUNT_REGION
from fargateclaims.aws.throttle import Grant, TokenBucket
from fargateclaims.domain.identity import Identity
from fargateclaims.engine import reporter
from fargateclaims.simulator.eks.client import SimulatedEKS
from fargateclaims.simulator.eks.ledger import Call
from support.engine_in_process import Engine
from support.fault_world import CREATE, DELETE, World, condition, profile_of, settled, stands
from support.scenarios import CleanRun, Worlds, come_and_gone, edited, one_claim, two_claims
from support.waiting import NEVER, until

DESCRIBE, LIST = "DescribeFargateProfile", "ListFargateProfiles"


async def test_fault_18_delete_while_creating(world: World, clean: CleanRun) -> None:
    expected = await clean(come_and_gone)
    world.eks.next("create", never_ends=True, **world.target())
    async with Engine(selector=world.selector) as engine:
        await world.claim()
        await world.until(lambda claim: profile_of(claim) and claim["status"]["profile"]["status"] == "CREATING")
        left = await world.delete()
        assert left is not None
        assert left["metadata"]["finalizers"] == ["fargateclaims.dev/profile"]
        waiting = await world.until(lambda claim: stands(claim)[1] == "Deleting")
        assert "then it will be deleted" in condition(waiting)["message"]
        await world.finish()
        await world.until_gone()
        await world.check_same(expected)
        await world.check_class_at_rest(lambda: engine.turns(world.arn))
    assert [call.operation for call in world.calls() if call.changed] == [CREATE, DELETE]
    await world.check_always()


async def test_fault_20_throttling(world: World, clean: CleanRun, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = await clean(edited)
    monkeypatch.setattr(cloud, "TokenBucket", partial(TokenBucket, jitter=lambda: 0.1))
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


async def test_fault_20_throttling_of_one_slows_all_of_its_account(worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a random part of the span, drawn anew each time, no call leaves for the other cluster either."""
    throttled, other = await worlds("throttled"), await worlds("other")
    left = [0.7, 0.99]
    drawn: list[float] = []
    pauses: list[tuple[float, float]] = []

    def draw() -> float:
        drawn.append(left.pop())
        return drawn[-1]

    class Told(TokenBucket):
        """Tells when each pause has begun and when it ends."""

        def throttled(self, grant: Grant) -> None:
            super().throttled(grant)
            begin = time.monotonic()
            pauses.append((begin, begin + self.paused_seconds))

    async def check_pause(number: int) -> None:
        throttled.eks.fault("throttling", service="eks", calls=1, **throttled.target())
        await until(lambda: len(pauses) == number)
        begin, end = pauses[-1]
        # A second failure in a row would be told.
        for world in (throttled, other):
            await world.until_eks(partial(described_since, world, end))
        # What had left before the pause began may arrive after that.
        meanwhile = [call for call in other.eks.calls() if begin <= call.monotonic < end]
        assert len(meanwhile) <= THREADS_PER_ACCOUNT_REGION

    monkeypatch.setattr(cloud, "TokenBucket", partial(Told, jitter=draw))
    async with Engine(selector="world in (throttled, other)", resync_seconds=0.05) as engine:
        for world in (throttled, other):
            await world.claim()
            await world.until_active()
        await check_pause(1)
        await check_pause(2)
        await throttled.check_at_rest(lambda: engine.turns(throttled.arn))
        await other.check_at_rest(lambda: engine.turns(other.arn))
    assert drawn == [0.99, 0.7]
    for world in (throttled, other):
        assert [call.operation for call in world.calls() if call.changed] == [CREATE]
        await world.check_always()


def described_since(world: World, moment: float) -> list[Call]:
    return [call for call in world.calls(DESCRIBE) if call.monotonic >= moment and call.status == 200]


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
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert [call.operation for call in world.calls() if call.changed] == [CREATE]
    await world.check_always()


@pytest.fixture(params=["read time-out", "abandoned"])
def impatient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, eks: SimulatedEKS) -> None:
    """Of the two limits of a call, one is short: botocore's for an answer, or ours for the whole call."""
    if request.param == "read time-out":
        monkeypatch.setattr(sessions, "_CLIENT_CONFIG", sessions._CLIENT_CONFIG.merge(Config(read_timeout=1)))
    else:
        monkeypatch.setattr(calls, "MUTATION_LIMIT", 1.0)


@pytest.mark.usefixtures("impatient")
async def test_fault_22_create_done_but_timed_out(world: World, clean: CleanRun) -> None:
    expected = await clean(one_claim)
    fault = world.eks.fault("hang", when="after", seconds=NEVER, operation=CREATE, calls=1, **world.target())
    world.eks.behave(describe_lag=NEVER, list_lag=NEVER, **world.target())
    async with Engine(selector=world.selector, settle=timedelta(seconds=NEVER)) as engine:
        await world.claim()
        await world.until_eks(lambda: len(reads_after_create(world)) >= 10)
        # It is known neither that it was made nor that it was not, and nothing is sent before it is.
        await world.until(lambda claim: stands(claim) == ("Unknown", "Creating"))
        world.eks.behave(describe_lag=0, list_lag=0, **world.target())
        await world.until_active()
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert not [one for one in world.eks.faults() if one["id"] == fault], "no call has hung"
    assert world.begun(CREATE) == len(world.calls(CREATE)) == 1
    await world.check_always()


def reads_after_create(world: World) -> list[Call]:
    """The worker's looks since its call: it makes none while the call is open."""
    calls = world.calls()
    made = next((number for number, call in enumerate(calls) if call.operation == CREATE), len(calls))
    return [call for call in calls[made + 1 :] if call.operation in {DESCRIBE, LIST}]


@pytest.mark.usefixtures("impatient")
async def test_fault_22_delete_done_but_timed_out(world: World, clean: CleanRun) -> None:
    expected = await clean(come_and_gone)
    fault = world.eks.fault("hang", when="after", seconds=NEVER, operation=DELETE, calls=1, **world.target())
    async with Engine(selector=world.selector) as engine:
        await come_and_gone(world, engine)
        await world.check_same(expected)
        await world.check_class_at_rest(lambda: engine.turns(world.arn))
    assert not [one for one in world.eks.faults() if one["id"] == fault], "no call has hung"
    assert world.begun(DELETE) == len(world.calls(DELETE)) == 1
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
        await world.check_class_at_rest(lambda: engine.turns(world.arn))
    assert world.begun(DELETE) == len(world.calls(DELETE)) == 1
    await world.check_always()


async def test_fault_22_create_lost_on_its_way(world: World, clean: CleanRun) -> None:
    """The other half of not knowing: nothing was made, and it is made once after the settling time."""
    expected = await clean(one_claim)
    world.eks.fault("disconnect", when="before", operation=CREATE, calls=1, **world.target())
    async with Engine(selector=world.selector) as engine:
        await one_claim(world, engine)
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert (world.begun(CREATE), len(world.calls(CREATE))) == (1, 2)
    await world.check_always()


async def test_fault_23_create_then_describe_not_found(world: World, clean: CleanRun) -> None:
    expected = await clean(one_claim)
    world.eks.behave(describe_lag=NEVER, list_lag=NEVER, **world.target())
    async with Engine(selector=world.selector, settle=timedelta(seconds=NEVER)) as engine:
        await world.claim()
        await world.until_eks(lambda: [call for call in world.calls(DESCRIBE) if call.error == "ResourceNotFoundException"][10:])
        await world.until(lambda claim: stands(claim)[1] == "Creating" and profile_of(claim))
        world.eks.behave(describe_lag=0, list_lag=0, **world.target())
        await world.until_active()
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert len(world.calls(CREATE)) == 1
    await world.check_always()


async def test_fault_24_sibling_busy(world: World, clean: CleanRun) -> None:
    """Somebody else begins a create that EKS's list does not show yet."""
    expected = await clean(one_claim)
    world.eks.behave(list_lag=NEVER, **world.target())
    world.eks.foreign_create(world.name, "by-terraform", never_ends=True)
    async with Engine(selector=world.selector) as engine:
        await world.claim()
        # In between, it tries again.
        queued = await world.until(lambda claim: claim["status"].get("operation", {}).get("blockedBy"))
        assert stands(queued) == ("Unknown", "Queued")
        assert "by-terraform" in condition(queued)["message"]
        assert queued["status"]["operation"]["state"] == "Queued"
        assert queued["status"]["operation"]["blockedBy"] == {"profileName": "by-terraform", "status": "CREATING", "origin": "Foreign"}
        assert "failedAttempts" not in queued["status"]
        await world.finish()
        await world.until_active()
        expected["profiles"]["by-terraform"] = (await world.picture())["profiles"]["by-terraform"]
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert world.begun(CREATE) == 1
    assert "by-terraform" in world.profiles()
    await world.check_always(refused=None)
    assert world.eks.verdict(world.name).refused >= 1


async def test_fault_24_sibling_busy_for_another_claim(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The profile that EKS names, and whose create an earlier leader began unseen, is another claim's: that claim is named, too."""
    monkeypatch.setattr(reporter, "POSITION_WRITE_INTERVAL", 0.2)
    mine = Identity("fargateclaims", world.name, "first")
    selectors = [{"namespace": world.name, "labels": {"app": "first"}}]
    seeded = world.seeded
    made = {"selectors": selectors, "subnets": seeded.private_subnets, "role": seeded.pod_execution_role_arn, "tags": mine.tags(world.name)}
    world.eks.behave(list_lag=NEVER, **world.target())
    async with Engine(selector=world.selector) as engine:
        world.eks.foreign_create(world.name, "begun-before", never_ends=True, **made)
        await world.claim("second")
        await world.until(lambda claim: "begun-before" in condition(claim)["message"], "second")
        (await world.api.create(world.path(), paused(world.manifest("first", "first")))).ok()
        await world.until(lambda claim: stands(claim, "Paused")[0] == "True", "first")
        world.eks.behave(list_lag=0, **world.target())
        owned = {
            "profileName": "begun-before",
            "status": "CREATING",
            "origin": "Claim",
            "claimRef": {"namespace": world.name, "name": "first"},
        }
        queued = await world.until(lambda claim: claim["status"]["operation"].get("blockedBy") == owned, "second")
        assert stands(queued) == ("Unknown", "Queued")
        assert queued["status"]["operation"]["state"] == "Queued"
        assert "failedAttempts" not in queued["status"]
        assert not condition(queued, "Stalled")
        await world.annotate("first", paused=None)
        await world.finish()
        await world.until_active("first", "second")
        await world.check_at_rest(lambda: engine.turns(world.arn), ["first", "second"])
    assert world.eks.verdict(world.name).refused >= 1
    assert world.begun(CREATE) == 1
    assert profile_of(await world.read("first")) == "begun-before"
    await world.check_always(refused=None)


def paused(manifest: dict[str, Any]) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": {"fargateclaims.dev/paused": "true"}}}


MISCONFIGURED = {
    "code": "InvalidParameterException",
    "message": "Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal",
    "operation": CREATE,
}


async def test_fault_25_trust_policy_not_propagated(world: World, clean: CleanRun) -> None:
    expected = await clean(one_claim)
    fault = world.eks.fault("error", **MISCONFIGURED, **world.target())
    async with Engine(selector=world.selector) as engine:
        await world.claim()
        waiting = await world.until(lambda claim: stands(claim)[1] == "Propagating")
        assert stands(waiting)[0] == "Unknown"
        assert not condition(waiting, "Stalled")
        await world.until_eks(lambda: len(world.calls(CREATE)) >= 3)
        world.eks.clear_faults(fault)
        await world.until_active()
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert world.begun(CREATE) == 1
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
    world.eks.next("delete", never_ends=True, **world.target())
    async with Engine(selector=world.selector) as engine:
        await world.claim("first")
        failed = await world.until(lambda claim: claim["status"].get("failedAttempts") == 1, "first")
        assert "PodExecutionRoleAlreadyInUse: the role is in use elsewhere" in condition(failed, "Synced")["message"]
        await world.claim("second")
        await world.finish()
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
        issue = {"code": "InternalFailure", "message": "try again"}
        world.eks.next("delete", issue=issue, **world.target())
        world.eks.next("delete", never_ends=True, issue=issue, **world.target())
        await world.delete()
        failed = await world.until(lambda claim: claim["status"].get("failedAttempts") == 1)
        assert failed["metadata"]["finalizers"]
        assert "InternalFailure: try again" in condition(failed, "Synced")["message"]
        await world.finish()
        await world.until_gone()
        await world.check_same(expected)
        await world.check_class_at_rest(lambda: engine.turns(world.arn))
    assert (world.begun(CREATE), world.begun(DELETE)) == (1, 3)
    await world.check_always()


async def test_fault_26_delete_fails_every_time(world: World) -> None:
    """The attempts are bounded; the claim says so and stays; its sibling has the slot; who asks for a retry gets one."""
    async with Engine(selector=world.selector, max_attempts=2, slow_recheck=timedelta(hours=1)) as engine:
        await world.claim("bad")
        await world.until_active("bad")
        world.eks.next("delete", count=2, issue={"code": "InternalFailure", "message": "try again"}, **world.target())
        await world.delete("bad")
        stalled = await world.until(lambda claim: stands(claim) == ("False", "DeleteFailed"), "bad")
        assert stands(stalled, "Stalled") == ("True", "DeleteFailed")
        assert "InternalFailure: try again" in condition(stalled, "Stalled")["message"]
        assert not condition(stalled, "Reconciling")
        assert stalled["status"]["failedAttempts"] == 2
        assert stalled["metadata"]["finalizers"]
        await world.claim("good")
        await world.until_active("good")
        await world.check_at_rest(lambda: engine.turns(world.arn), ["bad", "good"])
        assert (world.begun(CREATE), world.begun(DELETE)) == (2, 2)
        await world.annotate("bad", retry="now")
        await world.until_gone("bad")
        await world.check_at_rest(lambda: engine.turns(world.arn), ["good"])
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 3)
    await world.check_always()


async def test_fault_28_profile_deleted_out_of_band(world: World, clean: CleanRun) -> None:
    expected = await clean(one_claim)
    async with Engine(selector=world.selector, resync_seconds=0.4) as engine:
        await one_claim(world, engine)
        (name,) = world.profiles()
        world.eks.next("create", never_ends=True, **world.target())
        world.eks.foreign_delete(world.name, name)
        await world.until_eks(lambda: world.begun(CREATE) == 2)
        await world.until(lambda claim: not settled(claim))
        await world.finish()
        await world.until_active()
        await world.check_same(expected)
        await world.check_at_rest(lambda: engine.turns(world.arn))
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
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert [call.operation for call in world.calls() if call.changed] == [CREATE]
    await world.check_always()


async def test_fault_30_profile_of_somebody_else(world: World) -> None:
    world.place({"name": "shared", "tags": {"managed-by": "terraform"}})
    before = world.profiles()
    async with Engine(selector=world.selector) as engine:
        await world.claim(profileName="shared")
        refused = await world.until(lambda claim: stands(claim) == ("False", "Conflict"))
        assert "shared" in condition(refused)["message"]
        await world.claim("other")
        await world.until_active("other")
        await world.check_at_rest(lambda: engine.turns(world.arn), ["web", "other"])
        await world.delete()
        await world.until_gone()
        await world.delete("other")
        await world.until_gone("other")
        await world.check_class_at_rest(lambda: engine.turns(world.arn))
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


async def test_fault_31_hidden_cluster_update_refuses_deletes(world: World, clean: CleanRun) -> None:
    """It begins when a profile has become ACTIVE, so a delete is what mostly meets it."""
    expected = await clean(come_and_gone)
    async with Engine(selector=world.selector) as engine:
        await one_claim(world, engine)
        world.eks.behave(hidden_update_seconds=900, **world.target())
        await world.delete()
        updating = await world.until(lambda claim: stands(claim)[1] == "ClusterUpdating")
        assert stands(updating)[0] == "Unknown"
        await world.until_eks(lambda: world.eks.verdict(world.name).refused_for_update >= 5)
        still = await world.read()
        assert stands(still) == ("Unknown", "ClusterUpdating")
        assert still is not None
        assert still["metadata"]["finalizers"]
        assert "failedAttempts" not in still["status"]
        assert not condition(still, "Stalled")
        world.eks.behave(hidden_update_seconds=0, **world.target())
        refused = world.eks.verdict(world.name).refused_for_update
        await world.until_gone()
        await world.check_same(expected)
        await world.check_class_at_rest(lambda: engine.turns(world.arn))
    # The first call after the end is taken: its wait is one backoff, which is capped.
    assert world.eks.verdict(world.name).refused_for_update == refused
    assert all(call.operation == DELETE for call in world.calls() if call.refused_for_update)
    assert (world.begun(CREATE), world.begun(DELETE)) == (1, 1)
    await world.check_always()
