"""The base of every model of the API: how attributes are spelt on the wire and how a model becomes plain data."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict

_ACRONYMS: Final = {"arn": "ARN", "id": "ID", "ids": "IDs", "dns": "DNS"}


def wire_name(attribute: str) -> str:
    """The JSON name of a snake_case attribute: camelCase, with acronyms as Kubernetes writes them.

    `subnet_ids` becomes `subnetIDs`, `core_dns` becomes `coreDNS`, `arn` stays `arn`. A trailing underscore,
    which keeps an attribute from being a Python keyword, is not part of the name (`from_` becomes `from`).
    """
    first, *rest = attribute.rstrip("_").split("_")
    return first + "".join(_ACRONYMS.get(word, word.capitalize()) for word in rest)


class APIModel(BaseModel):
    """A part of an object of the API. Immutable; fields that it does not know are ignored when it is read."""

    model_config = ConfigDict(
        alias_generator=wire_name,
        populate_by_name=True,
        frozen=True,
        extra="ignore",
        # The docstring below a field is its description in the CRD: `kubectl explain` shows it.
        use_attribute_docstrings=True,
    )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data under the wire's names, without None and without what equals its default.

        An absent field means the documented default, so leaving it out loses nothing and GitOps sees no drift.
        """
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
