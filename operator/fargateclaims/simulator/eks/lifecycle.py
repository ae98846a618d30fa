"""The Fargate control plane of one EKS cluster, as a pure state machine.

::

    create ──▶ CREATING ──▶ ACTIVE ─────────┐
                   └──────▶ CREATE_FAILED ──┤ delete ──▶ DELETING ──▶ (gone)
                                            ▲                └─────▶ DELETE_FAILED ─┐
                                            └───────────────────────────────────────┘

At most one profile is CREATING or DELETING. Nothing runs in the background: each call first brings the state up to the
clock. There is no I/O and no lock; a caller with threads brings its own.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Final
from uuid import UUID

from fargateclaims.simulator.eks import errors
from fargateclaims.simulator.eks.model import IN_FLIGHT, HealthIssue, Operation, Outcome, Profile, ProfileStatus, Quotas, Transition
from fargateclaims.simulator.eks.timings import Timings
from fargateclaims.simulator.eks.validation import check_name, check_new_tags, check_selectors, merged_tags, remaining_tags

DEFAULT_ACCOUNT: Final = "123456789012"
DEFAULT_REGION: Final = "us-east-1"

# How EKS spells the two actions in its refusals.
_SPELLING: Final = {Operation.CREATE: "create", Operation.DELETE: "Delete"}


class FargateControlPlane:
    """What EKS keeps and does about the Fargate profiles of one cluster.

    Attributes:
        quotas: May be replaced or changed at any time, as AWS does.
        cluster_status: EKS's cluster status; creates need ACTIVE.
        hidden_update_until: Until this clock time (seconds) creates and deletes are refused for an update that nothing shows.
        hidden_update_after_create: Seconds of such an update after each profile that becomes ACTIVE.
        describe_lag: Seconds after its create for which Describe does not find a profile.
        list_lag: Seconds after its create for which List leaves a profile out.

    """

    def __init__(  # noqa: PLR0913  (keywords, all but one with a default)
        self,
        cluster_name: str,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        *,
        clock: Callable[[], float],
        timings: Timings | None = None,
        quotas: Quotas | None = None,
        partition: str = "aws",
        on_transition: Callable[[Transition], None] | None = None,
    ) -> None:
        """``clock`` returns seconds and never goes back; ``on_transition`` is called for each change of a status, in order."""
        self.cluster_name = cluster_name
        self.cluster_status = "ACTIVE"
        self.timings = timings or Timings()
        self.quotas = quotas or Quotas()
        self.hidden_update_until = -math.inf
        self.hidden_update_after_create = 0.0
        self.describe_lag = 0.0
        self.list_lag = 0.0
        self._clock = clock
        self._on_transition = on_transition
        self._arn_stem = f"arn:{partition}:eks:{region}:{account}:fargateprofile/{cluster_name}"
        self._rng = Random(f"{self.timings.seed}/{self._arn_stem}")  # noqa: S311  (a simulation, not a secret)
        self._profiles: dict[str, Profile] = {}
        self._scripted: dict[Operation, deque[Outcome]] = {Operation.CREATE: deque(), Operation.DELETE: deque()}
        self._busy: str | None = None
        self._ends_at = math.inf
        self._issue: HealthIssue | None = None

    # What EKS's API offers.

    def create(  # noqa: PLR0913  (EKS's own parameters, by keyword)
        self,
        name: str,
        *,
        pod_execution_role_arn: str,
        selectors: Sequence[Mapping[str, Any]],
        subnets: Sequence[str] = (),
        tags: Mapping[str, str] | None = None,
        outcome: Outcome | None = None,
    ) -> Profile:
        """Begin to create a profile and return it in CREATING; ``outcome`` goes before what ``script`` queued.

        Raises:
            EKSError: EKS's refusal; nothing has changed then.

        """
        now = self._settle()
        if self.cluster_status != "ACTIVE":
            raise errors.cluster_not_active(self.cluster_name)
        check_name(name)
        check_selectors(selectors, self.quotas)
        check_new_tags(tags or {})
        if name in self._profiles:
            raise errors.profile_exists()
        self._refuse_if_busy(Operation.CREATE, name, now)
        if len(self._profiles) >= self.quotas.profiles:
            raise errors.too_many_profiles(self.cluster_name, self.quotas.profiles)
        profile = Profile(
            name=name,
            arn=self._new_arn(name),
            cluster_name=self.cluster_name,
            pod_execution_role_arn=pod_execution_role_arn,
            selectors=tuple(selectors),
            subnets=tuple(subnets),
            created_at=now,
            status=ProfileStatus.CREATING,
            tags=dict(tags or {}),
        )
        self._begin(Operation.CREATE, profile, None, now, outcome)
        return profile

    def delete(self, name: str, *, outcome: Outcome | None = None) -> Profile:
        """Begin to delete a profile and return it in DELETING; ``outcome`` goes before what ``script`` queued.

        Raises:
            EKSError: EKS's refusal; nothing has changed then.

        """
        now = self._settle()
        before = self._profiles.get(name)
        if before is None:
            raise errors.profile_not_found(name)
        self._refuse_if_busy(Operation.DELETE, name, now)
        profile = replace(before, status=ProfileStatus.DELETING, issues=())
        self._begin(Operation.DELETE, profile, before.status, now, outcome)
        return profile

    def describe(self, name: str) -> Profile:
        """Return a profile as it is now; raise EKSError if there is none, or none that Describe knows of yet."""
        now = self._settle()
        profile = self._profiles.get(name)
        if profile is None or now < profile.created_at + self.describe_lag:
            raise errors.profile_not_found(name)
        return profile

    def list(self) -> list[str]:
        """Return the sorted names of the profiles that List knows of."""
        now = self._settle()
        return sorted(name for name, profile in self._profiles.items() if now >= profile.created_at + self.list_lag)

    def tags(self, arn: str) -> Mapping[str, str]:
        """Return the tags of the profile with this very ARN; raise EKSError (NotFoundException) otherwise."""
        return self._by_arn(arn).tags

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add or overwrite tags; raise EKSError (NotFoundException, BadRequestException) if that cannot be."""
        profile = self._by_arn(arn)
        self._profiles[profile.name] = replace(profile, tags=merged_tags(profile.tags, tags))

    def untag(self, arn: str, keys: Sequence[str]) -> None:
        """Remove tags; keys that are not there do not matter."""
        profile = self._by_arn(arn)
        self._profiles[profile.name] = replace(profile, tags=remaining_tags(profile.tags, keys))

    # What only the one who runs the simulation can see and do.

    @property
    def busy_with(self) -> Profile | None:
        """The profile that is CREATING or DELETING now."""
        self._settle()
        return self._profiles[self._busy] if self._busy else None

    @property
    def ends_at(self) -> float:
        """The clock time at which the operation in flight ends; ``math.inf`` if none does."""
        self._settle()
        return self._ends_at

    def profiles(self) -> dict[str, Profile]:
        """Return every profile by name, also those that Describe and List do not show yet."""
        self._settle()
        return dict(self._profiles)

    def place(  # noqa: PLR0913  (as for create)
        self,
        name: str,
        *,
        pod_execution_role_arn: str,
        selectors: Sequence[Mapping[str, Any]],
        subnets: Sequence[str] = (),
        tags: Mapping[str, str] | None = None,
        status: ProfileStatus = ProfileStatus.ACTIVE,
        issues: Sequence[HealthIssue] = (),
    ) -> Profile:
        """Put a profile there as if it had long been there: no operation, no transition, no quota.

        Raises:
            EKSError: The name is taken or cannot be.
            ValueError: ``status`` is one that only an operation can bring.

        """
        now = self._settle()
        if status in IN_FLIGHT:
            raise ValueError(f"a profile in {status} needs an operation in flight: use create or delete")
        check_name(name)
        if name in self._profiles:
            raise errors.profile_exists()
        profile = Profile(
            name=name,
            arn=self._new_arn(name),
            cluster_name=self.cluster_name,
            pod_execution_role_arn=pod_execution_role_arn,
            selectors=tuple(selectors),
            subnets=tuple(subnets),
            created_at=now - max(self.describe_lag, self.list_lag),
            status=status,
            tags=dict(tags or {}),
            issues=tuple(issues),
        )
        self._profiles[name] = profile
        return profile

    def script(self, operation: Operation, outcome: Outcome) -> None:
        """Queue how the next accepted create or delete will go."""
        self._scripted[operation].append(outcome)

    def finish(self, issue: HealthIssue | None = None) -> Profile | None:
        """End the operation in flight now, with a failure if ``issue`` is given; return the profile as it was before."""
        now = self._settle()
        if self._busy is None:
            return None
        profile = self._profiles[self._busy]
        self._issue = issue or self._issue
        self._ends_at = now
        self._settle()
        return profile

    def report(self, name: str, issues: Sequence[HealthIssue]) -> None:
        """Set the health issues that a profile shows, whatever its status."""
        self._settle()
        if name not in self._profiles:
            raise errors.profile_not_found(name)
        self._profiles[name] = replace(self._profiles[name], issues=tuple(issues))

    def _settle(self) -> float:
        """Bring the state up to the clock and return its time. At most one operation can have ended since the last call."""
        now = self._clock()
        if self._busy is None or now < self._ends_at:
            return now
        before = self._profiles[self._busy]
        ended_at, issue = self._ends_at, self._issue
        self._busy, self._ends_at, self._issue = None, math.inf, None
        after = self._status_at_end(before.status, failed=issue is not None)
        if after is None:
            del self._profiles[before.name]
        else:
            self._profiles[before.name] = replace(before, status=after, issues=(issue,) if issue else ())
        if after is ProfileStatus.ACTIVE and self.hidden_update_after_create:
            self.hidden_update_until = max(self.hidden_update_until, ended_at + self.hidden_update_after_create)
        self._emit(ended_at, before, before.status, after)
        return now

    @staticmethod
    def _status_at_end(status: ProfileStatus, *, failed: bool) -> ProfileStatus | None:
        if status is ProfileStatus.CREATING:
            return ProfileStatus.CREATE_FAILED if failed else ProfileStatus.ACTIVE
        return ProfileStatus.DELETE_FAILED if failed else None

    def _refuse_if_busy(self, operation: Operation, name: str, now: float) -> None:
        spelling = _SPELLING[operation]
        if self._busy is not None:
            raise errors.busy(spelling, name, self.cluster_name, self._busy, self._profiles[self._busy].status)
        if now < self.hidden_update_until or self.cluster_status == "UPDATING":
            raise errors.cluster_update(spelling, name, self.cluster_name)

    def _begin(self, operation: Operation, profile: Profile, before: ProfileStatus | None, now: float, outcome: Outcome | None) -> None:
        queue = self._scripted[operation]
        chosen = outcome or (queue.popleft() if queue else Outcome())
        # Drawn in any case, so that a scripted operation leaves the later ones as they were.
        drawn = (self.timings.create if operation is Operation.CREATE else self.timings.delete).draw(self._rng)
        self._profiles[profile.name] = profile
        self._busy = profile.name
        self._ends_at = now + (drawn if chosen.seconds is None else chosen.seconds)
        self._issue = chosen.issue
        self._emit(now, profile, before, profile.status)

    def _emit(self, at: float, profile: Profile, before: ProfileStatus | None, after: ProfileStatus | None) -> None:
        if self._on_transition:
            self._on_transition(Transition(at, self.cluster_name, profile.name, profile.arn, before, after))

    def _new_arn(self, name: str) -> str:
        return f"{self._arn_stem}/{name}/{UUID(int=self._rng.getrandbits(128), version=4)}"

    def _by_arn(self, arn: str) -> Profile:
        self._settle()
        profile = self._profiles.get(arn.removeprefix(self._arn_stem + "/").partition("/")[0])
        if profile is None or profile.arn != arn:
            raise errors.tagged_resource_not_found(arn)
        return profile
