"""Which events a change of a claim's status is worth: a story of a few lines in `kubectl describe`, never a storm."""

from dataclasses import dataclass

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import ClaimStatus, OperationState
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
        return (*found, EventNote("Deleted", "Delete", _gone(claim, before)))
    was, now = _ready(before), _ready(after)
    if now is None or (was is not None and was.reason == now.reason):
        return tuple(found)
    if now.reason in _STARTS and after.operation is not None and after.operation.state is OperationState.IN_FLIGHT:
        found.append(EventNote(_STARTS[Reason(now.reason)], after.operation.type, now.message))
    elif now.reason in _WAITS:
        found.append(EventNote("Queued", "Queue", now.message))
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
    took = ""
    ready = _ready(after)
    if after.profile.creation_time is not None and ready is not None and ready.status is ConditionStatus.TRUE:
        seconds = int((ready.last_transition_time - after.profile.creation_time).total_seconds())
        took = f" after {seconds} s" if seconds >= 0 else ""
    return [EventNote("Created", "Create", f"profile {after.profile.name} is ACTIVE{took}")]


def _failure_events(before: ClaimStatus, after: ClaimStatus) -> list[EventNote]:
    if (after.failed_attempts or 0) <= (before.failed_attempts or 0):
        return []
    synced = next((condition for condition in after.conditions if condition.type == ConditionType.SYNCED), None)
    return [EventNote("Failed", "Retry", synced.message, warning=True)] if synced is not None else []


def _gone(claim: FargateProfileClaim, before: ClaimStatus) -> str:
    name = before.profile.name if before.profile else before.operation.profile_name if before.operation else None
    return f"profile {name} is gone" if name else f"claim {claim.metadata.name} had no profile"


def _ready(status: ClaimStatus) -> Condition | None:
    return next((condition for condition in status.conditions if condition.type == ConditionType.READY), None)
