"""What has to happen before an ACTIVE profile goes: EKS deletes its pods with it, and the operator may be one of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import OperationType
from fargateclaims.api.fargateclass import DrainPolicy, FargateProfileClass
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import Verdict
from fargateclaims.domain.draining import DrainOrder, DrainState, PodsSeen, Purpose, decide, waits_for_pods
from fargateclaims.domain.events import EventNote
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.no_access import Barrier, NoAccess
from fargateclaims.domain.own_profile import runs_operator
from fargateclaims.domain.pinned import sentence
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.domain.retries import retry_asked

_REASONS: Final = {DrainState.DRAINING: Reason.DRAINING, DrainState.TIMED_OUT: Reason.PODS_REMAIN}
_NOBODY_LOOKS: Final = NoAccess("pods of the EKS cluster are not looked at here", Barrier.FORBIDDEN)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What is to be done about the pods of a profile that is to go.

    :param verdict: why it must not go yet; None if it may.
    :param order: what to look at and move meanwhile; kept until the profile goes.
    :param warnings: of pods that go with it, though the class wants them moved.
    """

    verdict: Verdict | None = None
    order: DrainOrder | None = None
    warnings: tuple[EventNote, ...] = ()


def leaving(
    facts: Facts, claim: FargateProfileClaim, cls: FargateProfileClass | None, profile: Profile, successor: str | None = None
) -> Leaving:
    """Decide whether a profile may go now.

    :param successor: the ACTIVE profile that is there in its place; None where none is, or where the claim goes, too.
    """
    purpose = Purpose.REPLACE if claim.metadata.deletion_timestamp is None else Purpose.DELETE
    if cls is None or not waits_for_pods(purpose, cls.spec.disruption, successor):
        return Leaving(needed_by_us(facts, profile), warnings=_not_moved(cls, profile, purpose))
    order = DrainOrder(
        profile=profile.name,
        arn=profile.arn,
        purpose=purpose,
        disruption=cls.spec.disruption,
        since=_since(facts, claim, cls),
        successor=successor,
        never_seen=_never_seen(facts),
    )
    seen = PodsSeen(_NOBODY_LOOKS) if facts.pods is None else facts.pods.get(profile.arn)
    if seen is None:
        return Leaving(Verdict(Reason.DRAINING, f"profile {profile.name} is to go: its pods are being looked at"), order)
    drain = decide(order.situation(seen, facts.now))
    if drain.state is not DrainState.DONE:
        return Leaving(Verdict(_REASONS[drain.state], drain.message), order)
    return Leaving(needed_by_us(facts, profile), order, (_warning(drain.message),) if drain.message else ())


def pins(facts: Facts, profile: Profile, successor: str) -> Leaving:
    """Decide whether a profile may be replaced before it is known which pods name it by label: no other will take those made next."""
    if facts.pins is None or _never_seen(facts):
        return Leaving()
    found = facts.pins.get(profile.arn)
    if found is None:
        looking = f"profile {profile.name} is to be replaced: pods that name it by label are being looked for"
        return Leaving(Verdict(Reason.REPLACING, looking))
    named = None if isinstance(found, NoAccess) else sentence(profile.name, successor, found)
    return Leaving(warnings=(EventNote("PodsPinned", "Replace", named, warning=True),) if named else ())


def needed_by_us(facts: Facts, profile: Profile) -> Verdict | None:
    """Why a profile that pods may run on stays whatever is asked for: the operator is one of them."""
    if profile.state is ProfileState.CREATE_FAILED or not runs_operator(facts.rules.own_profile, facts.observation.cluster, profile.name):
        return None
    fix = "move its Deployment to another profile or to nodes first"
    return Verdict(Reason.PODS_REMAIN, f"the operator itself runs on profile {profile.name}: {fix}")


def _not_moved(cls: FargateProfileClass | None, profile: Profile, purpose: Purpose) -> tuple[EventNote, ...]:
    if cls is None or purpose is Purpose.DELETE or cls.spec.disruption.on_replace is not DrainPolicy.EVICT:
        return ()
    why = "no other ACTIVE profile takes them meanwhile"
    return (_warning(f"the pods of profile {profile.name} go with it, without regard to disruption budgets: {why}"),)


def _warning(note: str) -> EventNote:
    return EventNote("PodsNotEvicted", "Evict", note, warning=True)


def _since(facts: Facts, claim: FargateProfileClaim, cls: FargateProfileClass) -> datetime:
    """When the drain began; a retry begins it anew."""
    operation, deleted_at = claim.status.operation, claim.metadata.deletion_timestamp
    if retry_asked(claim, cls):
        return facts.now
    kind = OperationType.REPLACE if deleted_at is None else OperationType.DELETE
    known = operation.drain_start_time if operation is not None and operation.type is kind else None
    return min(known or deleted_at or facts.now, facts.now)


def _never_seen(facts: Facts) -> bool:
    """Whether the cluster's own API did not answer when it was last inspected: nothing that drains waits for it to come back."""
    inspection = facts.observation.inspection
    return inspection is not None and isinstance(inspection.workloads.core_dns, NoAccess)
