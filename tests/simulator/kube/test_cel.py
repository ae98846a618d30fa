from typing import Any

import pytest

from fargateclaims.simulator.kube.cel import CompileError, compile_rule, escape, undefined_field
from fargateclaims.simulator.kube.schema import compile_schema
from fargateclaims.simulator.kube.validation import validate

STRING = {"type": "string"}


def errors(rule: str | dict[str, Any], value: Any, old: Any = None, **properties: Any) -> list[str]:
    """What a rule on an object called x finds wrong."""
    rules = [{"rule": rule, "message": "no"} if isinstance(rule, str) else rule]
    schema = {"type": "object", "properties": properties or {"a": STRING}, "x-kubernetes-validations": rules}
    node = compile_schema({"type": "object", "properties": {"x": schema}})
    return [str(error) for error in validate(node, {"x": value}, None if old is None else {"x": old})]


def test_a_rule_holds_or_is_reported_with_its_message() -> None:
    assert errors("self.a == 'y'", {"a": "y"}) == []
    assert errors("self.a == 'y'", {"a": "n"}) == ["x: Invalid value: no"]
    assert errors({"rule": "self.a == 'y'"}, {"a": "n"}) == ["x: Invalid value: failed rule: self.a == 'y'"]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("FieldValueForbidden", "x.a: Forbidden: no"),
        ("FieldValueRequired", "x.a: Required value: no"),
        ("FieldValueInvalid", "x.a: Invalid value: no"),
    ],
)
def test_reason_and_field_path(reason: str, expected: str) -> None:
    assert errors({"rule": "false", "message": "no", "reason": reason, "fieldPath": ".a"}, {"a": "n"}) == [expected]


def test_a_message_expression_wins_unless_it_fails() -> None:
    rule = {"rule": "false", "message": "plain", "messageExpression": "'a is ' + self.a"}
    assert errors(rule, {"a": "n"}) == ["x: Invalid value: a is n"]
    assert errors(rule, {}) == ["x: Invalid value: plain"]


def test_transition_rules_run_on_updates_only_and_only_when_something_changed() -> None:
    assert errors("self.a == oldSelf.a", {"a": "y"}) == []
    assert errors("self.a == oldSelf.a", {"a": "y"}, {"a": "n"}) == ["x: Invalid value: no"]
    assert errors("self.a == oldSelf.a", {"a": "y"}, {"a": "y"}) == []
    assert errors("false", {"a": "y"}, {"a": "y"}) == []


def test_reserved_names_are_escaped() -> None:
    assert [escape(name) for name in ("namespace", "a-b", "x.y/z", "a__b", "plain")] == [
        "__namespace__",
        "a__dash__b",
        "x__dot__y__slash__z",
        "a__underscores__b",
        "plain",
    ]
    items = {"type": "array", "items": {"type": "object", "properties": {"namespace": STRING}}}
    rule = "self.s.all(s, has(s.__namespace__) && s.__namespace__ != '')"
    assert errors(rule, {"s": [{"namespace": "a"}]}, s=items) == []
    assert errors(rule, {"s": [{"namespace": "a"}, {}]}, s=items) != []


def test_formats_have_their_cel_types() -> None:
    time = {"type": "string", "format": "date-time"}
    assert errors("self.t > timestamp('2026-01-01T00:00:00Z')", {"t": "2026-02-01T00:00:00Z"}, t=time) == []
    assert errors("self.d < duration('2h')", {"d": "1h30m"}, d={"type": "string", "format": "duration"}) == []
    assert errors("self.n == 1.0", {"n": 1}, n={"type": "number"}) == []


def test_an_evaluation_error_refuses_and_says_why() -> None:
    assert errors("self.a == 'y'", {}) == ['x: Invalid value: "object": no such key: a evaluating rule: no']


def test_rules_are_not_run_on_what_the_schema_refuses() -> None:
    found = errors("false", {"a": 1})
    assert found[0].startswith("x.a: Invalid value")
    assert found[1].startswith("<nil>: Invalid value: null: some validation rules were not checked")


def test_a_rule_that_does_not_parse_is_reported() -> None:
    with pytest.raises(CompileError):
        compile_rule({"rule": "self =="})


@pytest.mark.parametrize(
    ("rule", "visible"),
    [
        ("has(self.spec.a) && self.status.b == oldSelf.status.c", {"spec": {"a": {}}, "status": {"b": None, "c": None}}),
        ("self.spec.a == 1 || has(self.spec)", {"spec": {"a": None}}),
        ("has(self.spec) || self.spec.a == 1", {"spec": {"a": None}}),
        ("has(self.spec) && self.spec == oldSelf.spec", {"spec": None}),
        ("has(self.spec.list[0].x)", {"spec": {"list": None}}),
        ("self.spec.tags.all(k, k != 'a')", {"spec": {"tags": None}}),
        ("self.spec.list[0].x == 'a'", {"spec": {"list": None}}),
        ("x.self.y == self . z", {"z": None}),
        ("self == oldSelf", None),
        ("self.size() > 1", None),
        ("self['a'] == 'b'", None),
        ("'a' in self", None),
    ],
)
def test_a_rule_sees_of_an_object_only_what_it_names(rule: str, visible: Any) -> None:
    assert compile_rule({"rule": rule}).visible == visible


def test_what_a_rule_found_right_is_told_from_all_else() -> None:
    properties = {"a": STRING, "b-c": STRING, "n": {"type": "object", "properties": {"d": STRING}}}
    rule = "self.b__dash__c == 'y' && (!has(self.n) || self.n.d == 'y') && (!has(oldSelf.a) || self.a == oldSelf.a)"
    node = compile_schema({"type": "object", "properties": properties, "x-kubernetes-validations": [{"rule": rule, "message": "no"}]})
    right = {"a": "1", "b-c": "y", "n": {"d": "y"}}
    for value, old, expected in (
        (right, {}, 0),
        (right, {"a": "1"}, 0),
        (right, {"a": "2"}, 1),
        ({**right, "b-c": "n"}, {}, 1),
        ({**right, "n": {"d": "n"}}, {}, 1),
        (right, {}, 0),
    ):
        assert len(validate(node, value, old)) == expected


def test_what_a_rule_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fargateclaims.simulator.kube.cel._REMEMBERED", 2)
    node = compile_schema({"type": "object", "properties": {"a": STRING}, "x-kubernetes-validations": [{"rule": "size(self.a) > 0"}]})
    for text in ("x", "y", "z", "x" * 10_000):
        assert validate(node, {"a": text}) == []
    assert len(node.rules[0].passed) == 1


@pytest.mark.parametrize(
    ("rule", "at_root", "unknown"),
    [
        ("self.a == 'self.none'", False, ""),
        ("self.m.anything == 'x' && self.free.of.all > 1", False, ""),
        ("self.a.none == 'x'", False, "none"),
        ("self.b__dash__c.size() > 1 && oldSelf.a.startsWith('x')", False, ""),
        ("self.metadata.name == 'x' && self.kind == 'X'", True, ""),
        ("self.metadata.labels.all(key, key != '')", True, "labels"),
        ("self.metadata.name == 'x'", False, "metadata"),
    ],
)
def test_fields_that_the_schema_does_not_have(rule: str, *, at_root: bool, unknown: str) -> None:
    properties = {
        "a": STRING,
        "b-c": STRING,
        "m": {"type": "object", "additionalProperties": STRING},
        "free": {"x-kubernetes-preserve-unknown-fields": True},
    }
    problem = undefined_field(rule, {"type": "object", "properties": properties}, at_root=at_root)
    assert f"undefined field '{unknown}'" in problem if unknown else problem == ""


def test_what_a_rule_only_asks_for_is_no_part_of_what_it_remembers() -> None:
    properties = {"n": {"type": "object", "properties": {"a": STRING, "b": STRING}}}
    rule = "!has(self.n) || !has(self.n.a) || self.n.a == 'y'"
    node = compile_schema({"type": "object", "properties": properties, "x-kubernetes-validations": [{"rule": rule}]})
    for text in ("1", "2", "3"):
        assert validate(node, {"n": {"a": "y", "b": text}}) == []
    assert len(node.rules[0].passed) == 1
    assert validate(node, {}) == validate(node, {"n": {}}) == []
    assert len(validate(node, {"n": {"a": "n"}})) == 1
    assert len(node.rules[0].passed) == 3
