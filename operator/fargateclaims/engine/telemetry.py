"""What the workers tell the metrics.

A worker's turn first sends its mutation (`acted`), then tells what it had planned and reported (`turned`). An operation is followed from
the first call that EKS took until a later report shows its end; in memory only, so what a restart interrupts is not counted.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from fargateclaims.api.claim_status import BlockerOrigin, ClaimStatus, OperationType
from fargateclaims.api.conditions import ConditionStatus, ConditionType
from fargateclaims.aws.operations import OPERATIONS
from fargateclaims.clock import Clock
from fargateclaims.domain.assessment import Step
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.plan import Action, Plan
from fargateclaims.domain.profile import ProfileState
from fargateclaims.domain.report import ClaimReport
from fargateclaims.engine.store import Place
from fargateclaims.metrics import Metrics

_GIVEN_UP = frozenset({ProfileState.CREATE_FAILED, ProfileState.DELETE_FAILED})
_MOVING = frozenset({ProfileState.CREATING, ProfileState.DELETING})
_ENDS = ("succeeded", "failed")


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that EKS took, or may have taken, at `began`."""

    action: Action
    began: float


@dataclass(frozen=True, slots=True)
class _Operation:
    """An operation under way.

    :param began: its first call, in the clock's monotonic seconds.
    :param creates: whether its latest call was a create.
    :param profile_name: the profile of the latest call.
    :param attempts: the claim's failed attempts in the latest report.
    :param state: the profile's state in the latest report.
    """

    type: OperationType
    began: float
    creates: bool
    profile_name: str
    attempts: int = 0
    state: str | None = None

    def outcome(self, status: ClaimStatus) -> str | None:
        """How it ended by a later report of its claim; None if it goes on."""
        now = self.seen(status)
        if now.attempts > self.attempts or (now.state in _GIVEN_UP and now.state != self.state):
            return "failed"
        if now.state in _MOVING:
            return None  # EKS is at work, whatever the claim shows: a successor that is made after a delete is shown as a Create
        made = not self.creates or now.state == ProfileState.ACTIVE
        if status.operation is None or status.operation.type is not self.type:
            return "succeeded" if made else "failed"
        return "succeeded" if self.type is OperationType.CREATE and made else None

    def seen(self, status: ClaimStatus) -> "_Operation":
        """The operation with what a report shows of it."""
        shown = (profile for profile in (status.profile, status.previous_profile) if profile is not None)
        state = next((profile.status for profile in shown if profile.name == self.profile_name), None)
        return replace(self, attempts=status.failed_attempts or 0, state=state)


@dataclass
class Telemetry:
    """Turns plans and outcomes into metrics."""

    metrics: Metrics
    clock: Clock
    last_turn: dict[Place, float] = field(default_factory=dict)
    _calls: dict[str, _Call] = field(default_factory=dict)
    _under_way: dict[Place, dict[str, _Operation]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Let all that can be counted begin at 0: a rate overlooks the first event of a series that begins with it."""
        for operation in map(str, OperationType):
            self.metrics.wait_seconds.labels(operation)
            for outcome in _ENDS:
                self.metrics.operation_seconds.labels(operation, outcome)
            for outcome in (*_ENDS, *map(str, FailureClass)):
                self.metrics.operations.labels(operation, outcome)
        for call in OPERATIONS:
            for outcome in ("ok", *map(str, FailureClass)):
                self.metrics.aws_calls.labels(call, outcome)

    def turned(self, place: Place, decided: Plan, seconds: float) -> None:
        """A worker has made a turn that took so long."""
        cluster = str(place or "")
        self.last_turn[place] = self.clock.monotonic()
        self.metrics.pass_seconds.observe(seconds)
        ready = (condition for report in decided.claims for condition in report.status.conditions if condition.type == ConditionType.READY)
        self.metrics.set_claims(cluster, Counter(condition.reason for condition in ready))
        self.metrics.set_unavailable(cluster, [since for report in decided.claims if (since := _unavailable_since(report)) is not None])
        if place is None:
            return
        self.metrics.queue_length.labels(cluster).set(decided.queue_length)
        blocker = decided.slot.blocker
        self.metrics.set_slot(cluster, None if blocker is None else "claim" if blocker.origin is BlockerOrigin.CLAIM else "foreign")
        # All classes of a cluster tell the same of it.
        profiles = next((report.status.profiles for report in decided.classes if report.status.profiles is not None), None)
        if profiles is not None:
            self.metrics.set_profiles(cluster, profiles.owned, profiles.foreign, profiles.quota)
        self._follow(place, decided.claims)

    def acted(self, action: Action, failure: Failure | None) -> None:
        """A mutation was answered."""
        if failure is not None and not failure.outcome_unknown:
            self.metrics.operations.labels(str(action.work.operation), str(failure.kind)).inc()
            return
        # A later report shows what became of a call whose outcome is unknown: that it went on, or one attempt more.
        self._calls[action.claim.metadata.uid] = _Call(action, self.clock.monotonic())

    def forget(self, place: Place) -> None:
        """A worker has ended: its cluster has no classes and no claims any more."""
        self.last_turn.pop(place, None)
        self._under_way.pop(place, None)
        if place is not None:
            self.metrics.forget_cluster(str(place))

    def _follow(self, place: Place, reports: Iterable[ClaimReport]) -> None:
        before, after = self._under_way.get(place, {}), {}
        for report in reports:
            uid = report.claim.metadata.uid
            operation, call = before.get(uid), self._calls.pop(uid, None)
            if operation is not None:
                operation = self._unless_ended(operation, report.status)
            if call is not None and not _clears_away(call.action):
                operation = self._taken(operation, call, report.status)
            if operation is not None:
                after[uid] = operation.seen(report.status)
        self._under_way[place] = after

    def _unless_ended(self, operation: _Operation, status: ClaimStatus) -> _Operation | None:
        outcome = operation.outcome(status)
        if outcome is None:
            return operation
        self.metrics.operation_ended(operation.type, outcome, self.clock.monotonic() - operation.began)
        return None

    def _taken(self, operation: _Operation | None, call: _Call, status: ClaimStatus) -> _Operation:
        work = call.action.work
        creates, name = work.step is Step.CREATE, work.profile.name if work.profile is not None else work.profile_name
        if operation is not None:
            return replace(operation, creates=creates, profile_name=name)  # the next step of a replacement
        if status.operation is not None:
            waited = (call.action.start_time - status.operation.queue_time).total_seconds()
            self.metrics.wait_seconds.labels(str(work.operation)).observe(max(0.0, waited))
        return _Operation(work.operation, call.began, creates, name)


def _unavailable_since(report: ClaimReport) -> datetime | None:
    """Since when no ACTIVE profile serves the claim; None if one does, or if none is wanted now."""
    conditions = {condition.type: condition for condition in report.status.conditions}
    available = conditions.get(ConditionType.AVAILABLE)
    unwanted = report.claim.metadata.deletion_timestamp is not None or ConditionType.PAUSED in conditions
    if available is None or available.status is ConditionStatus.TRUE or unwanted:
        return None
    return available.last_transition_time


def _clears_away(action: Action) -> bool:
    """Whether it only removes what EKS could not create: the create has ended, and its next attempt is another one."""
    work = action.work
    failed = work.profile is not None and work.profile.state is ProfileState.CREATE_FAILED
    return failed and work.step is Step.DELETE and work.operation is not OperationType.DELETE
