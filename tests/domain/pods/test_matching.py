"""Which profile takes a pod: every rule, and that order never matters."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.domain.pods.matching import PIN, ProfileView, alike_first, decide, match_selector
from fargateclaims.domain.profile import ProfileSelector, ProfileState

ACTIVE = ProfileState.ACTIVE


def view(name: str, *selectors: ProfileSelector, state: ProfileState | None = ACTIVE) -> ProfileView:
    """A profile; without selectors it takes all of namespace shop."""
    return ProfileView(name, selectors or (ProfileSelector("shop"),), state, active_since=datetime(2026, 11, 21, tzinfo=UTC))


def winner(*profiles: ProfileView, labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None) -> str | None:
    """The name of the profile that takes a pod of namespace shop."""
    found = decide("shop", labels or {}, annotations or {}, profiles).winner
    return found.profile.name if found else None


@pytest.mark.parametrize(
    ("namespace", "labels", "matches"),
    [
        ("shop", {}, True),
        ("shop", {"app": "web"}, True),
        ("shop", {"app": "web", "tier": "1"}, True),
        ("shop", {"app": "web", "tier": "2"}, False),
        ("shop", {"app": "api"}, False),
        ("shop", {"other": "web"}, False),
        ("data", {"app": "web"}, False),
        ("sh*", {"app": "w?b"}, True),
        ("s?op", {"a*": "*"}, True),
        ("shop-*", {}, False),
        ("*", {"*": "1"}, True),
        ("*", {"*": "3"}, False),
    ],
)
def test_a_selector_matches_by_namespace_and_all_labels(namespace: str, labels: dict[str, str], matches: bool) -> None:  # noqa: FBT001
    found = match_selector(ProfileSelector(namespace, labels), "shop", {"app": "web", "tier": "1"})
    assert found.matches == matches


def test_a_near_miss_has_the_values_that_the_pod_has() -> None:
    found = match_selector(ProfileSelector("shop", {"app": "web", "t*": "9", "x": "1"}), "shop", {"app": "api", "tier": "1", "team": "a"})
    assert [(label.key, label.matches, label.found) for label in found.labels] == [
        ("app", False, {"app": "api"}),
        ("t*", False, {"team": "a", "tier": "1"}),
        ("x", False, {}),
    ]


def test_any_selector_of_a_profile_is_enough() -> None:
    assert winner(view("a", ProfileSelector("data"), ProfileSelector("shop"))) == "a"
    assert winner(view("a", ProfileSelector("data"))) is None


def test_of_several_the_first_by_name_takes_it() -> None:
    assert winner(view("b"), view("a"), view("c")) == "a"
    assert winner(view("shop-web-9999"), view("shop-web-9998")) == "shop-web-9998"


@pytest.mark.parametrize("state", [None, *(state for state in ProfileState if state is not ACTIVE)])
def test_only_active_profiles_take_pods(state: ProfileState | None) -> None:
    decision = decide("shop", {}, {}, [view("a", state=state), view("b")])
    assert decision.winner is not None
    assert decision.winner.profile.name == "b"
    assert [one.profile.name for one in decision.to_come] == ["a"]


def test_a_pod_chooses_by_label_and_by_the_annotation_of_older_texts() -> None:
    assert winner(view("a"), view("b"), labels={PIN: "b"}) == "b"
    assert winner(view("a"), view("b"), annotations={PIN: "b"}) == "b"
    assert winner(view("a"), view("b"), labels={PIN: "a"}, annotations={PIN: "b"}) == "a"
    assert winner(view("a"), view("b"), labels={PIN: ""}) == "a"


def test_who_names_a_profile_that_does_not_take_it_gets_none() -> None:
    assert winner(view("a"), labels={PIN: "unknown"}) is None
    assert winner(view("a"), view("b", ProfileSelector("data")), labels={PIN: "b"}) is None
    assert winner(view("a"), view("b", state=ProfileState.CREATING), labels={PIN: "b"}) is None


def test_the_nearest_comes_first() -> None:
    one_off = view("one", ProfileSelector("shop", {"app": "web", "tier": "9"}))
    two_off = view("two", ProfileSelector("shop", {"app": "x", "tier": "9"}))
    elsewhere = view("elsewhere", ProfileSelector("data"), ProfileSelector("data", {"app": "web"}))
    nothing = ProfileView("empty", (), ACTIVE)
    near = decide("shop", {"app": "web", "tier": "1"}, {}, [elsewhere, two_off, nothing, one_off]).near
    assert [one.profile.name for one in near] == ["one", "two", "elsewhere", "empty"]


def test_of_those_as_far_off_a_slip_of_the_pen_comes_first() -> None:
    views = [
        view("a", ProfileSelector("shop", {"app": "checkout"})),
        view("b", ProfileSelector("shop", {"app": "checkout", "tier": "1"})),
        view("c", ProfileSelector("shop", {"app": "invoices"}), ProfileSelector("shop", {"app": "search"})),
        view("d", ProfileSelector("shop", {"app": "search", "tier": "2"})),
        view("e", ProfileSelector("data", {"app": "search"})),
        ProfileView("f", (), ACTIVE),
    ]
    near = decide("shop", {"app": "serach", "tier": "1"}, {}, views).near
    assert [one.profile.name for one in near] == ["b", "a", "c", "d", "f", "e"]
    found = alike_first(near)
    assert [one.profile.name for one in found] == ["c", "b", "a", "d", "f", "e"]
    assert found[0].nearest is not None
    assert found[0].nearest.selector.labels == {"app": "search"}


NAMES = st.sampled_from(["a", "b", "c", "shop-1", "shop-2"])
SELECTORS = st.builds(
    ProfileSelector,
    st.sampled_from(["shop", "data", "s*", "*", "sh?p"]),
    st.dictionaries(st.sampled_from(["app", "a*", "tier"]), st.sampled_from(["web", "w*", "?", "1"]), max_size=2),
)
VIEWS = st.lists(
    st.builds(ProfileView, NAMES, st.lists(SELECTORS, max_size=3).map(tuple), st.sampled_from([ACTIVE, ProfileState.CREATING, None])),
    max_size=5,
    unique_by=lambda view: view.name,
)
LABELS = st.dictionaries(st.sampled_from(["app", "tier", PIN]), st.sampled_from(["web", "1", "a", "shop-1"]), max_size=3)


@given(VIEWS, LABELS, st.randoms(use_true_random=False))
def test_the_order_in_which_profiles_are_seen_never_matters(
    views: list[ProfileView], labels: dict[str, str], random: st.DataObject
) -> None:
    shuffled = list(views)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decide("shop", labels, {}, views) == decide("shop", labels, {}, shuffled)


@given(VIEWS, LABELS)
def test_every_profile_is_in_one_place_and_the_winner_matches(views: list[ProfileView], labels: dict[str, str]) -> None:
    decision = decide("shop", labels, {}, views)
    found = [one.profile.name for one in (*decision.matching, *decision.to_come, *decision.near)]
    assert sorted(found) == sorted(view.name for view in views)
    assert all(one.matches for one in (*decision.matching, *decision.to_come))
    assert not any(one.matches for one in decision.near)
    if decision.winner:
        assert decision.winner in decision.matching
        assert decision.winner.profile.name == labels.get(PIN, min(one.profile.name for one in decision.matching))
