"""Whatever is done to a control plane, and whenever: never two in flight, and it comes to rest."""

import math

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fargateclaims.simulator.eks.errors import EKSError
from fargateclaims.simulator.eks.foreign import ForeignActor
from fargateclaims.simulator.eks.lifecycle import FargateControlPlane
from fargateclaims.simulator.eks.model import IN_FLIGHT, HealthIssue, Operation, Outcome, ProfileStatus, Transition
from fargateclaims.simulator.eks.timings import Timings

NAMES = st.sampled_from(["a", "b", "c", "foreign-1"])
FINITE = st.floats(0, 100)
LEGAL = {
    (None, ProfileStatus.CREATING),
    (ProfileStatus.CREATING, ProfileStatus.ACTIVE),
    (ProfileStatus.CREATING, ProfileStatus.CREATE_FAILED),
    (ProfileStatus.ACTIVE, ProfileStatus.DELETING),
    (ProfileStatus.CREATE_FAILED, ProfileStatus.DELETING),
    (ProfileStatus.DELETE_FAILED, ProfileStatus.DELETING),
    (ProfileStatus.DELETING, ProfileStatus.DELETE_FAILED),
    (ProfileStatus.DELETING, None),
}


class Lifecycle(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.transitions: list[Transition] = []
        self.plane = FargateControlPlane(
            "C", clock=lambda: self.now, timings=Timings.of(10, 20, jitter=0.5), on_transition=self.transitions.append
        )
        self.plane.quotas.profiles = 3
        self.actor = ForeignActor(self.plane, seed=1)

    @rule(seconds=FINITE)
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(name=NAMES)
    def create(self, name: str) -> None:
        before = self.plane.profiles()
        try:
            profile = self.plane.create(name, pod_execution_role_arn="r", selectors=[{"namespace": name}])
        except EKSError:
            assert self.plane.profiles() == before
        else:
            assert profile.arn not in {known.arn for known in before.values()}
            assert not any(known.status in IN_FLIGHT for known in before.values())

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        before = self.plane.profiles()
        try:
            self.plane.delete(name)
        except EKSError:
            assert self.plane.profiles() == before
        else:
            assert not any(known.status in IN_FLIGHT for known in before.values())

    @rule()
    def someone_else_acts(self) -> None:
        self.actor.act()

    @rule(operation=st.sampled_from(Operation), seconds=st.none() | FINITE | st.just(math.inf), fails=st.booleans())
    def script(self, operation: Operation, seconds: float | None, fails: bool) -> None:  # noqa: FBT001
        self.plane.script(operation, Outcome(seconds, HealthIssue() if fails else None))

    @rule(seconds=FINITE)
    def hide_an_update(self, seconds: float) -> None:
        self.plane.hidden_update_until = self.now + seconds

    @invariant()
    def at_most_one_is_in_flight(self) -> None:
        in_flight = [profile for profile in self.plane.profiles().values() if profile.status in IN_FLIGHT]
        assert len(in_flight) <= 1
        assert self.plane.busy_with == (in_flight[0] if in_flight else None)

    @invariant()
    def the_quota_holds(self) -> None:
        assert len(self.plane.profiles()) <= 3

    @invariant()
    def the_history_is_legal_and_in_order(self) -> None:
        status: dict[str, ProfileStatus | None] = {}
        latest = 0.0
        for change in self.transitions:
            assert (change.before, change.after) in LEGAL
            assert status.get(change.arn) == change.before
            assert change.at >= latest
            status[change.arn], latest = change.after, change.at
        assert {arn for arn, last in status.items() if last} == {profile.arn for profile in self.plane.profiles().values()}

    def teardown(self) -> None:
        """Left alone for long enough, and finished where it would never end, everything rests."""
        self.now += 1000
        self.plane.finish()
        assert self.plane.busy_with is None
        assert self.plane.ends_at == math.inf
        at_rest = len(self.transitions)
        self.now += 1e6
        self.plane.list()
        assert len(self.transitions) == at_rest


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
