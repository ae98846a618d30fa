"""Since when EKS has been at work on a profile."""

from datetime import datetime

from fargateclaims.domain.facts import Facts
from fargateclaims.domain.profile import Profile, ProfileState

TOO_LONG = "longer than EKS should take: ask AWS Support"


def moving_since(facts: Facts, profile: Profile) -> datetime:
    """When a profile began to be CREATING or DELETING, as far as it is known."""
    seen = facts.moving_since.get(profile.arn, facts.now)
    if profile.state is ProfileState.CREATING and profile.created_at is not None:
        # By AWS's clock, which may be ahead of ours: nothing has begun after it was seen.
        return min(profile.created_at, seen)
    return seen
