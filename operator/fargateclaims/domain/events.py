"""Which events a change of a claim's status is worth: a story of a few lines in `kubectl describe`, never a storm."""

from dataclasses import dataclass

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import ClaimStatus, Operation, OperationState, OperationType
from fargateclaims.api.conditions import Condition, ConditionStatus, ConditionType
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.profile import ProfileState


@dataclass(frozen=True, slots=True)
class EventNote:
    """An event to post.

    :param action: what the operator was doing, for `events.k8s.io/v1`.
    :param warning: whether someone should look.
    """

    reason: str
    action: str
    note: str
    warning: bool = False


_STARTS = {Reason.CREATING: "Creating", Reason.REPLACING: "Replacing", Reason.DELETING: "Deleting", Reason.TAGGING: "Tagging"}
_WAITS = frozenset({Reason.QUEUED, Reason.CLUSTER_UPDATING})
_SILENT = frozenset(
    # Told by other events, or by the class: what befalls a whole cluster or account is not worth an event for each claim.
    {Reason.ACTIVE, Reason.PENDING, Reason.BACKING_OFF, Reason.PROPAGATING, Reason.THROTTLED, Reason.UNAVAILABLE}
)


def claim_events(claim: FargateProfileClaim, before: ClaimStatus, after: ClaimStatus, *, released: bool) -> tuple[EventNote, ...]:
    """The events for the change from one status to the next."""
    found = [*_profile_events(before, after), *_failure_events(before, after)]
    if released:
        return (*found, _release_event(claim, before, after))
    was, now = _ready(before), _ready(after)
    if now is None or (was is not None and was.reason == now.reason):
        return tuple(found)
    if now.reason in _STARTS and after.operation is not None and after.operation.state is OperationState.IN_FLIGHT:
        found.append(EventNote(_STARTS[Reason(now.reason)], after.operation.type, now.message))
    elif now.reason in _WAITS:
        found.append(EventNote("Queued", "Queue", now.message))
    elif now.reason == Reason.DRAINING:
        found.append(EventNote("Draining", "Evict", now.message))
    elif now.reason == Reason.PAUSED:
        found.append(EventNote("Paused", "Pause", now.message))
    elif now.reason not in _SILENT and now.reason not in _STARTS:
        found.append(
            EventNote("Blocked" if now.status != "True" else str(now.reason), "Check", f"{now.reason}: {now.message}", warning=True)
        )
    return tuple(found)


def _profile_events(before: ClaimStatus, after: ClaimStatus) -> list[EventNote]:
    if after.profile is None or after.profile.status != ProfileState.ACTIVE:
        return []
    known = {profile.arn for profile in (before.profile, before.previous_profile) if profile and profile.status == ProfileState.ACTIVE}
    if after.profile.arn in known or before.operation is None:
        return []
    if before.operation.type is OperationType.TAG:
        return [EventNote("Adopted", "Adopt", f"profile {after.profile.name} is taken over as it is")]
    took = ""
    ready = _ready(after)
    if after.profile.creation_time is not None and ready is not None and ready.status is ConditionStatus.TRUE:
        seconds = int((ready.last_transition_time - after.profile.creation_time).total_seconds())
        took = f" after {seconds} s" if seconds >= 0 else ""
    return [EventNote("Created", "Create", f"profile {after.profile.name} is ACTIVE{took}")]


def _failure_events(before: ClaimStatus, after: ClaimStatus) -> list[EventNote]:
    if (after.failed_attempts or 0) <= (before.failed_attempts or 0):
        return []
    synced = _synced(after)
    return [EventNote("Failed", "Retry", synced.message, warning=True)] if synced is not None else []


def _release_event(claim: FargateProfileClaim, before: ClaimStatus, after: ClaimStatus) -> EventNote:
    """What became of the profile of a claim that goes, as far as the status of before tells."""
    profile, operation, synced = before.profile, before.operation, _synced(after)
    name = profile.name if profile is not None else operation.profile_name if operation is not None else None
    if name is None:
        return EventNote("Deleted", "Delete", f"claim {claim.metadata.name} had no profile")
    if synced is not None and synced.reason == Reason.CLUSTER_NOT_FOUND:
        return EventNote("Deleted", "Delete", f"profile {name} is gone with its cluster")
    if profile is None or profile.status == ProfileState.DELETING or _in_flight(operation, OperationType.DELETE):
        return EventNote("Deleted", "Delete", f"profile {name} is gone")
    if _in_flight(operation, OperationType.TAG):
        return EventNote("Retained", "Retain", f"profile {name} stays in EKS, without the operator's tags")
    # The CRD goes, and profiles stay; or somebody else has deleted this one. The words are true of both.
    return EventNote("Released", "Release", f"profile {name}, last seen {profile.status}, was not deleted by the operator")


def _in_flight(operation: Operation | None, kind: OperationType) -> bool:
    return operation is not None and operation.type is kind and operation.state is OperationState.IN_FLIGHT


def _synced(status: ClaimStatus) -> Condition | None:
    return next((condition for condition in status.conditions if condition.type == ConditionType.SYNCED), None)


def _ready(status: ClaimStatus) -> Condition | None:
    return next((condition for condition in status.conditions if condition.type == ConditionType.READY), None)
