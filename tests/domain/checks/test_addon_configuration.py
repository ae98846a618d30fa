import json

import pytest

from fargateclaims.domain.checks.addon_configuration import says_fargate, with_fargate

FARGATE = '{"computeType":"Fargate"}'
LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]"


@pytest.mark.parametrize("text", [FARGATE, "computeType: Fargate", '{"computeType":"fargate","replicaCount":2}'])
def test_it_says_fargate(text: str) -> None:
    assert says_fargate(text)


@pytest.mark.parametrize("text", ["", " ", "{}", '{"computeType":"ec2"}', '{"computeType":null}', "[]", "Fargate", "{", '["computeType"]'])
def test_it_does_not(text: str) -> None:
    assert not says_fargate(text)


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("", FARGATE),
        (FARGATE, FARGATE),
        ("computeType: ec2", FARGATE),
        ('{"replicaCount": 2, "big": 1e30, "computeType": "ec2"}', '{"replicaCount":2,"big":1e+30,"computeType":"Fargate"}'),
        (
            "resources:\n  limits: {cpu: 100m}\nreplicaCount: 3",
            '{"resources":{"limits":{"cpu":"100m"}},"replicaCount":3,"computeType":"Fargate"}',
        ),
    ],
)
def test_all_that_was_there_stays(text: str, changed: str) -> None:
    found = with_fargate(text)
    assert found is not None
    assert json.loads(found) == json.loads(changed)
    assert says_fargate(found)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "3",
        "a: [",
        "{" * 100_000,
        '{"a":' * 100_000,
        "- " * 5_000,
        LAUGHS,
        "day: 2026-11-22",
        "day: !!timestamp x",
        "number: !!int x",
        "yes: !!bool x",
        "a: !!python/object:os.system {}",
        "\x00",
    ],
)
def test_what_cannot_be_read_is_left_alone(text: str) -> None:
    assert with_fargate(text) is None
    assert not says_fargate(text)
