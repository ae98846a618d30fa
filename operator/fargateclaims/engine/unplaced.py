"""The worker of claims without a usable class: they belong to no cluster, and are told so by the same plan."""

from fargateclaims.api.arn import ClusterARN
from fargateclaims.clock import Clock
from fargateclaims.domain.facts import Rules
from fargateclaims.domain.observation import Observation
from fargateclaims.domain.plan import plan
from fargateclaims.engine.loop import Loop
from fargateclaims.engine.reporter import Reporter
from fargateclaims.engine.snapshot import snapshot
from fargateclaims.engine.store import Store
from fargateclaims.engine.telemetry import Telemetry

NOWHERE = ClusterARN(partition="aws", region="nowhere", account="000000000000", name="none")
"""Stands for the cluster that is not known; no call is ever made for it."""


class UnplacedWorker(Loop):
    """Tells claims without a cluster what they lack."""

    def __init__(self, clock: Clock, store: Store, rules: Rules, reporter: Reporter, telemetry: Telemetry) -> None:
        super().__init__("none")
        self._clock = clock
        self._store = store
        self._rules = rules
        self._reporter = reporter
        self._telemetry = telemetry

    async def turn(self) -> float | None:
        """See `Loop.turn`."""
        begun = self._clock.monotonic()
        self._reporter.begin()
        decided = plan(snapshot(self._clock, self._store, self._rules, None, Observation(NOWHERE)))
        for report in decided.claims:
            await self._reporter.claim(report)
        self._telemetry.turned(None, decided, self._clock.monotonic() - begun)
        waits = [self._reporter.due()]
        if decided.wake_at is not None:
            waits.append((decided.wake_at - self._clock.now()).total_seconds())
        return min((max(0.0, wait) for wait in waits if wait is not None), default=None)
