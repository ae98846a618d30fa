"""The rules that span fields, each once: its CEL text for the API server and the sentence that refuses.

The models check the same rules when they read an object, for what was stored before a rule was there; the rules
that compare an object with its older self (`oldSelf`) are the API server's alone. A rule at the root of an object
is checked at every write, finalizer edits included, so adding one later would lock up objects that break it.
"""

from dataclasses import dataclass
from typing import Any, Final

from fargateclaims.api.fields import DNS_LABEL_MAX_LENGTH, LABEL_KEY_MAX_LENGTH, TAG_KEY_MAX_LENGTH
from fargateclaims.api.group import TAG_PREFIX

VALIDATIONS: Final = "x-kubernetes-validations"


@dataclass(frozen=True, slots=True)
class Rule:
    """A CEL rule on the value it is attached to; `field_path` says which field below that value is to blame."""

    cel: str
    message: str
    field_path: str | None = None

    def to_schema(self) -> dict[str, str]:
        """As an item of `x-kubernetes-validations`."""
        located = {"fieldPath": self.field_path} if self.field_path else {}
        return {"rule": self.cel, "message": self.message, **located}


def validations(*rules: Rule) -> dict[str, Any]:
    """The schema extension that makes the API server check `rules`."""
    return {VALIDATIONS: [rule.to_schema() for rule in rules]}


# ── FargateProfileClaim ──
CLAIM_NAME_LENGTH: Final = Rule(
    f"size(self.metadata.name) <= {DNS_LABEL_MAX_LENGTH}",
    f"the name of a claim has at most {DNS_LABEL_MAX_LENGTH} characters: choose a shorter one",
)
# Frozen only once resolved: a typo can be mended, a move cannot.
CLASS_NAME_FROZEN: Final = Rule(
    "!has(self.status) || !has(self.status.resolved) || !has(self.status.resolved.className)"
    " || self.spec.className == self.status.resolved.className",
    "className cannot change once the class has been resolved: make a new claim with the other class, then delete this one",
    ".spec.className",
)
PROFILE_NAME_FROZEN: Final = Rule(
    "!has(oldSelf.status) || !has(oldSelf.status.profile)"
    " || (has(oldSelf.spec.profileName) == has(self.spec.profileName)"
    " && (!has(self.spec.profileName) || self.spec.profileName == oldSelf.spec.profileName))",
    "profileName cannot be added, removed or changed once the profile exists: make a new claim with the other name, then delete this one",
    ".spec",
)
CREATE_FIRST_NEEDS_GENERATED_NAME: Final = Rule(
    "!has(self.replacement) || self.replacement != 'CreateFirst' || !has(self.profileName)",
    "CreateFirst needs a second name for the successor: remove profileName, or set replacement to DeleteFirst or Never",
    ".replacement",
)
EXISTING_PROFILE_NEEDS_NAME: Final = Rule(
    "!has(self.existingProfile) || has(self.profileName)",
    "existingProfile says what to do with the profile named by profileName: set profileName too, or remove existingProfile",
    ".existingProfile",
)

# ── both kinds ──
PROFILE_NAME_PREFIX: Final = Rule(
    "!self.startsWith('eks-')",
    "EKS reserves names that begin with 'eks-': choose another name",
)
# AWS reserves every spelling. The plain list costs the API server less than a regular expression on unbounded keys,
# and `lowerAscii` is not in standard CEL.
_AWS_SPELLINGS: Final = tuple(f"{a}{w}{s}:" for a in "aA" for w in "wW" for s in "sS")
TAG_KEY_PREFIX: Final = Rule(
    f"self.all(key, !key.startsWith('{TAG_PREFIX}') && ![{', '.join(map(repr, _AWS_SPELLINGS))}].exists(p, key.startsWith(p)))",
    f"tag keys that begin with 'aws:' belong to AWS and '{TAG_PREFIX}' to the operator: rename the key",
)
TAG_KEY_LENGTH: Final = Rule(
    f"self.all(key, size(key) >= 1 && size(key) <= {TAG_KEY_MAX_LENGTH})",
    f"a tag key has 1 to {TAG_KEY_MAX_LENGTH} characters: rename the key",
)
LABEL_KEY_LENGTH: Final = Rule(
    f"self.all(key, size(key) >= 1 && size(key) <= {LABEL_KEY_MAX_LENGTH})",
    f"a label key has 1 to {LABEL_KEY_MAX_LENGTH} characters: correct the key",
)

# ── FargateProfileClass ──
CLUSTER_ARN_IMMUTABLE: Final = Rule(
    "self == oldSelf",
    "clusterARN cannot change, because the profiles stay where they are: make a new class for the other cluster",
)
EXTERNAL_ID_NEEDS_ROLE: Final = Rule(
    "!has(self.externalID) || has(self.assumeRoleARN)",
    "externalID is only sent when a role is assumed: set assumeRoleARN too, or remove externalID",
    ".externalID",
)
SUBNETS_UNION: Final = Rule(
    "has(self.ids) == (self.from == 'IDs') && has(self.tags) == (self.from == 'Tags')",
    "set ids exactly when from is IDs, and tags exactly when from is Tags; Cluster takes neither",
)
NAMESPACES_UNION: Final = Rule(
    "has(self.selector) == (self.from == 'Selector')",
    "set selector exactly when from is Selector; All takes none",
)
SELECTOR_NAMESPACES_UNION: Final = Rule(
    "has(self.patterns) == (self.from == 'Listed')",
    "set patterns exactly when from is Listed; Own and Any take none",
)
MATCH_EXPRESSION_VALUES: Final = Rule(
    "(has(self.values) && size(self.values) > 0) == (self.operator == 'In' || self.operator == 'NotIn')",
    "set values exactly when operator is In or NotIn; Exists and DoesNotExist take none",
)


def is_reserved_tag_key(key: str) -> bool:
    """Whether `key` is AWS's or the operator's own (`TAG_KEY_PREFIX` refuses it)."""
    return key.startswith((TAG_PREFIX, *_AWS_SPELLINGS))
