"""Pods that name their profile by label: when it is replaced, its successor has another name, and no profile takes what is made next.

EKS itself writes the same label on each pod that a profile takes, so a pod does not tell whether it was pinned: the template that the
next one is made from does.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from fargateclaims.domain.evictions import PodOnProfile
from fargateclaims.domain.pods.matching import PIN

_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class PinnedTemplate:
    """What makes pods that name a profile.

    :param owner: `Kind/name` of what made it in turn, and has the template that a person would edit; None if nothing did.
    """

    namespace: str
    kind: str
    name: str
    owner: str | None = None

    @property
    def title(self) -> str:
        """What to edit: kind, namespace and name."""
        kind, _, name = (self.owner or f"{self.kind}/{self.name}").partition("/")
        return f"{kind} {self.namespace}/{name}"


def mark(pods: Iterable[PodOnProfile], templates: Iterable[PinnedTemplate]) -> tuple[PodOnProfile, ...]:
    """Return the pods, each told whether what makes it again names their profile."""
    makers = {(template.namespace, f"{template.kind}/{template.name}") for template in templates}
    return tuple(replace(pod, pinned=(pod.namespace, pod.controller) in makers) for pod in pods)


def sentence(profile: str, successor: str, templates: Iterable[PinnedTemplate]) -> str | None:
    """Name what has to be changed before `profile` is replaced; None if nothing does.

    :param templates: those that name `profile`.
    """
    titles = sorted({template.title for template in templates})
    if not titles or profile == successor:
        return None
    more = f" and {len(titles) - _NAMED} more" if len(titles) > _NAMED else ""
    return (
        f"{', '.join(titles[:_NAMED])}{more} name profile {profile} by the label {PIN}, and once it is replaced no profile takes their new "
        f"pods: remove the label from their pod templates, or set it to {successor}"
    )
