"""A label selector, as Kubernetes has it (`metav1.LabelSelector`)."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from fargateclaims.api.base import APIModel
from fargateclaims.api.fields import ATOMIC, LabelKey, LabelValue
from fargateclaims.api.rules import LABEL_KEY_LENGTH, MATCH_EXPRESSION_VALUES, validations


class LabelSelectorOperator(StrEnum):
    """How a label relates to a set of values."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class LabelSelectorRequirement(APIModel):
    """One thing that an object's labels must satisfy."""

    model_config = ConfigDict(json_schema_extra=validations(MATCH_EXPRESSION_VALUES))

    key: LabelKey
    """The label's key."""
    operator: LabelSelectorOperator
    """How the label relates to the values: In, NotIn, Exists or DoesNotExist."""
    values: Annotated[tuple[LabelValue, ...], Field(max_length=50, json_schema_extra=ATOMIC)] = ()
    """The values of In and NotIn."""

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if bool(self.values) != (self.operator in {LabelSelectorOperator.IN, LabelSelectorOperator.NOT_IN}):
            raise ValueError(MATCH_EXPRESSION_VALUES.message)
        return self


class LabelSelector(APIModel):
    """Chooses objects by their labels: those that satisfy everything it lists. An empty one chooses every object."""

    match_labels: Annotated[
        dict[LabelKey, LabelValue],
        Field(max_length=20, json_schema_extra=validations(LABEL_KEY_LENGTH)),
    ] = Field(default_factory=dict)
    """Labels that must be there with these values."""
    match_expressions: Annotated[tuple[LabelSelectorRequirement, ...], Field(max_length=20, json_schema_extra=ATOMIC)] = ()
    """Further things that the labels must satisfy."""
