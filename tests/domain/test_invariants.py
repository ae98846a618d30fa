"""Whatever users, other tools, EKS and crashes do, the invariants of the design hold, and all comes to rest."""

import math
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fargateclaims.api.claim import ExistingProfilePolicy, FargateProfileClaim, ReplacementPolicy
from fargateclaims.api.claim_status import OperationState
from fargateclaims.api.fargateclass import ReclaimPolicy
from fargateclaims.api.group import FINALIZER, PAUSED
from fargateclaims.domain.assessment import Step, Work
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.identity import Identity, owner
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.domain.selectors import same_selectors, wanted_selectors
from fargateclaims.simulator.eks.errors import EKSError
from fargateclaims.simulator.eks.model import HealthIssue, Operation, Outcome
from support.builders import CLASS_FACTS, INSTALLATION, OTHER_ROLE, ROLE, SUBNETS, bad_role, bad_subnets, condition
from support.pure_operator import Operator, come_to_rest, run
from support.pure_world import Fault, Key, World

CLAIMS = st.sampled_from([("shop", "a"), ("shop", "b"), ("data", "a"), ("data", "c")])
SELECTORS = st.sampled_from([[{}], [{"labels": {"app": "x"}}], [{"namespace": "legacy-*"}, {}]])
FIXED_NAME = "fixed"
NAMES = st.sampled_from([None, None, None, FIXED_NAME])
FOREIGN_NAMES = st.sampled_from(["terraform", FIXED_NAME])
OUTAGES = st.sampled_from(
    [
        None,
        Failure(FailureClass.UNAVAILABLE, "ServerException", "internal error", "ListFargateProfiles"),
        Failure(FailureClass.THROTTLED, "ThrottlingException", "Rate exceeded", "ListFargateProfiles"),
        Failure(FailureClass.UNAUTHORIZED, "AccessDeniedException", "not authorized", "ListFargateProfiles"),
    ]
)


class Reconciliation(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.operator = Operator(self.world)
        self.had_active: set[str] = set()
        self.foreign_moves = False
        self.wiped = False
        self.foreign: set[str] = set()
        self.world.watchers.append(self.before_a_call)

    # What users do.

    @initialize(settled=st.booleans())
    def two_claims_are_there(self, *, settled: bool) -> None:
        self.world.apply("a", "shop")
        self.world.apply("b", "shop", selectors=[{"labels": {"app": "x"}}])
        if settled:
            self.operator = come_to_rest(self.operator)

    @rule(key=CLAIMS, selectors=SELECTORS)
    def someone_edits(self, key: Key, selectors: Any) -> None:
        if key in self.world.claims:
            self.world.apply(key[1], key[0], **{**self.world.claims[key].spec.to_dict(), "selectors": selectors})

    @rule(
        key=CLAIMS,
        selectors=SELECTORS,
        name=NAMES,
        replacement=st.sampled_from([None, None, ReplacementPolicy.DELETE_FIRST, ReplacementPolicy.NEVER]),
        adopt=st.booleans(),
        tags=st.sampled_from([{}, {}, {"team": "blue"}]),
    )
    def someone_applies_a_claim(self, key: Key, selectors: Any, name: str | None, replacement: Any, tags: Any, *, adopt: bool) -> None:
        namespace, claim = key
        present = self.world.claims.get(key)
        if present is not None and present.status.profile is not None:
            name = present.spec.profile_name  # frozen, by a rule of the API server
        spec: dict[str, Any] = {"selectors": selectors, "tags": tags}
        if name is not None:
            spec["profileName"] = name
            if adopt:
                spec["existingProfile"] = ExistingProfilePolicy.ADOPT_IF_IDENTICAL
        if replacement is not None:
            spec["replacement"] = replacement
        self.world.apply(claim, namespace, **spec)

    @rule(key=CLAIMS)
    def someone_deletes_a_claim(self, key: Key) -> None:
        if key in self.world.claims:
            self.world.delete(key[1], key[0])

    @rule(key=CLAIMS, paused=st.booleans())
    def someone_pauses(self, key: Key, *, paused: bool) -> None:
        if key in self.world.claims:
            self.world.annotate(key[1], key[0], paused="true" if paused else None)

    @rule(key=CLAIMS, value=st.integers(0, 99))
    def someone_asks_for_a_retry(self, key: Key, value: int) -> None:
        if key in self.world.claims:
            self.world.annotate(key[1], key[0], retry=str(value))

    @rule(
        role=st.sampled_from([ROLE, OTHER_ROLE]),
        rollout=st.sampled_from(["OnClaimChange", "Automatic"]),
        reclaim=st.sampled_from(["Delete", "Delete", "Retain"]),
        tags=st.sampled_from([{}, {"owner": "platform"}]),
    )
    def the_platform_changes_the_class(self, role: str, rollout: str, reclaim: str, tags: Any) -> None:
        self.world.apply_class(podExecutionRoleARN=role, rollout=rollout, reclaimPolicy=reclaim, tags=tags)

    @rule(subnets=st.sampled_from([SUBNETS, (*SUBNETS, "subnet-0cccccccc"), ()]), problem=st.sampled_from([None, None, "no role"]))
    def the_account_changes(self, subnets: tuple[str, ...], problem: str | None) -> None:
        seen = replace(CLASS_FACTS, subnet_ids=subnets) if subnets else bad_subnets("no subnet is private")
        self.world.class_facts = {"standard": seen if problem is None else replace(seen, role=bad_role(problem).role)}

    @rule(key=CLAIMS, selectors=SELECTORS)
    def someone_edits_between_plan_and_report(self, key: Key, selectors: Any) -> None:
        self.operator.meanwhile = lambda: self.someone_edits(key, selectors)

    @precondition(lambda self: self.nothing_in_flight())
    @rule()
    def all_status_is_wiped(self) -> None:
        self.world.wipe_status()
        self.wiped = True  # which tags the operator has set is not known any more

    # What others do in EKS.

    @rule(name=FOREIGN_NAMES, selectors=SELECTORS)
    def someone_else_creates(self, name: str, selectors: Any) -> None:
        try:
            named = [{"namespace": "shop", **selector} for selector in selectors]
            self.world.plane.create(name, pod_execution_role_arn=ROLE, selectors=named, subnets=SUBNETS, tags={"by": "terraform"})
        except EKSError:
            return
        self.foreign_moves = True
        self.foreign.add(name)

    @rule(data=st.data())
    def someone_else_deletes(self, data: st.DataObject) -> None:
        names = sorted(self.world.plane.profiles())
        if not names:
            return
        name = data.draw(st.sampled_from(names))
        whose = owner(self.world.plane.profiles()[name].tags)
        try:
            self.world.plane.delete(name)
        except EKSError:
            return
        self.foreign_moves = True
        if whose is not None:
            self.had_active.discard(str(whose))

    @rule(operation=st.sampled_from(Operation), seconds=st.sampled_from([None, 1.0, 300.0, math.inf]), fails=st.booleans())
    def eks_takes_its_time_or_fails(self, operation: Operation, seconds: float | None, *, fails: bool) -> None:
        self.world.plane.script(operation, Outcome(seconds, HealthIssue() if fails else None))

    @rule(seconds=st.sampled_from([10.0, 200.0]))
    def the_cluster_updates_unseen(self, seconds: float) -> None:
        self.world.plane.hidden_update_until = self.world.seconds + seconds

    @rule(profiles=st.sampled_from([1, 2, 3, 10]))
    def the_quota_changes(self, profiles: int) -> None:
        self.world.plane.quotas.profiles = profiles

    @rule(seconds=st.sampled_from([0.0, 5.0, 20.0]))
    def lists_lag(self, seconds: float) -> None:
        self.world.plane.list_lag = self.world.plane.describe_lag = seconds

    @rule(fault=st.sampled_from(Fault))
    def the_next_call_fails(self, fault: Fault) -> None:
        self.world.faults.append(fault)

    @rule(outage=OUTAGES)
    def aws_goes_and_comes(self, outage: Failure | None) -> None:
        self.world.outage = outage

    # What happens to the operator.

    @rule(steps=st.integers(1, 12))
    def it_will_crash(self, steps: int) -> None:
        self.world.crash_at = self.world.steps + steps

    @rule()
    def it_restarts(self) -> None:
        self.operator = Operator(self.world)

    @rule(seconds=st.sampled_from([0.1, 3.0, 10.0, 35.0]))
    def seconds_pass(self, seconds: float) -> None:
        self.operator = run(self.operator, seconds)

    @rule(seconds=st.sampled_from([61.0, 100.0, 151.0, 700.0]))
    def minutes_pass(self, seconds: float) -> None:
        self.operator = run(self.operator, seconds)

    @rule()
    def the_operation_in_flight_ends(self) -> None:
        left = self.world.plane.ends_at - self.world.seconds
        self.operator = run(self.operator, left if left < math.inf else 40.0)

    # What must always hold.

    def nothing_in_flight(self) -> bool:
        operations = [claim.status.operation for claim in self.world.claims.values()]
        return self.world.plane.busy_with is None and not any(found and found.state is OperationState.IN_FLIGHT for found in operations)

    def before_a_call(self, work: Work, claim: FargateProfileClaim) -> None:
        present = self.world.profiles()
        mine = Identity(INSTALLATION, claim.metadata.namespace or "", claim.metadata.name)
        assert FINALIZER in claim.metadata.finalizers, "the finalizer is there before the first call"
        operation = claim.status.operation
        assert operation is not None, "report before act"
        assert (operation.state, operation.profile_name) == (OperationState.IN_FLIGHT, work.profile_name), "report before act"
        assert claim.metadata.annotations.get(PAUSED) != "true"
        if not self.foreign_moves and work.step in (Step.CREATE, Step.DELETE):
            assert self.world.plane.busy_with is None, "with only us acting, nothing is sent while the slot is held"
        if work.step is Step.CREATE:
            assert claim.metadata.deletion_timestamp is None
            others = [profile for profile in present.values() if owner(profile.tags) == mine and profile.state is not ProfileState.DELETING]
            assert len(others) <= 1, "never a third profile"
            for other in others:
                assert other.state is ProfileState.ACTIVE or self.foreign_moves, "no second profile but for the successor of a working one"
                assert not _fits(claim, other), "no second profile but for the successor of one that differs"
            return
        assert work.profile is not None
        target = present.get(work.profile.name)
        if target is None or target.arn != work.profile.arn:
            return  # gone in the meantime
        adopting = work.step is Step.TAG and claim.spec.existing_profile is ExistingProfilePolicy.ADOPT_IF_IDENTICAL
        assert owner(target.tags) == mine or (adopting and owner(target.tags) is None), "nothing foreign is touched"
        if work.step is Step.DELETE and claim.metadata.deletion_timestamp is None:
            self.check_replacement(claim, target, [p for p in present.values() if owner(p.tags) == mine and p.name != target.name])
        if work.step is Step.DELETE and claim.metadata.deletion_timestamp is not None:
            assert self.world.classes["standard"].spec.reclaim_policy is ReclaimPolicy.DELETE

    def check_replacement(self, claim: FargateProfileClaim, target: Profile, others: list[Profile]) -> None:
        if target.state is not ProfileState.ACTIVE:
            return
        policy = claim.spec.replacement or ReplacementPolicy.CREATE_FIRST
        if any(other.state is ProfileState.ACTIVE for other in others):
            return
        assert policy is ReplacementPolicy.DELETE_FIRST or claim.spec.profile_name, "CreateFirst is never without an ACTIVE profile"
        assert not _fits(claim, target), "what is as it should be stays"
        assert self.world.class_facts["standard"].error is None, "a working profile does not go for one that cannot be made"

    @invariant()
    def no_call_is_refused_for_a_profile_in_motion(self) -> None:
        if not self.foreign_moves:
            assert self.world.refused_as_busy == []

    @invariant()
    def nothing_foreign_is_lost(self) -> None:
        ours = {call.profile for call in self.world.calls if call.step is Step.DELETE}
        assert not (self.foreign - {FIXED_NAME}) & ours

    @invariant()
    def every_profile_of_ours_has_its_claim(self) -> None:
        for profile in self.world.profiles().values():
            whose = owner(profile.tags)
            if whose is not None:
                claim = self.world.claims.get((whose.namespace, whose.name))
                assert claim is not None, f"{profile.name} is an orphan"
                assert FINALIZER in claim.metadata.finalizers or not claim.status.profile

    # The end: the causes of trouble go away, and all comes to rest.

    def teardown(self) -> None:
        self.everything_is_mended()
        self.operator = come_to_rest(self.operator, limit=4 * 3600)
        for claim in list(self.world.claims.values()):
            self.world.annotate(claim.metadata.name, claim.metadata.namespace or "", retry="in the end")
        self.operator = come_to_rest(self.operator, limit=4 * 3600)
        self.all_is_as_it_should_be()
        writes, calls = self.world.writes, len(self.world.calls)
        assert not self.operator.reconcile()
        self.operator = run(Operator(self.world), 100)
        assert (self.world.writes, len(self.world.calls)) == (writes, calls), "at rest nothing is written, nor after a restart"

    def everything_is_mended(self) -> None:
        world = self.world
        world.faults.clear()
        world.outage, world.crash_at = None, None
        for queue in world.plane._scripted.values():
            queue.clear()
        if world.plane.ends_at == math.inf:
            world.plane.finish()
        world.plane.hidden_update_until = -math.inf
        world.plane.list_lag = world.plane.describe_lag = 0.0
        world.plane.quotas.profiles = 30
        self.the_account_changes(SUBNETS, None)
        for claim in list(world.claims.values()):
            world.annotate(claim.metadata.name, claim.metadata.namespace or "", paused=None)

    def all_is_as_it_should_be(self) -> None:
        for key, claim in self.world.claims.items():
            ready = condition(claim.status)
            assert ready is not None
            said = f"{key}: {ready.reason}: {ready.message}"
            assert claim.metadata.deletion_timestamp is None, f"{said}: never let go"
            mine = [p for p in self.world.profiles().values() if owner(p.tags) == Identity(INSTALLATION, *key)]
            if ready.reason == "Conflict":
                assert claim.spec.profile_name == FIXED_NAME, said
                assert FIXED_NAME in self.world.profiles(), said
                assert not mine, said
            elif ready.reason == "Outdated":
                assert claim.spec.replacement is ReplacementPolicy.NEVER, said
            else:
                assert ready.reason == "Active", said
                assert [profile.state for profile in mine] == [ProfileState.ACTIVE], said
                assert _fits(claim, mine[0]), said
                assert mine[0].pod_execution_role_arn == self.world.classes["standard"].spec.pod_execution_role_arn, said
                wanted = {**claim.spec.tags, **self.world.classes["standard"].spec.tags}
                extra = {"team", "owner"} & set(mine[0].tags) - set(wanted)
                assert wanted.items() <= mine[0].tags.items(), said
                assert not extra or self.wiped, f"{said}: {extra} were set by the operator and are wanted no more"


def _fits(claim: FargateProfileClaim, profile: Profile) -> bool:
    alike = same_selectors(profile.selectors, wanted_selectors(claim.spec.selectors, claim.metadata.namespace or ""))
    wanted = claim.status.resolved.pod_execution_role_arn if claim.status.resolved else None
    subnets = claim.status.resolved.subnet_ids if claim.status.resolved else ()
    return alike and profile.pod_execution_role_arn == wanted and (not subnets or set(profile.subnet_ids) == set(subnets))


TestReconciliation = Reconciliation.TestCase
