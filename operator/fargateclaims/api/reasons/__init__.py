"""Reasons: the closed list, what each means and what to do about it."""

from fargateclaims.api.reasons.reason import Reason

__all__ = ["Reason"]
