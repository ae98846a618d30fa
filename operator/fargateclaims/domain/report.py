"""What is written back for one claim: its whole status, its finalizer, and the events that go with the change."""

from dataclasses import dataclass
from datetime import datetime

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import ClaimStatus, HealthIssue, Operation, OperationState, OperationType, ProfileStatus
from fargateclaims.api.group import FINALIZER, RETRY
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import SLOT_STEPS, Assessment, Step, Verdict
from fargateclaims.domain.conditions import Stand, claim_conditions
from fargateclaims.domain.events import EventNote, claim_events
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.messages import held_by, waiting
from fargateclaims.domain.profile import Profile
from fargateclaims.domain.queue import queue_time
from fargateclaims.domain.slot import Slot


@dataclass(frozen=True, slots=True)
class Situation:
    """What the rest of the cluster means for one claim.

    :param place: its place in the queue, from 1.
    :param start_time: of the intent, if its mutation is the one that is sent next.
    :param overlap: who shares its pods.
    """

    slot: Slot
    place: int | None
    length: int
    start_time: datetime | None
    overlap: str | None


@dataclass(frozen=True, slots=True)
class ClaimReport:
    """What to write for one claim.

    :param finalizer: whether our finalizer belongs on the claim.
    """

    claim: FargateProfileClaim
    status: ClaimStatus
    finalizer: bool
    events: tuple[EventNote, ...]

    @property
    def release(self) -> bool:
        """Whether the claim may go: nothing else is written then."""
        return self.claim.metadata.deletion_timestamp is not None and not self.finalizer


def claim_report(facts: Facts, item: Assessment, situation: Situation) -> ClaimReport:
    """The report of one claim."""
    claim, before = item.claim, item.claim.status
    verdict = _verdict(facts, item, situation)
    back = item.setback
    status = ClaimStatus(
        observed_generation=claim.metadata.generation,
        conditions=claim_conditions(facts, item, Stand(verdict, situation.overlap)),
        profile=_profile(item.profile) if facts.observation.profiles is not None else before.profile,
        previous_profile=_profile(item.previous) if facts.observation.profiles is not None else before.previous_profile,
        operation=_operation(facts, item, situation),
        resolved=item.resolved,
        failed_attempts=(back.attempts or None) if back else None,
        next_attempt_time=back.next_attempt if back else None,
        last_handled_retry=claim.metadata.annotations.get(RETRY, before.last_handled_retry),
        last_handled_class_retry=item.cls.metadata.annotations.get(RETRY, before.last_handled_class_retry)
        if item.cls
        else before.last_handled_class_retry,
    )
    if facts.observation.profiles is None:
        # Nothing was decided: what was known stays, and an edit or a retry is still to be handled.
        status = status.model_copy(
            update={
                "observed_generation": before.observed_generation,
                "resolved": before.resolved,
                "operation": before.operation,
                "failed_attempts": before.failed_attempts,
                "next_attempt_time": before.next_attempt_time,
                "last_handled_retry": before.last_handled_retry,
                "last_handled_class_retry": before.last_handled_class_retry,
            }
        )
    begun = item.profile is not None or item.in_flight is not None or situation.start_time is not None
    namespace = facts.namespaces.get(claim.metadata.namespace or "")
    too_late = namespace is not None and namespace.terminating
    finalizer = not item.release and ((begun and not too_late) or FINALIZER in claim.metadata.finalizers)
    events = (*claim_events(claim, before, status, released=item.release), *(item.warnings if situation.start_time is not None else ()))
    return ClaimReport(claim, status, finalizer, events)


def _verdict(facts: Facts, item: Assessment, situation: Situation) -> Verdict:
    if item.verdict is not None:
        return item.verdict
    if item.release:
        return Verdict(Reason.DELETING, "nothing is left in EKS")
    work = item.work
    assert work is not None
    if situation.start_time is not None:
        return _starting(facts, item, situation.slot)
    slot, cluster = situation.slot, facts.observation.arn.name
    if work.step not in SLOT_STEPS:
        return Verdict(Reason.TAGGING, f"the tags of profile {work.profile_name} are to be changed")
    if item.setback is not None and item.setback.final:
        return Verdict(item.setback.reason, item.setback.message)  # only the remains of the last attempt wait to be cleared away
    message = waiting(cluster, situation.place or 1, max(situation.length, 1), slot)
    if slot.overdue:
        return Verdict(Reason.SLOT_BLOCKED, f"{held_by(slot)}, longer than EKS should take; {message.partition(':')[0]}")
    if slot.updating:
        return Verdict(Reason.CLUSTER_UPDATING, message)
    return Verdict(Reason.QUEUED, message)


def _starting(facts: Facts, item: Assessment, slot: Slot) -> Verdict:
    work, back = item.work, item.setback
    assert work is not None
    name = work.profile.name if work.profile is not None else work.profile_name
    if back is not None and (back.final or back.reason is Reason.INVALID):
        return Verdict(back.reason, back.message)  # a slow re-check: nothing is better until EKS says so
    if held_by(slot):
        reason = Reason.CLUSTER_UPDATING if slot.updating else Reason.QUEUED
        return Verdict(reason, f"trying cluster {facts.observation.arn.name} again: {held_by(slot)}")
    match work.step, work.operation:
        case Step.CREATE, OperationType.CREATE:
            return Verdict(Reason.CREATING, f"profile {name} is being created")
        case Step.CREATE, _:
            present = f"profile {item.profile.name}" if item.profile is not None else "the one that is gone"
            return Verdict(Reason.REPLACING, f"profile {name} is being created in place of {present}")
        case Step.DELETE, OperationType.DELETE:
            return Verdict(Reason.DELETING, f"profile {name} is being deleted")
        case Step.DELETE, OperationType.CREATE:
            return Verdict(Reason.CREATING, f"profile {name}, which could not be created, is being deleted")
        case Step.DELETE, _:
            return Verdict(Reason.REPLACING, f"profile {name} is being deleted")
        case _:
            return Verdict(Reason.TAGGING, f"the tags of profile {name} are being changed")


def _operation(facts: Facts, item: Assessment, situation: Situation) -> Operation | None:
    before = item.claim.status.operation
    if item.release:
        return None
    if item.in_flight is not None:
        kind, name = item.in_flight
        started = before.start_time if before and before.state is OperationState.IN_FLIGHT else None
        base = _waiting_operation(facts, item, kind, name)
        return base.model_copy(update={"state": OperationState.IN_FLIGHT, "start_time": started})
    work = item.work
    if work is None:
        return None
    base = _waiting_operation(facts, item, work.operation, work.profile_name)
    if item.drain is not None:
        base = base.model_copy(update={"drain_start_time": item.drain.since})
    if situation.start_time is not None:
        return base.model_copy(update={"state": OperationState.IN_FLIGHT, "start_time": situation.start_time})
    if situation.place is None:
        backing_off = item.setback is not None and item.setback.holds(facts.now)
        state = OperationState.BACKING_OFF if backing_off else OperationState.QUEUED
        return base.model_copy(update={"state": state})
    return base.model_copy(
        update={
            "position": situation.place,
            "length": situation.length,
            "display": f"{situation.place}/{situation.length}",
            "blocked_by": situation.slot.blocker,
        }
    )


def _waiting_operation(facts: Facts, item: Assessment, kind: OperationType, name: str) -> Operation:
    return Operation(type=kind, state=OperationState.QUEUED, profile_name=name, queue_time=queue_time(facts, item))


def _profile(profile: Profile | None) -> ProfileStatus | None:
    if profile is None:
        return None
    issues = tuple(HealthIssue(code=problem.code, message=problem.message, resource_ids=problem.resource_ids) for problem in profile.health)
    return ProfileStatus(name=profile.name, arn=profile.arn, status=profile.state, creation_time=profile.created_at, health_issues=issues)
