from datetime import datetime, timedelta

import pytest

from fargateclaims.domain.motion import moving_since
from fargateclaims.domain.profile import ProfileState
from support.builders import NOW, make_facts, make_profile

SEEN = NOW - timedelta(minutes=5)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("state", "created_at", "seen", "since"),
    [
        (ProfileState.CREATING, NOW - HOUR, SEEN, NOW - HOUR),
        (ProfileState.CREATING, NOW - HOUR, None, NOW - HOUR),
        (ProfileState.CREATING, NOW + HOUR, SEEN, SEEN),
        (ProfileState.CREATING, NOW + HOUR, None, NOW),
        (ProfileState.CREATING, None, SEEN, SEEN),
        (ProfileState.DELETING, NOW - HOUR, SEEN, SEEN),
        (ProfileState.DELETING, NOW - HOUR, None, NOW),
    ],
    ids=[
        "EKS says",
        "EKS says, just seen",
        "EKS's clock ahead",
        "EKS's clock ahead, just seen",
        "EKS does not say",
        "as seen",
        "just seen",
    ],
)
def test_since_when_eks_is_at_work(state: ProfileState, created_at: datetime | None, seen: datetime | None, since: datetime) -> None:
    profile = make_profile(state=state, created_at=created_at)
    facts = make_facts(profiles=[profile], moving_since={profile.arn: seen} if seen else {})
    assert moving_since(facts, profile) == since
