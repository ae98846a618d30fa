"""The parts of a class that say who may claim, and what."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from fargateclaims.api.base import APIModel
from fargateclaims.api.claim import ExistingProfilePolicy
from fargateclaims.api.fields import SET, NamespaceTemplate, TagKey
from fargateclaims.api.labels import LabelSelector
from fargateclaims.api.rules import NAMESPACES_UNION, SELECTOR_NAMESPACES_UNION, validations


class NamespacesFrom(StrEnum):
    """Which namespaces may claim."""

    ALL = "All"
    SELECTOR = "Selector"


class SelectorNamespacesFrom(StrEnum):
    """Which namespaces the selectors of a claim may name."""

    OWN = "Own"
    LISTED = "Listed"
    ANY = "Any"


class ProfileNamePolicy(StrEnum):
    """Who names profiles."""

    GENERATED = "Generated"
    ANY = "Any"


class NamespaceRule(APIModel):
    """Which namespaces may claim."""

    model_config = ConfigDict(json_schema_extra=validations(NAMESPACES_UNION))

    from_: NamespacesFrom
    """All: every namespace. Selector: those that selector chooses."""
    selector: LabelSelector | None = None
    """Chooses namespaces by their labels; only with from: Selector."""

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if (self.selector is not None) != (self.from_ is NamespacesFrom.SELECTOR):
            raise ValueError(NAMESPACES_UNION.message)
        return self


class SelectorNamespaceRule(APIModel):
    """Which namespaces the selectors of a claim may name."""

    model_config = ConfigDict(json_schema_extra=validations(SELECTOR_NAMESPACES_UNION))

    from_: SelectorNamespacesFrom
    """Own: the claim's own namespace, without wildcards. Listed: what patterns allow. Any: all."""
    patterns: Annotated[tuple[NamespaceTemplate, ...], Field(min_length=1, max_length=50, json_schema_extra=SET)] | None = None
    """Namespaces that may be named, with the wildcards `*` and `?`; {namespace} is the claim's own. Only with from: Listed."""

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if (self.patterns is not None) != (self.from_ is SelectorNamespacesFrom.LISTED):
            raise ValueError(SELECTOR_NAMESPACES_UNION.message)
        return self


class ClaimRules(APIModel):
    """Who may claim, and what. Closed by default."""

    namespaces: NamespaceRule
    """Which namespaces may claim."""
    selector_namespaces: SelectorNamespaceRule = SelectorNamespaceRule(from_=SelectorNamespacesFrom.OWN)
    """Which namespaces the selectors of a claim may name; by default its own."""
    profile_names: ProfileNamePolicy = ProfileNamePolicy.GENERATED
    """Generated (the default): the operator names profiles. Any: a claim may set profileName."""
    tag_keys: Annotated[tuple[TagKey, ...], Field(max_length=50, json_schema_extra=SET)] | None = None
    """The only tag keys that a claim may set; absent means any."""
    existing_profiles: ExistingProfilePolicy = ExistingProfilePolicy.REJECT
    """Reject (the default): no claim may adopt a profile. AdoptIfIdentical: a claim may ask for it."""
