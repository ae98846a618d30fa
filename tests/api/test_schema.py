from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from pydantic import ConfigDict, Field

from fargateclaims.api.base import APIModel
from fargateclaims.api.rules import Rule, validations
from fargateclaims.api.schema import structural_schema

_INNER = Rule("inner", "i")
_OUTER = Rule("outer", "o", ".size_of")


class _Part(APIModel):
    """A part
    on two lines."""

    model_config = ConfigDict(json_schema_extra=validations(_INNER))

    number: int = 5
    """A number."""


class _Whole(APIModel):
    """A whole."""

    part: _Part = _Part()
    many: tuple[_Part, ...] = ()
    """Many parts."""
    maybe: Annotated[_Part, Field(json_schema_extra=validations(_OUTER))] | None = None
    """Perhaps a part."""
    texts: dict[Annotated[str, Field(max_length=3)], Annotated[str, Field(max_length=2)]] = Field(default_factory=dict)
    subnet_ids: Annotated[tuple[str, ...], Field(max_length=2)]


_PART: dict[str, Any] = {
    "description": "A part on two lines.",
    "type": "object",
    "properties": {"number": {"description": "A number.", "type": "integer"}},
    "x-kubernetes-validations": [{"rule": "inner", "message": "i"}],
}


@pytest.fixture(scope="module")
def properties() -> dict[str, Any]:
    schema = structural_schema(_Whole)
    assert schema["required"] == ["subnetIDs"]
    assert schema["description"] == "A whole."
    found: dict[str, Any] = schema["properties"]
    return found


def test_references_are_written_out(properties: dict[str, Any]) -> None:
    assert properties["part"] == _PART
    assert properties["many"] == {"type": "array", "description": "Many parts.", "items": _PART}


def test_an_optional_part_is_a_part_that_may_be_absent(properties: dict[str, Any]) -> None:
    both = [{"rule": "inner", "message": "i"}, {"rule": "outer", "message": "o", "fieldPath": ".size_of"}]
    assert properties["maybe"] == {**_PART, "description": "Perhaps a part.", "x-kubernetes-validations": both}


def test_maps_and_lists_keep_their_limits(properties: dict[str, Any]) -> None:
    assert properties["texts"] == {"type": "object", "additionalProperties": {"type": "string", "maxLength": 2}}
    assert properties["subnetIDs"] == {"type": "array", "maxItems": 2, "items": {"type": "string"}}


def test_nothing_is_left_that_kubernetes_refuses() -> None:
    def keys(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from node
            node = list(node.values())
        for part in node if isinstance(node, list) else ():
            yield from keys(part)

    refused = {"$ref", "$defs", "title", "default", "anyOf", "allOf", "oneOf", "propertyNames", "const", "exclusiveMinimum", "prefixItems"}
    assert refused.isdisjoint(keys(structural_schema(_Whole)))
