"""What may not be looked at is a fact as well: a missing permission leaves one question open, and all others answered."""

from dataclasses import dataclass, field
from typing import Final

from fargateclaims.api.reasons import Reason
from fargateclaims.domain.failure import Failure


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands where a fact would be.

    :param why: as a phrase for a message, such as `no permission ec2:DescribeRouteTables`.
    :param reason: the same for a condition.
    """

    why: str
    reason: Reason = field(default=Reason.UNAUTHORIZED, kw_only=True)

    @classmethod
    def without(cls, permission: str) -> "Unreadable":
        """For want of a permission, such as `iam:GetRole`."""
        return cls(f"no permission {permission}")

    @classmethod
    def unanswered(cls, failure: Failure) -> "Unreadable":
        """Since AWS did not answer."""
        return cls(f"{failure.operation}: {failure.message}", reason=Reason.UNAVAILABLE)


NOT_YET: Final = Unreadable("not looked at yet", reason=Reason.NOT_OBSERVED)
"""Stands where a fact will be: nobody has to mend anything."""
