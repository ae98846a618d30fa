"""Whatever users do and whenever the operator restarts, no pod goes with its profile against what the class says."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from fargateclaims.domain.assessment import Work
from fargateclaims.domain.identity import Identity, owner
from fargateclaims.domain.profile import ProfileState
from support.builders import INSTALLATION, condition
from support.pure_operator import Operator, come_to_rest, run
from support.pure_pods import LookingOperator, PodWorld, check_pods
from support.pure_world import Fault

NAMES = st.sampled_from(["a", "b"])
SELECTORS = st.sampled_from(
    [[{}], [{"labels": {"app": "x"}}], [{"labels": {"app": "y"}}], [{"labels": {"app": "x"}}, {"labels": {"app": "y"}}]]
)
SECONDS = st.sampled_from([0.0, 35.0, 100.0, 400.0, 2000.0])
WORKLOADS = st.sampled_from(["x-1", "y-1"])


class Draining(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = PodWorld()
        self.operator: Operator = LookingOperator(self.world)
        self.world.watchers.append(self.before_a_call)

    def before_a_call(self, work: Work, _claim: object) -> None:
        check_pods(self.world, work)

    @initialize(deleted=st.sampled_from(["Wait", "Ignore"]), selectors=SELECTORS)
    def pods_run(self, deleted: str, selectors: Any) -> None:
        self.world.apply_class(disruption={"onDelete": deleted})
        self.world.apply("a", selectors=selectors)
        self.operator = come_to_rest(self.operator)
        for workload in ("x-1", "y-1"):
            self.world.run_pod(workload, {"app": workload[0]})

    @rule(name=NAMES, selectors=SELECTORS, replacement=st.sampled_from([{}, {}, {}, {"replacement": "DeleteFirst"}]), seconds=SECONDS)
    def someone_applies(self, name: str, selectors: Any, replacement: dict[str, str], seconds: float) -> None:
        present = self.world.claims.get(("shop", name))
        if present is None or present.metadata.deletion_timestamp is None:
            self.world.apply(name, selectors=selectors, **replacement)
        self.operator = run(self.operator, seconds)

    @rule(name=NAMES, first=SELECTORS, second=SELECTORS, workload=WORKLOADS)
    def someone_edits_during_a_drain(self, name: str, first: Any, second: Any, workload: str) -> None:
        self.a_workload_is_rolled(workload, blocked=True)
        self.someone_applies(name, first, {}, 100.0)
        self.someone_applies(name, second, {}, 100.0)

    @rule(name=NAMES, seconds=SECONDS)
    def someone_deletes(self, name: str, seconds: float) -> None:
        if ("shop", name) in self.world.claims:
            self.world.delete(name)
        self.operator = run(self.operator, seconds)

    @rule(name=NAMES, value=st.integers(0, 9))
    def someone_asks_for_a_retry(self, name: str, value: int) -> None:
        if ("shop", name) in self.world.claims:
            self.world.annotate(name, retry=str(value))

    @rule(
        replaced=st.sampled_from(["Evict", "Evict", "Ignore"]),
        deleted=st.sampled_from(["Wait", "Ignore"]),
        timeout=st.sampled_from(["2m", "30m"]),
    )
    def the_class_says_something_else(self, replaced: str, deleted: str, timeout: str) -> None:
        self.world.apply_class(disruption={"onReplace": replaced, "onDelete": deleted, "timeout": timeout})

    @rule(unread=st.booleans())
    def the_class_cannot_be_read_for_a_while(self, *, unread: bool) -> None:
        self.world.unread = unread

    @rule(workload=WORKLOADS, blocked=st.booleans())
    def a_workload_is_rolled(self, workload: str, *, blocked: bool) -> None:
        (self.world.blocked.add if blocked else self.world.blocked.discard)(workload)
        self.world.run_pod(workload, {"app": workload[0]})

    @rule(fault=st.sampled_from([Fault.THROTTLED, Fault.NEVER_ARRIVES]))
    def the_next_call_fails(self, fault: Fault) -> None:
        self.world.faults.append(fault)

    @rule()
    def it_restarts(self) -> None:
        self.operator = LookingOperator(self.world)

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: float) -> None:
        self.operator = run(self.operator, seconds)

    def teardown(self) -> None:
        world = self.world
        world.unread = False
        world.faults.clear()
        world.blocked.clear()
        for workload in list(world.labels):
            world.scale_down(workload)
        for claim in list(world.claims.values()):
            world.annotate(claim.metadata.name, retry="in the end")
        self.operator = come_to_rest(self.operator)
        for key, claim in world.claims.items():
            ready = condition(claim.status)
            assert ready is not None
            mine = [profile.state for profile in world.profiles().values() if owner(profile.tags) == Identity(INSTALLATION, *key)]
            assert (ready.reason, mine) == ("Active", [ProfileState.ACTIVE]), ready.message


TestDraining = Draining.TestCase
TestDraining.settings = settings(max_examples=settings().max_examples // 2, stateful_step_count=20)
