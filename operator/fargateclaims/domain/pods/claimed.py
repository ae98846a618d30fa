"""The profiles that claims tell of, for who may read claims and not AWS."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import ProfileStatus
from fargateclaims.api.conditions import Condition, ConditionStatus, ConditionType
from fargateclaims.domain.pods.matching import ProfileView
from fargateclaims.domain.profile import ProfileSelector, ProfileState
from fargateclaims.domain.selectors import wanted_selectors


def profiles_of(claim: FargateProfileClaim) -> Iterator[ProfileView]:
    """The profile that a claim has or is to have, and the one that is being replaced.

    A status has no selectors, so those of the spec count; while a profile is being replaced, its own may differ.
    """
    status = claim.status
    conditions = {condition.type: condition for condition in status.conditions}
    ready = conditions.get(ConditionType.READY)
    note = ready.message if ready and ready.status is not ConditionStatus.TRUE else ""
    selectors = wanted_selectors(claim.spec.selectors, claim.metadata.namespace or "")
    owner = f"{claim.metadata.namespace}/{claim.metadata.name}"
    if status.profile is None:
        name = status.operation.profile_name if status.operation else ""
        yield ProfileView(name, selectors, None, owner, note=note)
    for profile in filter(None, (status.profile, status.previous_profile)):
        yield _view(profile, selectors, owner, (conditions.get(ConditionType.AVAILABLE), ready), note)


def _view(
    profile: ProfileStatus, selectors: tuple[ProfileSelector, ...], owner: str, conditions: Iterable[Condition | None], note: str
) -> ProfileView:
    state = ProfileState(profile.status) if profile.status in ProfileState.__members__ else None
    active = state is ProfileState.ACTIVE
    return ProfileView(profile.name, selectors, state, owner, _active_since(profile, conditions) if active else None, note)


def _active_since(profile: ProfileStatus, conditions: Iterable[Condition | None]) -> datetime | None:
    # When exactly is nowhere written down. Available may be older, from the predecessor, and Ready younger: the latest is safe, since
    # a pod that was made before it and that EKS has not taken is not going to be.
    held = [condition.last_transition_time for condition in conditions if condition and condition.status is ConditionStatus.TRUE]
    return max(filter(None, (profile.creation_time, *held)), default=None)
