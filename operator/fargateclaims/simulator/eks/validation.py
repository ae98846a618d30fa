"""EKS's rules for names, selectors and tags, with its texts."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fargateclaims.simulator.eks.errors import bad_request, invalid_parameter
from fargateclaims.simulator.eks.model import Quotas

MAX_NAME: Final = 100
MAX_TAGS: Final = 50
MAX_TAG_KEY: Final = 128
MAX_TAG_VALUE: Final = 256
RESERVED_PREFIX: Final = "eks-"
# EKS documents this pattern for cluster names only; for profiles it is assumed.
NAME: Final = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]*")
CLUSTER_NAME: Final = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}")


def check_name(name: object) -> None:
    """Raise EKSError unless ``name`` can be a Fargate profile's."""
    if not isinstance(name, str) or not name:
        raise invalid_parameter("The Fargate profile name parameter is required.")
    if name.startswith(RESERVED_PREFIX):
        raise invalid_parameter(f"The fargate profile name starts with the reserved prefix: '{RESERVED_PREFIX}'.")
    if len(name) > MAX_NAME:
        raise invalid_parameter(f"The Fargate profile name parameter should not be greater than {MAX_NAME} characters.")
    if not NAME.fullmatch(name):
        raise invalid_parameter(f"The Fargate profile name parameter should match the pattern ^{NAME.pattern}$.")


def check_cluster_name(name: object) -> None:
    """Raise EKSError unless ``name`` can be a cluster's."""
    if not isinstance(name, str) or not CLUSTER_NAME.fullmatch(name):
        raise invalid_parameter(f"The cluster name should match the pattern ^{CLUSTER_NAME.pattern}$.")


def check_selectors(selectors: object, quotas: Quotas) -> None:
    """Raise EKSError unless every selector has a namespace and the quotas hold."""
    if not isinstance(selectors, Sequence) or not selectors:
        raise invalid_parameter("Fargate Profile requires at least one selector.")
    if len(selectors) > quotas.selectors:
        raise invalid_parameter(f"Request contains more than {quotas.selectors} selectors")
    for selector in selectors:
        if not isinstance(selector, Mapping) or not selector.get("namespace"):
            raise invalid_parameter("Fargate Profile must have at least one selector with at least one namespace value.")
        if len(selector.get("labels") or {}) > quotas.labels:
            raise invalid_parameter(f"Request contains Selector with more than {quotas.labels} Label pairs")


def tag_problem(tags: Mapping[Any, Any]) -> str | None:
    """Return what is wrong with a resource's whole set of tags, None if nothing."""
    if len(tags) > MAX_TAGS:
        return f"A resource can have at most {MAX_TAGS} tags"
    for key, value in tags.items():
        if not isinstance(key, str) or not 1 <= len(key) <= MAX_TAG_KEY:
            return f"Tag keys have 1 to {MAX_TAG_KEY} characters: {key!r}"
        if key.lower().startswith("aws:"):
            return f"Tag keys beginning with aws: are reserved: {key!r}"
        if not isinstance(value, str) or len(value) > MAX_TAG_VALUE:
            return f"Tag values have at most {MAX_TAG_VALUE} characters: {key!r}"
    return None


def check_new_tags(tags: Mapping[Any, Any]) -> None:
    """Raise InvalidParameterException for tags that a Create cannot have."""
    if problem := tag_problem(tags):
        raise invalid_parameter(problem)


def merged_tags(before: Mapping[str, str], added: object) -> dict[str, str]:
    """Return the tags after TagResource; raise BadRequestException if they cannot be."""
    if not isinstance(added, Mapping) or not added:
        raise bad_request("TagResource needs at least one tag")
    merged = {**before, **added}
    if problem := tag_problem(merged):
        raise bad_request(problem)
    return merged


def remaining_tags(before: Mapping[str, str], removed: Sequence[str]) -> dict[str, str]:
    """Return the tags after UntagResource; raise BadRequestException when no key is named."""
    if not removed:
        raise bad_request("UntagResource needs at least one tag key")
    return {key: value for key, value in before.items() if key not in removed}
