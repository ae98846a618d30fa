"""The closed list of reasons that conditions give."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a condition has its value. What each means, and what to do, is in `facts`."""

    ACTIVE = "Active"

    PENDING = "Pending"
    QUEUED = "Queued"
    CREATING = "Creating"
    REPLACING = "Replacing"
    DRAINING = "Draining"
    DELETING = "Deleting"
    CLUSTER_UPDATING = "ClusterUpdating"
    BACKING_OFF = "BackingOff"
    PROPAGATING = "Propagating"
    TAGGING = "Tagging"

    THROTTLED = "Throttled"
    UNAVAILABLE = "Unavailable"

    CLASS_NOT_FOUND = "ClassNotFound"
    CLASS_NOT_READY = "ClassNotReady"
    UNAUTHORIZED = "Unauthorized"
    QUOTA_EXCEEDED = "QuotaExceeded"
    WAITING_FOR_QUOTA = "WaitingForQuota"
    CLUSTER_NOT_FOUND = "ClusterNotFound"
    CLUSTER_NOT_ACTIVE = "ClusterNotActive"
    CLASS_CONFLICT = "ClassConflict"
    SLOT_BLOCKED = "SlotBlocked"

    INVALID = "Invalid"
    NOT_ALLOWED = "NotAllowed"
    CONFLICT = "Conflict"
    CREATE_FAILED = "CreateFailed"
    OUTDATED = "Outdated"

    DELETE_FAILED = "DeleteFailed"
    TIMED_OUT = "TimedOut"
    PODS_REMAIN = "PodsRemain"

    PAUSED = "Paused"

    # Of the other conditions of a claim, beside those above.
    ACCEPTED = "Accepted"
    SYNCED = "Synced"
    CLASS_CHANGED = "ClassChanged"
    PROFILE_ACTIVE = "ProfileActive"
    NO_ACTIVE_PROFILE = "NoActiveProfile"
    OVERLAPPING = "Overlapping"

    # Of a class, beside those above.
    USABLE = "Usable"
    NOT_OBSERVED = "NotObserved"
    IN_USE = "InUse"
    LIMITED = "Limited"
    CLUSTER_UNSUPPORTED = "ClusterUnsupported"
    NO_SUBNETS = "NoSubnets"
    SUBNET_UNSUPPORTED = "SubnetUnsupported"
    PUBLIC_SUBNET = "PublicSubnet"
    ROLE_NOT_USABLE = "RoleNotUsable"
    ROLE_NOT_MAPPED = "RoleNotMapped"
    NO_EGRESS = "NoEgress"
    DNS_NOT_READY = "DNSNotReady"
