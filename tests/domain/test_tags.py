"""Which tags are set and removed: what is wanted, and never what somebody else has set."""

import pytest

from fargateclaims.api.claim_status import ResolvedClass
from fargateclaims.domain.identity import OWNERSHIP_KEYS, Identity
from fargateclaims.domain.tags import tags_to_remove, tags_to_set

OWNERSHIP = Identity("fargateclaims", "shop", "checkout").tags("standard")


@pytest.mark.parametrize(
    ("present", "wanted", "missing"),
    [
        ({}, {}, {}),
        ({}, {"a": "1"}, {"a": "1"}),
        ({"a": "1"}, {"a": "1"}, {}),
        ({"a": "0", "b": "2"}, {"a": "1", "b": "2"}, {"a": "1"}),
        ({"theirs": "1"}, {"a": ""}, {"a": ""}),
    ],
)
def test_only_what_is_missing_or_different_is_set(present: dict[str, str], wanted: dict[str, str], missing: dict[str, str]) -> None:
    assert tags_to_set(present, wanted) == missing


@pytest.mark.parametrize(
    ("present", "wanted", "set_before", "removed"),
    [
        ({"a": "1"}, {}, ("a",), ("a",)),
        ({"a": "1"}, {"a": "2"}, ("a",), ()),
        ({"a": "1"}, {}, (), ()),
        ({"b": "1"}, {}, ("a",), ()),
        ({"b": "1", "a": "1", "theirs": "1"}, {}, ("b", "a"), ("a", "b")),
        (OWNERSHIP, {}, OWNERSHIP_KEYS, ()),
    ],
)
def test_only_what_the_operator_set_and_nobody_wants_is_removed(
    present: dict[str, str], wanted: dict[str, str], set_before: tuple[str, ...], removed: tuple[str, ...]
) -> None:
    assert tags_to_remove(present, wanted, ResolvedClass(tag_keys=set_before)) == removed


def test_without_a_record_of_what_was_set_nothing_is_removed() -> None:
    assert tags_to_remove({"a": "1"}, {}, None) == ()
