"""A strict check of the fields that our manifests use of other projects' kinds: a misspelt one, or one of another type, is found."""

from typing import Any

from jsonschema.validators import Draft202012Validator

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
SWITCH: Schema = {"type": "boolean"}
DURATION: Schema = {"type": "string", "pattern": r"^([0-9]+(h|m|s))+$"}
ANYTHING: Schema = {"type": "object"}


def fields(*optional: str, required: tuple[str, ...] = (), **schemas: Schema) -> Schema:
    """An object with these fields alone; those that are only named are texts."""
    properties = {**dict.fromkeys((*optional, *(name for name in required if name not in schemas)), TEXT), **schemas}
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(required)}


def items(each: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": each}


def one_of(*values: str) -> Schema:
    """One of some texts."""
    return {"enum": list(values)}


def manifest(api_version: str, kind: str, spec: Schema) -> Schema:
    """A whole object."""
    names: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
    metadata = fields(required=("name", "namespace"), annotations=names, labels=names)
    return fields(
        required=("apiVersion", "kind", "metadata", "spec"), apiVersion=one_of(api_version), kind=one_of(kind), metadata=metadata, spec=spec
    )


def check(obj: dict[str, Any], schema: Schema) -> None:
    """Fails the test, and names every field that does not fit."""
    wrong = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(obj)]
    assert not wrong, wrong
