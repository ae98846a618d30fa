from typing import Any

import pytest

from fargateclaims.simulator.kube.schema import compile_schema
from fargateclaims.simulator.kube.validation import validate


def errors(schema: dict[str, Any], value: Any, old: Any = None) -> list[str]:
    """What is wrong with a field called x."""
    node = compile_schema({"type": "object", "properties": {"x": schema}})
    return [str(error) for error in validate(node, {"x": value}, None if old is None else {"x": old})]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "string"}, 1, 'x: Invalid value: "integer": x in body must be of type string: "integer"'),
        ({"type": "integer"}, 1.5, 'x: Invalid value: "number": x in body must be of type integer: "number"'),
        ({"type": "integer"}, True, 'x: Invalid value: "boolean": x in body must be of type integer: "boolean"'),
        ({"type": "object"}, None, 'x: Invalid value: "null": x in body must be of type object: "null"'),
        ({"type": "string", "enum": ["A", "B"]}, "C", 'x: Unsupported value: "C": supported values: "A", "B"'),
        ({"type": "string", "maxLength": 2}, "abc", "x: Too long: may not be more than 2 bytes"),
        ({"type": "string", "minLength": 1}, "", 'x: Invalid value: "": x in body should be at least 1 chars long'),
        ({"type": "string", "pattern": "^[a-z]+$"}, "A", "x: Invalid value: \"A\": x in body should match '^[a-z]+$'"),
        ({"type": "string", "pattern": "^[a-z]+$"}, "a\n", "x: Invalid value: \"a\\n\": x in body should match '^[a-z]+$'"),
        ({"type": "string", "format": "date-time"}, "now", 'x: Invalid value: "now": x in body must be of type date-time: "now"'),
        ({"type": "string", "format": "byte"}, "?", 'x: Invalid value: "?": x in body must be of type byte: "?"'),
        ({"type": "integer", "minimum": 1}, 0, "x: Invalid value: 0: x in body should be greater than or equal to 1"),
        ({"type": "number", "maximum": 1, "exclusiveMaximum": True}, 1, "x: Invalid value: 1: x in body should be less than 1"),
        ({"type": "integer", "multipleOf": 2}, 3, "x: Invalid value: 3: x in body should be a multiple of 2"),
        ({"type": "array", "maxItems": 1, "items": {}}, [1, 2], "x: Too many: 2: must have at most 1 item"),
        ({"type": "array", "minItems": 1, "items": {}}, [], "x: Invalid value: 0: x in body should have at least 1 items"),
        ({"type": "object", "maxProperties": 0}, {"a": 1}, "x: Too many: 1: must have at most 0 items"),
        ({"type": "object", "minProperties": 1}, {}, "x: Invalid value: 0: x in body should have at least 1 properties"),
        ({"type": "object", "required": ["a"]}, {}, "x.a: Required value"),
        ({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}, ["a", "a"], 'x[1]: Duplicate value: "a"'),
        (
            {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": {"type": "object"}},
            [{"k": "a", "v": 1}, {"k": "a"}],
            'x[1]: Duplicate value: {"k":"a"}',
        ),
        (
            {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
            {"a": 1, "b": 2},
            '<nil>: Invalid value: "": "x" must validate one and only one schema (oneOf). Found 2 valid alternatives',
        ),
        ({"anyOf": [{"required": ["a"]}]}, {}, '<nil>: Invalid value: "": "x" must validate at least one schema (anyOf)'),
        ({"not": {"required": ["a"]}}, {"a": 1}, '<nil>: Invalid value: "": "x" must not validate the schema (not)'),
        ({"allOf": [{"minLength": 2}], "type": "string"}, "a", 'x: Invalid value: "a": x in body should be at least 2 chars long'),
        (
            {"type": "object", "additionalProperties": {"type": "string"}},
            {"k": 1},
            'x.k: Invalid value: "integer": x.k in body must be of type string: "integer"',
        ),
    ],
)
def test_what_is_refused_and_how_it_is_worded(schema: dict[str, Any], value: Any, expected: str) -> None:
    assert errors(schema, value) == [expected]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer"}, 1.0),
        ({"type": "number"}, 1),
        ({"x-kubernetes-int-or-string": True}, "a"),
        ({"x-kubernetes-int-or-string": True}, 1),
        ({"type": "string", "nullable": True}, None),
        ({"type": "string", "maxLength": 2}, "äö"),
        ({"type": "string", "format": "date-time"}, "2026-01-01T00:00:00.123456Z"),
        ({"type": "string", "format": "unknown"}, "x"),
        ({"type": "string", "format": "ipv4"}, "10.0.0.1"),
        ({"type": "string", "format": "duration"}, "1h30m"),
    ],
)
def test_what_is_accepted(schema: dict[str, Any], value: Any) -> None:
    assert errors(schema, value) == []


def test_what_an_update_leaves_unchanged_is_not_judged_again() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 1}, "b": {"type": "string", "maxLength": 1}}}
    assert errors(schema, {"a": "long", "b": "ok"}, {"a": "long", "b": "o"}) == ["x.b: Too long: may not be more than 1 byte"]


def test_items_of_a_map_list_are_compared_by_their_key() -> None:
    items = {"type": "object", "properties": {"k": {"type": "string"}, "v": {"type": "integer", "maximum": 1}}}
    schema = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": items}
    old = [{"k": "a", "v": 5}]
    assert errors(schema, [{"k": "b", "v": 1}, {"k": "a", "v": 5}], old) == []
    assert errors(schema | {"x-kubernetes-list-type": "atomic"}, [{"k": "a", "v": 5}, {"k": "b"}], old) != []
