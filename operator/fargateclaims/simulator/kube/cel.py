"""CEL rules (``x-kubernetes-validations``), compiled once and run by the ``common-expression-language`` package.

Only CEL's standard functions exist there, not Kubernetes' own libraries (``lowerAscii``, ``isURL``, quantities); a rule
that needs them fails with an evaluation error that names the function. Cost limits are not computed.
Source: https://kubernetes.io/docs/reference/using-api/cel/ and the CRD validation rules page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Final, TypeAlias

import cel as engine

from fargateclaims.simulator.kube.field_errors import NO_FIELD, OMITTED, Cause, FieldError
from fargateclaims.simulator.kube.objects import Obj, Value, parse_timestamp

_RESERVED: Final = frozenset(
    {
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function"),
        *("if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while"),
    }
)
_CHARACTERS: Final = {".": "__dot__", "-": "__dash__", "/": "__slash__"}
_REASONS: Final = {
    "FieldValueInvalid": Cause.INVALID,
    "FieldValueForbidden": Cause.FORBIDDEN,
    "FieldValueRequired": Cause.REQUIRED,
    "FieldValueDuplicate": Cause.DUPLICATE,
}
_ENGINE_ERRORS: Final = (KeyError, RuntimeError, TypeError, ValueError, OverflowError)


# What a rule can see of self and oldSelf: properties by name, each with what is seen below it; None is everything.
Visible: TypeAlias = "dict[str, Visible] | None"
# Values that each rule remembers, and the longest of them: some MiB for the rules of a kind.
_REMEMBERED: Final = 16_384
_MEMORABLE: Final = 512
_CHAIN: Final = re.compile(r"(?<![\w.])(?:self|oldSelf)\b((?:\s*\.\s*[A-Za-z_]\w*)*)\s*(\()?")
_LITERAL: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
# Of an object's metadata a rule sees no more.
_ROOT_PROPERTIES: Final[Obj] = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"type": "object", "properties": {"name": {"type": "string"}, "generateName": {"type": "string"}}},
}
_NAME: Final = re.compile(r"[A-Za-z_]\w*")


class CompileError(ValueError):
    """A rule does not parse. The message is what the engine says about it."""


@dataclass(slots=True)
class Shape:
    """The part of a schema that decides how a JSON value looks in CEL.

    `kind` is the type, or for a string its format. Property names that are no CEL identifiers are escaped; strings of the
    formats date-time and duration are timestamps and durations; a number is always a double.
    """

    kind: str
    properties: dict[str, "Shape"] = field(default_factory=dict)
    values: "Shape | None" = None
    escaped: dict[str, str] = field(init=False)
    plain: bool = field(init=False)

    def __post_init__(self) -> None:
        self.escaped = {name: escape(name) for name in self.properties if escape(name) != name}
        parts = [*self.properties.values(), *([self.values] if self.values else [])]
        self.plain = self.kind not in ("number", "date-time", "duration") and not self.escaped and all(part.plain for part in parts)


_UNKNOWN: Final = Shape("")


@dataclass(frozen=True, slots=True)
class Rule:
    """One compiled rule. `passed` remembers values that it found right: to run a rule costs far more than to see that."""

    source: str
    program: engine.Program
    is_transition: bool
    name: str  # what an evaluation error calls it
    message: str
    message_program: engine.Program | None
    cause: Cause
    field_path: str
    visible: Visible
    passed: set[str] = field(default_factory=set, compare=False)


def escape(name: str) -> str:
    """A property name as it is written in a rule."""
    if name in _RESERVED:
        return f"__{name}__"
    if "__" in name:
        name = name.replace("__", "__underscores__")
    return "".join(_CHARACTERS.get(character, character) for character in name)


def compile_rule(rule: Obj) -> Rule:
    """Compile an entry of ``x-kubernetes-validations``; CompileError if the rule or its messageExpression does not parse."""
    source = rule["rule"]
    program = _compile(source)
    message_source = rule.get("messageExpression")
    texts = f"{source} {message_source or ''}"
    return Rule(
        source=source,
        program=program,
        is_transition="oldSelf" in program.variables(),
        name=(rule.get("message") or source).strip(),
        message=rule["message"].strip() if rule.get("message") else f"failed rule: {source.strip()}",
        message_program=_compile(message_source) if message_source else None,
        cause=_REASONS.get(rule.get("reason", ""), Cause.INVALID),
        field_path=rule.get("fieldPath") or "",
        visible=_visible(texts),
    )


@lru_cache(maxsize=2048)
def _compile(source: str) -> engine.Program:
    try:
        return engine.compile(source)
    except ValueError as error:
        text = str(error)
        raise CompileError(text[max(text.find("ERROR"), 0) :].splitlines()[0]) from error


def _visible(texts: str) -> Visible:
    """Converting a whole object costs far more than running a rule; most rules at the root look at two or three fields."""
    root: dict[str, Visible] = {}
    for chain in _CHAIN.finditer(texts):
        names = _NAME.findall(chain[1])
        if chain[2]:
            names.pop()
        if not names:
            return None
        only_presence = texts[: chain.start()].endswith("has(") and texts[chain.end() :].startswith(")")
        _add(root, names, only_presence=only_presence)
    return root


def undefined_field(source: str, schema: Obj, *, at_root: bool) -> str:
    """What Kubernetes' type checker says about the first field that a rule asks of self or oldSelf and the schema does not have."""
    if at_root:
        schema = {**schema, "properties": {**(schema.get("properties") or {}), **_ROOT_PROPERTIES}}
    code = _LITERAL.sub(lambda found: " " * len(found[0]), source)
    for chain in _CHAIN.finditer(code):
        part = schema
        names = list(_NAME.finditer(code, chain.start(1), chain.end(1)))
        for name in names[:-1] if chain[2] else names:
            found = _property(part, name[0])
            if found is None:
                column = name.start() - 1
                return f"ERROR: <input>:1:{column + 1}: undefined field '{name[0]}'\n | {source}\n | {'.' * column}^"
            part = found
    return ""


def _property(schema: Obj, name: str) -> Obj | None:
    """The schema of a property by its escaped name, of anything where all is allowed; None if there is none."""
    if not schema.get("type"):
        return {}
    declared = schema.get("properties") or {}
    found: Obj | None = next((sub for original, sub in declared.items() if escape(original) == name), None)
    values = schema.get("additionalProperties")
    return values if found is None and isinstance(values, dict) else found


def _add(tree: dict[str, Visible], names: list[str], *, only_presence: bool) -> None:
    for name in names[:-1]:
        below = tree.setdefault(name, {})
        if below is None:
            return
        tree = below
    if only_presence:
        tree.setdefault(names[-1], {})
    else:
        tree[names[-1]] = None


def evaluate(rules: tuple[Rule, ...], shape: Shape, value: Value, old: Value, path: str) -> Iterator[FieldError]:
    """What the rules at one place of an object find wrong. `old` is None where there is nothing to compare with."""
    for rule in rules:
        if rule.is_transition and old is None:
            continue
        seen = repr((_seen(shape, value, rule.visible), _seen(shape, old, rule.visible) if rule.is_transition else None))
        if seen in rule.passed:
            continue
        variables = {"self": _convert(shape, value, rule.visible)}
        if rule.is_transition:
            variables["oldSelf"] = _convert(shape, old, rule.visible)
        try:
            if rule.program.execute(variables) is True:
                _remember(rule, seen)
                continue
        except _ENGINE_ERRORS as error:
            problem = f"no such key: {error.args[0]}" if isinstance(error, KeyError) else str(error)
            yield FieldError(Cause.INVALID, path or NO_FIELD, f"{problem} evaluating rule: {rule.name}", _type_name(value))
            continue
        where = (path + rule.field_path).removeprefix(".") or NO_FIELD
        shown = OMITTED if isinstance(value, dict | list) else value
        yield FieldError(rule.cause, where, _message(rule, variables), shown)


def _remember(rule: Rule, seen: str) -> None:
    if len(seen) <= _MEMORABLE:
        if len(rule.passed) >= _REMEMBERED:
            rule.passed.clear()
        rule.passed.add(seen)


def _seen(shape: Shape, value: Value, visible: Visible) -> Value:
    """The part of a value that a rule looks at, as it is."""
    if visible is None or not isinstance(value, dict):
        return value
    seen = {}
    for name, entry in value.items():
        escaped = shape.escaped.get(name, name)
        if escaped in visible:
            seen[name] = _seen(shape.properties.get(name) or shape.values or _UNKNOWN, entry, visible[escaped])
    return seen


def _message(rule: Rule, variables: dict[str, Value]) -> str:
    if rule.message_program is None:
        return rule.message
    try:
        text = rule.message_program.execute(variables)
    except _ENGINE_ERRORS:
        return rule.message
    # Kubernetes ignores what is no single line of text.
    return text if isinstance(text, str) and text.strip() and "\n" not in text else rule.message


def _convert(shape: Shape, value: Value, visible: Visible = None) -> Value:
    if isinstance(value, dict):
        return _convert_object(shape, value, visible)
    if shape.plain:
        return value
    if isinstance(value, list):
        return [_convert(shape.values, entry) for entry in value] if shape.values else value
    return _scalar(shape.kind, value)


def _convert_object(shape: Shape, value: Obj, visible: Visible) -> Obj:
    if visible is None and shape.plain:
        return value
    result: Obj = {}
    for name, entry in value.items():
        escaped = shape.escaped.get(name, name)
        if visible is None or escaped in visible:
            below = shape.properties.get(name) or shape.values or _UNKNOWN
            result[escaped] = _convert(below, entry, None if visible is None else visible[escaped])
    return result


def _scalar(kind: str, value: Value) -> Value:
    if kind == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind == "date-time" and isinstance(value, str):
        return parse_timestamp(value)
    if kind == "duration" and isinstance(value, str):
        return _duration(value)
    return value


def _duration(text: str) -> timedelta:
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)", text)
    return timedelta(seconds=sum(float(number) * units[unit] for number, unit in parts))


def _type_name(value: Value) -> str:
    match value:
        case dict():
            return "object"
        case list():
            return "array"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case _:
            return "string"
