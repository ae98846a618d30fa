"""What a class lets a claim do: a sentence for each field that asks for more, and the field is named."""

from typing import Any

import pytest

from fargateclaims.domain.facts import Namespace
from fargateclaims.domain.tenancy import depends_on_labels, violations
from support.builders import make_claim, make_class

CLOSED: dict[str, Any] = {"namespaces": {"from": "All"}}
"""What a class allows that says no more than it must."""


def complaints(claim: dict[str, Any], rules: dict[str, Any], namespace: str = "data", **labels: str) -> tuple[str, ...]:
    made = make_claim("etl", namespace, **claim)
    return violations(made, make_class(claims={**CLOSED, **rules}), Namespace(labels=labels))


def selecting(*namespaces: str) -> dict[str, Any]:
    return {"selectors": [{"namespace": namespace} for namespace in namespaces]}


def listed(*patterns: str) -> dict[str, Any]:
    return {"selectorNamespaces": {"from": "Listed", "patterns": list(patterns)}}


def test_a_claim_that_asks_for_nothing_special_is_taken_by_a_class_that_allows_nothing_special() -> None:
    assert complaints({}, {}) == ()
    assert complaints({"tags": {"any": "1"}, "selectors": [{"labels": {"app": "*"}}]}, {}) == ()
    assert complaints({"profileName": "mine", "existingProfile": "Reject"}, {"profileNames": "Any"}) == ()


# Who may claim.


@pytest.mark.parametrize(
    ("selector", "labels", "taken"),
    [
        ({"matchLabels": {"fargate": "allowed"}}, {"fargate": "allowed"}, True),
        ({"matchLabels": {"fargate": "allowed"}}, {"fargate": "no"}, False),
        ({"matchLabels": {"fargate": "allowed"}}, {}, False),
        ({"matchExpressions": [{"key": "stage", "operator": "NotIn", "values": ["prod"]}]}, {"stage": "prod"}, False),
        ({"matchExpressions": [{"key": "stage", "operator": "NotIn", "values": ["prod"]}]}, {}, True),
        ({}, {}, True),
    ],
)
def test_the_labels_of_the_namespace_decide_who_may_claim(
    selector: dict[str, Any],
    labels: dict[str, str],
    taken: bool,  # noqa: FBT001
) -> None:
    found = complaints({}, {"namespaces": {"from": "Selector", "selector": selector}}, **labels)
    refusal = (
        'metadata.namespace: class "standard" does not take claims from namespace "data": '
        "the namespace's labels do not match the class's spec.claims.namespaces.selector"
    )
    assert found == (() if taken else (refusal,))


def test_of_a_namespace_that_was_not_seen_nothing_is_said() -> None:
    selective = make_class(claims={"namespaces": {"from": "Selector", "selector": {"matchLabels": {"a": "b"}}}})
    assert violations(make_claim(), selective, None) == ()
    assert depends_on_labels(selective)
    assert not depends_on_labels(make_class(claims=CLOSED))


# Whose pods a claim may select.


@pytest.mark.parametrize("namespace", ["shop", "*", "data*", "dat?", "d*a"])
def test_by_default_a_namespace_selects_only_itself_and_no_wildcard(namespace: str) -> None:
    assert complaints(selecting(namespace), {}) == (
        f'spec.selectors[0].namespace: class "standard" lets namespace "data" select only itself; "{namespace}" was asked for',
    )


def test_a_namespace_may_name_itself() -> None:
    assert complaints(selecting("data"), {"selectorNamespaces": {"from": "Own"}}) == ()


def test_each_selector_that_asks_for_too_much_is_named_by_its_index() -> None:
    found = complaints(selecting("data", "shop", "data", "x"), {})
    assert [text.split(":")[0] for text in found] == ["spec.selectors[1].namespace", "spec.selectors[3].namespace"]


@pytest.mark.parametrize(
    ("asked", "patterns", "allowed"),
    [
        ("data", ["data"], True),
        ("data", ["shop", "d*"], True),
        ("data-x", ["{namespace}-*"], True),
        ("data-*", ["{namespace}-*"], True),
        ("shop-x", ["{namespace}-*"], False),
        ("data", ["{namespace}-*"], False),
        ("*", ["data-*"], False),
        ("data*", ["data-*"], False),
        ("*", ["*"], True),
        ("data-?", ["data-*"], True),
        ("data-*", ["data-?"], False),
        ("x-data-y", ["x-{namespace}-{namespace}", "x-{namespace}-y"], True),
    ],
)
def test_a_listed_pattern_must_contain_all_that_a_selector_asks_for(
    asked: str,
    patterns: list[str],
    allowed: bool,  # noqa: FBT001
) -> None:
    assert bool(complaints(selecting(asked), listed(*patterns))) is not allowed


def test_a_selector_without_a_namespace_is_held_against_the_list_too() -> None:
    assert complaints({"selectors": [{}]}, listed("{namespace}-*", "shared")) == (
        'spec.selectors[0].namespace: class "standard" lets namespace "data" select only "data-*", "shared"; "data" was asked for',
    )


@pytest.mark.parametrize("namespace", ["shop", "*", "data"])
def test_a_class_may_let_claims_select_any_namespace(namespace: str) -> None:
    assert complaints(selecting(namespace), {"selectorNamespaces": {"from": "Any"}}) == ()


# Names.


def test_a_class_that_names_profiles_itself_takes_no_profile_name() -> None:
    assert complaints({"profileName": "mine"}, {"profileNames": "Generated"}) == (
        'spec.profileName: class "standard" names profiles itself; remove the field',
    )


def test_adopting_must_be_allowed() -> None:
    asking = {"profileName": "mine", "existingProfile": "AdoptIfIdentical"}
    assert complaints(asking, {"profileNames": "Any"}) == (
        'spec.existingProfile: class "standard" does not let claims adopt existing profiles; remove the field',
    )
    assert complaints(asking, {"profileNames": "Any", "existingProfiles": "AdoptIfIdentical"}) == ()


# Tags.


def test_only_listed_tag_keys_may_be_set() -> None:
    tags = {"team": "blue", "cost-center": "42", "stage": "prod"}
    assert complaints({"tags": tags}, {"tagKeys": ["owner", "cost-center"]}) == (
        'spec.tags: class "standard" does not let claims set the tag "stage" (allowed: cost-center, owner)',
        'spec.tags: class "standard" does not let claims set the tag "team" (allowed: cost-center, owner)',
    )
    assert complaints({"tags": {"cost-center": "42"}}, {"tagKeys": ["owner", "cost-center"]}) == ()


def test_an_empty_list_of_tag_keys_allows_none() -> None:
    assert complaints({}, {"tagKeys": []}) == ()
    assert complaints({"tags": {"a": "1"}}, {"tagKeys": []}) == (
        'spec.tags: class "standard" does not let claims set the tag "a" (allowed: none)',
    )


def test_everything_that_is_wrong_is_said_at_once() -> None:
    asking = {
        "selectors": [{"namespace": "shop"}],
        "profileName": "mine",
        "existingProfile": "AdoptIfIdentical",
        "tags": {"a": "1"},
    }
    rules = {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"x": "y"}}}, "tagKeys": []}
    assert [text.split(":")[0] for text in complaints(asking, rules)] == [
        "metadata.namespace",
        "spec.selectors[0].namespace",
        "spec.profileName",
        "spec.existingProfile",
        "spec.tags",
    ]
