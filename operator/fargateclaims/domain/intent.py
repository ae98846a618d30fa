"""The intent that a claim's status reported before a call: whether its outcome is still open."""

from datetime import timedelta

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import Operation, OperationState, OperationType
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.identity import owner

_JUST_NOW = timedelta(seconds=1)
"""A look that is no older was made for the plan at hand."""


def open_intent(facts: Facts, claim: FargateProfileClaim) -> Operation | None:
    """The claim's intent if its call may still take effect unseen; it holds the slot.

    EKS's lists lag and a call may time out after it was taken, so within `settle` a NotFound proves nothing. An age below zero (the clock
    was set back while no process ran) is no age at all: a new leader has waited `settle` before it asks.
    """
    operation = undecided(facts, claim)
    if operation is None or operation.start_time is None:
        return None
    age = (facts.now - operation.start_time).total_seconds()
    if not 0 <= age < facts.rules.settle.total_seconds():
        return None
    return None if _made(facts, claim, operation) else operation


def in_doubt(facts: Facts, claim: FargateProfileClaim) -> bool:
    """Whether EKS must be read once more before the absence of a profile proves that the claim has none."""
    operation, seen = undecided(facts, claim), facts.observation.observed_at
    if operation is None or operation.start_time is None:
        return False
    if operation.start_time > facts.now:
        # The clock was set back while no process ran: what proves is a look of just now, after this leader's own wait.
        return seen is None or not facts.may_mutate or facts.now - seen > _JUST_NOW
    return seen is None or seen < operation.start_time + facts.rules.settle


def undecided(facts: Facts, claim: FargateProfileClaim) -> Operation | None:
    """The claim's intent if it is not known what became of its call; it stays in the status until it is."""
    operation = claim.status.operation
    if operation is None or operation.state is not OperationState.IN_FLIGHT or operation.start_time is None:
        return None
    outcome = facts.outcomes.get(claim.metadata.uid)
    decided = (
        outcome is not None and outcome.start_time == operation.start_time and not (outcome.failure and outcome.failure.outcome_unknown)
    )
    return None if decided else operation


def _made(facts: Facts, claim: FargateProfileClaim, operation: Operation) -> bool:
    """Whether the profile has appeared that a create was sent for. One that the intent's report knew proves nothing: it may have to go."""
    if operation.type not in (OperationType.CREATE, OperationType.REPLACE):
        return False
    profile, status = (facts.observation.profiles or {}).get(operation.profile_name), claim.status
    known = {shown.arn for shown in (status.profile, status.previous_profile) if shown is not None}
    return profile is not None and profile.arn not in known and owner(profile.tags) == facts.identity(claim)
