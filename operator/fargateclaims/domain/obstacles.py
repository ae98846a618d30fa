"""What stands in the way of a claim's work, apart from its turn."""

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import OperationType
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.group import FINALIZER
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import Assessment, Step, Verdict, Work
from fargateclaims.domain.checks.cluster import check_cluster
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.observation import DEFAULT_LABELS_PER_SELECTOR, DEFAULT_SELECTORS_PER_PROFILE
from fargateclaims.domain.outage import not_active, unreadable, updating
from fargateclaims.domain.quota import free_places, profile_limit, with_reserved_place
from fargateclaims.domain.retries import paused_by
from fargateclaims.domain.selectors import wanted_selectors
from fargateclaims.domain.tenancy import depends_on_labels, violations
from fargateclaims.domain.unreadable import NOT_YET

MAX_TAGS = 50
"""EKS: at most 50 tags on a resource."""


def hard_obstacle(facts: Facts, claim: FargateProfileClaim, cls: FargateProfileClass) -> Verdict | None:
    """Why the class does not take the claim as it is written; the field is named. A profile that exists stays."""
    malformed = facts.malformed.get(claim.metadata.uid)
    if malformed is not None:
        return Verdict(Reason.INVALID, malformed)
    found = violations(claim, cls, facts.namespaces.get(claim.metadata.namespace or ""))
    if found:
        return Verdict(Reason.NOT_ALLOWED, "; ".join(found))
    tags = {*claim.spec.tags, *cls.spec.tags, *facts.identity(claim).tags(cls.metadata.name)}
    if len(tags) > MAX_TAGS:
        return Verdict(Reason.INVALID, f"spec.tags: {len(tags)} tags with the class's and the operator's own; EKS takes at most {MAX_TAGS}")
    return _over_selector_quota(facts, claim) or _unseen_namespace(facts, claim, cls)


def _unseen_namespace(facts: Facts, claim: FargateProfileClaim, cls: FargateProfileClass) -> Verdict | None:
    """Claims and namespaces are watched apart from each other: of what was applied at once, the claim may be heard of first."""
    name = claim.metadata.namespace or ""
    if name in facts.namespaces or not depends_on_labels(cls):
        return None
    return Verdict(Reason.PENDING, f"namespace {name} has not been seen yet")


def _over_selector_quota(facts: Facts, claim: FargateProfileClaim) -> Verdict | None:
    """Only where the quota can be read, or where a working profile would go first, is EKS not asked."""
    quotas = facts.observation.quotas
    selectors = wanted_selectors(claim.spec.selectors, claim.metadata.namespace or "")
    if quotas.selectors_per_profile is not None and len(selectors) > quotas.selectors_per_profile:
        return Verdict(
            Reason.INVALID,
            f"spec.selectors: {len(selectors)} selectors; the account's quota is {quotas.selectors_per_profile} (L-D78D8AF8)",
        )
    most = max((len(selector.labels) for selector in selectors), default=0)
    if quotas.labels_per_selector is not None and most > quotas.labels_per_selector:
        return Verdict(
            Reason.INVALID,
            f"spec.selectors: a selector has {most} labels; the account's quota is {quotas.labels_per_selector} (L-23414FF3)",
        )
    return None


def passing_obstacle(facts: Facts, claim: FargateProfileClaim, cls: FargateProfileClass) -> Verdict | None:
    """Why EKS is not touched for this claim now, whatever it needs."""
    by = paused_by(claim, cls)
    if by is not None:
        return Verdict(Reason.PAUSED, f"paused by {by}; remove it to go on")
    namespace = facts.namespaces.get(claim.metadata.namespace or "")
    if namespace is not None and namespace.terminating and FINALIZER not in claim.metadata.finalizers:
        return Verdict(Reason.PENDING, f"namespace {claim.metadata.namespace} is terminating: nothing new is made for it")
    return unreadable(facts.observation)


def class_unread(facts: Facts, claim: FargateProfileClaim) -> Verdict | None:
    """Why it is not known what the claim's class asks for: it may say Retain, or Wait."""
    name = claim.spec.class_name
    problem = facts.malformed_classes.get(name)
    return Verdict(Reason.CLASS_NOT_READY, f'class "{name}" cannot be read: {problem}') if problem is not None else None


def class_leaving(cls: FargateProfileClass) -> Verdict | None:
    """Why the class takes no profile for a claim any more, be it made or adopted."""
    if cls.metadata.deletion_timestamp is None:
        return None
    return Verdict(Reason.CLASS_NOT_READY, f'class "{cls.metadata.name}" is being deleted and takes no new claim')


def obstacle_to_create(facts: Facts, base: Assessment, work: Work) -> Verdict | None:
    """Why a profile cannot be made now."""
    cls = base.cls
    assert cls is not None
    closed = class_leaving(cls) or not_active(facts.observation) or updating(facts)
    if closed is not None:
        return closed
    if facts.observation.cluster is not None:
        reachable = check_cluster(facts.observation.arn, facts.observation.cluster, NOT_YET)
        if reachable.level is Level.ERROR:
            return Verdict(Reason.CLASS_NOT_READY, f'class "{cls.metadata.name}": {reachable.sentence}')
    seen = facts.observation.classes.get(cls.metadata.name)
    if seen is None:
        return Verdict(Reason.PENDING, f'waiting for a first look at the role and the subnets of class "{cls.metadata.name}"')
    if seen.error is not None:
        return Verdict(Reason.CLASS_NOT_READY, f'class "{cls.metadata.name}": {seen.error.sentence}')
    if base.resolved is None or not base.resolved.subnet_ids:
        why = f": {seen.subnets.sentence}" if seen.subnets.level is Level.UNKNOWN else ""
        return Verdict(Reason.CLASS_NOT_READY, f'class "{cls.metadata.name}": its subnets are not known{why}')
    return _risky(facts, base) if work.step is Step.DELETE else None


def _risky(facts: Facts, base: Assessment) -> Verdict | None:
    """DeleteFirst asks EKS only after the old profile is gone: what could be refused must be ruled out before."""
    selectors, quotas = base.claim.spec.selectors, facts.observation.quotas
    if quotas.selectors_per_profile is None and len(selectors) > DEFAULT_SELECTORS_PER_PROFILE:
        return Verdict(Reason.INVALID, f"spec.selectors: {len(selectors)} selectors may be over the quota, so the working profile is kept")
    most = max((len(selector.labels) for selector in selectors), default=0)
    if quotas.labels_per_selector is None and most > DEFAULT_LABELS_PER_SELECTOR:
        return Verdict(Reason.INVALID, "spec.selectors: the labels of a selector may be over the quota, so the working profile is kept")
    return None


def lack_of_place(facts: Facts, base: Assessment, work: Work) -> Verdict | None:
    """Why the quota leaves no room for the profile; a profile that is deleted first makes its own."""
    if free_places(facts, base.claim, leaving=int(work.step is Step.DELETE)) != 0:
        return None
    limit, name = profile_limit(facts), facts.observation.arn.name
    has = f"{len(facts.observation.profiles or {})} profiles{_reserved(facts, base.claim)}"
    message = f"cluster {name} has {has} and its quota is {limit} (Service Quotas L-33415657)"
    if work.operation is OperationType.REPLACE and base.profile is not None:
        return Verdict(Reason.WAITING_FOR_QUOTA, f"{message}; profile {base.profile.name} stays until its successor has a place")
    return Verdict(Reason.QUOTA_EXCEEDED, f"{message}: raise it, or delete a profile that is not needed")


def _reserved(facts: Facts, asking: FargateProfileClaim) -> str:
    others = [claim.metadata for claim in with_reserved_place(facts) if claim.metadata.uid != asking.metadata.uid]
    if not others:
        return ""
    first = min(f"{each.namespace}/{each.name}" for each in others)
    whose = f"claim {first}" if facts.rules.show_blocking_claim else "another claim"
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    return f", keeps a place for each of the claims that are between two profiles ({whose}{more}),"
