"""What may not be looked at is a fact as well: a missing permission leaves one question open, and all others answered."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands where a fact would be.

    :param why: as a phrase for a message, such as `no permission ec2:DescribeRouteTables`.
    """

    why: str

    @classmethod
    def without(cls, permission: str) -> "Unreadable":
        """For want of a permission, such as `iam:GetRole`."""
        return cls(f"no permission {permission}")
