"""Which profile takes a pod: tables, and the operator's own decision as an oracle."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.domain.pods.matching import ProfileView, decide
from fargateclaims.domain.profile import Profile, ProfileSelector, ProfileState
from fargateclaims.simulator.fargate import marks
from fargateclaims.simulator.fargate.matching import is_to_be_scheduled, profile_for


def profile(name: str, *selectors: ProfileSelector, state: ProfileState = ProfileState.ACTIVE) -> Profile:
    return Profile(name, f"arn:{name}", state, "role", selectors or (ProfileSelector("shop"),))


def pod(
    namespace: str = "shop", labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None, **spec: Any
) -> dict[str, Any]:
    return {"metadata": {"name": "p", "namespace": namespace, "labels": labels, "annotations": annotations}, "spec": spec}


def taker(wanted: dict[str, Any], *profiles: Profile) -> str | None:
    found = profile_for(wanted, profiles)
    return found.name if found else None


@pytest.mark.parametrize(
    ("namespace", "labels", "selector", "taken"),
    [
        ("shop", {}, ProfileSelector("shop"), True),
        ("shop", None, ProfileSelector("shop"), True),
        ("shop-2", {}, ProfileSelector("shop"), False),
        ("shop-2", {}, ProfileSelector("shop*"), True),
        ("shop-22", {}, ProfileSelector("shop-?"), False),
        ("shop", {"app": "web"}, ProfileSelector("shop", {"app": "web"}), True),
        ("shop", {"app": "web", "tier": "a"}, ProfileSelector("shop", {"app": "web", "tier": "b"}), False),
        ("shop", {"app": "web"}, ProfileSelector("shop", {"app": "web", "tier": "b"}), False),
        ("data", {"app": "web"}, ProfileSelector("shop", {"app": "web"}), False),
        ("shop", {"team/app": "web-1"}, ProfileSelector("shop", {"team/*": "web-?"}), True),
        ("shop", {"a": "x", "b": "y"}, ProfileSelector("shop", {"?": "y"}), True),
        ("shop", {"app": ""}, ProfileSelector("shop", {"app": "*"}), True),
    ],
)
def test_a_selector_takes_pods_by_namespace_and_all_labels(
    namespace: str,
    labels: dict[str, str] | None,
    selector: ProfileSelector,
    taken: bool,  # noqa: FBT001
) -> None:
    assert taker(pod(namespace, labels), profile("p", selector)) == ("p" if taken else None)


def test_any_selector_of_a_profile_is_enough() -> None:
    assert taker(pod(), profile("p", ProfileSelector("data"), ProfileSelector("shop"))) == "p"


def test_of_several_profiles_the_first_by_name_wins() -> None:
    assert taker(pod(), profile("b"), profile("a-9"), profile("a-10")) == "a-10"


def test_a_pod_chooses_among_the_profiles_that_match() -> None:
    profiles = (profile("a"), profile("b"), profile("c", ProfileSelector("data")))
    assert taker(pod(labels={marks.PROFILE: "b"}), *profiles) == "b"
    assert taker(pod(labels={marks.PROFILE: "c"}), *profiles) is None
    assert taker(pod(annotations={marks.PROFILE: "b"}), *profiles) == "b"
    assert taker(pod(labels={marks.PROFILE: "a"}, annotations={marks.PROFILE: "b"}), *profiles) == "a"


@pytest.mark.parametrize("state", [state for state in ProfileState if state is not ProfileState.ACTIVE])
def test_only_an_active_profile_takes_pods(state: ProfileState) -> None:
    assert taker(pod(), profile("a", state=state), profile("b")) == "b"


def test_a_pod_for_ec2_is_for_no_profile() -> None:
    assert taker(pod(annotations={marks.COMPUTE_TYPE: "ec2"}), profile("a")) is None
    assert taker(pod(annotations={marks.COMPUTE_TYPE: "fargate"}), profile("a")) == "a"


@pytest.mark.parametrize(
    ("spec", "waits"),
    [
        ({}, True),
        ({"schedulerName": "default-scheduler"}, True),
        ({"schedulerName": "fargate-scheduler"}, True),
        ({"schedulerName": "volcano"}, False),
        ({"nodeName": "ip-10-0-0-1"}, False),
        ({"schedulingGates": [{"name": "quota"}]}, False),
    ],
)
def test_pods_of_other_schedulers_and_pods_with_nodes_or_gates_are_left_alone(spec: dict[str, Any], waits: bool) -> None:  # noqa: FBT001
    assert is_to_be_scheduled(pod(**spec)) is waits


_TEXTS = st.text("ab-", min_size=1, max_size=3)
_PATTERNS = st.text("ab-*?", min_size=1, max_size=4)
_SELECTORS = st.builds(ProfileSelector, _PATTERNS, st.dictionaries(_PATTERNS, _PATTERNS, max_size=2))
_PROFILES = st.lists(
    st.builds(profile, _TEXTS, _SELECTORS, _SELECTORS, state=st.sampled_from(ProfileState)), max_size=4, unique_by=lambda one: one.name
)
_PINS = st.one_of(st.just({}), st.builds(lambda name: {marks.PROFILE: name}, _TEXTS))


@given(_TEXTS, st.dictionaries(_TEXTS, _TEXTS, max_size=3), _PINS, _PINS, _PROFILES)
def test_the_operator_decides_as_eks_does(
    namespace: str, labels: dict[str, str], label_pin: dict[str, str], annotation_pin: dict[str, str], profiles: list[Profile]
) -> None:
    labels = labels | label_pin
    views = [ProfileView(one.name, one.selectors, one.state) for one in profiles]
    winner = decide(namespace, labels, annotation_pin, views).winner
    assert taker(pod(namespace, labels, annotation_pin), *profiles) == (winner.profile.name if winner else None)
