"""Sentences about the queue. Times in them are fixed, so that a message changes only when something happens."""

from datetime import datetime

from fargateclaims.api.claim_status import Blocker, BlockerOrigin
from fargateclaims.domain.slot import Slot

_TEENS = range(11, 14)


def ordinal(number: int) -> str:
    """A place as people say it: 1st, 2nd, 3rd, 4th."""
    suffix = "th" if number % 100 in _TEENS else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def waiting(cluster: str, place: int, length: int, slot: Slot) -> str:
    """Where an operation is in the queue, and behind whom."""
    what = held_by(slot)
    return f"waiting, {ordinal(place)} of {length} on cluster {cluster}" + (f": {what}" if what else "")


def held_by(slot: Slot) -> str:
    """Who holds the slot, since when; empty if nobody does."""
    if slot.blocker is not None:
        return f"{describe(slot.blocker)} is {slot.blocker.status}{_since(slot.since)}"
    if slot.updating:
        return f"EKS says that the cluster has an update in progress{_since(slot.since)}"
    return ""


def describe(blocker: Blocker) -> str:
    """A profile and whose it is."""
    if blocker.claim_ref is not None:
        return f"profile {blocker.profile_name} (claim {blocker.claim_ref.namespace}/{blocker.claim_ref.name})"
    if blocker.origin is BlockerOrigin.FOREIGN:
        return f"profile {blocker.profile_name} (not made by a claim)"
    return f"profile {blocker.profile_name} (another claim's)"


def _since(moment: datetime | None) -> str:
    return f" since {moment:%H:%M:%SZ}" if moment is not None else ""
