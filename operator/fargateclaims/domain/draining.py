"""What becomes of the pods of a profile that is to go.

EKS deletes them with it, at once and without regard to disruption budgets; so they are moved, or waited for, before.

```
pods ──▶ decide ──▶ DRAINING: evict some now, and look again ──▶ DONE: the profile may go
                              └── after the class's timeout ───▶ TIMED_OUT: until a person acts, or the pods are gone after all
```
Only a replacement evicts, and only once the successor is ACTIVE: a pod that is made again while nothing else takes it comes back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from fargateclaims.api.fargateclass import Disruption, DrainPolicy, WaitPolicy
from fargateclaims.domain.evictions import Held, PodOnProfile
from fargateclaims.domain.no_access import NoAccess
from fargateclaims.domain.pods.matching import PIN
from fargateclaims.timing import DRAIN_BLIND_GRACE, EVICTED_AGAIN

EVICTIONS_PER_ROUND: Final = 10
"""So many pods are evicted between two looks: what they do to the cluster is seen before more follow."""
_NAMED: Final = 5


class Purpose(StrEnum):
    """Why the profile is to go."""

    REPLACE = "Replace"
    DELETE = "Delete"


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a profile that is to go.

    :param pods: those on the profile, ended ones too.
    :param since: when the drain began; for a replacement not before the successor was ACTIVE.
    :param total: the most pods that were seen on it since then; 0 if not known.
    :param held: what `remember` knows.
    :param successor: the ACTIVE profile that takes the pods when they are made again; None if there is none.
    :param blind_since: since when this process has looked in vain; None if it has not.
    :param never_seen: whether the cluster did not let itself be looked at before either: then nothing is waited for that may come back.
    """

    profile: str
    purpose: Purpose
    disruption: Disruption
    pods: Sequence[PodOnProfile] | NoAccess
    since: datetime
    now: datetime
    total: int = 0
    held: Mapping[str, Held] = field(default_factory=dict)
    successor: str | None = None
    blind_since: datetime | None = None
    never_seen: bool = False

    @property
    def evicts(self) -> bool:
        """Whether pods are moved, and not just waited for."""
        return self.purpose is Purpose.REPLACE

    @property
    def age(self) -> timedelta:
        """How long it has taken; a clock that was set back makes it no longer."""
        return max(self.now - self.since, timedelta())


@dataclass(frozen=True, slots=True)
class PodsSeen:
    """What a look at a profile's pods has found. Parameters as `Situation`."""

    pods: tuple[PodOnProfile, ...] | NoAccess
    total: int = 0
    held: Mapping[str, Held] = field(default_factory=dict)
    blind_since: datetime | None = None

    @property
    def news(self) -> object:
        """What of it makes a difference to a plan: when a pod was last tried in vain does not."""
        return self.pods, self.total, self.blind_since, {uid: (held.eviction, held.since) for uid, held in self.held.items()}


@dataclass(frozen=True, slots=True)
class DrainOrder:
    """A profile that is to go: its pods are looked at, and moved if they are to be, until it goes. Parameters as `Situation`."""

    profile: str
    arn: str
    purpose: Purpose
    disruption: Disruption
    since: datetime
    successor: str | None
    never_seen: bool

    def situation(self, seen: PodsSeen, now: datetime) -> Situation:
        """What follows from it for pods as they were seen."""
        return Situation(
            profile=self.profile,
            purpose=self.purpose,
            disruption=self.disruption,
            pods=seen.pods,
            since=self.since,
            now=now,
            total=seen.total,
            held=seen.held,
            blind_since=seen.blind_since,
            successor=self.successor,
            never_seen=self.never_seen,
        )


class DrainState(StrEnum):
    """How far a drain is."""

    DONE = "Done"
    DRAINING = "Draining"
    TIMED_OUT = "TimedOut"


@dataclass(frozen=True, slots=True)
class Drain:
    """What to do.

    :param evict: these now.
    :param message: one sentence for the condition; with DONE for a warning event, and empty if there is nothing to warn of.
    """

    state: DrainState
    evict: tuple[PodOnProfile, ...] = ()
    message: str = ""


def decide(situation: Situation) -> Drain:
    """Decide whether the profile may go, and what to do about its pods meanwhile."""
    if not waits_for_pods(situation.purpose, situation.disruption, situation.successor):
        return Drain(DrainState.DONE)
    if isinstance(situation.pods, NoAccess):
        return _blind(situation, situation.pods)
    left = sorted((pod for pod in situation.pods if pod.holds), key=lambda pod: (pod.namespace, pod.name))
    if not left:
        return Drain(DrainState.DONE)
    if situation.age >= situation.disruption.timeout_delta:
        return Drain(DrainState.TIMED_OUT, message=_remain(situation, left))
    evict = _next(situation, left) if situation.evicts else ()
    return Drain(DrainState.DRAINING, evict, _progress(situation, left))


def waits_for_pods(purpose: Purpose, disruption: Disruption, successor: str | None) -> bool:
    """Whether anything is to be done about the pods at all. Parameters as `Situation`."""
    if purpose is Purpose.DELETE:
        return disruption.on_delete is WaitPolicy.WAIT
    # Without a successor (DeleteFirst) each pod would come back to this profile until it is gone.
    return disruption.on_replace is DrainPolicy.EVICT and successor is not None


def _blind(situation: Situation, no_access: NoAccess) -> Drain:
    """Nobody can see whether pods run there. Eviction is given up where there never was access; a promise to wait is kept."""
    timed_out = situation.age >= situation.disruption.timeout_delta
    blind = situation.now - (situation.blind_since or situation.now)
    may_pass = not no_access.lasting and not situation.never_seen and blind < timedelta(seconds=DRAIN_BLIND_GRACE)
    if situation.evicts and not situation.total and not may_pass:
        return Drain(
            DrainState.DONE, message=f"profile {situation.profile} is deleted with its pods, which could not be evicted: {no_access.why}"
        )
    message = f"whether pods still run on profile {situation.profile} cannot be seen: {no_access.why}"
    if not timed_out:
        return Drain(DrainState.DRAINING, message=message)
    look = f"look with kubectl get pods -A -l {PIN}={situation.profile}"
    return Drain(DrainState.TIMED_OUT, message=f"{message}; {look}, then set {_policy(situation)}: Ignore on the class")


def _policy(situation: Situation) -> str:
    return "disruption.onReplace" if situation.evicts else "disruption.onDelete"


def _next(situation: Situation, left: Iterable[PodOnProfile]) -> tuple[PodOnProfile, ...]:
    ready = [pod for pod in left if _may_go(situation, pod)]
    # Those that were tried in vain go behind the others, the longest ago first: none waits for ever behind those that cannot go.
    fresh = [pod for pod in ready if pod.uid not in situation.held]
    # Of those that one budget holds, one shows whether it still does.
    probes: dict[tuple[str, str], PodOnProfile] = {}
    for pod in sorted((pod for pod in ready if pod.uid in situation.held), key=lambda pod: situation.held[pod.uid].tried):
        probes.setdefault((pod.namespace, situation.held[pod.uid].reason), pod)
    return (*fresh, *probes.values())[:EVICTIONS_PER_ROUND]


def _may_go(situation: Situation, pod: PodOnProfile) -> bool:
    return not pod.terminating and pod.controller is not None and not pod.pinned and not _came_back(situation, pod)


def _came_back(situation: Situation, pod: PodOnProfile) -> bool:
    """Whether it was made while its profile was being drained: to evict it at once again would do so for ever."""
    if pod.created is None or pod.created <= situation.since:
        return False
    return situation.now - pod.created < timedelta(seconds=EVICTED_AGAIN)


def _progress(situation: Situation, left: Sequence[PodOnProfile]) -> str:
    parts = [_count(situation, left)]
    if situation.evicts:
        parts += _obstacles(situation, left)
    return ", ".join(parts)


def _count(situation: Situation, left: Sequence[PodOnProfile]) -> str:
    profile = situation.profile
    verb = f"profile {profile} is draining" if situation.evicts else f"waiting for the pods on profile {profile} to go"
    total = max(situation.total, len(left))
    return f"{verb}: {len(left)} of {total} pods left"


def _obstacles(situation: Situation, left: Sequence[PodOnProfile]) -> list[str]:
    """What keeps pods from going, each with how many."""
    counts: dict[str, int] = {}
    since: dict[str, datetime] = {}
    for pod in left:
        reason = _reason(situation, pod)
        if not reason:
            continue
        counts[reason] = counts.get(reason, 0) + 1
        held = situation.held.get(pod.uid)
        if held is not None and held.reason == reason:
            since[reason] = min(held.since, since.get(reason, held.since))
    return [f"{count} {reason}{_since(since.get(reason))}" for reason, count in sorted(counts.items())]


def _reason(situation: Situation, pod: PodOnProfile) -> str:
    """Why a pod does not go, as a key and for people; empty if nothing is in the way."""
    if pod.terminating:
        return "terminating"
    if pod.controller is None:
        return "without a controller that would make it again"
    if pod.pinned:
        return "pinned to this profile by label"
    if pod.uid in situation.held:
        return situation.held[pod.uid].reason
    return "made anew on this profile" if _came_back(situation, pod) else ""


def _since(moment: datetime | None) -> str:
    return f" since {moment:%H:%M:%SZ}" if moment is not None else ""


def _remain(situation: Situation, left: Sequence[PodOnProfile]) -> str:
    named = [f"{pod.title}{_why(situation, pod)}" for pod in left[:_NAMED]]
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    return (
        f"after {situation.disruption.timeout}, {len(left)} of {max(situation.total, len(left))} pods still run on profile "
        f"{situation.profile}: {', '.join(named)}{more}; delete them, or set {_policy(situation)}: Ignore on the class, and they go with "
        "the profile"
    )


def _why(situation: Situation, pod: PodOnProfile) -> str:
    reason = _reason(situation, pod) if situation.evicts else ""
    return f" ({reason})" if reason else ""
