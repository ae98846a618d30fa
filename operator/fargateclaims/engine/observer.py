"""What is known of one cluster in EKS: read as seldom as the rules allow, and kept between passes.

A List and a Describe of what is new or was not ACTIVE before each mutation; one Describe of what is awaited while waiting; everything at
each resync. What a call of ours has just changed counts at once, since EKS's lists lag behind.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.fargateclass import FargateProfileClass, SubnetSource
from fargateclaims.clock import Clock
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.domain.observation import ClassFacts, EKSCluster, Observation, RoleFacts, SubnetFacts
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.engine.pace import Pace
from fargateclaims.engine.ports import Gateway

_PASSING = frozenset({FailureClass.THROTTLED, FailureClass.UNAVAILABLE})
_WORTH_TELLING = 2
"""From so many failures in a row on, claims are told."""

_Source = tuple[SubnetSource, str]


@dataclass(slots=True)
class _Motion:
    """A profile in CREATING or DELETING, since when by both clocks."""

    state: ProfileState
    since: datetime
    began: float


class Observer:
    """The observation of one cluster.

    :param settle: how long a profile that we made stays known though EKS does not show it yet.
    """

    def __init__(self, arn: ClusterARN, clock: Clock, pace: Pace, settle: timedelta) -> None:
        self._clock = clock
        self._pace = pace
        self._settle = settle.total_seconds()
        self._profiles: dict[str, Profile] = {}
        self._made_at: dict[str, float] = {}
        self._doubted: set[str] = set()
        self._motions: dict[str, _Motion] = {}
        self._sources: dict[str, _Source] = {}
        self._failures = 0
        self.observation = Observation(arn)

    @property
    def failures(self) -> int:
        """How many reads in a row have failed."""
        return self._failures

    @property
    def moving_since(self) -> dict[str, datetime]:
        """When each moving profile was first seen in its present state, by ARN."""
        return {arn: motion.since for arn, motion in self._motions.items()}

    async def resync(self, gateway: Gateway, classes: Iterable[FargateProfileClass]) -> bool:
        """Read everything. Returns whether that succeeded; a failure that lasts is kept in the observation, beside what was known."""
        try:
            cluster = await gateway.describe_cluster()
            self.observation = replace(self.observation, cluster=cluster, quotas=await gateway.quotas())
            await self._read_profiles(gateway, every=True)
            await self._read_classes(gateway, classes, again=True)
        except AWSError as error:
            return self._failed(error.failure)
        return True

    async def refresh(self, gateway: Gateway, classes: Iterable[FargateProfileClass]) -> bool:
        """Read what a mutation must know: all names, and each profile that is new or was not ACTIVE. Returns as `resync`."""
        try:
            if self.observation.cluster is None or self._gone():
                self.observation = replace(self.observation, cluster=await gateway.describe_cluster(), quotas=await gateway.quotas())
            await self._read_profiles(gateway, every=False)
            await self._read_classes(gateway, classes, again=False)
        except AWSError as error:
            return self._failed(error.failure)
        return True

    async def look(self, gateway: Gateway, names: Iterable[str]) -> bool:
        """Read the profiles that somebody waits for. Returns as `resync`."""
        try:
            for name in sorted(names):
                await self._describe(gateway, name)
        except AWSError as error:
            return self._failed(error.failure)
        self._succeeded(complete=False)
        return True

    def lacks(self, classes: Iterable[FargateProfileClass]) -> bool:
        """Whether a class has not been looked at as it now is."""
        return any(self._sources.get(cls.metadata.name) != _source(cls) for cls in classes)

    def created(self, profile: Profile) -> None:
        """EKS has taken a create."""
        self._made_at[profile.name] = self._clock.monotonic()
        self._put(profile)

    def deleting(self, profile: Profile) -> None:
        """EKS has taken a delete."""
        self._made_at.pop(profile.name, None)
        self._put(replace(profile, state=ProfileState.DELETING))

    def doubted(self, name: str) -> None:
        """EKS has said that this profile is in motion, whatever was seen of it: it is read before the next mutation."""
        self._doubted.add(name)

    def vanished(self, name: str) -> None:
        """EKS says that there is no such profile."""
        self._forget(name)

    def tagged(self, name: str, tags: dict[str, str], removed: Iterable[str]) -> None:
        """EKS has taken a change of tags."""
        profile = self._profiles.get(name)
        if profile is not None:
            gone = set(removed)
            kept = {key: value for key, value in profile.tags.items() if key not in gone}
            self._put(replace(profile, tags=kept | tags))

    def next_look(self, names: Iterable[str]) -> float | None:
        """Seconds until the next look at these profiles is due; None if none of them is awaited."""
        waits = []
        now = self._clock.monotonic()
        for name in names:
            profile = self._profiles.get(name)
            motion = self._motions.get(profile.arn) if profile is not None else None
            if profile is None or motion is None:
                waits.append(self._pace.shortest_wait)
            else:
                waits.append(self._pace.next_wait(motion.state, now - motion.began, profile.arn))
        return min(waits, default=None)

    async def _read_profiles(self, gateway: Gateway, *, every: bool) -> None:
        names = set(await gateway.list_profiles(urgent=not every))
        for name in set(self._profiles) - names:
            # Lists lag behind: what we made a moment ago is asked for by name, and believed for a while.
            if name in self._made_at:
                await self._describe(gateway, name)
            else:
                self._forget(name)
        for name in sorted(names):
            known = self._profiles.get(name)
            if every or known is None or known.state is not ProfileState.ACTIVE or name in self._doubted:
                await self._describe(gateway, name)
        self._succeeded(complete=True)

    async def _describe(self, gateway: Gateway, name: str) -> None:
        try:
            profile = await gateway.describe_profile(name, urgent=True)
        except AWSError as error:
            if error.failure.kind is not FailureClass.GONE:
                raise
            if not self._just_made(name):
                self._forget(name)
            return
        self._made_at.pop(name, None)
        self._doubted.discard(name)
        self._put(profile)

    def _just_made(self, name: str) -> bool:
        made = self._made_at.get(name)
        return made is not None and self._clock.monotonic() - made < self._settle

    async def _read_classes(self, gateway: Gateway, classes: Iterable[FargateProfileClass], *, again: bool) -> None:
        cluster, facts = self.observation.cluster, dict(self.observation.classes)
        if cluster is None:
            return
        sources: dict[str, _Source] = {}
        read: dict[str, ClassFacts | Failure] = {}
        for cls in classes:
            name, source = cls.metadata.name, _source(cls)
            if again or self._sources.get(name) != source:
                key = repr(source)
                if key not in read:
                    read[key] = await _class_facts(gateway, source, cluster)
                found = read[key]
                if isinstance(found, Failure):
                    # EKS may well answer where EC2 or IAM do not: what was known counts, and this is tried again.
                    facts.setdefault(name, _unread(found))
                    continue
                facts[name] = found
            sources[name] = source
        self._sources = sources
        self.observation = replace(self.observation, classes=facts)

    def _put(self, profile: Profile) -> None:
        before = self._profiles.get(profile.name)
        if before == profile:
            return
        if before is not None and before.arn != profile.arn:
            self._ended(before)
        self._profiles[profile.name] = profile
        motion = self._motions.get(profile.arn)
        if motion is not None and motion.state is not profile.state:
            self._ended(profile)
            motion = None
        if motion is None and profile.moving:
            self._motions[profile.arn] = _Motion(profile.state, self._clock.now(), self._clock.monotonic())
        self._publish()

    def _forget(self, name: str) -> None:
        self._doubted.discard(name)
        self._made_at.pop(name, None)
        profile = self._profiles.pop(name, None)
        if profile is not None:
            self._ended(profile)
            self._publish()

    def _ended(self, profile: Profile) -> None:
        motion = self._motions.pop(profile.arn, None)
        if motion is not None:
            self._pace.ended(motion.state, self._clock.monotonic() - motion.began)

    def _publish(self) -> None:
        if self.observation.profiles is not None:
            self.observation = replace(self.observation, profiles=dict(self._profiles))

    def _succeeded(self, *, complete: bool) -> None:
        self._failures = 0
        if complete:
            self.observation = replace(self.observation, profiles=dict(self._profiles), observed_at=self._clock.now(), failure=None)
        elif self.observation.failure is not None:
            self.observation = replace(self.observation, failure=None)

    def _failed(self, failure: Failure) -> bool:
        self._failures += 1
        if failure.kind in _PASSING and self._failures < _WORTH_TELLING:
            return False  # one lost packet must not be written into the status of every claim
        if failure.kind is FailureClass.CLUSTER_GONE:
            # Without a cluster there are no profiles: EKS refuses to delete a cluster that has any.
            self._profiles.clear()
            self._motions.clear()
            self._made_at.clear()
            self.observation = replace(self.observation, cluster=None, profiles={}, observed_at=self._clock.now(), failure=failure)
        else:
            self.observation = replace(self.observation, failure=failure)
        return False

    def _gone(self) -> bool:
        failure = self.observation.failure
        return failure is not None and failure.kind is FailureClass.CLUSTER_GONE


async def _class_facts(gateway: Gateway, source: _Source, cluster: EKSCluster) -> ClassFacts | Failure:
    try:
        return await gateway.class_facts(*source, cluster)
    except AWSError as error:
        return error.failure


def _unread(failure: Failure) -> ClassFacts:
    why = f"{failure.operation}: {failure.message}"
    return ClassFacts(SubnetFacts(unreadable=why), RoleFacts(unreadable=why))


def _source(cls: FargateProfileClass) -> _Source:
    return cls.spec.subnets, cls.spec.pod_execution_role_arn
