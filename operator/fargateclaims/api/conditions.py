"""Conditions, in the form that Kubernetes standardised (`metav1.Condition`), and the types in use."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from fargateclaims.api.base import APIModel
from fargateclaims.api.fields import Count
from fargateclaims.api.times import Time


class ConditionType(StrEnum):
    """What a condition speaks of: the first eight on a claim, Ready, Reconciling, Stalled, Paused and the rest on a class."""

    READY = "Ready"
    AVAILABLE = "Available"
    ACCEPTED = "Accepted"
    SYNCED = "Synced"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    PAUSED = "Paused"
    OVERLAPPING = "Overlapping"

    CLUSTER_REACHABLE = "ClusterReachable"
    ROLE_USABLE = "RoleUsable"
    SUBNETS_USABLE = "SubnetsUsable"
    ROLE_MAPPED = "RoleMapped"
    EGRESS_AVAILABLE = "EgressAvailable"
    DNS_READY = "DNSReady"
    SLOT_BLOCKED = "SlotBlocked"


class ConditionStatus(StrEnum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


# The limits of metav1.Condition.
MESSAGE_MAX_LENGTH: Final = 32768
_TYPE_PATTERN: Final = r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*/)?([A-Za-z0-9][A-Za-z0-9_.-]*)?[A-Za-z0-9]$"
_REASON_PATTERN: Final = r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"


class Condition(APIModel):
    """One aspect of an object's state, as last seen."""

    # Texts, not the enums: a status that another version wrote stays readable.
    type: Annotated[str, Field(max_length=316, pattern=_TYPE_PATTERN)]
    """What the condition speaks of, such as Ready."""
    status: ConditionStatus
    """Whether the condition holds: True, False or Unknown."""
    reason: Annotated[str, Field(min_length=1, max_length=1024, pattern=_REASON_PATTERN)]
    """Why, in one word of a closed list. The documentation says of each what to do."""
    message: Annotated[str, Field(max_length=MESSAGE_MAX_LENGTH)]
    """A sentence for people: what is so, and what can be done."""
    last_transition_time: Time
    """When the status last changed from one value to another."""
    observed_generation: Count | None = None
    """The generation of the object that the condition speaks of."""


CONDITION_LIST: Final = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
Conditions = Annotated[tuple[Condition, ...], Field(max_length=32, json_schema_extra=CONDITION_LIST)]
