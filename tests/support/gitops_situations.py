"""Claims and classes as the operator leaves them in the cluster, by its own code: what GitOps tools have to make sense of."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import ClaimStatus
from fargateclaims.api.class_status import ClassStatus
from fargateclaims.api.conditions import Condition, ConditionStatus, ConditionType
from fargateclaims.api.crd import class_crd
from fargateclaims.api.group import CLASS_FINALIZER, FINALIZER, GROUP, PAUSED
from fargateclaims.api.reasons import READY_REASONS, Reason
from fargateclaims.domain.assessment import Assessment, Verdict
from fargateclaims.domain.conditions import Stand, claim_conditions
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.observation import ClassFacts, Observation
from fargateclaims.domain.plan import plan
from fargateclaims.domain.profile import ProfileState
from support.builders import (
    CLASS_FACTS,
    CLUSTER,
    NOW,
    RULES,
    SUBNETS,
    bad_role,
    bad_subnets,
    deleting,
    later,
    make_claim,
    make_class,
    make_facts,
    make_observation,
    make_profile,
)
from support.pure_operator import Operator, run
from support.pure_world import Fault, World

Object = dict[str, Any]

_KEY = ("shop", "checkout")


def with_reason(reason: Reason, *, ready: bool = False, overdue: bool = False, gone: bool = False) -> Object:
    """A claim whose Ready has this reason.

    :param ready: whether it was Ready, with an ACTIVE profile, when the reason came up.
    :param overdue: whether the grace is over.
    :param gone: whether it is being deleted.
    """
    before = Condition(
        type=ConditionType.READY,
        status=ConditionStatus.TRUE if ready else ConditionStatus.UNKNOWN,
        reason=Reason.ACTIVE if ready else Reason.QUEUED,
        message="",
        last_transition_time=NOW,
        observed_generation=1,
    )
    claim = make_claim(annotations={PAUSED: "true"} if reason is Reason.PAUSED else None, finalizers=[FINALIZER])
    if gone:
        claim = deleting(claim)
    status = ClaimStatus(observed_generation=claim.metadata.generation, conditions=(before,))
    facts = make_facts(claim)
    for moment in (facts, later(facts, RULES.grace.total_seconds())) if overdue else (facts,):
        status = status.model_copy(
            update={"conditions": _conditions(claim.model_copy(update={"status": status}), reason, moment, ready=ready)}
        )
    return claim.model_copy(update={"status": status}).to_dict()


def _conditions(claim: FargateProfileClaim, reason: Reason, facts: Facts, *, ready: bool) -> tuple[Condition, ...]:
    verdict = Verdict(reason, READY_REASONS[reason].meaning)
    active = ready or reason is Reason.ACTIVE
    item = Assessment(
        claim,
        verdict=verdict,
        synced=reason is Reason.ACTIVE,
        profile=make_profile(owner=claim, state=ProfileState.ACTIVE if active else ProfileState.CREATING),
    )
    return claim_conditions(facts, item, Stand(verdict))


# The situations of a claim, from a whole pass of the operator against a cluster. Each begins in an empty one.


def _never_seen(world: World) -> None:
    _apply(world)


def _queued(world: World) -> None:
    for name in ("search", "reports", "checkout"):
        _apply(world, name)
        _run(world, 10)
    _run(world, 40)


def _creating(world: World) -> None:
    _apply(world)
    _run(world, 40)


def _active(world: World) -> None:
    _apply(world)
    _run(world, 200)


def _replacing(world: World) -> None:
    _active(world)
    _apply(world, labels={"app": "checkout", "tier": "web"})
    _run(world, 40)


def _empty_selector(world: World) -> None:
    world.apply("checkout")
    _run(world, 200)


def _edited(world: World) -> None:
    _active(world)
    _apply(world, labels={"app": "checkout", "tier": "web"})


def _invalid(world: World) -> None:
    world.faults.append(Fault.INVALID)
    _creating(world)


def _class_not_found(world: World) -> None:
    world.classes.clear()
    _creating(world)


def _class_missing_for_long(world: World) -> None:
    _class_not_found(world)
    _run(world, 400)


def _paused(world: World) -> None:
    _apply(world)
    world.annotate("checkout", paused="true")
    _run(world, 40)


def _paused_while_active(world: World) -> None:
    _active(world)
    world.annotate("checkout", paused="true")
    _run(world, 40)


def _unavailable_while_active(world: World) -> None:
    operator = Operator(world)
    _apply(world)
    operator = run(operator, 200)
    world.outage = Failure(FailureClass.UNAVAILABLE, "ServiceUnavailableException", "503 Service Unavailable", "ListFargateProfiles")
    run(operator, 700)


def _class_changed(world: World) -> None:
    _active(world)
    world.class_facts["standard"] = replace(CLASS_FACTS, subnet_ids=(*SUBNETS, "subnet-0cccccccc"))
    _run(world, 40)


def _being_deleted(world: World) -> None:
    _active(world)
    world.delete("checkout")
    _run(world, 40)


_CLAIMS: Mapping[str, Callable[[World], None]] = {
    "never-seen": _never_seen,
    "queued": _queued,
    "creating": _creating,
    "active": _active,
    "replacing": _replacing,
    "empty-selector": _empty_selector,
    "edited": _edited,
    "invalid": _invalid,
    "class-not-found": _class_not_found,
    "class-missing-for-long": _class_missing_for_long,
    "paused": _paused,
    "paused-while-active": _paused_while_active,
    "unavailable-while-active": _unavailable_while_active,
    "class-changed": _class_changed,
    "being-deleted": _being_deleted,
}


@cache
def claims() -> Mapping[str, Object]:
    """The claim shop/checkout in every situation, by the situation's name."""
    found = {}
    for name, happen in _CLAIMS.items():
        world = World()
        happen(world)
        found[name] = world.claims[_KEY].to_dict()
    bare = {key: value for key, value in found["never-seen"].items() if key != "status"}
    return {**found, "without-status": bare}


def _apply(world: World, name: str = "checkout", **selector: Any) -> None:
    world.apply(name, selectors=[selector or {"labels": {"app": name}}])


def _run(world: World, seconds: float) -> None:
    run(Operator(world), seconds)


def annotated(obj: Object, **annotations: str) -> Object:
    """The object after `kubectl annotate` with annotations of ours."""
    present = obj["metadata"].get("annotations", {})
    named = {f"{GROUP}/{key}": value for key, value in annotations.items()}
    return {**obj, "metadata": {**obj["metadata"], "annotations": {**present, **named}}}


def class_with(observation: Observation, *, gone: bool = False) -> Object:
    """A class after a pass that saw this."""
    cls = make_class(deleted=NOW if gone else None, finalizers=[CLASS_FINALIZER])
    claims = [make_claim("checkout")] if gone else []
    (report,) = plan(make_facts(*claims, classes=[cls], observation=observation)).classes
    return cls.model_copy(update={"status": report.status}).to_dict()


def _failed(kind: FailureClass, message: str) -> Observation:
    return make_observation(failure=Failure(kind, "Code", message, "DescribeCluster", permission="eks:DescribeCluster"))


def _seen(facts: ClassFacts) -> Observation:
    return make_observation(classes={"standard": facts})


@cache
def classes() -> Mapping[str, Object]:
    """A class in every situation, by the situation's name."""
    default = class_crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["default"]
    never_seen = make_class().model_copy(update={"status": ClassStatus.parse(default)}).to_dict()
    usable = class_with(make_observation())
    return {
        "never-seen": never_seen,
        "usable": usable,
        "not-observed": class_with(make_observation(cluster=None)),
        "throttled": class_with(_failed(FailureClass.THROTTLED, "Rate exceeded")),
        "unavailable": class_with(_failed(FailureClass.UNAVAILABLE, "503 Service Unavailable")),
        "unauthorized": class_with(_failed(FailureClass.UNAUTHORIZED, "access denied")),
        "cluster-not-found": class_with(_failed(FailureClass.CLUSTER_GONE, "no cluster found for name: prod")),
        "class-conflict": class_with(_failed(FailureClass.WRONG_ACCOUNT, "the credentials belong to account 444455556666")),
        "cluster-not-active": class_with(make_observation(cluster=replace(CLUSTER, status="CREATING"))),
        "role-not-usable": class_with(_seen(bad_role("role fargate-pods does not trust eks-fargate-pods.amazonaws.com"))),
        "no-subnets": class_with(_seen(bad_subnets("cluster prod has no private subnet"))),
        "public-subnet": class_with(
            _seen(bad_subnets("subnet-0aaaaaaaa is public: rtb-4 routes 0.0.0.0/0 to igw-9", Reason.PUBLIC_SUBNET))
        ),
        "paused": annotated(usable, paused="true"),
        "edited": {**usable, "metadata": {**usable["metadata"], "generation": 2}},
        "being-deleted": class_with(make_observation(), gone=True),
        "without-status": {key: value for key, value in usable.items() if key != "status"},
    }
