"""The one place for a create or delete in flight that a cluster has, and who holds it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fargateclaims.api.claim_status import Blocker, BlockerOrigin, ClaimRef, OperationType
from fargateclaims.domain.assessment import SLOT_STEPS, Assessment
from fargateclaims.domain.facts import ClusterBusy, Facts
from fargateclaims.domain.failure import FailureClass
from fargateclaims.domain.identity import owner
from fargateclaims.domain.motion import moving_since
from fargateclaims.domain.profile import ProfileState


@dataclass(frozen=True, slots=True)
class Slot:
    """Whether an operation may start, and what it would wait for.

    :param free: whether one may start now.
    :param blocker: the profile that holds the slot, with the claim that owns it.
    :param updating: whether the cluster itself is busy, with nothing that EKS would show.
    :param since: since when it is held.
    :param overdue: whether that is longer than EKS should take.
    """

    free: bool = True
    blocker: Blocker | None = None
    updating: bool = False
    since: datetime | None = None
    overdue: bool = False


def slot_of(facts: Facts, assessments: Sequence[Assessment]) -> Slot:
    """Who holds the cluster's slot now."""
    moving = sorted(
        (profile for profile in (facts.observation.profiles or {}).values() if profile.moving), key=lambda profile: profile.name
    )
    if moving:
        holder = moving[0]
        since = moving_since(facts, holder)
        blocker = _blocker(facts, holder.name, holder.state, owner(holder.tags))
        return Slot(free=False, blocker=blocker, since=since, overdue=_overdue(facts, since))
    for assessment in assessments:
        if assessment.in_flight is not None and assessment.in_flight[0] is not OperationType.TAG:
            kind, name = assessment.in_flight
            goes = kind is OperationType.DELETE or name in (facts.observation.profiles or {})
            state = ProfileState.DELETING if goes else ProfileState.CREATING
            intent = assessment.claim.status.operation
            since = intent.start_time if intent and intent.start_time else facts.now
            return Slot(free=False, blocker=_blocker(facts, name, state, facts.identity(assessment.claim)), since=since)
    wanted = any(item.runnable and item.work is not None and item.work.step in SLOT_STEPS for item in assessments)
    # Only a call tells whether the cluster is still busy: what nobody asks any more is not known.
    return _busy(facts, facts.busy) if facts.busy is not None and wanted else Slot()


def _busy(facts: Facts, busy: ClusterBusy) -> Slot:
    free, overdue = facts.now >= busy.until, _overdue(facts, busy.since)
    if busy.failure.kind is FailureClass.BUSY_PROFILE and busy.failure.blocker is not None:
        name, state = busy.failure.blocker
        known = (facts.observation.profiles or {}).get(name)
        return Slot(
            free=free, blocker=_blocker(facts, name, state, owner(known.tags) if known else None), since=busy.since, overdue=overdue
        )
    return Slot(free=free, updating=True, since=busy.since, overdue=overdue)


def _overdue(facts: Facts, since: datetime) -> bool:
    return facts.now - since >= facts.rules.operation_deadline


def _blocker(facts: Facts, name: str, state: ProfileState, whose: object) -> Blocker:
    for claim in facts.claims:
        if facts.identity(claim) == whose:
            ref = ClaimRef(namespace=claim.metadata.namespace or "", name=claim.metadata.name) if facts.rules.show_blocking_claim else None
            return Blocker(profile_name=name, status=state, origin=BlockerOrigin.CLAIM, claim_ref=ref)
    return Blocker(profile_name=name, status=state, origin=BlockerOrigin.FOREIGN)
