"""A profile as EKS describes it."""

import pytest

from fargateclaims.domain.profile import MOVING, ProfileSelector, ProfileState
from support.builders import make_profile


@pytest.mark.parametrize(
    ("state", "moving"),
    [
        (ProfileState.CREATING, True),
        (ProfileState.DELETING, True),
        (ProfileState.ACTIVE, False),
        (ProfileState.CREATE_FAILED, False),
        (ProfileState.DELETE_FAILED, False),
    ],
)
def test_only_a_profile_that_is_being_made_or_deleted_holds_the_slot(state: ProfileState, moving: bool) -> None:  # noqa: FBT001
    assert make_profile(state=state).moving is moving
    assert (state in MOVING) is moving


def test_the_order_of_labels_makes_no_other_selector() -> None:
    one = ProfileSelector("shop", {"app": "web", "tier": "front"})
    assert one.key == ProfileSelector("shop", {"tier": "front", "app": "web"}).key


@pytest.mark.parametrize(
    "other",
    [
        ProfileSelector("data", {"app": "web"}),
        ProfileSelector("shop", {"app": "api"}),
        ProfileSelector("shop", {"web": "app"}),
        ProfileSelector("shop"),
    ],
)
def test_another_namespace_key_or_value_makes_another_selector(other: ProfileSelector) -> None:
    assert ProfileSelector("shop", {"app": "web"}).key != other.key
