"""Retries that people ask for by annotation, on a claim or on its class (there: for all its claims)."""

from collections.abc import Mapping

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.group import PAUSED, RETRY


def retry_asked(claim: FargateProfileClaim, cls: FargateProfileClass | None) -> bool:
    """Whether a retry waits to be handled.

    On a claim without observedGeneration (new, restored, wiped) the present values count as handled.
    """
    status = claim.status
    if status.observed_generation is None:
        return False
    own = _new(claim.metadata.annotations, status.last_handled_retry)
    return own or (cls is not None and _new(cls.metadata.annotations, status.last_handled_class_retry))


def _new(annotations: Mapping[str, str], handled: str | None) -> bool:
    return annotations.get(RETRY) not in (None, handled)


def is_paused(cls: FargateProfileClass) -> bool:
    """Whether a class is paused, with all its claims."""
    return cls.metadata.annotations.get(PAUSED) == "true"


def paused_by(claim: FargateProfileClaim, cls: FargateProfileClass | None) -> str | None:
    """What pauses a claim, for a message; None if nothing does."""
    if claim.metadata.annotations.get(PAUSED) == "true":
        return "the claim's annotation"
    if cls is not None and is_paused(cls):
        return f'the annotation of class "{cls.metadata.name}"'
    return None
