"""Which values of a class are in effect for a claim, and what its profile is to be.

A class may change under existing claims. With rollout OnClaimChange (the default) a claim keeps the values it was made with, in
`status.resolved`, until it changes itself or a retry is asked for. Subnets that AWS is asked for stay with the existing profile in any
case: a subnet that someone adds to a VPC must not replace every profile in it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import OperationState, OperationType, ResolvedClass
from fargateclaims.api.fargateclass import FargateProfileClass, Rollout, SubnetsFrom
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.observation import ClassFacts
from fargateclaims.domain.owned import owned_profiles
from fargateclaims.domain.profile import Profile, ProfileSelector
from fargateclaims.domain.retries import retry_asked
from fargateclaims.domain.selectors import describe, same_selectors, wanted_selectors

MAX_TAG_KEYS = 100
"""The status holds no more (its schema); twice what a profile can have."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a claim's profile is to be.

    :param tags: None where they are left alone, because the class has changed and the claim has not followed.
    :param class_changed: whether the class's present values are others.
    """

    resolved: ResolvedClass
    selectors: tuple[ProfileSelector, ...]
    tags: Mapping[str, str] | None
    class_changed: bool

    def differences(self, profile: Profile) -> tuple[str, ...]:
        """What of a profile EKS could only change by replacing it: a phrase each, empty if nothing."""
        found = []
        if not same_selectors(profile.selectors, self.selectors):
            found.append(f"selectors ({describe(profile.selectors)}; wanted: {describe(self.selectors)})")
        if profile.pod_execution_role_arn != self.resolved.pod_execution_role_arn:
            found.append(f"role ({profile.pod_execution_role_arn}; wanted: {self.resolved.pod_execution_role_arn})")
        if self.resolved.subnet_ids and set(profile.subnet_ids) != set(self.resolved.subnet_ids):
            found.append(f"subnets ({_listed(profile.subnet_ids)}; wanted: {_listed(self.resolved.subnet_ids)})")
        return tuple(found)


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(sorted(ids)) or "none"


def revision(cls: FargateProfileClass, facts: ClassFacts | None) -> str | None:
    """A hash of the resolved values of a class that make a profile; None while its subnets are not known."""
    if facts is None or not facts.subnet_ids:
        return None
    values = [cls.spec.pod_execution_role_arn, sorted(facts.subnet_ids), sorted(cls.spec.tags.items())]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:12]


def target(facts: Facts, claim: FargateProfileClaim, cls: FargateProfileClass, lead: Profile | None) -> Target:
    """What the claim's profile is to be.

    :param lead: the claim's profile that works or is being made, if any.
    """
    seen = facts.observation.classes.get(cls.metadata.name)
    selectors = wanted_selectors(claim.spec.selectors, claim.metadata.namespace or "")
    present = _present(claim, cls, seen)
    follows = _follows(claim, cls, lead)
    resolved = _with_subnets(claim, cls, lead, present, selectors) if follows else _pinned(claim, lead, present)
    resolved = resolved.model_copy(update={"tag_keys": _tag_keys(facts, claim, resolved, present)})
    class_changed = present.class_revision is not None and (
        resolved.class_revision != present.class_revision
        or resolved.pod_execution_role_arn != present.pod_execution_role_arn
        or set(resolved.subnet_ids) != set(present.subnet_ids)
    )
    as_present = resolved.class_revision == present.class_revision
    tags = {**claim.spec.tags, **cls.spec.tags, **facts.identity(claim).tags(cls.metadata.name)}
    return Target(resolved, selectors, tags if as_present or lead is None else None, class_changed)


def _present(claim: FargateProfileClaim, cls: FargateProfileClass, seen: ClassFacts | None) -> ResolvedClass:
    return ResolvedClass(
        class_name=cls.metadata.name,
        class_revision=revision(cls, seen),
        cluster_arn=cls.spec.cluster_arn,
        assume_role_arn=cls.spec.assume_role_arn,
        external_id=cls.spec.external_id,
        pod_execution_role_arn=cls.spec.pod_execution_role_arn,
        subnet_ids=seen.subnet_ids if seen else (),
        tag_keys=tuple(sorted({*claim.spec.tags, *cls.spec.tags})),
    )


def _follows(claim: FargateProfileClaim, cls: FargateProfileClass, lead: Profile | None) -> bool:
    """Whether the claim takes the class's present values."""
    status = claim.status
    edited = status.observed_generation is not None and status.observed_generation != claim.metadata.generation
    made = lead is not None or status.profile is not None or _replacing(claim)
    return edited or retry_asked(claim, cls) or not made or cls.spec.rollout is Rollout.AUTOMATIC


def _pinned(claim: FargateProfileClaim, lead: Profile | None, present: ResolvedClass) -> ResolvedClass:
    pinned = claim.status.resolved
    if pinned is not None and pinned.pod_execution_role_arn:
        return pinned.model_copy(update=_access(present))
    return _as_found(lead, present) if lead else present


def _with_subnets(
    claim: FargateProfileClaim,
    cls: FargateProfileClass,
    lead: Profile | None,
    present: ResolvedClass,
    selectors: tuple[ProfileSelector, ...],
) -> ResolvedClass:
    pinned = claim.status.resolved
    if not present.subnet_ids:
        known = lead.subnet_ids if lead else pinned.subnet_ids if pinned else ()
        return present.model_copy(update={"subnet_ids": tuple(sorted(known))})
    if lead is None or retry_asked(claim, cls) or cls.spec.subnets.from_ is SubnetsFrom.IDS:
        return present
    alike = lead.pod_execution_role_arn == present.pod_execution_role_arn and same_selectors(lead.selectors, selectors)
    return present.model_copy(update={"subnet_ids": tuple(sorted(lead.subnet_ids))}) if alike else present


def _tag_keys(facts: Facts, claim: FargateProfileClaim, resolved: ResolvedClass, present: ResolvedClass) -> tuple[str, ...]:
    """The keys that the operator sets, and those that it has set and not removed yet."""
    pinned, operation = claim.status.resolved, claim.status.operation
    kept = set(pinned.tag_keys if pinned is not None else resolved.tag_keys)
    if operation is None or operation.state is not OperationState.IN_FLIGHT:  # else it may bring a profile that has them
        kept &= {key for profile in owned_profiles(facts, facts.identity(claim)) for key in profile.tags}
    wanted = present.tag_keys if resolved.class_revision == present.class_revision else ()
    return tuple(sorted(kept | set(wanted)))[:MAX_TAG_KEYS]


def _replacing(claim: FargateProfileClaim) -> bool:
    operation = claim.status.operation
    return operation is not None and operation.type is OperationType.REPLACE


def _access(present: ResolvedClass) -> dict[str, str | None]:
    # How the operator reaches the cluster is no property of a profile: the class's present values hold at once.
    return {"assume_role_arn": present.assume_role_arn, "external_id": present.external_id}


def _as_found(lead: Profile, present: ResolvedClass) -> ResolvedClass:
    """The values of a profile whose claim lost its status: it keeps them until the claim changes."""
    same = lead.pod_execution_role_arn == present.pod_execution_role_arn and set(lead.subnet_ids) == set(present.subnet_ids)
    return present.model_copy(
        update={
            "class_revision": present.class_revision if same else None,
            "pod_execution_role_arn": lead.pod_execution_role_arn,
            "subnet_ids": tuple(sorted(lead.subnet_ids)),
        }
    )
