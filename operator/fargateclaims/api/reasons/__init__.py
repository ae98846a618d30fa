"""Reasons: the closed list, what each means and what to do about it."""

from fargateclaims.api.reasons.facts import OTHER_REASONS, READY_REASONS, Actor, Kstatus, OtherReason, ReadyReason, ReadyValue
from fargateclaims.api.reasons.reason import Reason
from fargateclaims.api.reasons.table import reasons_table

__all__ = [
    "OTHER_REASONS",
    "READY_REASONS",
    "Actor",
    "Kstatus",
    "OtherReason",
    "ReadyReason",
    "ReadyValue",
    "Reason",
    "reasons_table",
]
