"""How many profiles the cluster may have, and whether it is that limit that a refusal was about."""

from dataclasses import replace

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import OperationType
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.observation import DEFAULT_LABELS_PER_SELECTOR, DEFAULT_SELECTORS_PER_PROFILE, Quotas
from fargateclaims.domain.owned import owned_profiles
from fargateclaims.domain.profile import ProfileSpec


def profile_limit(facts: Facts) -> int | None:
    """The known limit of profiles of the cluster; None if only a refusal could tell.

    A recent refusal counts for more than Service Quotas, which may lag behind what EKS enforces: docs/decisions/refusal-outweighs-quota.md.
    """
    known, refusal = facts.observation.quotas.profiles_per_cluster, facts.quota_refusal
    if refusal is not None and facts.now - refusal.at < facts.rules.quota_memory:
        return refusal.count if known is None else min(known, refusal.count)
    return known


def free_places(facts: Facts, asking: FargateProfileClaim, *, leaving: int = 0) -> int | None:
    """How many profiles may still be made for this claim; None if that is not known.

    :param leaving: how many profiles are to go before.
    """
    limit = profile_limit(facts)
    if limit is None:
        return None
    reserved = sum(claim.metadata.uid != asking.metadata.uid for claim in with_reserved_place(facts))
    return max(0, limit + leaving - len(facts.observation.profiles or {}) - reserved)


def with_reserved_place(facts: Facts) -> tuple[FargateProfileClaim, ...]:
    """The claims whose profile was deleted to be made again (DeleteFirst): nobody else may take its place meanwhile."""
    return tuple(claim for claim in facts.claims if _between_profiles(facts, claim))


def _between_profiles(facts: Facts, claim: FargateProfileClaim) -> bool:
    operation = claim.status.operation
    if operation is None or operation.type is not OperationType.REPLACE or claim.metadata.deletion_timestamp is not None:
        return False
    return not owned_profiles(facts, facts.identity(claim))


def attributed(failure: Failure | None, spec: ProfileSpec | None, quotas: Quotas) -> Failure | None:
    """How a call failed, with a refusal for a limit held against whom it may be about.

    EKS answers too many profiles and too many selectors alike. What was asked for with more than EKS's defaults, where nobody can tell
    what the account allows, is held against that claim alone: were it the cluster's limit after all, the next claim would find out.

    :param spec: the profile that was to be made; None for other calls.
    """
    if failure is None or failure.kind is not FailureClass.QUOTA_EXCEEDED or spec is None or not _may_be_over(spec, quotas):
        return failure
    usual = f"{DEFAULT_SELECTORS_PER_PROFILE} selectors of {DEFAULT_LABELS_PER_SELECTOR} labels"
    why = f"the profile would have more than EKS's usual {usual}, and Service Quotas cannot be read"
    return replace(failure, kind=FailureClass.INVALID, message=f"{failure.message.rstrip('.')} ({why})")


def _may_be_over(spec: ProfileSpec, quotas: Quotas) -> bool:
    most = max((len(selector.labels) for selector in spec.selectors), default=0)
    selectors = quotas.selectors_per_profile is None and len(spec.selectors) > DEFAULT_SELECTORS_PER_PROFILE
    return selectors or (quotas.labels_per_selector is None and most > DEFAULT_LABELS_PER_SELECTOR)
