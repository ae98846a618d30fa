"""Profiles of one cluster that could take the same pods: EKS gives such a pod to the alphanumerically first.

Source: EKS user guide, "Fargate profile components" (pods that match several profiles).
"""

from collections.abc import Mapping, Sequence

from fargateclaims.domain.assessment import Assessment
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.identity import owner
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.domain.selectors import overlap

_TAKES_PODS = frozenset({ProfileState.CREATING, ProfileState.ACTIVE})


def overlaps(facts: Facts, assessments: Sequence[Assessment]) -> Mapping[str, str]:
    """For each claim (by UID) whose profile shares pods with another's: a sentence that names the profile that wins."""
    standing = [profile for profile in (facts.observation.profiles or {}).values() if profile.state in _TAKES_PODS]
    found = {}
    for item in assessments:
        if item.profile is None or item.profile.state not in _TAKES_PODS:
            continue
        own = facts.identity(item.claim)
        rivals = [other for other in standing if owner(other.tags) != own and overlap(item.profile.selectors, other.selectors)]
        if rivals:
            found[item.claim.metadata.uid] = _sentence(facts, item, item.profile, rivals)
    return found


def _sentence(facts: Facts, item: Assessment, mine: Profile, rivals: Sequence[Profile]) -> str:
    first = min((mine, *rivals), key=lambda profile: profile.name)
    if first is mine:
        names = ", ".join(_name(facts, item, rival) for rival in sorted(rivals, key=lambda profile: profile.name))
        return f"some pods match {names} too; EKS gives them to {mine.name}, the first by name"
    return f"some pods match {_name(facts, item, first)} too; EKS gives them to that profile, the first by name"


def _name(facts: Facts, item: Assessment, rival: Profile) -> str:
    whose = owner(rival.tags)
    hidden = not facts.rules.show_blocking_claim and whose is not None and whose.namespace != item.claim.metadata.namespace
    return "another claim's profile" if hidden else f"profile {rival.name}"
