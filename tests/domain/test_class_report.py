"""What a class shows: its conditions, the counts of its cluster, and the finalizer that keeps it while claims use it."""

from dataclasses import replace
from typing import Any

import pytest

from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.class_report import ClassReport
from fargateclaims.domain.facts import QuotaRefusal
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.identity import Identity
from fargateclaims.domain.observation import ClassFacts, Quotas
from fargateclaims.domain.plan import plan
from fargateclaims.domain.profile import ProfileState
from support.builders import (
    CLUSTER,
    NOW,
    OTHER_ARN,
    RULES,
    SUBNETS,
    after,
    bad_role,
    bad_subnets,
    deleting,
    later,
    make_claim,
    make_class,
    make_facts,
    make_observation,
    make_profile,
    unread_role,
    unread_subnets,
)
from support.healthy import healthy_inspection, healthy_network


def report(*claims: Any, cls: FargateProfileClass | None = None, **fields: Any) -> ClassReport:
    (found,) = plan(make_facts(*claims, classes=[cls or make_class()], **fields)).classes
    return found


def shown(found: ClassReport) -> dict[str, tuple[str, str]]:
    return {condition.type: (str(condition.status), condition.reason) for condition in found.status.conditions}


def seen(facts: ClassFacts) -> Any:
    return make_observation(classes={"standard": facts})


def failed(kind: FailureClass) -> Any:
    return make_observation(failure=Failure(kind, "Code", "words"))


USABLE = ("True", "Usable")


UNCHECKED = dict.fromkeys(("RoleMapped", "EgressAvailable", "DNSReady"), ("Unknown", "NotObserved"))


def test_a_class_that_can_be_used() -> None:
    assert shown(report()) == dict.fromkeys(("Ready", "ClusterReachable", "RoleUsable", "SubnetsUsable"), USABLE) | UNCHECKED


@pytest.mark.parametrize("observation", [make_observation(), make_observation(cluster=None, profiles=None, classes={})])
def test_at_rest_a_class_is_reported_as_it_was(observation: Any) -> None:
    before = report(observation=observation).status
    assert report(cls=make_class(status=before.to_dict()), observation=observation, now=after(900)).status == before


@pytest.mark.parametrize(
    ("observation", "kind", "expected", "ready"),
    [
        (failed(FailureClass.UNAUTHORIZED), "ClusterReachable", ("False", "Unauthorized"), ("False", "Unauthorized")),
        (failed(FailureClass.WRONG_ACCOUNT), "ClusterReachable", ("False", "ClassConflict"), ("False", "ClassConflict")),
        (failed(FailureClass.CLUSTER_GONE), "ClusterReachable", ("False", "ClusterNotFound"), ("False", "ClusterNotFound")),
        (failed(FailureClass.THROTTLED), "ClusterReachable", ("Unknown", "Throttled"), ("Unknown", "Throttled")),
        (failed(FailureClass.UNAVAILABLE), "ClusterReachable", ("Unknown", "Unavailable"), ("Unknown", "Unavailable")),
        (make_observation(cluster=None), "ClusterReachable", ("Unknown", "NotObserved"), ("Unknown", "NotObserved")),
        (
            make_observation(cluster=replace(CLUSTER, status="DELETING")),
            "ClusterReachable",
            ("False", "ClusterNotActive"),
            ("False", "ClusterNotActive"),
        ),
        (make_observation(cluster=replace(CLUSTER, status="UPDATING")), "ClusterReachable", USABLE, USABLE),
        (make_observation(classes={}), "RoleUsable", ("Unknown", "NotObserved"), USABLE),
        (seen(bad_role("no trust")), "RoleUsable", ("False", "RoleNotUsable"), ("False", "RoleNotUsable")),
        (seen(unread_role("no iam:GetRole")), "RoleUsable", ("Unknown", "Unauthorized"), USABLE),
        (make_observation(classes={}), "SubnetsUsable", ("Unknown", "NotObserved"), USABLE),
        (
            seen(bad_subnets("subnet-1 is public", Reason.PUBLIC_SUBNET)),
            "SubnetsUsable",
            ("False", "PublicSubnet"),
            ("False", "PublicSubnet"),
        ),
        (seen(bad_subnets("there are none")), "SubnetsUsable", ("False", "NoSubnets"), ("False", "NoSubnets")),
        (seen(unread_subnets("no ec2")), "SubnetsUsable", ("Unknown", "Unauthorized"), ("Unknown", "Unauthorized")),
        (
            seen(replace(unread_subnets("no ec2"), subnet_ids=SUBNETS)),
            "SubnetsUsable",
            ("Unknown", "Unauthorized"),
            USABLE,
        ),
    ],
)
def test_conditions(observation: Any, kind: str, expected: tuple[str, str], ready: tuple[str, str]) -> None:
    found = shown(report(observation=observation))
    assert found[kind] == expected
    assert found["Ready"] == ready


def test_what_holds_for_ready_is_said_in_its_words() -> None:
    found = report(observation=seen(bad_subnets("subnet-1 is public: rtb-4 routes 0.0.0.0/0 to igw-9")))
    assert next(c.message for c in found.status.conditions if c.type == "Ready") == "subnet-1 is public: rtb-4 routes 0.0.0.0/0 to igw-9"


def test_slot_blocked_is_there_only_while_true() -> None:
    holder = make_profile("foreign", ProfileState.CREATING, created_at=NOW)
    facts = make_facts(profiles=[holder])
    assert ConditionType.SLOT_BLOCKED not in shown(plan(facts).classes[0])
    late = later(facts, RULES.operation_deadline.total_seconds())
    assert shown(plan(late).classes[0])[ConditionType.SLOT_BLOCKED] == ("True", "SlotBlocked")


@pytest.mark.parametrize(
    ("quotas", "refusal", "display", "quota"),
    [
        (Quotas(), None, "3", None),
        (Quotas(profiles_per_cluster=10), None, "3/10", 10),
        (Quotas(), QuotaRefusal(3, NOW), "3/3", 3),
        (Quotas(profiles_per_cluster=10), QuotaRefusal(3, NOW), "3/3", 3),
    ],
)
def test_counts(quotas: Quotas, refusal: QuotaRefusal | None, display: str, quota: int | None) -> None:
    claim = make_claim()
    theirs = make_profile("theirs", owner=Identity("another-installation", "shop", "checkout"))
    profiles = [make_profile("ours", owner=claim), theirs, make_profile("foreign")]
    found = report(claim, observation=make_observation(*profiles, quotas=quotas), quota_refusal=refusal)
    counts = found.status.profiles
    assert counts is not None
    assert (counts.owned, counts.foreign, counts.quota, counts.display) == (1, 2, quota, display)


def test_what_was_known_is_kept_while_nothing_can_be_read() -> None:
    before = report(make_claim()).status
    cls = make_class(status=before.to_dict())
    after_restart = report(make_claim(), cls=cls, observation=make_observation(cluster=None, profiles=None, classes={})).status
    assert (after_restart.profiles, after_restart.resolved, after_restart.revision) == (before.profiles, before.resolved, before.revision)


def test_the_cluster_s_values() -> None:
    resolved = report().status.resolved
    assert resolved is not None
    assert (resolved.subnet_ids, resolved.vpc_id) == (SUBNETS, "vpc-1")
    assert (resolved.kubernetes_version, resolved.authentication_mode) == ("1.33", "API")


def test_the_finalizer_is_there_while_claims_use_the_class() -> None:
    assert not report().finalizer
    assert report(make_claim()).finalizer
    assert report(deleting(make_claim())).finalizer
    assert not report(make_claim(className="another")).finalizer
    assert report(make_claim()).status.attached_claims == 1


def test_a_class_that_is_being_deleted_names_some_of_its_claims() -> None:
    claims = [make_claim(f"c{number}") for number in range(7)]
    found = report(*claims, cls=make_class(deleted=NOW, finalizers=["fargateclaims.dev/claims"]))
    assert shown(found)["Ready"] == ("False", "InUse")
    message = next(condition.message for condition in found.status.conditions if condition.type == "Ready")
    assert message == "the class is being deleted and waits for 7 claims: shop/c0, shop/c1, shop/c2, shop/c3, shop/c4"
    assert report(cls=make_class(deleted=NOW, finalizers=["fargateclaims.dev/claims"])).finalizer is False


def test_the_queue_and_who_holds_it_up() -> None:
    queue = report(make_claim("a"), make_claim("b"), profiles=[make_profile("foreign", ProfileState.CREATING)]).status.queue
    assert queue is not None
    assert queue.length == 2
    assert queue.blocked_by is not None
    assert queue.blocked_by.profile_name == "foreign"
    idle = report(profiles=[make_profile("foreign", ProfileState.CREATING)]).status.queue
    assert idle is not None
    assert (idle.length, idle.blocked_by) == (0, None)


def test_only_classes_of_this_cluster_are_reported_and_a_retry_is_noted() -> None:
    mine = make_class(annotations={"fargateclaims.dev/retry": "now"})
    decided = plan(make_facts(classes=[make_class("other", clusterARN=str(OTHER_ARN)), mine]))
    assert [found.cls.metadata.name for found in decided.classes] == ["standard"]
    assert decided.classes[0].status.last_handled_retry == "now"


def test_what_was_found_before_a_restart_is_said_until_it_is_looked_at_anew() -> None:
    healthy = make_observation(inspection=healthy_inspection(), network=healthy_network())
    found = report(observation=healthy)
    before = found.status
    assert shown(found)["EgressAvailable"] == USABLE
    assert shown(report(cls=make_class(status=before.to_dict())))["EgressAvailable"] == USABLE
    edited = make_class(status=before.to_dict(), generation=2)
    assert shown(report(cls=edited))["EgressAvailable"] == ("Unknown", "NotObserved"), "it was that of another spec"
    blind = replace(healthy, classes={"standard": bad_subnets("there are none")})
    assert shown(report(cls=make_class(status=before.to_dict()), observation=blind))["EgressAvailable"] == ("Unknown", "NotObserved")
