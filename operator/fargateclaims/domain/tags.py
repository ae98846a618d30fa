"""Which tags of a profile are to be set or removed."""

from collections.abc import Mapping

from fargateclaims.api.claim_status import ResolvedClass
from fargateclaims.domain.identity import OWNERSHIP_KEYS


def tags_to_set(present: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """The wanted tags that are missing or have another value."""
    return {key: value for key, value in wanted.items() if present.get(key) != value}


def tags_to_remove(present: Mapping[str, str], wanted: Mapping[str, str], resolved: ResolvedClass | None) -> tuple[str, ...]:
    """The tags that this operator once set and that nobody wants any more; a key that it did not set is never touched."""
    ours = set(resolved.tag_keys if resolved else ()) - set(OWNERSHIP_KEYS)
    return tuple(sorted((ours & set(present)) - set(wanted)))
