"""FargateProfileClaim: what a team wants."""

from enum import StrEnum
from typing import Annotated, ClassVar, Final, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from fargateclaims.api.base import APIModel
from fargateclaims.api.claim_status import ClaimStatus
from fargateclaims.api.fields import (
    ATOMIC,
    DNS_LABEL_MAX_LENGTH,
    MAX_TAGS,
    LabelKey,
    LabelValuePattern,
    NamespacePattern,
    ObjectName,
    ProfileName,
    TagKey,
    TagValue,
)
from fargateclaims.api.group import CLAIM_KIND
from fargateclaims.api.metadata import ObjectMeta
from fargateclaims.api.objects import APIObject
from fargateclaims.api.rules import (
    CLAIM_NAME_LENGTH,
    CLASS_NAME_FROZEN,
    CREATE_FIRST_NEEDS_GENERATED_NAME,
    EXISTING_PROFILE_NEEDS_NAME,
    LABEL_KEY_LENGTH,
    PROFILE_NAME_FROZEN,
    PROFILE_NAME_PREFIX,
    TAG_KEY_LENGTH,
    TAG_KEY_PREFIX,
    is_reserved_tag_key,
    validations,
)

# The schema's limits. The real ones are the cluster's quotas, by default 5 and 5, which AWS raises on request.
MAX_SELECTORS: Final = 100
MAX_SELECTOR_LABELS: Final = 50


class ReplacementPolicy(StrEnum):
    """How a profile is replaced by one as the spec says, since EKS cannot change a profile."""

    CREATE_FIRST = "CreateFirst"
    DELETE_FIRST = "DeleteFirst"
    NEVER = "Never"


class ExistingProfilePolicy(StrEnum):
    """What becomes of a profile that is already there under the claim's profileName."""

    REJECT = "Reject"
    ADOPT_IF_IDENTICAL = "AdoptIfIdentical"


def _not_reserved_by_eks(name: str) -> str:
    if name.startswith("eks-"):
        raise ValueError(PROFILE_NAME_PREFIX.message)
    return name


def no_reserved_tag_keys(tags: dict[str, str]) -> dict[str, str]:
    """The same tags. Raises ValueError when AWS or the operator has reserved one of the keys."""
    for key in tags:
        if is_reserved_tag_key(key):
            raise ValueError(f"{key}: {TAG_KEY_PREFIX.message}")
    return tags


_TAG_RULES: Final = validations(TAG_KEY_LENGTH, TAG_KEY_PREFIX)
Tags = Annotated[
    dict[TagKey, TagValue],
    Field(max_length=MAX_TAGS, json_schema_extra=_TAG_RULES),
    AfterValidator(no_reserved_tag_keys),
]
FixedProfileName = Annotated[
    ProfileName,
    Field(json_schema_extra=validations(PROFILE_NAME_PREFIX)),
    AfterValidator(_not_reserved_by_eks),
]


class Selector(APIModel):
    """Which pods run on the profile: those in the namespace that have all the labels."""

    namespace: NamespacePattern | None = None
    """The pods' namespace; by default the claim's own. `*` stands for any number of characters and `?` for one, if
    the class allows wildcards. AWS: selectors[].namespace."""
    labels: Annotated[
        dict[LabelKey, LabelValuePattern],
        Field(max_length=MAX_SELECTOR_LABELS, json_schema_extra=validations(LABEL_KEY_LENGTH)),
    ] = Field(default_factory=dict)
    """Labels that a pod must have, all of them; none means every pod. Keys and values may have the wildcards `*` and
    `?`. The cluster's quota applies, 5 by default. AWS: selectors[].labels."""


class ClaimSpec(APIModel):
    """What a team wants: which pods run on Fargate, and under which class."""

    model_config = ConfigDict(json_schema_extra=validations(CREATE_FIRST_NEEDS_GENERATED_NAME, EXISTING_PROFILE_NEEDS_NAME))

    class_name: ObjectName
    """The FargateProfileClass, which says on which cluster, with which role and in which subnets. It cannot change once the
    class has been resolved."""
    selectors: Annotated[tuple[Selector, ...], Field(min_length=1, max_length=MAX_SELECTORS, json_schema_extra=ATOMIC)]
    """Which pods run on the profile: those that any of these selectors matches. The cluster's quota applies, 5 by default.
    AWS: selectors."""
    profile_name: FixedProfileName | None = None
    """The profile's name, if the class allows claims to choose it; by default a name is generated. It cannot be added, removed
    or changed once the profile exists. AWS: fargateProfileName."""
    tags: Tags = Field(default_factory=dict)
    """Tags of the profile. A tag of the class with the same key wins. AWS: tags."""
    replacement: ReplacementPolicy | None = None
    """How the profile is replaced after an edit, since EKS cannot change one: CreateFirst makes the successor before the
    old profile goes, DeleteFirst deletes first, Never leaves the profile as it is. By default as the class says."""
    existing_profile: ExistingProfilePolicy | None = None
    """What becomes of a profile that is already there under profileName: Reject (the default) reports a conflict,
    AdoptIfIdentical takes it if nobody owns it and its selectors, role and subnets are the same, if the class allows it."""

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.profile_name is None:
            if self.existing_profile is not None:
                raise ValueError(EXISTING_PROFILE_NEEDS_NAME.message)
        elif self.replacement is ReplacementPolicy.CREATE_FIRST:
            raise ValueError(CREATE_FIRST_NEEDS_GENERATED_NAME.message)
        return self


def _status(raw: object) -> ClaimStatus:
    return raw if isinstance(raw, ClaimStatus) else ClaimStatus.parse(raw)


def _name_fits_label(metadata: ObjectMeta) -> ObjectMeta:
    if len(metadata.name) > DNS_LABEL_MAX_LENGTH:
        raise ValueError(CLAIM_NAME_LENGTH.message)
    return metadata


class FargateProfileClaim(APIObject):
    """A FargateProfileClaim says which pods run on EKS Fargate; the class it names says on which cluster and how."""

    KIND: ClassVar[str] = CLAIM_KIND
    model_config = ConfigDict(json_schema_extra=validations(CLAIM_NAME_LENGTH, CLASS_NAME_FROZEN, PROFILE_NAME_FROZEN))

    metadata: Annotated[ObjectMeta, AfterValidator(_name_fits_label)]
    spec: ClaimSpec
    """What a team wants: which pods run on Fargate, and under which class."""
    status: Annotated[ClaimStatus, BeforeValidator(_status)] = ClaimStatus()
    """What the operator last saw of the claim's profile, and what it is about to do."""
