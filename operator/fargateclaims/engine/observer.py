"""What is known of one cluster in EKS: read as seldom as the rules allow, and kept between passes.

A List and a Describe of what is new or was not ACTIVE before each mutation; one Describe of what is awaited while waiting; everything at
each resync. What a call of ours has just changed counts at once, since EKS's lists lag behind. A cluster that is on its way to ACTIVE
and a class that EC2 or IAM did not tell about are looked at again sooner than at the next resync.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.clock import Clock
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.domain.observation import Inspection, Observation
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.engine.class_reader import ClassReader
from fargateclaims.engine.pace import Pace
from fargateclaims.engine.ports import Gateway
from fargateclaims.timing import CLUSTER_RECHECK

_PASSING = frozenset({FailureClass.THROTTLED, FailureClass.UNAVAILABLE})
_WORTH_TELLING = 2
"""From so many failures in a row on, claims are told."""

_NEVER = math.inf
_UPDATING = "UPDATING"
_ON_ITS_WAY = frozenset({"CREATING", "PENDING", _UPDATING})
"""The states of a cluster that end by themselves."""


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
        self._classes = ClassReader(arn, clock)
        self._cluster_read_at = 0.0
        self._updating_since: datetime | None = None
        self._in_vain = False
        self._failures = 0
        self.observation = Observation(arn)

    @property
    def failures(self) -> int:
        """How many reads in a row have failed."""
        return self._failures

    @property
    def moving_since(self) -> dict[str, datetime]:
        """When each moving profile, and the cluster if it is UPDATING, was first seen in its present state, by ARN."""
        cluster = {str(self.observation.arn): self._updating_since} if self._updating_since is not None else {}
        return cluster | {arn: motion.since for arn, motion in self._motions.items()}

    async def resync(self, gateway: Gateway, classes: Iterable[FargateProfileClass]) -> bool:
        """Read everything. Returns whether that succeeded; a failure that lasts is kept in the observation, beside what was known."""
        try:
            await self._read_cluster(gateway)
            self.observation = replace(self.observation, quotas=await gateway.quotas())
            await self._read_profiles(gateway, every=True)
            await self._read_classes(gateway, classes, again=True)
        except AWSError as error:
            return self._failed(error.failure)
        return True

    async def refresh(self, gateway: Gateway, classes: Iterable[FargateProfileClass]) -> bool:
        """Read what a mutation must know: all names, and each profile that is new or was not ACTIVE. Returns as `resync`."""
        try:
            if self.observation.cluster is None or self._gone():
                await self._read_cluster(gateway)
                self.observation = replace(self.observation, quotas=await gateway.quotas())
            elif self._in_vain:
                # EKS did not take the call that the last refresh was for: it may be for the cluster's own state.
                await self._read_cluster(gateway)
            await self._read_profiles(gateway, every=False)
            await self._read_classes(gateway, classes, again=False)
        except AWSError as error:
            return self._failed(error.failure)
        self._in_vain = True
        return True

    async def look(self, gateway: Gateway, names: Iterable[str]) -> bool:
        """Read the profiles that somebody waits for, and what else `next_look` was told for. Returns as `resync`."""
        awaited = sorted(names)
        cluster_due = self._cluster_due() <= self._clock.monotonic()
        try:
            if cluster_due:
                await self._read_cluster(gateway)
            await self._read_due_classes(gateway)
            for name in awaited:
                await self._describe(gateway, name)
        except AWSError as error:
            return self._failed(error.failure)
        if cluster_due or awaited:  # what EC2 and IAM answer says nothing of EKS
            self._succeeded(complete=False)
        return True

    def lacks(self, classes: Iterable[FargateProfileClass]) -> bool:
        """Whether a class has not been looked at as it now is, nor tried to a moment ago."""
        return self._classes.lacks(classes)

    def inspected(self, inspection: Inspection) -> None:
        """Something was looked at in the background."""
        if inspection != self.observation.inspection:
            self.observation = replace(self.observation, inspection=inspection)
            self._publish_classes()

    def created(self, profile: Profile) -> None:
        """EKS has taken a create."""
        self._in_vain = False
        self._made_at[profile.name] = self._clock.monotonic()
        self._put(profile)

    def deleting(self, profile: Profile) -> None:
        """EKS has taken a delete."""
        self._in_vain = False
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
        self._in_vain = False
        profile = self._profiles.get(name)
        if profile is not None:
            gone = set(removed)
            kept = {key: value for key, value in profile.tags.items() if key not in gone}
            self._put(replace(profile, tags=kept | tags))

    def next_look(self, names: Iterable[str]) -> float | None:
        """Seconds until the next look is due at these profiles, at a cluster or class that was not fit; None if nothing is awaited."""
        now = self._clock.monotonic()
        recheck = min(self._cluster_due(), self._classes.due_at)
        waits = [] if recheck == _NEVER else [max(self._pace.shortest_wait, recheck - now)]
        for name in names:
            profile = self._profiles.get(name)
            motion = self._motions.get(profile.arn) if profile is not None else None
            if profile is None or motion is None:
                waits.append(self._pace.shortest_wait)
            else:
                waits.append(self._pace.next_wait(motion.state, now - motion.began, profile.arn))
        return min(waits, default=None)

    async def _read_cluster(self, gateway: Gateway) -> None:
        # Before the answer: one that does not come is waited for as long.
        self._cluster_read_at = self._clock.monotonic()
        cluster = await gateway.describe_cluster()
        self._updating_since = (self._updating_since or self._clock.now()) if cluster.status == _UPDATING else None
        if cluster != self.observation.cluster:
            self.observation = replace(self.observation, cluster=cluster)

    def _cluster_due(self) -> float:
        cluster = self.observation.cluster
        return self._cluster_read_at + CLUSTER_RECHECK if cluster is not None and cluster.status in _ON_ITS_WAY else _NEVER

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
        if self.observation.cluster is not None:
            await self._classes.read(gateway, self.observation.cluster, classes, again=again)
            self._publish_classes()

    async def _read_due_classes(self, gateway: Gateway) -> None:
        if self.observation.cluster is not None:
            await self._classes.read_due(gateway, self.observation.cluster)
            self._publish_classes()

    def _publish_classes(self) -> None:
        cluster = self.observation.cluster
        if cluster is None:
            return
        # Of one that is gone, what was known stays: a claim may still be held by its name alone.
        facts = {**self.observation.classes, **self._classes.facts(cluster, self.observation.inspection)}
        network = self._classes.network(self.observation.inspection)
        if (facts, network) != (self.observation.classes, self.observation.network):
            self.observation = replace(self.observation, classes=facts, network=network)

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
            self._classes.forget()
            self._updating_since = None
            self.observation = replace(self.observation, cluster=None, profiles={}, observed_at=self._clock.now(), failure=failure)
        else:
            self.observation = replace(self.observation, failure=failure)
        return False

    def _gone(self) -> bool:
        failure = self.observation.failure
        return failure is not None and failure.kind is FailureClass.CLUSTER_GONE
