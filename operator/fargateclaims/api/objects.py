"""What both kinds have in common: metadata, and how an object of the store becomes a model."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import ValidationError

from fargateclaims.api.base import APIModel
from fargateclaims.api.errors import MalformedObject
from fargateclaims.api.group import API_VERSION
from fargateclaims.api.metadata import ObjectMeta


class APIObject(APIModel):
    """A whole object of the API."""

    KIND: ClassVar[str]

    metadata: ObjectMeta

    @classmethod
    def from_object(cls, raw: Mapping[str, Any]) -> Self:
        """The model of an object as the API server gives it.

        Raises MalformedObject when metadata or spec does not fit. A status that does not fit is read as far as it does.
        """
        try:
            return cls.model_validate(raw, by_alias=True, by_name=False)
        except ValidationError as error:
            raise MalformedObject.from_validation(cls.KIND, raw, error) from None

    def to_dict(self) -> dict[str, Any]:
        """The object as the API server takes it, with `apiVersion` and `kind`."""
        return {"apiVersion": API_VERSION, "kind": self.KIND, **super().to_dict()}
