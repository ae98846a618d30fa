"""The structural schema of a model, in the part of OpenAPI v3 that the API server takes for custom resources."""

from typing import Any, Final

from pydantic import BaseModel

from fargateclaims.api.rules import VALIDATIONS

Schema = dict[str, Any]

# `title` repeats the name. A `default` would be written into objects, and GitOps tools would see drift. Kubernetes
# has no `propertyNames`: CEL rules bound the keys of maps.
_DROPPED: Final = frozenset({"$defs", "anyOf", "default", "propertyNames", "title", "$ref"})
_JSON_POINTER: Final = "#/$defs/"


def structural_schema(model: type[BaseModel]) -> Schema:
    """The schema of what `model` reads, without references, nulls and defaults."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return _structural(schema, schema.get("$defs", {}))


def _structural(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    base = _base(schema, definitions)
    own = {key: _value(key, value, definitions) for key, value in schema.items() if key not in _DROPPED}
    rules = [*base.get(VALIDATIONS, []), *own.get(VALIDATIONS, [])]
    return {**base, **own, **({VALIDATIONS: rules} if rules else {})}


def _base(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """What `schema` builds on: the model that it refers to, or the type that it makes optional."""
    if "$ref" in schema:
        return _structural(definitions[schema["$ref"].removeprefix(_JSON_POINTER)], definitions)
    if "anyOf" in schema:
        # Of a value and null, which in Kubernetes is the same as an absent field.
        (only,) = (choice for choice in schema["anyOf"] if choice != {"type": "null"})
        return _structural(only, definitions)
    return {}


def _value(key: str, value: Any, definitions: dict[str, Schema]) -> Any:  # noqa: ANN401  any part of a JSON schema
    match key:
        case "properties":
            return {name: _structural(each, definitions) for name, each in value.items()}
        case "items" | "additionalProperties":
            return _structural(value, definitions)
        case "description":
            return " ".join(value.split())
    return value
