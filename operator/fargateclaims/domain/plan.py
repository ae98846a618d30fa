"""The decision: claims, classes and what EKS has, in; status for each and at most one mutation, out. Pure.

```
Facts ─▶ assess each claim ─▶ rollout ─▶ queue ─▶ slot ─▶ one action ─▶ reports (status, finalizers, events)
```
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.group import FINALIZER
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import SLOT_STEPS, Assessment, Step, Verdict, Work
from fargateclaims.domain.class_report import ClassReport, class_report
from fargateclaims.domain.conditions import has_grace
from fargateclaims.domain.deletion import assess_deletion
from fargateclaims.domain.draining import DrainOrder
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.intent import open_intent, undecided
from fargateclaims.domain.obstacles import class_unread
from fargateclaims.domain.overlap import overlaps
from fargateclaims.domain.owned import owned_profiles
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.domain.queue import ordered, with_places_to_come
from fargateclaims.domain.quota import free_places
from fargateclaims.domain.report import ClaimReport, Situation, claim_report
from fargateclaims.domain.rollout import one_by_one
from fargateclaims.domain.slot import Slot, slot_of
from fargateclaims.domain.upkeep import assess_upkeep
from fargateclaims.timing import DRAIN_BLIND_GRACE


@dataclass(frozen=True, slots=True)
class Action:
    """The one mutation to send, after the report of its intent was accepted.

    :param start_time: the intent's; the outcome is told by it.
    """

    claim: FargateProfileClaim
    work: Work
    start_time: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now.

    :param watch: the profiles whose progress somebody waits for.
    :param drains: the profiles that are to go and whose pods are looked at, and moved where they are to be; each with its claim.
    :param replaced: the profiles for which pods that name them are to be looked for; each with its claim.
    :param look_again: whether EKS must be read anew before the plan can go on.
    :param wake_at: when time alone changes the plan.
    """

    claims: tuple[ClaimReport, ...]
    classes: tuple[ClassReport, ...]
    action: Action | None
    watch: frozenset[str]
    look_again: bool
    wake_at: datetime | None
    queue_length: int
    slot: Slot
    drains: tuple[tuple[FargateProfileClaim, DrainOrder], ...] = ()
    replaced: tuple[tuple[FargateProfileClaim, Profile], ...] = ()


def plan(facts: Facts) -> Plan:
    """Decide for one cluster. Raises nothing for any input: what cannot be decided is a verdict."""
    ours = [claim for claim in facts.claims if claim.metadata.deletion_timestamp is None or FINALIZER in claim.metadata.finalizers]
    assessments: Sequence[Assessment] = [assess(facts, claim) for claim in ours]
    assessments = with_places_to_come(facts, one_by_one(facts, assessments))
    queue = ordered(facts, assessments)
    slot = slot_of(facts, assessments)
    chosen = _choose(facts, assessments, queue, slot)
    start_time = _fresh(facts.now, chosen)
    acting = chosen.claim.metadata.uid if chosen else None
    places = {item.claim.metadata.uid: place for place, item in enumerate((item for item in queue if item is not chosen), start=1)}
    shared = overlaps(facts, assessments)
    reports = tuple(
        claim_report(
            facts,
            item,
            Situation(
                slot=slot,
                place=places.get(item.claim.metadata.uid),
                length=len(places),
                start_time=start_time if item.claim.metadata.uid == acting else None,
                overlap=shared.get(item.claim.metadata.uid),
            ),
        )
        for item in assessments
    )
    classes = tuple(class_report(facts, cls, slot, len(places)) for cls in _attached_classes(facts))
    action = Action(chosen.claim, chosen.work, start_time) if chosen is not None and chosen.work is not None else None
    return Plan(
        reports,
        classes,
        action,
        watch=_watch(facts, assessments, queue),
        look_again=any(item.in_doubt for item in assessments),
        wake_at=_wake_at(facts, assessments, reports, slot),
        queue_length=len(places),
        slot=slot,
        drains=tuple((item.claim, item.drain) for item in assessments if item.drain is not None),
        replaced=tuple((item.claim, item.look_for_pins) for item in assessments if item.look_for_pins is not None),
    )


def assess(facts: Facts, claim: FargateProfileClaim) -> Assessment:
    """What one claim needs, the queue aside."""
    cls = facts.classes.get(claim.spec.class_name)
    pinned = claim.status.resolved.cluster_arn if claim.status.resolved else None
    if claim.metadata.deletion_timestamp is not None:
        if cls is None and pinned is None and not facts.crd_terminating:
            lost = f'class "{claim.spec.class_name}" is needed to find this claim\'s profile: make the class again'
            return _without_class(facts, claim, class_unread(facts, claim) or Verdict(Reason.CLASS_NOT_FOUND, lost))
        return assess_deletion(facts, claim, cls)
    if cls is None:
        missing = f'spec.className: there is no FargateProfileClass "{claim.spec.class_name}"'
        return _without_class(facts, claim, class_unread(facts, claim) or Verdict(Reason.CLASS_NOT_FOUND, missing))
    if pinned is not None and pinned != cls.spec.cluster_arn:
        conflict = f'class "{cls.metadata.name}" now means {cls.spec.cluster_arn}; this claim\'s profile is on {pinned}: make a new claim'
        return _without_class(facts, claim, Verdict(Reason.CLASS_CONFLICT, conflict))
    return assess_upkeep(facts, claim, cls)


def _without_class(facts: Facts, claim: FargateProfileClaim, verdict: Verdict) -> Assessment:
    mine = owned_profiles(facts, facts.identity(claim))
    intent = open_intent(facts, claim)
    # What works and was not edited goes on working, whatever befalls its class: whether it is as it should be is not known.
    untouched = bool(mine) and claim.status.observed_generation == claim.metadata.generation
    return Assessment(
        claim,
        verdict=verdict,
        refused=verdict,
        resolved=claim.status.resolved,
        profile=mine[0] if mine else None,
        synced=None if untouched and mine[0].state is ProfileState.ACTIVE else False,
        in_flight=(intent.type, intent.profile_name) if intent is not None else None,
    )


def _choose(facts: Facts, assessments: Iterable[Assessment], queue: Sequence[Assessment], slot: Slot) -> Assessment | None:
    if not facts.may_mutate:
        return None
    resting = facts.busy is not None and facts.now < facts.busy.until
    tagging = (
        [] if resting else [item for item in assessments if item.runnable and item.work is not None and item.work.step not in SLOT_STEPS]
    )
    if tagging:
        return min(tagging, key=lambda item: item.claim.metadata.uid)
    if not queue or not slot.free:
        return None
    head = queue[0]
    lacks_place = head.work is not None and head.work.step is Step.CREATE and free_places(facts, head.claim) == 0
    return None if lacks_place else head


def _fresh(now: datetime, chosen: Assessment | None) -> datetime:
    """Never the start time that is already there: an unchanged status would be accepted and fence nothing."""
    before = chosen.claim.status.operation if chosen else None
    taken = before.start_time if before else None
    return now if now != taken else now + timedelta(microseconds=1)


def _watch(facts: Facts, assessments: Sequence[Assessment], queue: Sequence[Assessment]) -> frozenset[str]:
    own = {item.in_flight[1] for item in assessments if item.in_flight is not None}
    if not queue:
        return frozenset(own)
    return frozenset(own | {profile.name for profile in (facts.observation.profiles or {}).values() if profile.moving})


def _wake_at(facts: Facts, assessments: Sequence[Assessment], reports: Sequence[ClaimReport], slot: Slot) -> datetime | None:
    rules, times = facts.rules, []
    for item, report in zip(assessments, reports, strict=True):
        if item.setback is not None and item.setback.next_attempt is not None:
            times.append(item.setback.next_attempt)
        intent = undecided(facts, item.claim)
        if intent is not None and intent.start_time is not None:
            times.append(intent.start_time + rules.settle)
        if item.drain is not None:
            times.append(item.drain.since + item.drain.disruption.timeout_delta)
            seen = (facts.pods or {}).get(item.drain.arn)
            if seen is not None and seen.blind_since is not None:
                times.append(seen.blind_since + timedelta(seconds=DRAIN_BLIND_GRACE))
        times += [
            condition.last_transition_time + rules.grace
            for condition in report.status.conditions
            if condition.type == ConditionType.RECONCILING and has_grace(condition)
        ]
    if slot.since is not None:
        times.append(slot.since + rules.operation_deadline)
    if facts.busy is not None:
        times.append(facts.busy.until)
    updating_since = facts.moving_since.get(str(facts.observation.arn))
    if updating_since is not None:
        times.append(updating_since + rules.operation_deadline)
    if facts.quota_refusal is not None:
        times.append(facts.quota_refusal.at + rules.quota_memory)
    return min((time for time in times if time > facts.now), default=None)


def _attached_classes(facts: Facts) -> tuple[FargateProfileClass, ...]:
    found = (cls for cls in facts.classes.values() if cls.spec.cluster_arn == facts.observation.arn)
    return tuple(sorted(found, key=lambda cls: cls.metadata.name))
