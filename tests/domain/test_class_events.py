"""The events of a class: when it becomes usable or not, and when its cluster's slot is blocked; silence otherwise."""

from datetime import UTC, datetime

import pytest

from fargateclaims.api.class_status import ClassStatus
from fargateclaims.api.conditions import Condition, ConditionStatus, ConditionType
from fargateclaims.domain.class_events import class_events

TIME = datetime(2026, 11, 21, 12, tzinfo=UTC)


def status(*conditions: tuple[ConditionType, ConditionStatus, str]) -> ClassStatus:
    made = [
        Condition(type=kind, status=state, reason=reason, message="why", last_transition_time=TIME) for kind, state, reason in conditions
    ]
    return ClassStatus(conditions=tuple(made))


NEW = status()
READY = status((ConditionType.READY, ConditionStatus.TRUE, "Usable"))
UNKNOWN = status((ConditionType.READY, ConditionStatus.UNKNOWN, "Unavailable"))
PUBLIC = status((ConditionType.READY, ConditionStatus.FALSE, "PublicSubnet"))
NO_ROLE = status((ConditionType.READY, ConditionStatus.FALSE, "RoleNotUsable"))
BLOCKED = status((ConditionType.READY, ConditionStatus.TRUE, "Usable"), (ConditionType.SLOT_BLOCKED, ConditionStatus.TRUE, "SlotBlocked"))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (NEW, READY, [("Ready", "why", False)]),
        (NEW, PUBLIC, [("NotReady", "PublicSubnet: why", True)]),
        (READY, PUBLIC, [("NotReady", "PublicSubnet: why", True)]),
        (PUBLIC, NO_ROLE, [("NotReady", "RoleNotUsable: why", True)]),
        (PUBLIC, READY, [("Ready", "why", False)]),
        (READY, READY, []),
        (PUBLIC, PUBLIC, []),
        (READY, UNKNOWN, []),
        (READY, BLOCKED, [("SlotBlocked", "why", True)]),
        (BLOCKED, BLOCKED, []),
        (BLOCKED, READY, []),
    ],
)
def test_a_change_is_told_once(before: ClassStatus, after: ClassStatus, told: list[tuple[str, str, bool]]) -> None:
    assert [(event.reason, event.note, event.warning) for event in class_events(before, after)] == told
