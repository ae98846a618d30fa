"""A claim that lives: its profile is made, kept as the spec says, and replaced when the spec changes."""

from dataclasses import replace

from fargateclaims.api.claim import FargateProfileClaim, ReplacementPolicy
from fargateclaims.api.claim_status import OperationType
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.reasons import READY_REASONS, ReadyValue, Reason
from fargateclaims.domain.adoption import adoption
from fargateclaims.domain.assessment import Assessment, Step, Verdict, Work
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.identity import OWNERSHIP_KEYS
from fargateclaims.domain.intent import open_intent
from fargateclaims.domain.leaving import leaving, needed_by_us, pins
from fargateclaims.domain.motion import TOO_LONG, moving_since
from fargateclaims.domain.names import NamesExhaustedError, stem, successor
from fargateclaims.domain.obstacles import class_leaving, hard_obstacle, lack_of_place, obstacle_to_create, passing_obstacle
from fargateclaims.domain.outage import unreadable
from fargateclaims.domain.owned import Owned, owned_profiles
from fargateclaims.domain.precedence import foremost
from fargateclaims.domain.profile import Profile, ProfileSpec, ProfileState
from fargateclaims.domain.resolution import Target, target
from fargateclaims.domain.retries import paused_by, retry_asked
from fargateclaims.domain.setback import carried, setback
from fargateclaims.domain.tags import tags_to_remove, tags_to_set

_MOST = 2
"""With so many ACTIVE profiles of a claim that are not as it should be, another one may still be made."""


def assess_upkeep(facts: Facts, claim: FargateProfileClaim, cls: FargateProfileClass) -> Assessment:
    """What a claim without a deletionTimestamp needs, given its class."""
    owned = Owned.sort(owned_profiles(facts, facts.identity(claim)))
    aim = target(facts, claim, cls, owned.lead)
    fitting = [profile for profile in (*owned.active, *owned.creating) if not aim.differences(profile)]
    working = next(iter((*owned.active, *owned.creating, *owned.failed, *owned.deleting)), None)
    profile = fitting[0] if fitting else working
    # A failed one first: that it was reported is how its failure is counted once.
    others = [other for other in (*owned.failed, *owned.active, *owned.deleting) if other != profile]
    base = Assessment(
        claim,
        cls,
        resolved=aim.resolved,
        profile=profile,
        previous=others[0] if profile is not None and others else None,
        class_changed=aim.class_changed,
        synced=bool(fitting),
    )
    base = replace(base, refused=hard_obstacle(facts, claim, cls))
    if facts.observation.profiles is None:
        unseen = Verdict(Reason.PENDING, f"waiting for a first look at cluster {facts.observation.arn.name}")
        return replace(base, synced=None, verdict=unreadable(facts.observation) or unseen)
    moving = _under_way(facts, base, owned, fitting)
    if moving is not None:
        return replace(moving, setback=carried(facts, claim, cleared=_cleared(base)))
    return _next_step(facts, base, owned, aim, fitting)


def _under_way(facts: Facts, base: Assessment, owned: Owned, fitting: list[Profile]) -> Assessment | None:
    """EKS is at work on one of the claim's profiles, or may be."""
    replacing = bool(owned.active) or base.previous is not None
    if owned.creating:
        profile = owned.creating[0]
        operation, reason = (OperationType.REPLACE, Reason.REPLACING) if replacing else (OperationType.CREATE, Reason.CREATING)
        since = moving_since(facts, profile)
        message = f"profile {profile.name} is CREATING since {since:%H:%M:%SZ}"
        if facts.now - since >= facts.rules.operation_deadline:
            reason, message = Reason.TIMED_OUT, f"{message}, {TOO_LONG}"
        shown = base if profile in fitting or not owned.active else replace(base, previous=owned.active[0])
        return replace(shown, profile=profile, synced=False, verdict=Verdict(reason, message), in_flight=(operation, profile.name))
    if owned.deleting:
        profile = owned.deleting[0]
        since = moving_since(facts, profile)
        # A profile that could not be created goes as a part of its creation.
        before = base.claim.status.operation
        creating = before is not None and before.type is OperationType.CREATE and not owned.active
        operation, reason = (OperationType.CREATE, Reason.CREATING) if creating else (OperationType.REPLACE, Reason.REPLACING)
        message = f"profile {profile.name} is DELETING since {since:%H:%M:%SZ}"
        if facts.now - since >= facts.rules.operation_deadline:
            reason, message = Reason.TIMED_OUT, f"{message}, {TOO_LONG}"
        return replace(base, synced=False, verdict=Verdict(reason, message), in_flight=(operation, profile.name))
    intent = open_intent(facts, base.claim)
    if intent is None:
        return None
    reason = {OperationType.CREATE: Reason.CREATING, OperationType.TAG: Reason.TAGGING}.get(intent.type, Reason.REPLACING)
    message = f"profile {intent.profile_name}: waiting for what became of the last call"
    return replace(base, synced=False, verdict=Verdict(reason, message), in_flight=(intent.type, intent.profile_name))


def _next_step(facts: Facts, base: Assessment, owned: Owned, aim: Target, fitting: list[Profile]) -> Assessment:
    if owned.failed:
        cleaning = _with_work(facts, base, _clean_up(base.claim, owned), failed=owned.failed[0])
        return replace(cleaning, verdict=foremost((cleaning.verdict, needed_by_us(facts, owned.failed[0]))))
    if fitting:
        return _keep(facts, base, owned, aim, fitting[0])
    if len(owned.active) > 1:
        return _edited_again(facts, base, owned, aim)
    if owned.active:
        return _replace(facts, base, owned.active[0], aim)
    return _create(facts, base, aim)


def _clean_up(claim: FargateProfileClaim, owned: Owned) -> Work:
    failed, before = owned.failed[0], claim.status.operation
    replacing = before is not None and before.type is OperationType.REPLACE
    first = failed.state is ProfileState.CREATE_FAILED and not owned.active and not replacing
    operation = OperationType.CREATE if first else OperationType.REPLACE
    return Work(operation, Step.DELETE, failed.name, profile=failed)


def _keep(facts: Facts, base: Assessment, owned: Owned, aim: Target, profile: Profile) -> Assessment:
    """The profile is as it should be: predecessors go, tags follow."""
    superseded = [other for other in owned.active if other != profile]
    if superseded:
        return _finish(facts, base, superseded[-1], profile)
    if aim.tags is not None:
        missing = tags_to_set(profile.tags, aim.tags)
        extra = tags_to_remove(profile.tags, aim.tags, base.claim.status.resolved)
        if missing:
            tags = tuple(sorted(missing.items()))
            return _with_work(facts, base, Work(OperationType.TAG, Step.TAG, profile.name, profile=profile, tags=tags))
        if extra:
            return _with_work(facts, base, Work(OperationType.TAG, Step.UNTAG, profile.name, profile=profile, tag_keys=extra))
    obstacle = passing_obstacle(facts, base.claim, base.cls) if base.cls is not None else None
    told = obstacle is not None and READY_REASONS[obstacle.reason].ready is ReadyValue.UNCHANGED
    verdict = obstacle if told else Verdict(Reason.ACTIVE, f"profile {profile.name} is ACTIVE")
    return replace(base, verdict=verdict, synced=True)


def _edited_again(facts: Facts, base: Assessment, owned: Owned, aim: Target) -> Assessment:
    """Edited before the predecessor went: pods may have moved to its successor already, so their move ends before the next one begins."""
    unwanted = owned.active[0]
    finishing = _finish(facts, base, owned.active[-1], unwanted)
    # Nothing would come of a spec that is refused.
    finishing = replace(finishing, verdict=foremost((finishing.verdict, base.refused)))
    if finishing.verdict is None or finishing.verdict.reason is not Reason.PODS_REMAIN or len(owned.active) > _MOST:
        return finishing
    # The edit may be what lets the pods go: only then there is a third profile for a while, and never a fourth.
    making = _replace(facts, base, unwanted, aim)
    if making.work is None or making.work.step is not Step.CREATE:
        return finishing
    if making.verdict is None:
        return replace(making, drain=finishing.drain)
    return replace(finishing, look_for_pins=making.look_for_pins)


def _finish(facts: Facts, base: Assessment, old: Profile, successor: Profile) -> Assessment:
    """The predecessor goes once its pods have moved to its successor."""
    work = Work(OperationType.REPLACE, Step.DELETE, old.name, urgent=True, profile=old)
    # EKS gives pods to the first by name: after an edit was taken back, those that are moved would come back for ever.
    takes_them = successor.name if successor.name < old.name else None
    return _going(facts, _with_work(facts, replace(base, previous=old), work), old, takes_them)


def _replace(facts: Facts, base: Assessment, old: Profile, aim: Target) -> Assessment:
    """The profile works but is not as it should be."""
    assert base.cls is not None
    policy = _replacement(base.claim, base.cls)
    differing = "; ".join(aim.differences(old))
    if policy is ReplacementPolicy.NEVER:
        advice = "replacement is Never: make a new claim, or set spec.replacement"
        outdated = Verdict(Reason.OUTDATED, f"profile {old.name} differs from the spec in {differing}; {advice}")
        return replace(base, verdict=foremost((base.refused, outdated)))
    if policy is ReplacementPolicy.DELETE_FIRST:
        work = Work(OperationType.REPLACE, Step.DELETE, old.name, profile=old)
        return _looked_for_pins(facts, _going(facts, _with_work(facts, base, work, creates=True), old), old)
    return _looked_for_pins(facts, _create(facts, base, aim, old), old)


def _going(facts: Facts, item: Assessment, profile: Profile, successor: str | None = None) -> Assessment:
    """The work deletes an ACTIVE profile: its pods come first."""
    going = leaving(facts, item.claim, item.cls, profile, successor)
    return replace(
        item,
        verdict=foremost((item.verdict, going.verdict)),
        only_lacks_place=item.only_lacks_place and going.verdict is None,
        drain=None if _paused(item) else going.order,
        warnings=(*item.warnings, *going.warnings),
    )


def _looked_for_pins(facts: Facts, item: Assessment, old: Profile) -> Assessment:
    """The work replaces a profile: pods that name it are found before."""
    if item.work is None or item.claim.spec.profile_name == old.name or _paused(item):
        return item
    found = pins(facts, old, item.claim.spec.profile_name or _generated_name(facts, item))
    return replace(
        item,
        verdict=foremost((item.verdict, found.verdict)),
        only_lacks_place=item.only_lacks_place and found.verdict is None,
        look_for_pins=old,
        warnings=(*item.warnings, *found.warnings),
    )


def _paused(item: Assessment) -> bool:
    return paused_by(item.claim, item.cls) is not None


def _create(facts: Facts, base: Assessment, aim: Target, old: Profile | None = None) -> Assessment:
    assert base.cls is not None
    claim, status = base.claim, base.claim.status
    taken = facts.observation.profiles or {}
    name = claim.spec.profile_name
    if name is not None and name in taken:
        work_or_verdict, leaving = adoption(facts, claim, aim, taken[name]), class_leaving(base.cls)
        if isinstance(work_or_verdict, Verdict):
            return replace(base, verdict=foremost((base.refused, leaving, work_or_verdict)))
        adopting = _with_work(facts, base, work_or_verdict)
        return replace(adopting, verdict=foremost((adopting.verdict, leaving)))
    if name is None:
        try:
            name = _generated_name(facts, base)
        except NamesExhaustedError as error:
            return replace(base, verdict=Verdict(Reason.CONFLICT, f"{error}: delete profiles of that name in EKS, or rename the claim"))
    resolved, tags = aim.resolved, aim.tags
    if tags is None:
        tags = {**claim.spec.tags, **base.cls.spec.tags, **facts.identity(claim).tags(base.cls.metadata.name)}
    keys = set(resolved.tag_keys) | (set(tags) - set(OWNERSHIP_KEYS))
    base = replace(base, resolved=resolved.model_copy(update={"tag_keys": tuple(sorted(keys))}))
    spec = ProfileSpec(name, resolved.pod_execution_role_arn or "", aim.selectors, resolved.subnet_ids, tags)
    half_done = status.operation is not None and status.operation.type is OperationType.REPLACE and old is None
    lost = old is None and status.profile is not None and status.profile.status == ProfileState.ACTIVE
    operation = OperationType.REPLACE if old is not None or half_done or lost else OperationType.CREATE
    work = Work(operation, Step.CREATE, name, urgent=half_done or lost, spec=spec)
    return _with_work(facts, base, work, creates=True)


def _generated_name(facts: Facts, item: Assessment) -> str:
    """Raises NamesExhaustedError."""
    assert item.cls is not None
    return successor(stem(item.cls.spec.profile_name_template, facts.identity(item.claim)), facts.observation.profiles or {})


def _with_work(facts: Facts, base: Assessment, work: Work, *, failed: Profile | None = None, creates: bool = False) -> Assessment:
    """The work, and what stands in its way.

    :param creates: whether the work makes a profile, now or as its next step: a profile that works never goes for one that EKS
        would refuse.
    """
    claim, cls = base.claim, base.cls
    assert cls is not None
    back = setback(facts, claim, failed, cleared=_cleared(base))
    # A profile that could not be created is cleared away at once; the wait comes before the next is made.
    clears_away = failed is not None and failed.state is ProfileState.CREATE_FAILED and back is not None and back.given_up_by_eks
    # What is only cleared away goes on under a spec that is refused; one that cannot be read may want it to stay.
    unread = claim.metadata.uid in facts.malformed
    obstacle = foremost(
        (
            passing_obstacle(facts, claim, cls),
            Verdict(back.reason, back.message) if back is not None and back.holds(facts.now) and not clears_away else None,
            base.refused if creates or work.step is Step.TAG or unread else None,
            obstacle_to_create(facts, base, work) if creates else None,
        )
    )
    no_place = lack_of_place(facts, base, work) if creates else None
    return replace(
        base,
        work=work,
        setback=back,
        verdict=foremost((obstacle, no_place)),
        only_lacks_place=no_place is not None and obstacle is None,
        synced=False,
    )


def _cleared(base: Assessment) -> bool:
    """Whether earlier failures no longer count: a retry was asked for, or what is asked of EKS has changed."""
    claim, status = base.claim, base.claim.status
    if retry_asked(claim, base.cls) or status.observed_generation != claim.metadata.generation:
        return True
    now = base.resolved.class_revision if base.resolved else None
    before = status.resolved.class_revision if status.resolved else None
    return now is not None and before is not None and now != before


def _replacement(claim: FargateProfileClaim, cls: FargateProfileClass) -> ReplacementPolicy:
    policy = claim.spec.replacement or cls.spec.replacement
    if claim.spec.profile_name is not None and policy is ReplacementPolicy.CREATE_FIRST:
        return ReplacementPolicy.DELETE_FIRST  # two profiles cannot have one name; the claim's own CreateFirst is refused at apply
    return policy
