"""The kinds of value that fields are made of, with the limits that Kubernetes and EKS set.

Patterns mean the same in Go's RE2, which the API server uses, and in Python. Every string, list and map that a
CEL rule reads has an upper limit, because the API server refuses a rule whose cost it cannot bound.
"""

from typing import Annotated, Final

from pydantic import Field

# Kubernetes: a namespace's name is a DNS label (RFC 1123), an object's name in general a DNS subdomain.
DNS_LABEL_MAX_LENGTH: Final = 63
DNS_SUBDOMAIN_MAX_LENGTH: Final = 253
_DNS_SUBDOMAIN_PATTERN: Final = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$"
ObjectName = Annotated[str, Field(min_length=1, max_length=DNS_SUBDOMAIN_MAX_LENGTH, pattern=_DNS_SUBDOMAIN_PATTERN)]

# A label's key is a prefix (a DNS subdomain), a slash and a name of up to 63 characters.
LABEL_KEY_MAX_LENGTH: Final = DNS_SUBDOMAIN_MAX_LENGTH + 1 + 63
LABEL_VALUE_MAX_LENGTH: Final = 63
LabelKey = Annotated[str, Field(min_length=1, max_length=LABEL_KEY_MAX_LENGTH)]
_LABEL_VALUE_PATTERN: Final = r"^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$"
LabelValue = Annotated[str, Field(max_length=LABEL_VALUE_MAX_LENGTH, pattern=_LABEL_VALUE_PATTERN)]

# EKS: `*` is any number of characters and `?` is one, anywhere in a namespace, a label's key and a label's value.
_NAMESPACE_WILDCARD_PATTERN: Final = r"^[a-z0-9*?]([a-z0-9*?-]*[a-z0-9*?])?$"
NamespacePattern = Annotated[str, Field(min_length=1, max_length=DNS_LABEL_MAX_LENGTH, pattern=_NAMESPACE_WILDCARD_PATTERN)]
_LABEL_WILDCARD_PATTERN: Final = r"^([A-Za-z0-9*?]([A-Za-z0-9*?._-]*[A-Za-z0-9*?])?)?$"
LabelValuePattern = Annotated[str, Field(max_length=LABEL_VALUE_MAX_LENGTH, pattern=_LABEL_WILDCARD_PATTERN)]
# A namespace pattern of a class, in which {namespace} stands for the claim's own.
NamespaceTemplate = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^([a-z0-9*?-]|\{namespace\})+$")]

# EKS: names of up to 100 characters. The characters are those of a cluster's name.
PROFILE_NAME_MAX_LENGTH: Final = 100
ProfileName = Annotated[str, Field(min_length=1, max_length=PROFILE_NAME_MAX_LENGTH, pattern=r"^[0-9A-Za-z][0-9A-Za-z_-]*$")]
_PLACEHOLDER: Final = r"\{(namespace|name)\}"
_TEMPLATE_PATTERN: Final = rf"^([0-9A-Za-z]|{_PLACEHOLDER})([0-9A-Za-z_-]|{_PLACEHOLDER})*$"
ProfileNameTemplate = Annotated[str, Field(min_length=1, max_length=PROFILE_NAME_MAX_LENGTH, pattern=_TEMPLATE_PATTERN)]

# AWS: a tag's key has 1 to 128 characters, its value up to 256. EKS takes 50 tags a profile: 20 from the claim and
# 20 from its class leave room for those that say who owns it.
TAG_KEY_MAX_LENGTH: Final = 128
TagKey = Annotated[str, Field(min_length=1, max_length=TAG_KEY_MAX_LENGTH)]
TagValue = Annotated[str, Field(max_length=256)]
MAX_TAGS: Final = 20

SubnetID = Annotated[str, Field(max_length=64, pattern=r"^subnet-[0-9a-z]+$")]
Count = Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})]
Place = Annotated[int, Field(ge=1, json_schema_extra={"format": "int64"})]

# How Kubernetes merges lists: an atomic one has one owner, a set has one owner an item.
ATOMIC: Final = {"x-kubernetes-list-type": "atomic"}
SET: Final = {"x-kubernetes-list-type": "set"}
