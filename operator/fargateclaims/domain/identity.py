"""Whose a profile is: the ownership tags, and nothing else.

Identity is (installation, namespace, name) and not the claim's UID: after a restore, or on a rebuilt management cluster, the same manifests
take their profiles back. The finalizer keeps the name unique while a profile exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fargateclaims.api.group import TAG_CLASS, TAG_INSTALLATION, TAG_NAME, TAG_NAMESPACE

OWNERSHIP_KEYS = (TAG_INSTALLATION, TAG_NAMESPACE, TAG_NAME, TAG_CLASS)


@dataclass(frozen=True, slots=True)
class Identity:
    """The claim that a profile belongs to."""

    installation: str
    namespace: str
    name: str

    def tags(self, class_name: str) -> dict[str, str]:
        """The ownership tags of a profile of this claim."""
        return {
            TAG_INSTALLATION: self.installation,
            TAG_NAMESPACE: self.namespace,
            TAG_NAME: self.name,
            TAG_CLASS: class_name,
        }


def owner(tags: Mapping[str, str]) -> Identity | None:
    """Who owns a profile with these tags; None for a foreign one, also if the tags are incomplete."""
    if TAG_INSTALLATION in tags and TAG_NAMESPACE in tags and TAG_NAME in tags:
        return Identity(tags[TAG_INSTALLATION], tags[TAG_NAMESPACE], tags[TAG_NAME])
    return None
