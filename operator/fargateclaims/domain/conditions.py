"""The conditions of a claim, from where it stands.

Ready follows the table of reasons. Reconciling and Stalled speak kstatus: absent unless True, never both, so that Argo CD, Flux and
`kubectl wait` neither wait for ever nor give up early.
"""

from collections.abc import Iterable, Mapping
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
from fargateclaims.domain.setback import REMEMBERED

_AVAILABLE_REASONS = frozenset({Reason.PROFILE_ACTIVE, Reason.NO_ACTIVE_PROFILE})
_NO_ANSWER = frozenset({Reason.THROTTLED, Reason.UNAVAILABLE})
_WITH_GRACE = frozenset(reason for reason, facts in READY_REASONS.items() if facts.kstatus is Kstatus.STALLED_AFTER_GRACE)

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
        (ConditionType.SYNCED, *_synced(facts, item, stand.verdict, before.get(ConditionType.SYNCED))),
    ]
    progress = _progress(facts, stand.verdict, ready, before)
    if progress is not None:
        wanted.append((progress, _TRUE, stand.verdict))
    if _begins_a_grace(stand.verdict, before):
        del before[ConditionType.RECONCILING]
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
        old, message = earlier.get(kind), verdict.message[:MESSAGE_MAX_LENGTH]
        said = (status, verdict.reason, message, generation)
        if old is not None and (old.status, old.reason, old.message, old.observed_generation) == said:
            made.append(old)  # most of them never change, and making one costs more than all else here
            continue
        # Without a generation it is the definition's default, with a time that means nothing.
        kept = old is not None and old.status == status and old.observed_generation is not None
        since = old.last_transition_time if kept and old is not None else now
        made.append(
            Condition(
                type=kind,
                status=status,
                reason=verdict.reason,
                message=message,
                last_transition_time=since,
                observed_generation=generation,
            )
        )
    return tuple(made)


def _ready(item: Assessment, verdict: Verdict, before: Condition | None) -> ConditionStatus:
    as_it_was = before.status if before is not None else _UNKNOWN
    value = READY_REASONS[verdict.reason].ready
    metadata = item.claim.metadata
    edited = metadata.deletion_timestamp is None and item.claim.status.observed_generation not in (None, metadata.generation)
    if edited and not item.synced and (value is ReadyValue.UNCHANGED or item.synced is None):
        return _UNKNOWN  # whatever it was, it was that of another spec
    if value is ReadyValue.UNCHANGED:
        return _TRUE if item.synced else as_it_was
    if item.synced is None and as_it_was is _TRUE:
        return as_it_was
    return ConditionStatus(value.value)


def _available(facts: Facts, item: Assessment, before: Condition | None) -> tuple[ConditionStatus, Verdict]:
    if facts.observation.profiles is None:
        if before is None or before.reason not in _AVAILABLE_REASONS:
            return _UNKNOWN, Verdict(Reason.PENDING, "EKS has not been read yet")
        return before.status, Verdict(Reason(before.reason), before.message)
    active = [profile for profile in (item.profile, item.previous) if profile is not None and profile.state is ProfileState.ACTIVE]
    if active:
        return _TRUE, Verdict(Reason.PROFILE_ACTIVE, f"profile {active[0].name} takes pods")
    return _FALSE, Verdict(Reason.NO_ACTIVE_PROFILE, "no ACTIVE profile of this claim takes pods")


def _accepted(item: Assessment) -> tuple[ConditionStatus, Verdict]:
    if item.refused is not None:
        return _UNKNOWN if item.refused.reason is Reason.PENDING else _FALSE, item.refused
    return _TRUE, Verdict(Reason.ACCEPTED, f'valid, and class "{item.claim.spec.class_name}" allows it')


def _synced(facts: Facts, item: Assessment, verdict: Verdict, before: Condition | None) -> tuple[ConditionStatus, Verdict]:
    outage, back = unreadable(facts.observation), item.setback
    if facts.observation.profiles is None and before is not None and _remembers(item, before):
        return _UNKNOWN, Verdict(Reason(before.reason), before.message)
    if outage is not None:
        return _UNKNOWN, outage if back is None else Verdict(back.reason, back.message)
    if item.synced is None:
        return _UNKNOWN, verdict
    if item.synced and item.class_changed:
        changed = (
            "the class has changed since this profile was made: edit the claim or set the annotation fargateclaims.dev/retry to follow"
        )
        return _FALSE, Verdict(Reason.CLASS_CHANGED, changed)
    if item.synced:
        return _TRUE, Verdict(Reason.SYNCED, "EKS is as the claim and its class say")
    if back is None:
        return _FALSE, verdict
    return _UNKNOWN if back.reason in _NO_ANSWER else _FALSE, Verdict(back.reason, back.message)


def _remembers(item: Assessment, synced: Condition) -> bool:
    """Whether the condition has the reason and the words of a setback: they stay until EKS was read."""
    status = item.claim.status
    return synced.reason in REMEMBERED and (status.failed_attempts is not None or status.next_attempt_time is not None)


def _progress(facts: Facts, verdict: Verdict, ready: ConditionStatus, before: Mapping[str, Condition]) -> ConditionType | None:
    match READY_REASONS[verdict.reason].kstatus:
        case Kstatus.RECONCILING:
            return ConditionType.RECONCILING
        case Kstatus.STALLED:
            return ConditionType.STALLED
        case Kstatus.STALLED_AFTER_GRACE if ready is not _TRUE:
            stalled, reconciling = before.get(ConditionType.STALLED), before.get(ConditionType.RECONCILING)
            over = stalled is not None and has_grace(stalled)
            if reconciling is not None and has_grace(reconciling):
                over = facts.now - reconciling.last_transition_time >= facts.rules.grace
            return ConditionType.STALLED if over else ConditionType.RECONCILING
        case Kstatus.RECONCILING_UNLESS_READY if ready is not _TRUE:
            return ConditionType.RECONCILING
        case _:
            return None


def has_grace(condition: Condition) -> bool:
    """Whether it waits for what others may still bring, and is Stalled some time after it began."""
    return condition.reason in _WITH_GRACE


def _begins_a_grace(verdict: Verdict, before: Mapping[str, Condition]) -> bool:
    """Whether what may still be brought by others is waited for from now on: an earlier wait in the queue is not counted."""
    reconciling = before.get(ConditionType.RECONCILING)
    return verdict.reason in _WITH_GRACE and reconciling is not None and not has_grace(reconciling)
