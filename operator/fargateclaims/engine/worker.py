"""The worker of one cluster: observe, plan, report, act; then sleep until something changes or is due. A turn never waits for EKS.

```
     ┌────────────────────────────────────────────────────────────────────────────────┐
     ▼                                                                                │
  observe ──▶ plan ──▶ report the intent ──▶ act, at most once ──▶ (no act) report the rest ──▶ sleep
```
A turn that acts leaves the rest to the next one, which follows at once: then the others' reports tell of the operation that has begun.
A look that finds nothing new needs no plan.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.group import CLASS_FINALIZER
from fargateclaims.api.reasons import Reason
from fargateclaims.clock import Clock
from fargateclaims.domain.backoff import delay
from fargateclaims.domain.facts import Facts, Outcome, Rules
from fargateclaims.domain.failure import FailureClass
from fargateclaims.domain.observation import Observation
from fargateclaims.domain.plan import Action, Plan, plan
from fargateclaims.domain.quota import attributed
from fargateclaims.domain.report import ClaimReport
from fargateclaims.domain.retries import retry_asked
from fargateclaims.engine import followed
from fargateclaims.engine.access import Access, access_of, accesses
from fargateclaims.engine.actor import NotPermitted, carry_out
from fargateclaims.engine.background import Background
from fargateclaims.engine.busy import Refusals
from fargateclaims.engine.crd import CRDWatch
from fargateclaims.engine.loop import Loop
from fargateclaims.engine.observer import Observer
from fargateclaims.engine.pace import Paces
from fargateclaims.engine.ports import Cloud, DataPlane, DataPlanes, Gateway, Permit
from fargateclaims.engine.repairer import Hands
from fargateclaims.engine.reporter import Reporter
from fargateclaims.engine.snapshot import snapshot
from fargateclaims.engine.store import Store
from fargateclaims.engine.telemetry import Telemetry
from fargateclaims.timing import RESYNC_JITTER, UNANSWERED_RETRY

log = logging.getLogger(__name__)

_MENDED_BY_PEOPLE = frozenset({FailureClass.UNAUTHORIZED, FailureClass.WRONG_ACCOUNT, FailureClass.CLUSTER_GONE})
"""Failures to read that only a person can mend: asked for again seldom."""
_LACKS_PLACE = frozenset({Reason.QUOTA_EXCEEDED, Reason.WAITING_FOR_QUOTA})


@dataclass(frozen=True)
class Surroundings:
    """What all workers share.

    :param data_planes: the way to the Kubernetes APIs of EKS clusters.
    :param hold: seconds until a mutation may be planned; 0 for now, None for not at all (not leading, or stopping).
    :param permit: see `Gateway`.
    :param paces: when to look at a profile in motion.
    :param busy_max: the longest wait while a cluster is busy.
    """

    clock: Clock
    cloud: Cloud
    data_planes: DataPlanes
    store: Store
    crd: CRDWatch
    telemetry: Telemetry
    rules: Rules
    make_reporter: Callable[[], Reporter]
    hold: Callable[[], float | None]
    permit: Permit
    paces: Paces
    resync_seconds: float
    busy_max: timedelta


@dataclass(frozen=True, slots=True)
class _Planned:
    """A plan that was carried out, and what it was made from."""

    plan: Plan
    observation: Observation
    marks: int


class ClusterWorker(Loop):
    """One cluster's worker."""

    def __init__(self, arn: ClusterARN, around: Surroundings) -> None:
        super().__init__(str(arn))
        self._arn = arn
        self._around = around
        self._reporter = around.make_reporter()
        self._observer = Observer(arn, around.clock, around.paces.of(arn), around.rules.settle)
        interval = around.paces.shortest_wait
        self._background = Background(
            str(arn), around.clock, self._observer, self._reporter, interval=interval, permit=around.permit, mark=self.mark
        )
        self._refusals = Refusals(str(arn), around.rules.backoff_base, around.busy_max)
        self._outcomes: dict[str, Outcome] = {}
        self._retries_seen: frozenset[tuple[str, str]] = frozenset()
        self._ways_tried = 0
        self._resync_at = 0.0
        self._resynced_at = 0.0
        self._look_at: float | None = None
        self._watched: frozenset[str] = frozenset()
        self._held_until: float | None = None
        self._acting = asyncio.Lock()
        self._marks = 0
        self._planned: _Planned | None = None

    def mark(self) -> None:
        """See `Loop.mark`."""
        self._marks += 1
        super().mark()

    async def run(self) -> None:
        """See `Loop.run`."""
        try:
            await super().run()
        finally:
            await self._background.stop()

    async def finish(self) -> None:
        """End what goes on in the background, and return when no call of this worker's is under way."""
        await self._background.stop()
        async with self._acting:
            return

    async def turn(self) -> float | None:
        """See `Loop.turn`."""
        begun, marks = self._around.clock.monotonic(), self._marks
        read = await self._observe()
        self._background.inspect(self._gateway(), self._data_plane(), self._classes())
        if read is None and self._planned is not None and self._still_holds(self._planned):
            self._schedule_look(self._planned.plan.watch)
            return self._wait(self._planned.plan)
        self._planned = None
        self._reporter.begin()
        if self._observer.observation.profiles is None and self._observer.observation.failure is None:
            return max(0.0, self._resync_at - self._around.clock.monotonic())  # the first read failed once: nothing can be said yet
        decided = await self._decide(read=read)
        acted = await self._report_and_act(decided)
        self._follow(decided)
        self._schedule_look(decided.watch)
        if any(_lacks_place(report) for report in decided.claims):
            # Nobody tells of a raise: the quota is read again before what is known of it is too old to be believed.
            self._resync_at = min(self._resync_at, self._resynced_at + self._around.rules.quota_memory.total_seconds())
        self._around.telemetry.turned(self._arn, decided, self._around.clock.monotonic() - begun)
        if acted:
            return 0.0
        self._planned = _Planned(decided, self._observer.observation, marks)
        return self._wait(decided)

    async def _observe(self) -> bool | None:
        """Read what is due. Returns whether all that a mutation must know was read; None if that was not tried."""
        now = self._around.clock.monotonic()
        asked = self._retry_was_asked()
        if asked:
            self._background.inspect_again()
        if asked or now >= self._resync_at:
            read = await self._observer.resync(self._gateway(), self._classes())
            self._schedule_resync(read=read)
            return read
        if self._look_at is not None and now >= self._look_at:
            self._look_at = None
            if not await self._observer.look(self._gateway(), self._watched):
                self._schedule_resync(read=False)
                return False
        elif self._observer.lacks(self._classes()):
            return await self._refresh()
        return None

    async def _decide(self, *, read: bool | None) -> Plan:
        decided = plan(self._facts(may_mutate=read is not False))
        if decided.look_again or decided.action is not None:
            # To look again, a look of this very turn is not enough: it may be older than what is in doubt has settled.
            if read is None or (decided.look_again and read):
                read = await self._refresh()
            decided = plan(self._facts(may_mutate=read))
        if decided.action is not None and decided.action.claim.metadata.deletion_timestamp is not None:
            wait = await self._around.crd.ask()
            if wait or self._around.crd.terminating:
                decided = plan(self._facts(may_mutate=not wait))
            if wait:
                self._plan_again_after(wait)
        return decided

    def _plan_again_after(self, seconds: float) -> None:
        at = self._around.clock.monotonic() + seconds
        self._held_until = at if self._held_until is None else max(self._held_until, at)

    async def _refresh(self) -> bool:
        read = await self._observer.refresh(self._gateway(), self._classes())
        if not read:
            self._schedule_resync(read=False)
        return read

    def _schedule_resync(self, *, read: bool) -> None:
        around, failure = self._around, self._observer.observation.failure
        now = around.clock.monotonic()
        if read:
            self._resynced_at = now
            wait = around.resync_seconds * (1 + RESYNC_JITTER * random.random())  # noqa: S311 - no secret depends on it
        elif failure is not None and failure.kind in _MENDED_BY_PEOPLE:
            wait = around.rules.slow_recheck.total_seconds()
            self._ways_tried += 1
            if self._ways_tried % len(self._ways()):
                wait = 0.0  # another class names another role for this cluster
        else:
            wait = delay(self._observer.failures, around.rules.backoff_base, around.rules.backoff_max, str(self._arn)).total_seconds()
        self._resync_at = now + wait

    def _retry_was_asked(self) -> bool:
        """Whether someone has set a retry annotation since the last turn: what could not be read is asked for anew, too."""
        classes = {cls.metadata.name: cls for cls in self._classes()}
        claims = [entry.model for entry in self._around.store.claims_at(self._arn)]
        asking = [claim for claim in claims if retry_asked(claim, classes.get(claim.spec.class_name))]
        asked = frozenset((claim.metadata.uid, claim.metadata.resource_version) for claim in asking)
        new = not asked <= self._retries_seen
        self._retries_seen = asked
        return new

    def _facts(self, *, may_mutate: bool) -> Facts:
        around = self._around
        # A hold that has ended since is a reason to plan again.
        held = around.hold()
        self._held_until = around.clock.monotonic() + held if held else None
        present = {entry.model.metadata.uid for entry in around.store.claims_at(self._arn)}
        self._outcomes = {uid: outcome for uid, outcome in self._outcomes.items() if uid in present}
        return replace(
            snapshot(around.clock, around.store, around.rules, self._arn, self._observer.observation),
            may_mutate=may_mutate and held == 0,
            outcomes=self._outcomes,
            busy=self._refusals.busy,
            quota_refusal=self._refusals.quota,
            moving_since=self._observer.moving_since,
            pods=self._background.drainer.pods,
            pins=self._background.drainer.pins,
            crd_terminating=around.crd.terminating,
        )

    async def _report_and_act(self, decided: Plan) -> bool:
        """The mutation follows the report of its own claim; without one, all is reported. Returns whether a call was made."""
        unguarded = [report for report in decided.classes if report.finalizer and CLASS_FINALIZER not in report.cls.metadata.finalizers]
        for report in unguarded:
            if not await self._reporter.cls(report):
                return False
        action, others = decided.action, list(decided.claims)
        if action is not None:
            own = next(report for report in others if report.claim is action.claim)
            others.remove(own)
            if await self._reporter.claim(own, fence=True) and await self._act(action):
                return True
        await asyncio.gather(*(self._reporter.claim(report) for report in others))
        for report in decided.classes:
            if report not in unguarded:
                await self._reporter.cls(report)
        return False

    async def _act(self, action: Action) -> bool:
        around, metadata = self._around, action.claim.metadata
        reported = around.store.claims.get(metadata.namespace or "", metadata.name)
        gateway = self._gateway_of(access_of(reported.model if reported else action.claim))
        try:
            async with self._acting:
                failure = await carry_out(action, gateway, self._observer, around.permit)
        except NotPermitted:
            log.warning("a call was not sent: leadership ends too soon", extra={"fields": {"cluster": str(self._arn)}})
            # Leadership may be renewed all the same, which nothing else would tell this worker.
            self._plan_again_after(UNANSWERED_RETRY)
            return False
        failure = attributed(failure, action.work.spec, self._observer.observation.quotas)
        self._outcomes[metadata.uid] = Outcome(action.start_time, around.clock.now(), failure)
        self._refusals.learn(action.work.step, failure, len(self._observer.observation.profiles or {}), around.clock.now())
        around.telemetry.acted(action, failure)
        return True

    def _follow(self, decided: Plan) -> None:
        may_change = self._observer.observation.cluster is not None and self._around.hold() == 0
        self._background.follow(decided, self._hands if may_change else None, self._classes())
        store, drainer = self._around.store, self._background.drainer
        if not may_change:
            drainer.follow((), ())
            return
        drainer.follow(followed.drains(decided, store, self._data_plane_of), followed.replaced(decided, store, self._data_plane_of))

    def _schedule_look(self, watch: frozenset[str]) -> None:
        wait = self._observer.next_look(watch)
        due = None if wait is None else self._around.clock.monotonic() + wait
        if due is not None and self._look_at is not None and watch == self._watched:
            due = min(due, self._look_at)  # turns in between, for other reasons, must not put it off
        self._look_at, self._watched = due, watch

    def _wait(self, decided: Plan) -> float:
        now = self._around.clock.monotonic()
        times = (self._resync_at, self._look_at, self._background.due_at)
        waits = [*(at - now for at in times if at is not None), self._stale_in(decided)]
        return max(0.0, min(wait for wait in waits if wait is not None))

    def _still_holds(self, planned: _Planned) -> bool:
        """Whether nothing was heard, seen or has become due since a plan was made."""
        stale_in = self._stale_in(planned.plan)
        same = planned.marks == self._marks and planned.observation is self._observer.observation
        return same and (stale_in is None or stale_in > 0)

    def _stale_in(self, decided: Plan) -> float | None:
        """Seconds until time alone changes the plan or what may be written; None if it does not."""
        clock = self._around.clock
        waits = [self._reporter.due()]
        if self._held_until is not None:
            waits.append(self._held_until - clock.monotonic())
        if decided.wake_at is not None:
            waits.append((decided.wake_at - clock.now()).total_seconds())
        return min((wait for wait in waits if wait is not None), default=None)

    def _classes(self) -> tuple[FargateProfileClass, ...]:
        return self._around.store.classes_at(self._arn)

    def _ways(self) -> tuple[Access, ...]:
        return accesses(self._classes(), (entry.model for entry in self._around.store.claims_at(self._arn)))

    def _gateway(self) -> Gateway:
        return self._gateway_of(self._access())

    def _access(self) -> Access:
        ways = self._ways()
        return ways[self._ways_tried % len(ways)]

    def _data_plane(self) -> DataPlane | None:
        return self._data_plane_of(self._access()) if self._observer.observation.cluster is not None else None

    def _data_plane_of(self, access: Access) -> DataPlane:
        """Once the cluster has been read."""
        cluster = self._observer.observation.cluster
        assert cluster is not None
        return self._around.data_planes.of(self._arn, cluster, access.assume_role_arn, access.external_id)

    def _hands(self, access: Access) -> Hands:
        return Hands(self._gateway_of(access), self._data_plane_of(access))

    def _gateway_of(self, access: Access) -> Gateway:
        return self._around.cloud.gateway(self._arn, access.assume_role_arn or None, access.external_id or None)


def _lacks_place(report: ClaimReport) -> bool:
    ready = (condition for condition in report.status.conditions if condition.type == ConditionType.READY)
    return any(condition.reason in _LACKS_PLACE for condition in ready)
