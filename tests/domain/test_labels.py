from dataclasses import dataclass, field

import pytest

from fargateclaims.domain.labels import LabelSelectorError, matches, parse


@dataclass
class Expression:
    key: str
    operator: str
    values: list[str] = field(default_factory=list)


@dataclass
class Selector:
    match_labels: dict[str, str] = field(default_factory=dict)
    match_expressions: list[Expression] = field(default_factory=list)


@pytest.mark.parametrize(
    ("text", "labels", "selected"),
    [
        ("", {}, True),
        ("  ", {"a": "b"}, True),
        ("team=blue", {"team": "blue"}, True),
        ("team=blue", {"team": "red"}, False),
        ("team=blue", {}, False),
        ("team == blue", {"team": "blue"}, True),
        ("team=", {"team": ""}, True),
        ("team=", {}, False),
        ("team!=blue", {"team": "red"}, True),
        ("team!=blue", {}, True),
        ("team != blue", {"team": "blue"}, False),
        ("team in (blue, red)", {"team": "red"}, True),
        ("team in (blue,red)", {"team": "green"}, False),
        ("team in(blue)", {"team": "blue"}, True),
        ("team in (blue)", {}, False),
        ("team notin (blue,red)", {"team": "green"}, True),
        ("team notin (blue,red)", {"team": "red"}, False),
        ("team notin (blue,red)", {}, True),
        ("in", {"in": "x"}, True),
        ("team", {"team": ""}, True),
        ("team", {}, False),
        ("!team", {}, True),
        ("! team", {"team": "blue"}, False),
        ("example.com/team=blue,stage in (test,prod),!old", {"example.com/team": "blue", "stage": "prod"}, True),
        ("example.com/team=blue,stage in (test,prod),!old", {"example.com/team": "blue", "stage": "prod", "old": "1"}, False),
        ("example.com/team=blue,stage in (test,prod),!old", {"example.com/team": "blue", "stage": "dev"}, False),
    ],
)
def test_a_parsed_selector_selects_as_kubectl_does(text: str, labels: dict[str, str], selected: bool) -> None:  # noqa: FBT001
    assert parse(text).matches(labels) is selected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("team=blue,", "'' is no requirement"),
        ("team=blue=red", "'team=blue=red' is no requirement"),
        ("team in blue", "'team in blue' is no requirement"),
        ("team in (blue", "'team in (blue' is no requirement"),
        ("team>1", "'team>1' is no label name"),
        ("-team", "'-team' is no label name"),
        ("team=" + "x" * 64, "is no label value"),
        ("team in (b:c)", "'b:c' is no label value"),
        ("Example.com/team", "'Example.com' is no DNS name"),
        ("/team", "'' is no DNS name"),
        ("a.example/", "'' is no label name"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, complaint: str) -> None:
    with pytest.raises(LabelSelectorError) as refused:
        parse(text)
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    ("selector", "labels", "selected"),
    [
        (Selector(), {"a": "b"}, True),
        (Selector({"fargate": "allowed"}), {"fargate": "allowed", "x": "y"}, True),
        (Selector({"fargate": "allowed"}), {"fargate": "no"}, False),
        (Selector({"fargate": "allowed", "x": "y"}), {"fargate": "allowed"}, False),
        (Selector({}, [Expression("env", "In", ["test", "prod"])]), {"env": "prod"}, True),
        (Selector({}, [Expression("env", "In", ["test", "prod"])]), {}, False),
        (Selector({}, [Expression("env", "NotIn", ["prod"])]), {}, True),
        (Selector({}, [Expression("env", "NotIn", ["prod"])]), {"env": "prod"}, False),
        (Selector({}, [Expression("env", "Exists")]), {"env": ""}, True),
        (Selector({}, [Expression("env", "Exists")]), {}, False),
        (Selector({}, [Expression("env", "DoesNotExist")]), {}, True),
        (Selector({}, [Expression("env", "DoesNotExist")]), {"env": ""}, False),
        (Selector({"a": "b"}, [Expression("env", "Exists")]), {"a": "b"}, False),
    ],
)
def test_a_label_selector_of_an_object_selects_as_the_api_server_does(
    selector: Selector,
    labels: dict[str, str],
    selected: bool,  # noqa: FBT001
) -> None:
    assert matches(selector, labels) is selected
