from typing import Any

import pytest

from fargateclaims.api.labels import LabelSelector
from fargateclaims.domain.labels import LabelSelectorError, matches, parse


def labels_of(*expressions: tuple[str, ...], **labels: str) -> dict[str, Any]:
    return {
        "matchLabels": labels,
        "matchExpressions": [{"key": key, "operator": operator, "values": list(values)} for key, operator, *values in expressions],
    }


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
        (labels_of(), {"a": "b"}, True),
        (labels_of(fargate="allowed"), {"fargate": "allowed", "x": "y"}, True),
        (labels_of(fargate="allowed"), {"fargate": "no"}, False),
        (labels_of(fargate="allowed", x="y"), {"fargate": "allowed"}, False),
        (labels_of(("env", "In", "test", "prod")), {"env": "prod"}, True),
        (labels_of(("env", "In", "test", "prod")), {}, False),
        (labels_of(("env", "NotIn", "prod")), {}, True),
        (labels_of(("env", "NotIn", "prod")), {"env": "prod"}, False),
        (labels_of(("env", "Exists")), {"env": ""}, True),
        (labels_of(("env", "Exists")), {}, False),
        (labels_of(("env", "DoesNotExist")), {}, True),
        (labels_of(("env", "DoesNotExist")), {"env": ""}, False),
        (labels_of(("env", "Exists"), a="b"), {"a": "b"}, False),
    ],
)
def test_a_label_selector_of_an_object_selects_as_the_api_server_does(
    selector: dict[str, Any],
    labels: dict[str, str],
    selected: bool,  # noqa: FBT001
) -> None:
    assert matches(LabelSelector.model_validate(selector), labels) is selected
