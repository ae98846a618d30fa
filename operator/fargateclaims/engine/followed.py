"""Which of a plan's drains are followed, and as whom: the classes of one cluster may name different roles."""

from collections.abc import Callable, Iterator

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.domain.draining import DrainOrder
from fargateclaims.domain.plan import Plan
from fargateclaims.domain.profile import Profile
from fargateclaims.engine.access import Access, access_of
from fargateclaims.engine.ports import DataPlane
from fargateclaims.engine.store import Store

Reach = Callable[[Access], DataPlane]


def drains(decided: Plan, store: Store, reach: Reach) -> Iterator[tuple[DrainOrder, DataPlane]]:
    """The drains that their claims' stored status tells of: no pod is moved unseen, nor for longer than the class's time-out."""
    for claim, order in decided.drains:
        stored = _stored(claim, store)
        operation = stored.status.operation
        if operation is not None and operation.drain_start_time == order.since:
            yield order, reach(access_of(stored))


def replaced(decided: Plan, store: Store, reach: Reach) -> Iterator[tuple[Profile, DataPlane]]:
    """The profiles for which pods that name them are to be looked for."""
    for claim, profile in decided.replaced:
        yield profile, reach(access_of(_stored(claim, store)))


def _stored(claim: FargateProfileClaim, store: Store) -> FargateProfileClaim:
    """The claim as it is after its report: as the plan knew it, if it has gone."""
    entry = store.claims.get(claim.metadata.namespace or "", claim.metadata.name)
    return entry.model if entry is not None else claim
