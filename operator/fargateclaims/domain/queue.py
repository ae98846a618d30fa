"""Whose turn it is: the order of a cluster's operations, derived anew from facts each time."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from fargateclaims.api.claim_status import OperationType
from fargateclaims.domain.assessment import SLOT_STEPS, Assessment, Step
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.failure import FailureClass
from fargateclaims.domain.profile import ProfileState
from fargateclaims.domain.quota import free_places, profile_limit, with_reserved_place
from fargateclaims.domain.setback import news

_OTHERS_MAY = frozenset({FailureClass.QUOTA_EXCEEDED, FailureClass.THROTTLED, FailureClass.UNAVAILABLE})
_MAKES = frozenset({OperationType.CREATE, OperationType.REPLACE})


def queue_time(facts: Facts, assessment: Assessment) -> datetime:
    """Since when the claim's operation waits. Kept from the status; who failed starts anew, behind the others."""
    metadata, status = assessment.claim.metadata, assessment.claim.status
    before = status.operation
    failed_again = assessment.setback is not None and assessment.setback.attempts > (status.failed_attempts or 0)
    if failed_again or _was_refused(facts, assessment) or _has_completed(assessment):
        return facts.now
    operation = assessment.work.operation if assessment.work else None
    if before is not None and (operation is None or before.type == operation or {before.type, operation} <= _MAKES):
        return before.queue_time
    if metadata.deletion_timestamp is not None:
        return metadata.deletion_timestamp
    return metadata.creation_timestamp if status.observed_generation is None else facts.now


def _was_refused(facts: Facts, assessment: Assessment) -> bool:
    """Whether EKS has just refused the claim what it may not refuse others, though it is not counted against the claim."""
    failure = news(facts, assessment.claim)
    return failure is not None and failure.kind in _OTHERS_MAY and assessment.in_flight is None


def _has_completed(assessment: Assessment) -> bool:
    """Whether the claim's profile has become ACTIVE, or its predecessor has gone, and yet another profile is wanted.

    Who edits all the time goes behind the others.
    """
    status, work = assessment.claim.status, assessment.work
    made = assessment.profile is not None and assessment.profile.state is ProfileState.ACTIVE
    creating = status.profile is not None and status.profile.status == ProfileState.CREATING
    gone = status.previous_profile is not None and assessment.previous is None
    return made and (creating or gone) and work is not None and not work.urgent


def with_places_to_come(facts: Facts, assessments: Sequence[Assessment]) -> tuple[Assessment, ...]:
    """Lets creates that lack a place in the quota queue behind the deletes that will free one."""
    profiles, limit = (facts.observation.profiles or {}).values(), profile_limit(facts)
    if limit is None:
        return tuple(assessments)
    leaving = sum(profile.state is ProfileState.DELETING for profile in profiles)
    waiting = sorted((item for item in assessments if item.only_lacks_place), key=lambda item: _key(facts, item))
    reserved = {claim.metadata.uid for claim in with_reserved_place(facts)} - {item.claim.metadata.uid for item in waiting}
    places = max(0, limit - len(profiles) - len(reserved) + leaving + sum(map(_frees_a_place, assessments)))
    promoted = {item.claim.metadata.uid for item in waiting[:places]}
    return tuple(replace(item, verdict=None) if item.claim.metadata.uid in promoted else item for item in assessments)


def _frees_a_place(item: Assessment) -> bool:
    work = item.work
    return item.runnable and work is not None and work.step is Step.DELETE and (work.operation is OperationType.DELETE or work.urgent)


def ordered(facts: Facts, assessments: Iterable[Assessment]) -> tuple[Assessment, ...]:
    """The operations that wait for nothing but the slot, the next one first."""
    waiting = [item for item in assessments if item.runnable and item.work is not None and item.work.step in SLOT_STEPS]
    return tuple(sorted(waiting, key=lambda item: _key(facts, item)))


def _key(facts: Facts, item: Assessment) -> tuple[object, ...]:
    work, metadata = item.work, item.claim.metadata
    assert work is not None
    makes = work.step is Step.CREATE
    lacks_place = makes and free_places(facts, item.claim) == 0
    return (lacks_place, not work.urgent, queue_time(facts, item), metadata.creation_timestamp, metadata.uid)
