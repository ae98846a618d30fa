"""Which events a change of a class's status is worth. Kubernetes keeps them in the namespace `default`: a class has none."""

from fargateclaims.api.class_status import ClassStatus
from fargateclaims.api.conditions import Condition, ConditionStatus, ConditionType
from fargateclaims.domain.events import EventNote


def class_events(before: ClassStatus, after: ClassStatus) -> tuple[EventNote, ...]:
    """The events for the change from one status to the next."""
    found = []
    was, now = _find(before, ConditionType.READY), _find(after, ConditionType.READY)
    if now is not None and (was is None or (was.status, was.reason) != (now.status, now.reason)):
        if now.status is ConditionStatus.TRUE:
            found.append(EventNote("Ready", "Check", now.message))
        elif now.status is ConditionStatus.FALSE:
            found.append(EventNote("NotReady", "Check", f"{now.reason}: {now.message}", warning=True))
    blocked = _find(after, ConditionType.SLOT_BLOCKED)
    if blocked is not None and _find(before, ConditionType.SLOT_BLOCKED) is None:
        found.append(EventNote("SlotBlocked", "Wait", blocked.message, warning=True))
    return tuple(found)


def _find(status: ClassStatus, kind: ConditionType) -> Condition | None:
    return next((condition for condition in status.conditions if condition.type == kind), None)
