"""The conditions of a claim, from where it stands.

Ready follows the table of reasons. Reconciling and Stalled speak kstatus: absent unless True, never both, so that Argo CD, Flux and
`kubectl wait` neither wait for ever nor give up early.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fargateclaims.api.conditions import MESSAGE_MAX_LENGTH, Condition, ConditionStatus, ConditionType
from fargateclaims.api.reasons import Reason
from fargateclaims.api.reasons.facts import READY_REASONS, Kstatus, ReadyValue
from fargateclaims.domain.assessment import Assessment, Verdict
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.outage import unreadable
from fargateclaims.domain.profile import ProfileState
from fargateclaims.domain.retries import paused_by

_TRUE, _FALSE, _UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a claim stands: what Ready will say, and what shares its pods."""

    verdict: Verdict
    overlap: str | None = None


def claim_conditions(facts: Facts, item: Assessment, stand: Stand) -> tuple[Condition, ...]:
    """All conditions of a claim; lastTransitionTime moves only where a status does."""
    before = {condition.type: condition for condition in item.claim.status.conditions}
    ready = _ready(item, stand.verdict, before.get(ConditionType.READY))
    wanted = [
        (ConditionType.READY, ready, stand.verdict),
        (ConditionType.AVAILABLE, *_available(facts, item, before.get(ConditionType.AVAILABLE))),
        (ConditionType.ACCEPTED, *_accepted(item)),
        (ConditionType.SYNCED, *_synced(facts, item, stand.verdict)),
    ]
    progress = _progress(facts, stand.verdict, ready, before.get(ConditionType.READY))
    if progress is not None:
        wanted.append((progress, _TRUE, stand.verdict))
    by = paused_by(item.claim, item.cls)
    if by is not None:
        wanted.append((ConditionType.PAUSED, _TRUE, Verdict(Reason.PAUSED, f"paused by {by}: EKS is not changed")))
    if stand.overlap is not None:
        wanted.append((ConditionType.OVERLAPPING, _TRUE, Verdict(Reason.OVERLAPPING, stand.overlap)))
    return conditions(wanted, before.values(), facts.now, item.claim.metadata.generation)


def conditions(
    wanted: Iterable[tuple[ConditionType, ConditionStatus, Verdict]], before: Iterable[Condition], now: datetime, generation: int
) -> tuple[Condition, ...]:
    """Conditions with the times of those before where their status is the same."""
    earlier = {condition.type: condition for condition in before}
    made = []
    for kind, status, verdict in wanted:
        old = earlier.get(kind)
        since = old.last_transition_time if old is not None and old.status == status else now
        made.append(
            Condition(
                type=kind,
                status=status,
                reason=verdict.reason,
                message=verdict.message[:MESSAGE_MAX_LENGTH],
                last_transition_time=since,
                observed_generation=generation,
            )
        )
    return tuple(made)


def _ready(item: Assessment, verdict: Verdict, before: Condition | None) -> ConditionStatus:
    as_it_was = before.status if before is not None else _UNKNOWN
    value = READY_REASONS[verdict.reason].ready
    unread = item.synced is None
    if value is ReadyValue.UNCHANGED or (unread and as_it_was is _TRUE):
        return as_it_was
    return ConditionStatus(value.value)


def _available(facts: Facts, item: Assessment, before: Condition | None) -> tuple[ConditionStatus, Verdict]:
    if facts.observation.profiles is None:
        kept = before.status if before is not None else _UNKNOWN
        return kept, Verdict(Reason(before.reason) if before else Reason.PENDING, before.message if before else "EKS has not been read yet")
    active = [profile for profile in (item.profile, item.previous) if profile is not None and profile.state is ProfileState.ACTIVE]
    if active:
        return _TRUE, Verdict(Reason.PROFILE_ACTIVE, f"profile {active[0].name} takes pods")
    return _FALSE, Verdict(Reason.NO_ACTIVE_PROFILE, "no ACTIVE profile of this claim takes pods")


def _accepted(item: Assessment) -> tuple[ConditionStatus, Verdict]:
    if item.refused is not None:
        return _FALSE, item.refused
    return _TRUE, Verdict(Reason.ACCEPTED, f'valid, and class "{item.claim.spec.class_name}" allows it')


def _synced(facts: Facts, item: Assessment, verdict: Verdict) -> tuple[ConditionStatus, Verdict]:
    outage = unreadable(facts.observation)
    if outage is not None and item.setback is None:
        return _UNKNOWN, outage
    if item.synced is None:
        return _UNKNOWN, verdict
    if item.synced and item.class_changed:
        changed = (
            "the class has changed since this profile was made: edit the claim or set the annotation fargateclaims.dev/retry to follow"
        )
        return _FALSE, Verdict(Reason.CLASS_CHANGED, changed)
    if item.synced:
        return _TRUE, Verdict(Reason.SYNCED, "EKS is as the claim and its class say")
    back = item.setback
    return _FALSE, Verdict(back.reason, back.message) if back is not None else verdict


def _progress(facts: Facts, verdict: Verdict, ready: ConditionStatus, before: Condition | None) -> ConditionType | None:
    match READY_REASONS[verdict.reason].kstatus:
        case Kstatus.RECONCILING:
            return ConditionType.RECONCILING
        case Kstatus.STALLED:
            return ConditionType.STALLED
        case Kstatus.STALLED_AFTER_GRACE if ready is not _TRUE:
            same = before is not None and before.reason == verdict.reason and before.status == ready
            waited = facts.now - before.last_transition_time if same and before is not None else None
            return ConditionType.STALLED if waited is not None and waited >= facts.rules.grace else ConditionType.RECONCILING
        case Kstatus.RECONCILING_UNLESS_READY if ready is not _TRUE:
            return ConditionType.RECONCILING
        case _:
            return None
