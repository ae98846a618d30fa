from collections.abc import Callable
from typing import Any

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from fargateclaims.api import rules
from fargateclaims.api.claim import ClaimSpec
from fargateclaims.api.class_rules import NamespaceRule, SelectorNamespaceRule
from fargateclaims.api.crd import claim_crd, class_crd
from fargateclaims.api.fargateclass import ClassSpec, SubnetSource
from fargateclaims.api.labels import LabelSelectorRequirement
from fargateclaims.api.rules import Rule
from support.manifests import class_manifest

_ALL = {name: value for name, value in vars(rules).items() if isinstance(value, Rule)}
_RESOLVED = {"resolved": {"className": "standard"}}
_PROFILE = {"profile": {"name": "a"}}


def _holds(rule: Rule, value: Any, old: Any = None) -> bool:
    result = cel.evaluate(rule.cel, {"self": value, "oldSelf": old})
    assert isinstance(result, bool)
    return result


def _claim(spec: dict[str, Any], status: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"metadata": {"name": "a"}, "spec": spec, **({} if status is None else {"status": status})}


_CASES: list[tuple[str, Any, Any, bool]] = [
    ("CLAIM_NAME_LENGTH", {"metadata": {"name": "a" * 63}}, None, True),
    ("CLAIM_NAME_LENGTH", {"metadata": {"name": "a" * 64}}, None, False),
    ("CLASS_NAME_FROZEN", _claim({"className": "other"}), None, True),
    ("CLASS_NAME_FROZEN", _claim({"className": "other"}, {}), None, True),
    ("CLASS_NAME_FROZEN", _claim({"className": "other"}, {"resolved": {}}), None, True),
    ("CLASS_NAME_FROZEN", _claim({"className": "standard"}, _RESOLVED), None, True),
    ("CLASS_NAME_FROZEN", _claim({"className": "other"}, _RESOLVED), None, False),
    ("PROFILE_NAME_FROZEN", _claim({"profileName": "b"}), _claim({"profileName": "a"}), True),
    ("PROFILE_NAME_FROZEN", _claim({"profileName": "b"}), _claim({"profileName": "a"}, {}), True),
    ("PROFILE_NAME_FROZEN", _claim({"profileName": "a"}), _claim({"profileName": "a"}, _PROFILE), True),
    ("PROFILE_NAME_FROZEN", _claim({}), _claim({}, _PROFILE), True),
    ("PROFILE_NAME_FROZEN", _claim({"profileName": "b"}), _claim({"profileName": "a"}, _PROFILE), False),
    ("PROFILE_NAME_FROZEN", _claim({"profileName": "b"}), _claim({}, _PROFILE), False),
    ("PROFILE_NAME_FROZEN", _claim({}), _claim({"profileName": "a"}, _PROFILE), False),
    ("CREATE_FIRST_NEEDS_GENERATED_NAME", {}, None, True),
    ("CREATE_FIRST_NEEDS_GENERATED_NAME", {"replacement": "CreateFirst"}, None, True),
    ("CREATE_FIRST_NEEDS_GENERATED_NAME", {"replacement": "DeleteFirst", "profileName": "a"}, None, True),
    ("CREATE_FIRST_NEEDS_GENERATED_NAME", {"profileName": "a"}, None, True),
    ("CREATE_FIRST_NEEDS_GENERATED_NAME", {"replacement": "CreateFirst", "profileName": "a"}, None, False),
    ("EXISTING_PROFILE_NEEDS_NAME", {}, None, True),
    ("EXISTING_PROFILE_NEEDS_NAME", {"existingProfile": "Reject", "profileName": "a"}, None, True),
    ("EXISTING_PROFILE_NEEDS_NAME", {"existingProfile": "Reject"}, None, False),
    ("PROFILE_NAME_PREFIX", "eks", None, True),
    ("PROFILE_NAME_PREFIX", "eks-a", None, False),
    ("TAG_KEY_PREFIX", {}, None, True),
    ("TAG_KEY_PREFIX", {"awsome": "", "team": "", "fargateclaims": ""}, None, True),
    ("TAG_KEY_PREFIX", {"team": "", "aws:cloudformation:stack-name": ""}, None, False),
    ("TAG_KEY_PREFIX", {"AwS:x": ""}, None, False),
    ("TAG_KEY_PREFIX", {"fargateclaims.dev/class": ""}, None, False),
    ("TAG_KEY_LENGTH", {"k" * 128: ""}, None, True),
    ("TAG_KEY_LENGTH", {"k" * 129: ""}, None, False),
    ("TAG_KEY_LENGTH", {"": ""}, None, False),
    ("LABEL_KEY_LENGTH", {"k" * 317: ""}, None, True),
    ("LABEL_KEY_LENGTH", {"k" * 318: ""}, None, False),
    ("LABEL_KEY_LENGTH", {"": ""}, None, False),
    ("CLUSTER_ARN_IMMUTABLE", "a", "a", True),
    ("CLUSTER_ARN_IMMUTABLE", "b", "a", False),
    ("EXTERNAL_ID_NEEDS_ROLE", {}, None, True),
    ("EXTERNAL_ID_NEEDS_ROLE", {"assumeRoleARN": "a", "externalID": "b"}, None, True),
    ("EXTERNAL_ID_NEEDS_ROLE", {"externalID": "b"}, None, False),
    ("SUBNETS_UNION", {"from": "Cluster"}, None, True),
    ("SUBNETS_UNION", {"from": "IDs", "ids": ["subnet-1"]}, None, True),
    ("SUBNETS_UNION", {"from": "Tags", "tags": {"a": "b"}}, None, True),
    ("SUBNETS_UNION", {"from": "Cluster", "ids": ["subnet-1"]}, None, False),
    ("SUBNETS_UNION", {"from": "IDs"}, None, False),
    ("SUBNETS_UNION", {"from": "Tags", "ids": ["subnet-1"]}, None, False),
    ("NAMESPACES_UNION", {"from": "All"}, None, True),
    ("NAMESPACES_UNION", {"from": "Selector", "selector": {}}, None, True),
    ("NAMESPACES_UNION", {"from": "Selector"}, None, False),
    ("NAMESPACES_UNION", {"from": "All", "selector": {}}, None, False),
    ("SELECTOR_NAMESPACES_UNION", {"from": "Own"}, None, True),
    ("SELECTOR_NAMESPACES_UNION", {"from": "Listed", "patterns": ["a"]}, None, True),
    ("SELECTOR_NAMESPACES_UNION", {"from": "Listed"}, None, False),
    ("SELECTOR_NAMESPACES_UNION", {"from": "Any", "patterns": ["a"]}, None, False),
    ("MATCH_EXPRESSION_VALUES", {"operator": "In", "values": ["a"]}, None, True),
    ("MATCH_EXPRESSION_VALUES", {"operator": "Exists"}, None, True),
    ("MATCH_EXPRESSION_VALUES", {"operator": "Exists", "values": []}, None, True),
    ("MATCH_EXPRESSION_VALUES", {"operator": "NotIn"}, None, False),
    ("MATCH_EXPRESSION_VALUES", {"operator": "DoesNotExist", "values": ["a"]}, None, False),
]


@pytest.mark.parametrize(("name", "value", "old", "holds"), _CASES)
def test_a_rule_holds_or_refuses(name: str, value: Any, old: Any, holds: bool) -> None:  # noqa: FBT001  a column of the table
    assert _holds(_ALL[name], value, old) is holds


def test_every_rule_is_tried_both_ways_and_says_what_to_do() -> None:
    for name, rule in _ALL.items():
        assert {holds for case, _, _, holds in _CASES if case == name} == {True, False}, name
        assert ":" in rule.message or ";" in rule.message, name


def test_every_rule_is_in_the_definitions() -> None:
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            found.extend(each["rule"] for each in node.get("x-kubernetes-validations", ()))
            node = list(node.values())
        for part in node if isinstance(node, list) else ():
            walk(part)

    walk([claim_crd(), class_crd()])
    assert set(found) == {rule.cel for rule in _ALL.values()}


def _optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def _spec(given_fields: dict[str, Any]) -> dict[str, Any]:
    return {"className": "standard", "selectors": [{}], **given_fields}


def _class_spec(given_fields: dict[str, Any]) -> dict[str, Any]:
    return {**class_manifest()["spec"], **given_fields}


def _same(raw: dict[str, Any]) -> dict[str, Any]:
    return raw


_ARN = st.just("arn:aws:iam::111122223333:role/a")
_IDS = st.just(["subnet-1"])
_TAGS = st.dictionaries(
    st.sampled_from(["a", "aws:a", "aWs:a", "awsa", "fargateclaims.dev/a", "fargateclaims.dev"]), st.just("x"), min_size=1
)
_OPERATORS = st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"])


@pytest.mark.parametrize(
    ("model", "complete", "names", "drawn"),
    [
        (
            ClaimSpec,
            _spec,
            ("CREATE_FIRST_NEEDS_GENERATED_NAME", "EXISTING_PROFILE_NEEDS_NAME"),
            _optional(
                replacement=st.sampled_from(["CreateFirst", "DeleteFirst", "Never"]),
                profileName=st.just("a"),
                existingProfile=st.sampled_from(["Reject", "AdoptIfIdentical"]),
            ),
        ),
        (ClassSpec, _class_spec, ("EXTERNAL_ID_NEEDS_ROLE",), _optional(assumeRoleARN=_ARN, externalID=st.just("abc"))),
        (
            SubnetSource,
            _same,
            ("SUBNETS_UNION",),
            st.fixed_dictionaries({"from": st.sampled_from(["Cluster", "IDs", "Tags"])}, optional={"ids": _IDS, "tags": _TAGS}),
        ),
        (
            NamespaceRule,
            _same,
            ("NAMESPACES_UNION",),
            st.fixed_dictionaries({"from": st.sampled_from(["All", "Selector"])}, optional={"selector": st.just({})}),
        ),
        (
            SelectorNamespaceRule,
            _same,
            ("SELECTOR_NAMESPACES_UNION",),
            st.fixed_dictionaries({"from": st.sampled_from(["Own", "Listed", "Any"])}, optional={"patterns": st.just(["a"])}),
        ),
        (
            LabelSelectorRequirement,
            _same,
            ("MATCH_EXPRESSION_VALUES",),
            st.fixed_dictionaries({"key": st.just("a"), "operator": _OPERATORS}, optional={"values": st.sampled_from([[], ["a"]])}),
        ),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_the_models_and_the_api_server_judge_alike(
    model: type[BaseModel],
    complete: Callable[[dict[str, Any]], dict[str, Any]],
    names: tuple[str, ...],
    drawn: st.SearchStrategy[dict[str, Any]],
) -> None:
    @given(drawn)
    def judge(raw: dict[str, Any]) -> None:
        whole = complete(raw)
        assert _accepts(model, whole) is all(_holds(_ALL[name], whole) for name in names)

    judge()


@given(_TAGS)
def test_the_models_and_the_api_server_judge_tags_alike(tags: dict[str, str]) -> None:
    assert _accepts(ClaimSpec, _spec({"tags": tags})) is _holds(rules.TAG_KEY_PREFIX, tags)


def _accepts(model: type[BaseModel], raw: dict[str, Any]) -> bool:
    try:
        model.model_validate(raw)
    except ValidationError:
        return False
    return True
