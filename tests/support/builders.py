"""Small objects for tests of decisions: everything has a sensible default, a test names only what it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import ClaimStatus
from fargateclaims.api.conditions import Condition, ConditionType
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.group import FINALIZER
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.facts import Facts, Namespace, Rules
from fargateclaims.domain.identity import Identity
from fargateclaims.domain.observation import ClassFacts, EKSCluster, Observation
from fargateclaims.domain.plan import Plan, plan
from fargateclaims.domain.profile import Profile, ProfileSelector, ProfileState
from fargateclaims.domain.report import ClaimReport

NOW = datetime(2026, 11, 21, 14, 0, 0, tzinfo=UTC)
ARN = ClusterARN.parse("arn:aws:eks:eu-west-1:111122223333:cluster/prod")
OTHER_ARN = ClusterARN.parse("arn:aws:eks:eu-west-1:111122223333:cluster/other")
ROLE = "arn:aws:iam::111122223333:role/fargate-pods"
OTHER_ROLE = "arn:aws:iam::111122223333:role/other-pods"
SUBNETS = ("subnet-0aaaaaaaa", "subnet-0bbbbbbbb")
INSTALLATION = "fargateclaims"
CLUSTER = EKSCluster("prod", "ACTIVE", "1.33", "vpc-1", SUBNETS, "API")
FINE_ROLE = Finding(ConditionType.ROLE_USABLE, Level.OK, Reason.USABLE, "role fargate-pods trusts eks-fargate-pods.amazonaws.com")
FINE_SUBNETS = Finding(ConditionType.SUBNETS_USABLE, Level.OK, Reason.USABLE, "2 private subnets")
CLASS_FACTS = ClassFacts(SUBNETS, FINE_SUBNETS, FINE_ROLE)

RULES = Rules(
    installation=INSTALLATION,
    settle=timedelta(seconds=30),
    operation_deadline=timedelta(minutes=30),
    max_attempts=3,
    backoff_base=timedelta(seconds=2),
    backoff_max=timedelta(seconds=300),
    slow_recheck=timedelta(seconds=600),
    iam_window=timedelta(seconds=120),
    grace=timedelta(seconds=300),
    quota_memory=timedelta(seconds=600),
)


def bad_subnets(problem: str, reason: Reason = Reason.NO_SUBNETS) -> ClassFacts:
    """Subnets that hold creates."""
    return replace(CLASS_FACTS, subnet_ids=(), subnets=replace(FINE_SUBNETS, level=Level.ERROR, reason=reason, message=problem))


def bad_role(problem: str, subnet_ids: tuple[str, ...] = SUBNETS) -> ClassFacts:
    """A role that holds creates."""
    finding = replace(FINE_ROLE, level=Level.ERROR, reason=Reason.ROLE_NOT_USABLE, message=problem)
    return replace(CLASS_FACTS, subnet_ids=subnet_ids, role=finding)


def unread_subnets(why: str) -> ClassFacts:
    """Subnets that nothing can be said of."""
    return replace(CLASS_FACTS, subnet_ids=(), subnets=replace(FINE_SUBNETS, level=Level.UNKNOWN, reason=Reason.UNAUTHORIZED, message=why))


def unread_role(why: str) -> ClassFacts:
    """A role that nothing can be said of."""
    return replace(CLASS_FACTS, role=replace(FINE_ROLE, level=Level.UNKNOWN, reason=Reason.UNAUTHORIZED, message=why))


def after(seconds: float) -> datetime:
    """A moment so many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def make_claim(
    name: str = "checkout",
    namespace: str = "shop",
    *,
    status: ClaimStatus | Mapping[str, Any] | None = None,
    created: datetime = NOW,
    deleted: datetime | None = None,
    generation: int = 1,
    uid: str | None = None,
    finalizers: Iterable[str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **spec: Any,
) -> FargateProfileClaim:
    """A claim; further keywords are fields of its spec, by their wire names. A claim that is being deleted has our finalizer."""
    if finalizers is None:
        finalizers = [FINALIZER] if deleted else []
    return FargateProfileClaim.model_validate(
        {
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": uid or f"uid-{namespace}-{name}",
                "resourceVersion": "1",
                "generation": generation,
                "creationTimestamp": created,
                "deletionTimestamp": deleted,
                "annotations": dict(annotations or {}),
                "finalizers": list(finalizers),
            },
            "spec": {"className": "standard", "selectors": [{}], **spec},
            "status": status or {},
        }
    )


def make_class(
    name: str = "standard",
    *,
    annotations: Mapping[str, str] | None = None,
    status: Mapping[str, Any] | None = None,
    deleted: datetime | None = None,
    generation: int = 1,
    finalizers: Iterable[str] = (),
    **spec: Any,
) -> FargateProfileClass:
    """A class that lets every namespace claim what it likes; further keywords are fields of its spec, by their wire names."""
    open_to_all = {
        "namespaces": {"from": "All"},
        "selectorNamespaces": {"from": "Any"},
        "profileNames": "Any",
        "existingProfiles": "AdoptIfIdentical",
    }
    return FargateProfileClass.model_validate(
        {
            "metadata": {
                "name": name,
                "uid": f"uid-{name}",
                "resourceVersion": "1",
                "generation": generation,
                "creationTimestamp": NOW,
                "deletionTimestamp": deleted,
                "annotations": dict(annotations or {}),
                "finalizers": list(finalizers),
            },
            "spec": {"clusterARN": str(ARN), "podExecutionRoleARN": ROLE, "claims": open_to_all, **spec},
            "status": status or {},
        }
    )


def make_profile(
    name: str = "shop-checkout-4ecb2a1f-9999",
    state: ProfileState = ProfileState.ACTIVE,
    *,
    owner: FargateProfileClaim | Identity | None = None,
    namespace: str = "shop",
    labels: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    incarnation: int = 1,
    **fields: Any,
) -> Profile:
    """A profile as EKS describes it; with an owner it has the tags of that claim."""
    if isinstance(owner, FargateProfileClaim):
        owner = Identity(INSTALLATION, owner.metadata.namespace or "", owner.metadata.name)
    owned = owner.tags("standard") if owner else {}
    return Profile(
        name=name,
        arn=f"arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/{name}/{incarnation}",
        state=state,
        **{
            "pod_execution_role_arn": ROLE,
            "selectors": (ProfileSelector(namespace, dict(labels or {})),),
            "subnet_ids": SUBNETS,
            "tags": {**owned, **(tags or {})},
            "created_at": NOW - timedelta(hours=1),
            **fields,
        },
    )


def make_observation(*profiles: Profile, **fields: Any) -> Observation:
    """A cluster that was read a moment ago."""
    return Observation(
        **{
            "arn": ARN,
            "cluster": CLUSTER,
            "profiles": {profile.name: profile for profile in profiles},
            "observed_at": NOW,
            "classes": {"standard": CLASS_FACTS},
            **fields,
        }
    )


def make_facts(
    *claims: FargateProfileClaim,
    profiles: Iterable[Profile] = (),
    classes: Iterable[FargateProfileClass] | None = None,
    observation: Observation | None = None,
    now: datetime = NOW,
    rules: Rules = RULES,
    **fields: Any,
) -> Facts:
    """The facts of one cluster with these claims and profiles, and one class for all of them."""
    known = [make_class()] if classes is None else classes
    return Facts(
        now=now,
        rules=rules,
        observation=observation or make_observation(*profiles, observed_at=now),
        claims=claims,
        classes={cls.metadata.name: cls for cls in known},
        namespaces=fields.pop("namespaces", {"shop": Namespace(), "data": Namespace()}),
        **fields,
    )


def report_of(decided: Plan, claim: FargateProfileClaim) -> ClaimReport:
    """The report of one claim."""
    return next(report for report in decided.claims if report.claim.metadata.uid == claim.metadata.uid)


def condition(report: ClaimReport | ClaimStatus, kind: ConditionType = ConditionType.READY) -> Condition | None:
    """One condition of a report; None if it is absent."""
    status = report if isinstance(report, ClaimStatus) else report.status
    return next((found for found in status.conditions if found.type == kind), None)


def ready(report: ClaimReport | ClaimStatus) -> tuple[str, str]:
    """Ready's value and reason."""
    found = condition(report)
    assert found is not None
    return str(found.status), found.reason


def message(report: ClaimReport | ClaimStatus, kind: ConditionType = ConditionType.READY) -> str:
    """What a condition says."""
    found = condition(report, kind)
    assert found is not None
    return found.message


def stored(claim: FargateProfileClaim, report: ClaimReport) -> FargateProfileClaim:
    """The claim after its report was written, as the API server gives it back."""
    assert not report.release
    finalizers = {*claim.metadata.finalizers, *([FINALIZER] if report.finalizer else [])}
    metadata = claim.metadata.model_copy(update={"finalizers": tuple(sorted(finalizers))})
    return claim.model_copy(update={"metadata": metadata, "status": ClaimStatus.parse(report.status.to_dict())})


def settled(claim: FargateProfileClaim, facts: Facts) -> FargateProfileClaim:
    """The claim with the status that a plan for these facts gives it."""
    return stored(claim, report_of(plan(facts), claim))


def edited(claim: FargateProfileClaim, **spec: Any) -> FargateProfileClaim:
    """The claim after an edit of its spec, by the wire names; None removes a field."""
    fields = {**claim.spec.to_dict(), **spec}
    changed = type(claim.spec).model_validate({key: value for key, value in fields.items() if value is not None})
    metadata = claim.metadata.model_copy(update={"generation": claim.metadata.generation + 1})
    return claim.model_copy(update={"metadata": metadata, "spec": changed})


def deleting(claim: FargateProfileClaim, at: datetime = NOW) -> FargateProfileClaim:
    """The claim after `kubectl delete`: its finalizer keeps it."""
    update = {"deletion_timestamp": at, "generation": claim.metadata.generation + 1, "finalizers": (FINALIZER,)}
    return claim.model_copy(update={"metadata": claim.metadata.model_copy(update=update)})


def annotated(claim: FargateProfileClaim, **annotations: str) -> FargateProfileClaim:
    """The claim with annotations of ours: `retry`, `paused`."""
    named = {f"fargateclaims.dev/{key}": value for key, value in annotations.items()}
    return claim.model_copy(update={"metadata": claim.metadata.model_copy(update={"annotations": {**claim.metadata.annotations, **named}})})


def later(facts: Facts, seconds: float, **fields: Any) -> Facts:
    """The same facts, later."""
    return replace(facts, now=facts.now + timedelta(seconds=seconds), **fields)
