"""A claim that is being deleted: its profile goes first, or stays if the class says Retain, and then the finalizer."""

from dataclasses import replace

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import OperationType
from fargateclaims.api.fargateclass import FargateProfileClass, ReclaimPolicy
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import Assessment, Step, Verdict, Work
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.identity import OWNERSHIP_KEYS
from fargateclaims.domain.intent import in_doubt, open_intent, undecided
from fargateclaims.domain.leaving import leaving, needed_by_us
from fargateclaims.domain.motion import TOO_LONG, moving_since
from fargateclaims.domain.obstacles import class_unread
from fargateclaims.domain.outage import cluster_gone, unreadable
from fargateclaims.domain.owned import Owned, owned_profiles
from fargateclaims.domain.precedence import foremost
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.domain.retries import paused_by, retry_asked
from fargateclaims.domain.setback import carried, setback


def assess_deletion(facts: Facts, claim: FargateProfileClaim, cls: FargateProfileClass | None) -> Assessment:
    """What a claim with a deletionTimestamp and our finalizer needs.

    While its class cannot be read, the profile stays: the class may say Retain, or Wait. Without a class it goes.

    The finalizer goes only when no profile of the claim is left (seen while the cluster could be read), or the cluster itself is gone from
    the verified account, or the profile was let go by Retain, or the CRD is being deleted: `kubectl delete crd` takes down no workload.
    """
    base = Assessment(claim, cls, resolved=claim.status.resolved)
    if facts.crd_terminating or cluster_gone(facts.observation):
        return replace(base, release=True)
    intent = open_intent(facts, claim)
    if facts.observation.profiles is None:
        unseen = Verdict(Reason.PENDING, "waiting for a first look at EKS")
        return replace(base, verdict=unreadable(facts.observation) or unseen, synced=None)
    owned = owned_profiles(facts, facts.identity(claim))
    if intent is not None and not Owned.sort(owned).moving:
        message = f"profile {intent.profile_name}: waiting for what became of the last call"
        back = carried(facts, claim, cleared=_cleared(base))
        return replace(base, verdict=Verdict(Reason.DELETING, message), in_flight=(intent.type, intent.profile_name), setback=back)
    if not owned:
        return _absent(facts, base)
    if cls is not None and cls.spec.reclaim_policy is ReclaimPolicy.RETAIN:
        return _let_go(facts, base, owned[0])
    return _remove(facts, base, Owned.sort(owned))


def _absent(facts: Facts, base: Assessment) -> Assessment:
    """No profile of the claim is seen: that proves something once EKS can be read and no call of ours may still take effect."""
    intent = undecided(facts, base.claim)
    if intent is not None:
        base = replace(base, in_flight=(intent.type, intent.profile_name))
    outage = unreadable(facts.observation)
    if outage is not None:
        return replace(base, verdict=outage, synced=None)
    if in_doubt(facts, base.claim):
        return replace(base, verdict=Verdict(Reason.DELETING, "making sure that no profile is left"), in_doubt=True)
    return replace(base, release=True, in_flight=None)


def _let_go(facts: Facts, base: Assessment, profile: Profile) -> Assessment:
    work = Work(OperationType.TAG, Step.UNTAG, profile.name, profile=profile, tag_keys=OWNERSHIP_KEYS)
    return _with_work(facts, replace(base, profile=profile), work, _obstacle(facts, base))


def _remove(facts: Facts, base: Assessment, owned: Owned) -> Assessment:
    if owned.moving is not None:
        return _under_way(facts, base, owned.moving)
    profile = (*owned.failed, *reversed(owned.active))[0]
    base = replace(base, profile=profile)
    unread = class_unread(facts, base.claim)
    if unread is not None:
        return replace(base, verdict=foremost((_obstacle(facts, base), unread)))
    work = Work(OperationType.DELETE, Step.DELETE, profile.name, profile=profile)
    if profile.state is not ProfileState.ACTIVE:
        return _with_work(facts, base, work, foremost((_obstacle(facts, base), needed_by_us(facts, profile))))
    going = leaving(facts, base.claim, base.cls, profile)
    held = foremost((_obstacle(facts, base), going.verdict))
    return replace(_with_work(facts, base, work, held), drain=None if paused_by(base.claim, base.cls) else going.order)


def _under_way(facts: Facts, base: Assessment, profile: Profile) -> Assessment:
    since = moving_since(facts, profile)
    then = "" if profile.state is ProfileState.DELETING else "; then it will be deleted"
    verdict = Verdict(Reason.DELETING, f"profile {profile.name} is {profile.state} since {since:%H:%M:%SZ}{then}")
    if facts.now - since >= facts.rules.operation_deadline:
        verdict = Verdict(Reason.TIMED_OUT, f"profile {profile.name} is {profile.state} since {since:%H:%M:%SZ}, {TOO_LONG}")
    operation = OperationType.DELETE if profile.state is ProfileState.DELETING else OperationType.CREATE
    back = carried(facts, base.claim, cleared=_cleared(base))
    return replace(base, profile=profile, verdict=verdict, in_flight=(operation, profile.name), setback=back)


def _with_work(facts: Facts, base: Assessment, work: Work, obstacle: Verdict | None) -> Assessment:
    failed = base.profile if base.profile is not None and base.profile.state is ProfileState.DELETE_FAILED else None
    back = setback(facts, base.claim, failed, cleared=_cleared(base))
    held = Verdict(back.reason, back.message) if back is not None and back.holds(facts.now) else None
    return replace(base, work=work, setback=back, verdict=foremost((obstacle, held)))


def _cleared(base: Assessment) -> bool:
    claim = base.claim
    return retry_asked(claim, base.cls) or claim.status.observed_generation != claim.metadata.generation


def _obstacle(facts: Facts, base: Assessment) -> Verdict | None:
    claim, cls = base.claim, base.cls
    by = paused_by(claim, cls)
    if by is not None:
        return Verdict(Reason.PAUSED, f"the deletion waits: paused by {by}; remove it to go on")
    return unreadable(facts.observation)
