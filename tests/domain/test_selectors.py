"""Selectors: what a claim asks EKS for, and whether two of them could take the same pod."""

from itertools import combinations, combinations_with_replacement, product

import pytest

from fargateclaims.domain.patterns import matches
from fargateclaims.domain.profile import ProfileSelector
from fargateclaims.domain.selectors import describe, literal_namespaces, overlap, same_selectors, wanted_selectors
from support.builders import make_claim

SHOP = ProfileSelector("shop")
WEB = ProfileSelector("shop", {"app": "web", "tier": "front"})

LETTERS = "ab?*"
PAIRS = [
    dict(pairs) for size in range(3) for keys in combinations(LETTERS, size) for pairs in product(*(product(key, LETTERS) for key in keys))
]
# Two keys that patterns name and two that they do not: enough for each side to find what it looks for.
PODS = [dict(zip("abcd", values, strict=True)) for values in product([None, "a", "b"], repeat=4)]


def taken(labels: dict[str, str]) -> set[int]:
    """The pods that EKS gives to a profile that selects these labels."""
    return {
        number
        for number, pod in enumerate(PODS)
        if all(
            any(value is not None and matches(key, name) and matches(wanted, value) for name, value in pod.items())
            for key, wanted in labels.items()
        )
    }


def test_an_absent_namespace_is_the_claims_own() -> None:
    claim = make_claim(selectors=[{}, {"namespace": "data"}, {"labels": {"app": "web"}}])
    assert wanted_selectors(claim.spec.selectors, "shop") == (SHOP, ProfileSelector("data"), ProfileSelector("shop", {"app": "web"}))


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ((), (), True),
        ((SHOP,), (SHOP,), True),
        ((SHOP, WEB), (WEB, SHOP), True),
        ((SHOP, SHOP), (SHOP,), True),
        ((WEB,), (ProfileSelector("shop", {"tier": "front", "app": "web"}),), True),
        ((SHOP,), (WEB,), False),
        ((SHOP,), (SHOP, WEB), False),
        ((SHOP,), (ProfileSelector("data"),), False),
        ((WEB,), (ProfileSelector("shop", {"app": "web", "tier": "back"}),), False),
        ((WEB,), (ProfileSelector("shop", {"app": "web"}),), False),
    ],
)
def test_the_order_of_selectors_and_labels_means_nothing(
    left: tuple[ProfileSelector, ...],
    right: tuple[ProfileSelector, ...],
    same: bool,  # noqa: FBT001
) -> None:
    assert same_selectors(left, right) is same
    assert same_selectors(right, left) is same


@pytest.mark.parametrize(
    ("left", "right", "shared"),
    [
        (SHOP, SHOP, True),
        (SHOP, ProfileSelector("data"), False),
        (SHOP, ProfileSelector("s*"), True),
        (SHOP, WEB, True),
        (ProfileSelector("shop", {"app": "web"}), ProfileSelector("shop", {"app": "api"}), False),
        (ProfileSelector("shop", {"app": "web"}), ProfileSelector("shop", {"app": "w?b"}), True),
        (ProfileSelector("shop", {"app": "web"}), ProfileSelector("shop", {"tier": "front"}), True),
        (ProfileSelector("shop", {"app": "web"}), ProfileSelector("shop", {"a*": "api"}), True),
        (ProfileSelector("shop", {"a*": "web"}), ProfileSelector("shop", {"a*": "api"}), True),
        (ProfileSelector("shop", {"app": "web", "x": "1"}), ProfileSelector("shop", {"app": "web", "x": "2"}), False),
    ],
)
def test_selectors_overlap_if_one_pod_can_match_both(
    left: ProfileSelector,
    right: ProfileSelector,
    shared: bool,  # noqa: FBT001
) -> None:
    assert overlap([left], [right]) is shared
    assert overlap([right], [left]) is shared


def test_labels_overlap_if_trying_all_pods_finds_one_for_both() -> None:
    judged = [(ProfileSelector("shop", labels), taken(labels)) for labels in PAIRS]
    for (left, pods), (right, others) in combinations_with_replacement(judged, 2):
        assert overlap([left], [right]) is bool(pods & others), (left.labels, right.labels)


def test_any_selector_of_one_side_with_any_of_the_other_is_enough() -> None:
    data = ProfileSelector("data")
    assert overlap(iter([data, SHOP]), iter([ProfileSelector("x"), WEB]))
    assert not overlap([data], [SHOP, WEB])
    assert not overlap([], [SHOP])


def test_only_without_a_pattern_is_it_known_where_to_look() -> None:
    data = ProfileSelector("data")
    assert literal_namespaces([SHOP, data, WEB]) == ("data", "shop")
    assert literal_namespaces([]) == ()
    assert literal_namespaces([data, ProfileSelector("shop-?")]) is None
    assert literal_namespaces([ProfileSelector("*")]) is None


def test_selectors_are_described_in_one_phrase_with_sorted_labels() -> None:
    turned = ProfileSelector("shop", {"tier": "front", "app": "web"})
    assert describe([turned, ProfileSelector("data-*")]) == "namespace shop, app=web, tier=front; namespace data-*"
