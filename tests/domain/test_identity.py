"""Whose a profile is: told by its tags alone, and only if they are complete."""

import pytest

from fargateclaims.domain.identity import OWNERSHIP_KEYS, Identity, owner

CHECKOUT = Identity("fargateclaims", "shop", "checkout")


def test_a_profile_carries_who_owns_it_and_of_which_class() -> None:
    assert CHECKOUT.tags("standard") == {
        "fargateclaims.dev/installation": "fargateclaims",
        "fargateclaims.dev/namespace": "shop",
        "fargateclaims.dev/name": "checkout",
        "fargateclaims.dev/class": "standard",
    }
    assert tuple(CHECKOUT.tags("standard")) == OWNERSHIP_KEYS


def test_the_owner_is_read_back_from_the_tags_whatever_else_is_there() -> None:
    assert owner({**CHECKOUT.tags("standard"), "team": "blue"}) == CHECKOUT


def test_the_class_is_no_part_of_the_identity() -> None:
    tags = CHECKOUT.tags("standard")
    del tags["fargateclaims.dev/class"]
    assert owner(tags) == CHECKOUT


@pytest.mark.parametrize("missing", ["installation", "namespace", "name"])
def test_incomplete_tags_make_no_owner(missing: str) -> None:
    tags = CHECKOUT.tags("standard")
    del tags[f"fargateclaims.dev/{missing}"]
    assert owner(tags) is None


def test_a_profile_without_tags_is_foreign() -> None:
    assert owner({}) is None


@pytest.mark.parametrize("other", [Identity("two", "shop", "checkout"), Identity("fargateclaims", "data", "checkout")])
def test_another_installation_or_namespace_is_another_owner(other: Identity) -> None:
    assert owner(other.tags("standard")) != CHECKOUT
