"""The operator without I/O: the engine's pass (observe, plan, report, act at most once) against a `World`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.group import FINALIZER
from fargateclaims.domain.assessment import Step, Work
from fargateclaims.domain.facts import Facts, Outcome, Rules
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.domain.observation import Observation, Quotas
from fargateclaims.domain.plan import Action, Plan, plan
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.domain.quota import attributed
from fargateclaims.domain.report import ClaimReport
from fargateclaims.engine.busy import Refusals
from support.builders import ARN, RULES
from support.pure_world import Conflict, Crash, World

BUSY_MAX = timedelta(seconds=30)
RESYNC = 600.0
_HOT_LOOP = 60
"""So many passes that change something, and no time between them, are a loop without a wait."""


def _nothing() -> None:
    pass


@dataclass
class Operator:
    """One process of the operator; what it remembers is lost with it."""

    world: World
    rules: Rules = RULES
    meanwhile: Callable[[], object] = _nothing
    """What happens between a plan and its report."""
    settled_at: float = field(init=False)
    profiles: dict[str, Profile] | None = None
    observed_at: datetime | None = None
    failure: Failure | None = None
    made_at: dict[str, float] = field(default_factory=dict)
    moving_since: dict[str, tuple[ProfileState, datetime]] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    refusals: Refusals = field(init=False)
    plan: Plan | None = None
    resync_at: float = 0.0

    def __post_init__(self) -> None:
        self.refusals = Refusals(str(ARN), self.rules.backoff_base, BUSY_MAX)
        self.settled_at = self.world.seconds + self.rules.settle.total_seconds()

    def reconcile(self) -> bool:
        """One pass; returns whether it changed anything."""
        before = self.world.writes + len(self.world.calls)
        self._observe()
        decided = plan(self._facts())
        if decided.action is not None or decided.look_again:
            self._refresh(every=False)
            decided = plan(self._facts())
        self.plan = decided
        self._check(decided)
        between, self.meanwhile = self.meanwhile, _nothing
        between()
        self._report_and_act(decided)
        return self.world.writes + len(self.world.calls) > before

    def _facts(self) -> Facts:
        world = self.world
        observation = Observation(
            ARN,
            cluster=world.cluster,
            profiles=dict(self.profiles) if self.profiles is not None else None,
            observed_at=self.observed_at,
            failure=self.failure,
            classes=world.class_facts,
        )
        return Facts(
            now=world.now,
            rules=self.rules,
            observation=observation,
            claims=tuple(world.claims.values()),
            classes=world.classes,
            namespaces=world.namespaces,
            outcomes=dict(self.outcomes),
            busy=self.refusals.busy,
            quota_refusal=self.refusals.quota,
            moving_since={arn: since for arn, (_, since) in self.moving_since.items()},
            may_mutate=world.seconds >= self.settled_at,
        )

    # Observe.

    def _observe(self) -> None:
        if self.world.seconds >= self.resync_at or self.failure is not None:
            self.resync_at = self.world.seconds + RESYNC
            self._refresh(every=True)
        elif self.plan is not None and self.profiles is not None:
            self._look([name for name in self.plan.watch if name in self.profiles])

    def _look(self, names: Iterable[str]) -> None:
        try:
            for name in names:
                self._describe(name)
        except AWSError as error:
            self.failure = error.failure

    def _refresh(self, *, every: bool) -> None:
        try:
            names = set(self.world.list_profiles())
            known = self.profiles or {}
            self.profiles = {name: profile for name, profile in known.items() if name in names or self._just_made(name)}
            for name in sorted(names | {name for name in self.profiles if name in self.made_at}):
                profile = self.profiles.get(name)
                if every or profile is None or profile.state is not ProfileState.ACTIVE:
                    self._describe(name)
        except AWSError as error:
            self.failure = error.failure
            if error.failure.kind is FailureClass.CLUSTER_GONE:
                self.profiles = {}
            return
        self.failure, self.observed_at = None, self.world.now

    def _describe(self, name: str) -> None:
        assert self.profiles is not None
        try:
            profile = self.world.describe_profile(name)
        except AWSError as error:
            if error.failure.kind is not FailureClass.GONE:
                raise
            if not self._just_made(name):
                self.profiles.pop(name, None)
            return
        self._put(profile)

    def _just_made(self, name: str) -> bool:
        made = self.made_at.get(name)
        return made is not None and self.world.seconds - made < self.rules.settle.total_seconds()

    def _put(self, profile: Profile) -> None:
        assert self.profiles is not None
        self.profiles[profile.name] = profile
        state, _ = self.moving_since.get(profile.arn, (None, None))
        if profile.state is not state:
            self.moving_since.pop(profile.arn, None)
            if profile.moving:
                self.moving_since[profile.arn] = (profile.state, self.world.now)

    # Report and act.

    def _report_and_act(self, decided: Plan) -> None:
        action = decided.action
        for cls in decided.classes:
            self.world.put_class(cls.cls, cls.status, finalizer=cls.finalizer)
        for report in decided.claims:
            if action is not None and report.claim is action.claim and self._write(report):
                self._act(action)
        for report in decided.claims:
            if action is None or report.claim is not action.claim:
                self._write(report)

    def _write(self, report: ClaimReport) -> bool:
        claim: FargateProfileClaim | None = report.claim
        assert claim is not None
        try:
            if report.release:
                self._tell(report)
                self.world.put_finalizer(claim, present=False)
                return True
            if report.finalizer and FINALIZER not in claim.metadata.finalizers:
                claim = self.world.put_finalizer(claim, present=True)
                assert claim is not None
            if report.status != claim.status:
                self.world.put_status(claim, report.status)
        except Conflict:
            return False
        self._tell(report)
        return True

    def _tell(self, report: ClaimReport) -> None:
        metadata = report.claim.metadata
        self.world.events[metadata.namespace or "", metadata.name] += report.events

    def _act(self, action: Action) -> None:
        work, failure = action.work, None
        try:
            made = self.world.send(work, self.world.claims[action.claim.metadata.namespace or "", action.claim.metadata.name])
        except AWSError as error:
            failure = error.failure
            if failure.blocker is not None:
                self._look([failure.blocker[0]])
            if failure.kind is FailureClass.GONE and work.step is Step.DELETE and work.profile is not None and self.profiles:
                self.profiles.pop(work.profile.name, None)
        else:
            self._took(work, made)
        failure = attributed(failure, work.spec, Quotas())
        self.outcomes[action.claim.metadata.uid] = Outcome(action.start_time, self.world.now, failure)
        self.refusals.learn(work.step, failure, len(self.profiles or {}), self.world.now)

    def _took(self, work: Work, made: Profile | None) -> None:
        assert self.profiles is not None
        if work.step is Step.CREATE:
            assert made is not None
            self.made_at[made.name] = self.world.seconds
            self._put(made)
            return
        profile = work.profile
        assert profile is not None
        if work.step is Step.DELETE:
            self.made_at.pop(profile.name, None)
            self._put(replace(profile, state=ProfileState.DELETING))
        else:
            tags = {key: value for key, value in profile.tags.items() if key not in work.tag_keys}
            self._put(replace(profile, tags={**tags, **dict(work.tags)}))

    def _check(self, decided: Plan) -> None:
        """What must hold for every plan, by what the operator knows."""
        action, known = decided.action, (self.profiles or {}).values()
        if action is not None and action.work.step in (Step.CREATE, Step.DELETE):
            moving = [profile.name for profile in known if profile.moving]
            assert not moving, f"{action.work.step} is planned while {moving} hold the slot"
        if self.profiles is None:
            return
        places = sorted(report.status.operation.position or 0 for report in decided.claims if report.status.operation)
        assert [place for place in places if place] == list(range(1, decided.queue_length + 1))

    # Time.

    def next_moment(self) -> float:
        """When this operator would look again, in seconds of the world."""
        world, decided = self.world, self.plan
        moments = [self.resync_at, world.plane.ends_at]
        if world.seconds < self.settled_at:
            moments.append(self.settled_at)
        if self.failure is not None:
            moments.append(world.seconds + 15)
        if decided is not None and decided.wake_at is not None:
            moments.append(world.seconds + (decided.wake_at - world.now).total_seconds())
        if decided is not None and any(name not in world.plane.list() for name in decided.watch):
            moments.append(world.seconds + 5)
        return max(world.seconds + 0.001, min(moments))


def run(operator: Operator, seconds: float) -> Operator:
    """Let an operator work for so long; after a crash another takes over. Returns the one that runs in the end."""
    world, end, passes = operator.world, operator.world.seconds + seconds, 0
    while True:
        try:
            changed = operator.reconcile()
        except Crash:
            world.crash_at = None
            operator, changed = Operator(world, operator.rules), True
        passes = passes + 1 if changed else 0
        assert passes < _HOT_LOOP, f"a loop without a wait: {world.calls[-3:]}"
        if changed:
            continue
        moment = operator.next_moment()
        if moment > end:
            world.seconds = end
            return operator
        world.seconds = moment


def come_to_rest(operator: Operator, *, quiet: float = 400.0, limit: float = 6 * 3600.0) -> Operator:
    """Run until nothing has changed for `quiet` seconds and EKS is idle; fails if that does not come within `limit`."""
    world = operator.world
    end = world.seconds + limit
    while world.seconds < end:
        before = (world.writes, len(world.calls))
        operator = run(operator, quiet)
        if (world.writes, len(world.calls)) == before and world.plane.busy_with is None:
            return operator
    reasons = [(key, [(c.reason, c.message) for c in claim.status.conditions if c.type == "Ready"]) for key, claim in world.claims.items()]
    raise AssertionError(f"no rest within {limit} s: {reasons}, {world.calls[-5:]}")
