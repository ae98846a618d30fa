"""The faults that decisions alone must survive, each in a world without I/O where hours take milliseconds."""

import math
from datetime import timedelta
from typing import Any

import pytest

from fargateclaims.api.claim_status import BlockerOrigin
from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.group import CLASS_FINALIZER
from fargateclaims.domain.assessment import Step
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.identity import owner
from fargateclaims.simulator.eks.errors import EKSError
from fargateclaims.simulator.eks.lifecycle import FargateControlPlane
from fargateclaims.simulator.eks.model import HealthIssue, Operation, Outcome
from support.builders import OTHER_ROLE, ROLE, RULES, SUBNETS, condition, ready
from support.pure_operator import Operator, come_to_rest, run
from support.pure_world import Fault, World

WEB = [{"labels": {"app": "web"}}]
API = [{"labels": {"app": "api"}}]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def operator(world: World) -> Operator:
    return Operator(world)


def reason(world: World, name: str = "a", namespace: str = "shop") -> str:
    return ready(world.claims[namespace, name].status)[1]


def said(world: World, name: str = "a", kind: ConditionType = ConditionType.READY) -> str:
    found = condition(world.claims["shop", name].status, kind)
    assert found is not None
    return found.message


def sent(world: World, *steps: Step) -> list[str]:
    return [call.profile for call in world.calls if call.step in (steps or tuple(Step)) and call.failure is None]


def end_state(world: World) -> object:
    """What must be the same with and without a fault: times, ARNs and numbers of versions aside."""
    profiles = {
        name: (profile.state, profile.selectors, profile.pod_execution_role_arn, dict(profile.tags))
        for name, profile in world.profiles().items()
    }
    claims = {
        key: (ready(claim.status), claim.status.profile and claim.status.profile.name, claim.status.operation, claim.metadata.finalizers)
        for key, claim in world.claims.items()
    }
    return profiles, claims


def create_replace_delete(world: World, operator: Operator) -> Operator:
    """The life of a few claims, with moments at which they change."""
    world.apply("a")
    world.apply("b", "data", selectors=WEB, tags={"team": "blue"})
    operator = run(operator, 300)
    world.apply("a", selectors=API)
    operator = run(operator, 20)
    world.delete("b", "data")
    operator = run(operator, 600)
    world.apply("c", profileName="fixed")
    operator = run(operator, 200)
    world.apply("c", profileName="fixed", selectors=WEB)
    return come_to_rest(operator)


def test_fault_03_a_crash_at_any_write_ends_as_if_there_had_been_none() -> None:
    clean = World()
    create_replace_delete(clean, Operator(clean))
    assert clean.steps > 40
    for moment in range(1, clean.steps + 1):
        world = World(crash_at=moment)
        create_replace_delete(world, Operator(world))
        assert world.crash_at is None, "the crash was there"
        assert end_state(world) == end_state(clean), f"after a crash at step {moment}"
        assert sent(world, Step.CREATE) == sent(clean, Step.CREATE), f"after a crash at step {moment}"
        assert not world.refused_as_busy


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.NEVER_ARRIVES, Fault.THROTTLED])
def test_fault_22_a_call_that_fails_at_any_point_ends_as_if_it_had_not(fault: Fault) -> None:
    clean = World()
    create_replace_delete(clean, Operator(clean))
    for call in range(len(clean.calls)):
        world = World()
        operator = Operator(world)
        world.watchers.append(lambda *_, world=world, call=call: world.faults.append(fault) if len(world.calls) == call else None)
        create_replace_delete(world, operator)
        assert [made.failure is not None for made in world.calls].count(True) == 1
        assert end_state(world) == end_state(clean)
        assert not world.refused_as_busy


def test_fault_11_an_edit_that_was_taken_back_in_time_costs_nothing(world: World, operator: Operator) -> None:
    world.apply("a")
    operator = come_to_rest(operator)
    world.apply("a", selectors=WEB)
    world.apply("a")
    come_to_rest(operator)
    assert len(world.calls) == 1
    assert world.claims["shop", "a"].status.observed_generation == 3


def test_fault_18_a_delete_while_creating_waits_and_then_deletes(world: World, operator: Operator) -> None:
    world.apply("a")
    operator = run(operator, 40)
    world.delete("a")
    operator = run(operator, 10)
    assert reason(world) == "Deleting"
    assert "then it will be deleted" in said(world)
    come_to_rest(operator)
    assert [call.step for call in world.calls] == [Step.CREATE, Step.DELETE]
    assert world.claims == {}
    assert world.profiles() == {}


def test_fault_25_a_trust_policy_is_waited_for_through_the_iam_window_and_then_only_now_and_then(world: World, operator: Operator) -> None:
    world.apply("a")
    world.apply("b", selectors=WEB)
    world.watchers.append(lambda _, claim: world.faults.append(Fault.TRUST) if claim.metadata.name == "a" else None)
    operator = run(operator, 100)
    assert reason(world) == "Propagating"
    assert "may not have reached EKS yet" in said(world, kind=ConditionType.SYNCED)
    operator = run(operator, 300)
    assert reason(world) == "Invalid"
    assert condition(world.claims["shop", "a"].status, ConditionType.STALLED) is not None
    assert reason(world, "b") == "Active"
    tried = len(world.calls)
    operator = run(operator, 3600)
    assert tried + 3 <= len(world.calls) <= tried + 7
    world.watchers.clear()
    run(operator, 1300)
    assert reason(world) == "Active"


def test_fault_26_create_failed_is_shown_retried_a_few_times_and_holds_up_nobody(world: World, operator: Operator) -> None:
    issue = HealthIssue("AccessDenied", "the role may not pull images")
    for _ in range(RULES.max_attempts):
        world.plane.script(Operation.CREATE, Outcome(10, issue))
    world.apply("a")
    operator = run(operator, 45)
    assert "attempt 1 of 3" in said(world, kind=ConditionType.SYNCED)
    assert "AccessDenied: the role may not pull images" in said(world, kind=ConditionType.SYNCED)
    operator = come_to_rest(operator)
    assert reason(world) == "CreateFailed"
    assert "the role may not pull images" in said(world)
    assert world.claims["shop", "a"].status.failed_attempts == RULES.max_attempts
    assert world.profiles() == {}, "what failed is cleared away"
    assert len(sent(world, Step.CREATE)) == RULES.max_attempts
    world.apply("b")
    operator = come_to_rest(operator)
    assert (reason(world), reason(world, "b")) == ("CreateFailed", "Active")
    operator = come_to_rest(Operator(world))
    assert len(sent(world, Step.CREATE)) == RULES.max_attempts + 1, "a restart is no reason to try again"
    world.annotate("a", retry="1")
    come_to_rest(operator)
    assert reason(world) == "Active"
    assert world.claims["shop", "a"].status.failed_attempts is None


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.NEVER_ARRIVES, Fault.THROTTLED])
@pytest.mark.parametrize("calls", [{1}, {2}, {4}, {5}, {1, 2, 4, 5}, {4, 5, 6, 7}], ids=str)
def test_fault_26_a_call_that_fails_in_between_takes_nothing_from_the_count(
    world: World, operator: Operator, monkeypatch: pytest.MonkeyPatch, fault: Fault, calls: set[int]
) -> None:
    for _ in range(3 * RULES.max_attempts):
        world.plane.script(Operation.CREATE, Outcome(10, HealthIssue("AccessDenied", "no")))
    made: list[object] = []
    create = world.plane.create

    def counted(name: str, **wanted: Any) -> object:
        made.append(name)
        return create(name, **wanted)

    monkeypatch.setattr(world.plane, "create", counted)
    world.watchers.append(lambda *_: world.faults.append(fault) if len(world.calls) in calls else None)
    world.apply("a")
    operator = come_to_rest(operator)
    assert reason(world) == "CreateFailed"
    assert "3 attempts failed" in said(world, kind=ConditionType.SYNCED)
    assert world.claims["shop", "a"].status.failed_attempts == RULES.max_attempts
    assert len(made) == RULES.max_attempts
    assert world.profiles() == {}, "what failed is cleared away"


@pytest.mark.parametrize("change", ["edit", "class"])
def test_fault_26_an_edit_or_a_change_of_the_class_tries_again(world: World, operator: Operator, change: str) -> None:
    for _ in range(RULES.max_attempts):
        world.plane.script(Operation.CREATE, Outcome(10, HealthIssue()))
    world.apply("a")
    operator = come_to_rest(operator)
    assert reason(world) == "CreateFailed"
    if change == "edit":
        world.apply("a", selectors=WEB)
    else:
        world.apply_class(podExecutionRoleARN=OTHER_ROLE)
    come_to_rest(operator)
    assert reason(world) == "Active"


def test_fault_26_delete_failed_keeps_the_finalizer_and_is_tried_again(world: World, operator: Operator) -> None:
    world.apply("a")
    world.apply("b", selectors=WEB)
    operator = come_to_rest(operator)
    for _ in range(RULES.max_attempts):
        world.plane.script(Operation.DELETE, Outcome(10, HealthIssue("InternalFailure", "stuck network interface")))
    world.delete("a")
    operator = run(operator, 200)
    assert reason(world) == "DeleteFailed"
    assert "stuck network interface" in said(world)
    assert len(sent(world, Step.DELETE)) == RULES.max_attempts
    world.apply("b", selectors=API)
    operator = run(operator, 300)
    assert reason(world, "b") == "Active"
    run(operator, 700)
    assert ("shop", "a") not in world.claims


@pytest.mark.parametrize("operation", list(Operation))
def test_fault_27_what_never_ends_is_told_after_the_deadline(world: World, operator: Operator, operation: Operation) -> None:
    world.apply("a")
    if operation is Operation.DELETE:
        operator = come_to_rest(operator)
        world.delete("a")
    world.plane.script(operation, Outcome(math.inf))
    operator = run(operator, 60)
    world.apply("b", selectors=WEB)
    operator = run(operator, RULES.operation_deadline.total_seconds() + 60)
    assert reason(world) == "TimedOut"
    assert reason(world, "b") == "SlotBlocked"
    assert "(claim shop/a)" in said(world, "b")
    assert condition(world.claims["shop", "a"].status, ConditionType.STALLED) is not None
    blocked = [found for found in world.classes["standard"].status.conditions if found.type == ConditionType.SLOT_BLOCKED]
    assert [found.reason for found in blocked] == ["SlotBlocked"]
    calls = len(world.calls)
    operator = run(operator, 3600)
    assert len(world.calls) == calls
    world.plane.finish()
    come_to_rest(operator)
    assert reason(world, "b") == "Active"


def test_fault_28_a_profile_deleted_by_someone_is_made_again_once(world: World, operator: Operator) -> None:
    world.apply("a")
    operator = come_to_rest(operator)
    world.plane.delete(sent(world)[0])
    operator = run(operator, 700)
    come_to_rest(operator)
    assert reason(world) == "Active"
    assert len(sent(world, Step.CREATE)) == 2


def test_fault_30_what_somebody_else_owns_is_left_alone(world: World, operator: Operator) -> None:
    world.plane.place("fixed", pod_execution_role_arn=ROLE, selectors=[{"namespace": "shop"}], subnets=SUBNETS, tags={"by": "terraform"})
    world.apply("a", profileName="fixed")
    operator = come_to_rest(operator)
    assert reason(world) == "Conflict"
    world.delete("a")
    come_to_rest(operator)
    assert world.claims == {}
    assert list(world.profiles()) == ["fixed"]
    assert world.calls == []


@pytest.mark.parametrize("hours", [1, -1])
def test_fault_33_a_clock_that_jumps_neither_storms_nor_sticks(world: World, operator: Operator, hours: int) -> None:
    world.apply("a")
    world.apply("b", selectors=WEB)
    world.watchers.append(lambda _, claim: world.faults.append(Fault.INVALID) if claim.metadata.name == "a" else None)
    operator = run(operator, 100)
    tried = len(world.calls)
    world.skew = timedelta(hours=hours)
    operator = run(operator, 900)
    assert tried < len(world.calls) <= tried + 4, "a jump costs one early attempt at most"
    world.watchers.clear()
    world.apply("b", selectors=API)
    world.skew = -world.skew
    run(operator, 2000)
    assert (reason(world), reason(world, "b")) == ("Active", "Active")


def test_fault_36_without_any_status_the_same_profiles_stay(world: World, operator: Operator) -> None:
    world.apply("a", tags={"team": "blue"})
    world.apply("b", selectors=WEB)
    operator = come_to_rest(operator)
    before, calls = world.profiles(), len(world.calls)
    world.wipe_status()
    operator = come_to_rest(operator)
    world.wipe_status()
    come_to_rest(Operator(world))
    assert world.profiles() == before
    assert len(world.calls) == calls
    assert {reason(world), reason(world, "b")} == {"Active"}


def test_fault_37_a_full_quota_keeps_what_works_probes_once_and_goes_on_after_a_raise(world: World, operator: Operator) -> None:
    world.plane.quotas.profiles = 2
    world.apply("a")
    world.apply("b", selectors=WEB)
    operator = come_to_rest(operator)
    world.apply("c", selectors=API)
    world.apply("d", "data")
    world.apply("a", selectors=[{"labels": {"new": "1"}}])
    operator = run(operator, 400)
    refused = [call for call in world.calls if call.failure is not None]
    assert len(refused) == 1, "one probe tells for all"
    assert {reason(world, "c"), reason(world, "d", "data"), reason(world, "a")} == {"QuotaExceeded", "WaitingForQuota"}
    assert ready(world.claims["shop", "a"].status) == ("Unknown", "WaitingForQuota")
    assert condition(world.claims["shop", "a"].status, ConditionType.AVAILABLE).status == "True"  # type: ignore[union-attr]
    assert condition(world.claims["shop", "c"].status, ConditionType.ACCEPTED).status == "True"  # type: ignore[union-attr]
    world.plane.quotas.profiles = 10
    operator = run(operator, 610)
    come_to_rest(operator)
    assert {reason(world, name) for name in "abc"} == {"Active"}


def test_fault_37_a_place_that_comes_free_is_used_at_once(world: World, operator: Operator) -> None:
    world.plane.quotas.profiles = 2
    for name, selectors in (("a", WEB), ("b", API), ("c", [{}])):
        world.apply(name, selectors=selectors)
    operator = run(operator, 300)
    assert reason(world, "c") == "QuotaExceeded"
    world.delete("a")
    operator = run(operator, 5)
    assert reason(world, "c") == "Queued"
    run(operator, 160)
    assert reason(world, "c") == "Active"
    assert len([call for call in world.calls if call.failure is not None]) == 1


def test_fault_38_a_foreign_profile_that_is_stuck_costs_no_attempts(world: World, operator: Operator) -> None:
    world.plane.script(Operation.CREATE, Outcome(math.inf))
    world.plane.create("terraform", pod_execution_role_arn=ROLE, selectors=[{"namespace": "x"}])
    world.apply("a")
    world.apply("b", selectors=WEB)
    operator = run(operator, 60)
    assert reason(world) == "Queued"
    assert "profile terraform (not made by a claim) is CREATING since 14:00:00Z" in said(world)
    operation = world.claims["shop", "a"].status.operation
    assert operation is not None
    assert operation.blocked_by is not None
    assert operation.blocked_by.origin is BlockerOrigin.FOREIGN
    operator = run(operator, 3600)
    assert {reason(world), reason(world, "b")} == {"SlotBlocked"}
    assert world.calls == []
    world.plane.finish()
    come_to_rest(operator)
    assert {reason(world), reason(world, "b")} == {"Active"}


def test_fault_31_a_hidden_update_is_waited_for_as_long_as_it_takes(world: World, operator: Operator) -> None:
    world.plane.hidden_update_until = 15 * 60
    world.apply("a")
    world.apply("b", selectors=WEB)
    operator = run(operator, 14 * 60)
    assert {reason(world), reason(world, "b")} == {"ClusterUpdating"}
    assert "an update in progress" in said(world)
    assert world.claims["shop", "a"].status.failed_attempts is None
    assert len(world.calls) < 40
    run(operator, 60 + 31 + 60)
    assert reason(world) == "Active"


def test_fault_40_class_and_claims_deleted_in_one_go(world: World, operator: Operator) -> None:
    world.apply("a")
    world.apply("b", selectors=WEB)
    operator = come_to_rest(operator)
    assert world.classes["standard"].metadata.finalizers == (CLASS_FINALIZER,)
    world.delete_class()
    world.delete("a")
    world.delete("b")
    operator = run(operator, 10)
    assert "standard" in world.classes, "the class goes last"
    found = {found.type: found for found in world.classes["standard"].status.conditions}
    assert found[ConditionType.READY].reason == "InUse"
    assert "shop/a, shop/b" in found[ConditionType.READY].message
    come_to_rest(operator)
    assert (world.claims, world.classes, world.profiles()) == ({}, {}, {})


def test_fault_41_claims_whose_names_look_alike_get_profiles_of_their_own(world: World, operator: Operator) -> None:
    world.namespaces |= dict.fromkeys(("a", "a-b"), world.namespaces["shop"])
    alike = [("c", "a-b"), ("b-c", "a"), ("x.y", "a"), ("x-y", "a")]
    for name, namespace in alike:
        world.apply(name, namespace)
    come_to_rest(operator)
    assert {reason(world, name, namespace) for name, namespace in alike} == {"Active"}
    assert len({owner(profile.tags) for profile in world.profiles().values()}) == len(alike)


def test_fault_42_a_rebuilt_management_cluster_finds_its_profiles_again(world: World, operator: Operator) -> None:
    specs: dict[str, dict[str, Any]] = {
        "a": {"tags": {"team": "blue"}},
        "b": {"selectors": WEB},
        "c": {"profileName": "fixed", "selectors": API},
    }
    for name, spec in specs.items():
        world.apply(name, **spec)
    come_to_rest(operator)
    plane: FargateControlPlane = world.plane
    rebuilt = World(seconds=world.seconds)
    rebuilt.plane = plane
    plane._clock = lambda: rebuilt.seconds
    before = rebuilt.profiles()
    operator = run(Operator(rebuilt), 700)
    assert rebuilt.profiles() == before, "nothing goes because its claim is not there"
    for name, spec in specs.items():
        rebuilt.apply(name, **spec)
    come_to_rest(operator)
    assert rebuilt.calls == []
    assert rebuilt.profiles() == before
    assert {reason(rebuilt, name) for name in specs} == {"Active"}


def test_fault_43_one_that_is_always_refused_holds_up_none_of_ten(world: World, operator: Operator) -> None:
    world.plane.quotas.profiles = 20
    world.apply("bad")
    world.watchers.append(lambda _, claim: world.faults.append(Fault.INVALID) if claim.metadata.name == "bad" else None)
    for number in range(10):
        world.apply(f"good-{number}", selectors=[{"labels": {"app": str(number)}}])
    run(operator, 30 + 10 * 60 + 5)
    assert {reason(world, f"good-{number}") for number in range(10)} == {"Active"}
    assert reason(world, "bad") == "Invalid"


@pytest.mark.parametrize("words", ["Limit exceeded.", "A Fargate profile may have at most 5 selectors."])
def test_fault_43_too_many_selectors_block_no_cluster(
    world: World, operator: Operator, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    create = world.plane.create

    def create_or_refuse(name: str, **wanted: Any) -> object:
        if len(wanted["selectors"]) > 5:
            raise EKSError("ResourceLimitExceededException", words)
        return create(name, **wanted)

    monkeypatch.setattr(world.plane, "create", create_or_refuse)
    world.apply("bad", selectors=[{"labels": {"app": str(number)}} for number in range(6)])
    world.apply("first")
    world.apply("second", selectors=WEB)
    operator = run(operator, 30 + 2 * 60 + 5)
    assert {reason(world, "first"), reason(world, "second")} == {"Active"}
    assert reason(world, "bad") == "Invalid"
    assert words.rstrip(".") in said(world, "bad")
    world.apply("third", selectors=API)
    run(operator, 70)
    assert reason(world, "third") == "Active"


def test_fault_37_who_was_refused_for_the_quota_is_not_the_next_to_ask(world: World, operator: Operator) -> None:
    world.plane.quotas.profiles = 1
    for name, selectors in (("a", WEB), ("b", API), ("c", [{}])):
        world.apply(name, selectors=selectors)
    run(operator, 30 + 60 + 3 * RULES.quota_memory.total_seconds())
    refused = [call.claim[1] for call in world.calls if call.failure is not None]
    assert refused[:3] == ["b", "c", "b"]


def test_fault_21_an_outage_changes_no_claim_that_works(world: World, operator: Operator) -> None:
    world.apply("a")
    operator = come_to_rest(operator)
    world.outage = Failure(FailureClass.UNAVAILABLE, "ServerException", "internal error", "ListFargateProfiles")
    operator = run(operator, 700)
    assert ready(world.claims["shop", "a"].status) == ("True", "Unavailable")
    synced = condition(world.claims["shop", "a"].status, ConditionType.SYNCED)
    assert synced is not None
    assert (synced.status, synced.reason) == ("Unknown", "Unavailable")
    writes = world.writes
    operator = run(operator, 3600)
    assert world.writes == writes
    world.outage = None
    run(operator, 100)
    assert ready(world.claims["shop", "a"].status) == ("True", "Active")


def test_who_edits_all_the_time_starves_nobody(world: World, operator: Operator) -> None:
    world.apply("a")
    operator = come_to_rest(operator)
    world.apply("a", selectors=[{"labels": {"edit": "0"}}])
    for name in ("x", "y", "z"):
        world.apply(name, "data")
    for edit in range(1, 12):
        operator = run(operator, 55)
        world.apply("a", selectors=[{"labels": {"edit": str(edit)}}])
    assert {reason(world, name, "data") for name in ("x", "y", "z")} == {"Active"}


def test_a_class_that_is_rolled_out_goes_one_by_one_and_stops_at_a_failure(world: World, operator: Operator) -> None:
    for name in ("a", "b", "c"):
        world.apply(name, selectors=[{"labels": {"app": name}}])
    operator = come_to_rest(operator)
    for _ in range(RULES.max_attempts):
        world.plane.script(Operation.CREATE, Outcome(10, HealthIssue()))
    world.apply_class(rollout="Automatic", podExecutionRoleARN=OTHER_ROLE)
    operator = come_to_rest(operator)
    assert sorted(reason(world, name) for name in "abc") == ["CreateFailed", "Queued", "Queued"]
    assert {profile.pod_execution_role_arn for profile in world.profiles().values()} == {ROLE}
    stopped = next(name for name in "abc" if reason(world, name) == "CreateFailed")
    waiting = next(name for name in "abc" if reason(world, name) == "Queued")
    assert "stopped at a claim that fails" in said(world, waiting)
    world.annotate(stopped, retry="1")
    most = 0
    for _ in range(80):
        operator = run(operator, 10)
        most = max(most, len(world.profiles()))
    assert most == 4, "one more than there are claims"
    assert {profile.pod_execution_role_arn for profile in world.profiles().values()} == {OTHER_ROLE}
    assert {reason(world, name) for name in "abc"} == {"Active"}


def test_an_api_server_that_is_stale_by_one_edit_gets_no_call(world: World, operator: Operator) -> None:
    world.apply("a")
    operator = run(operator, 29)
    world.seconds = 30
    operator.meanwhile = lambda: world.apply("a", selectors=WEB)
    operator.reconcile()
    assert world.calls == [], "the report was refused: no call"
    come_to_rest(operator)
    (profile,) = world.profiles().values()
    assert dict(profile.selectors[0].labels) == {"app": "web"}


def test_retain_leaves_the_profile_without_the_tags_of_the_operator(world: World, operator: Operator) -> None:
    world.apply("a")
    operator = come_to_rest(operator)
    world.apply_class(reclaimPolicy="Retain")
    world.delete("a")
    come_to_rest(operator)
    (profile,) = world.profiles().values()
    assert (owner(profile.tags), world.claims) == (None, {})
    assert not sent(world, Step.DELETE)
