from typing import Any

import pytest

from fargateclaims.simulator.kube.schema import apply_defaults, compile_root, compile_schema, prune

TAGS = {"type": "object", "additionalProperties": {"type": "object", "properties": {"a": {"type": "string"}}}}


@pytest.mark.parametrize(
    ("schema", "value", "pruned", "unknown"),
    [
        ({"properties": {"a": {"type": "string"}}}, {"a": "1", "b": 2}, {"a": "1"}, ["b"]),
        ({"properties": {"l": {"items": {"properties": {"a": {}}}}}}, {"l": [{"a": 1, "b": 2}]}, {"l": [{"a": 1}]}, ["l[0].b"]),
        (TAGS, {"x": {"a": "1", "b": 2}}, {"x": {"a": "1"}}, ["x.b"]),
        (
            {"x-kubernetes-preserve-unknown-fields": True, "properties": {"p": {"properties": {}}}},
            {"q": 1, "p": {"r": 1}},
            {"q": 1, "p": {}},
            ["p.r"],
        ),
        ({"additionalProperties": True}, {"a": {"b": 1}}, {"a": {"b": 1}}, []),
        ({"x-kubernetes-embedded-resource": True}, {"kind": "A", "metadata": {}, "spec": {}}, {"kind": "A", "metadata": {}}, ["spec"]),
    ],
)
def test_pruning(schema: dict[str, Any], value: Any, pruned: Any, unknown: list[str]) -> None:
    found: list[str] = []
    assert prune(compile_schema(schema), value, found) == pruned
    assert found == unknown


def test_what_needs_no_pruning_and_no_defaults_stays_the_same_object() -> None:
    node = compile_root({"properties": {"spec": {"properties": {"l": {"items": {"type": "string"}}}}}})
    value = {"kind": "A", "metadata": {"name": "x"}, "spec": {"l": ["a"]}}
    assert prune(node, value, []) is value
    assert apply_defaults(node, value) is value


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"properties": {"a": {"default": 1}}}, {}, {"a": 1}),
        ({"properties": {"a": {"default": 1}}}, {"a": 2}, {"a": 2}),
        ({"properties": {"a": {"default": 1}}}, {"a": None}, {"a": 1}),
        ({"properties": {"a": {"default": 1, "nullable": True}}}, {"a": None}, {"a": None}),
        ({"properties": {"a": {"type": "string"}}}, {"a": None}, {}),
        ({"properties": {"s": {"properties": {"a": {"default": 1}}}}}, {}, {}),
        ({"properties": {"s": {"default": {}, "properties": {"a": {"default": 1}}}}}, {}, {"s": {"a": 1}}),
        ({"properties": {"l": {"items": {"properties": {"a": {"default": 1}}}}}}, {"l": [{}, {"a": 2}]}, {"l": [{"a": 1}, {"a": 2}]}),
        ({"additionalProperties": {"properties": {"a": {"default": 1}}}}, {"x": {}}, {"x": {"a": 1}}),
    ],
)
def test_defaults(schema: dict[str, Any], value: Any, expected: Any) -> None:
    assert apply_defaults(compile_schema(schema), value) == expected
