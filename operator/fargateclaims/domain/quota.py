"""How many profiles the cluster may have."""

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import OperationType
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.owned import owned_profiles


def profile_limit(facts: Facts) -> int | None:
    """The known limit of profiles of the cluster; None if only a refusal could tell.

    A recent refusal counts for more than Service Quotas, which may lag behind what EKS enforces.
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
