"""What the workers tell the metrics."""

from collections import Counter
from dataclasses import dataclass, field

from fargateclaims.api.claim_status import BlockerOrigin
from fargateclaims.api.conditions import ConditionType
from fargateclaims.clock import Clock
from fargateclaims.domain.failure import Failure
from fargateclaims.domain.plan import Action, Plan
from fargateclaims.engine.store import Place
from fargateclaims.metrics import Metrics


@dataclass
class Telemetry:
    """Turns plans and outcomes into metrics."""

    metrics: Metrics
    clock: Clock
    last_turn: dict[Place, float] = field(default_factory=dict)
    _begun: dict[str, tuple[str, float]] = field(default_factory=dict)

    def turned(self, place: Place, decided: Plan, seconds: float) -> None:
        """A worker has made a turn that took so long."""
        cluster = str(place or "")
        self.last_turn[place] = self.clock.monotonic()
        self.metrics.pass_seconds.observe(seconds)
        ready = (condition for report in decided.claims for condition in report.status.conditions if condition.type == ConditionType.READY)
        self.metrics.set_claims(cluster, Counter(condition.reason for condition in ready))
        if place is None:
            return
        self.metrics.queue_length.labels(cluster).set(decided.queue_length)
        blocker = decided.slot.blocker
        self.metrics.set_slot(cluster, None if blocker is None else "claim" if blocker.origin is BlockerOrigin.CLAIM else "foreign")
        for report in decided.claims:
            self._ended(report.claim.metadata.uid, report.status.operation is None, report.status.failed_attempts or 0)

    def acted(self, action: Action, failure: Failure | None) -> None:
        """A mutation was answered."""
        operation, uid = str(action.work.operation), action.claim.metadata.uid
        if failure is not None:
            self.metrics.operations.labels(operation, str(failure.kind)).inc()
            return
        waiting = action.claim.status.operation
        if waiting is not None:
            self.metrics.wait_seconds.labels(operation).observe(max(0.0, (action.start_time - waiting.queue_time).total_seconds()))
        self._begun.setdefault(uid, (operation, self.clock.monotonic()))

    def forget(self, place: Place) -> None:
        """A worker has ended: its cluster has no classes and no claims any more."""
        self.last_turn.pop(place, None)
        if place is not None:
            self.metrics.forget_cluster(str(place))

    def _ended(self, uid: str, done: bool, failures: int) -> None:  # noqa: FBT001
        if uid in self._begun and (done or failures):
            operation, began = self._begun.pop(uid)
            self.metrics.operation_ended(operation, "succeeded" if done else "failed", self.clock.monotonic() - began)
