"""What is written back for one class: conditions, counts, and the finalizer that keeps it while claims use it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.class_status import ClassQueue, ClassResolved, ClassStatus, ProfileCounts
from fargateclaims.api.conditions import Condition, ConditionStatus, ConditionType
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.group import RETRY
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import Verdict
from fargateclaims.domain.checks.advice import advice
from fargateclaims.domain.checks.cluster import check_cluster
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.class_events import class_events
from fargateclaims.domain.conditions import conditions
from fargateclaims.domain.events import EventNote
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.identity import owner
from fargateclaims.domain.messages import held_by
from fargateclaims.domain.outage import not_active, unreadable
from fargateclaims.domain.quota import profile_limit
from fargateclaims.domain.resolution import revision
from fargateclaims.domain.slot import Slot
from fargateclaims.domain.unreadable import NOT_YET

_NAMED_IN_MESSAGE = 5
_KNOWN_REASONS = frozenset(Reason)

_TRUE, _FALSE, _UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN
_STATUS = {Level.OK: _TRUE, Level.WARNING: _TRUE, Level.ERROR: _FALSE, Level.UNKNOWN: _UNKNOWN}
_Wanted = tuple[ConditionType, ConditionStatus, Verdict]


@dataclass(frozen=True, slots=True)
class ClassReport:
    """What to write for one class.

    :param finalizer: whether our finalizer belongs on the class.
    """

    cls: FargateProfileClass
    status: ClassStatus
    finalizer: bool
    events: tuple[EventNote, ...] = ()


def attached(facts: Facts, cls: FargateProfileClass) -> tuple[FargateProfileClaim, ...]:
    """The claims that use a class."""
    return tuple(claim for claim in facts.claims if claim.spec.class_name == cls.metadata.name)


def class_report(facts: Facts, cls: FargateProfileClass, slot: Slot, queue_length: int) -> ClassReport:
    """The report of one class of the facts' cluster."""
    users, seen, cluster = attached(facts, cls), facts.observation.classes.get(cls.metadata.name), facts.observation.cluster
    subnets = seen.subnet_ids if seen else ()
    before = cls.status
    status = ClassStatus(
        observed_generation=cls.metadata.generation,
        conditions=_conditions(facts, cls, users, slot),
        revision=revision(cls, seen) or before.revision,
        resolved=ClassResolved(
            subnet_ids=subnets,
            vpc_id=cluster.vpc_id or None,
            kubernetes_version=cluster.version or None,
            authentication_mode=cluster.authentication_mode or None,
        )
        if cluster is not None
        else before.resolved,
        profiles=_counts(facts) if facts.observation.profiles is not None else before.profiles,
        queue=ClassQueue(length=queue_length, blocked_by=slot.blocker if queue_length else None),
        attached_claims=len(users),
        last_handled_retry=cls.metadata.annotations.get(RETRY, before.last_handled_retry),
    )
    return ClassReport(cls, status, finalizer=bool(users), events=class_events(before, status))


def _counts(facts: Facts) -> ProfileCounts:
    profiles = (facts.observation.profiles or {}).values()
    owned = sum((who := owner(profile.tags)) is not None and who.installation == facts.rules.installation for profile in profiles)
    quota = profile_limit(facts)
    display = f"{len(profiles)}/{quota}" if quota is not None else str(len(profiles))
    return ProfileCounts(quota=quota, owned=owned, foreign=len(profiles) - owned, display=display)


def _conditions(facts: Facts, cls: FargateProfileClass, users: Iterable[FargateProfileClaim], slot: Slot) -> tuple[Condition, ...]:
    seen, advised = _seen(facts, cls), tuple(map(_wanted, advice(facts.observation, cls)))
    if facts.observation.inspection is None:
        seen, advised = (tuple(_remembered(cls, each) for each in found) for found in (seen, advised))
    holding, read = (_reachable(facts), *seen), facts.observation.classes.get(cls.metadata.name)
    # What may not be looked at holds nothing: EKS itself will say. But without any subnet it cannot be asked.
    needed = {ConditionType.CLUSTER_REACHABLE} | ({ConditionType.SUBNETS_USABLE} if read is not None and not read.subnet_ids else set())
    wanted = [_ready(cls, tuple(users), holding, needed), *holding, *advised]
    if slot.overdue:
        wanted.append((ConditionType.SLOT_BLOCKED, _TRUE, Verdict(Reason.SLOT_BLOCKED, f"{held_by(slot)}, longer than EKS should take")))
    return conditions(wanted, cls.status.conditions, facts.now, cls.metadata.generation)


def _ready(
    cls: FargateProfileClass, users: tuple[FargateProfileClaim, ...], checks: Iterable[_Wanted], needed: Collection[ConditionType]
) -> _Wanted:
    """Whether claims can be served.

    :param needed: the checks whose answer must be known.
    """
    if cls.metadata.deletion_timestamp is not None:
        some = ", ".join(sorted(f"{claim.metadata.namespace}/{claim.metadata.name}" for claim in users)[:_NAMED_IN_MESSAGE])
        message = f"the class is being deleted and waits for {len(users)} claims: {some}" if users else "the class is being deleted"
        return ConditionType.READY, _FALSE, Verdict(Reason.IN_USE, message)
    for status in (_FALSE, _UNKNOWN):
        for kind, found, verdict in checks:
            if found is status and (status is _FALSE or kind in needed):
                return ConditionType.READY, found, verdict
    return ConditionType.READY, _TRUE, Verdict(Reason.USABLE, "claims can be served")


def _reachable(facts: Facts) -> _Wanted:
    kind, outage = ConditionType.CLUSTER_REACHABLE, unreadable(facts.observation)
    if outage is not None:
        passing = outage.reason in (Reason.THROTTLED, Reason.UNAVAILABLE)
        return kind, _UNKNOWN if passing else _FALSE, outage
    if facts.observation.cluster is None:
        return kind, _UNKNOWN, Verdict(Reason.NOT_OBSERVED, f"cluster {facts.observation.arn.name} has not been read yet")
    inactive = not_active(facts.observation)
    if inactive is not None:
        return kind, _FALSE, inactive
    versions = facts.observation.inspection.access.versions if facts.observation.inspection is not None else NOT_YET
    return _wanted(check_cluster(facts.observation.arn, facts.observation.cluster, versions))


def _seen(facts: Facts, cls: FargateProfileClass) -> tuple[_Wanted, ...]:
    seen, role = facts.observation.classes.get(cls.metadata.name), cls.spec.pod_execution_role_arn
    if seen is not None:
        return _wanted(seen.role), _wanted(seen.subnets)
    return (
        (ConditionType.ROLE_USABLE, _UNKNOWN, Verdict(Reason.NOT_OBSERVED, f"role {role} has not been looked at yet")),
        (ConditionType.SUBNETS_USABLE, _UNKNOWN, Verdict(Reason.NOT_OBSERVED, "the subnets have not been looked at yet")),
    )


def _remembered(cls: FargateProfileClass, found: _Wanted) -> _Wanted:
    """What was found before a restart, for a question that nobody has looked into since."""
    kind, _, verdict = found
    before = next((each for each in cls.status.conditions if each.type == kind), None)
    if verdict.reason is not Reason.NOT_OBSERVED or before is None or before.observed_generation != cls.metadata.generation:
        return found
    if before.reason not in _KNOWN_REASONS:
        return found  # another version has written it
    return kind, before.status, Verdict(Reason(before.reason), before.message)


def _wanted(finding: Finding) -> _Wanted:
    return finding.condition, _STATUS[finding.level], Verdict(finding.reason, finding.sentence)
