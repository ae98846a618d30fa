"""What stands in the way of a claim's work apart from its turn: each obstacle's reason and sentence, and what comes first."""

from dataclasses import replace
from typing import Any

import pytest

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import OperationType, ResolvedClass
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.group import FINALIZER, PAUSED
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import Assessment, Step, Verdict, Work
from fargateclaims.domain.facts import Facts, Namespace
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.observation import ClassFacts, Quotas
from fargateclaims.domain.obstacles import hard_obstacle, lack_of_place, obstacle_to_create, passing_obstacle
from support.builders import (
    CLASS_FACTS,
    CLUSTER,
    NOW,
    SUBNETS,
    bad_role,
    bad_subnets,
    make_claim,
    make_class,
    make_facts,
    make_observation,
    make_profile,
    unread_role,
    unread_subnets,
)

CLAIM = make_claim()
CLASS = make_class()
OUTAGE = Failure(FailureClass.UNAVAILABLE, "500", "internal error")
CREATE = Work(OperationType.CREATE, Step.CREATE, "new")
DELETE_FIRST = Work(OperationType.REPLACE, Step.DELETE, "old")
CREATE_FIRST = Work(OperationType.REPLACE, Step.CREATE, "new")


def selectors(count: int, labels: int = 0) -> list[dict[str, Any]]:
    """So many selectors, of which the last has so many labels."""
    return [{"labels": {f"own-{number}": "x"}} for number in range(count - 1)] + [
        {"labels": {f"k{number}": "x" for number in range(labels)}}
    ]


def quota(**limits: int) -> Quotas:
    return replace(Quotas(), **limits)


def said(verdict: Verdict | None) -> tuple[Reason, str] | None:
    return None if verdict is None else (verdict.reason, verdict.message)


# What the claim's own text forbids.


def hard(claim: FargateProfileClaim, cls: FargateProfileClass = CLASS, **facts: Any) -> tuple[Reason, str] | None:
    return said(hard_obstacle(make_facts(claim, **facts), claim, cls))


def test_nothing_forbids_an_ordinary_claim() -> None:
    assert hard(CLAIM) is None


def test_a_spec_that_cannot_be_read_is_told_before_its_class_is_asked() -> None:
    stranger = make_class(claims={"namespaces": {"from": "Selector", "selector": {"matchLabels": {"x": "y"}}}})
    assert hard(CLAIM, stranger, malformed={CLAIM.metadata.uid: "spec.selectors: is required"}) == (
        Reason.INVALID,
        "spec.selectors: is required",
    )
    assert hard(CLAIM, malformed={"someone-else": "spec.selectors: is required"}) is None


def test_everything_that_the_class_does_not_allow_is_told_in_one_sentence() -> None:
    claim = make_claim(selectors=[{"namespace": "data"}], profileName="mine")
    assert hard(claim, make_class(claims={"namespaces": {"from": "All"}})) == (
        Reason.NOT_ALLOWED,
        (
            'spec.selectors[0].namespace: class "standard" lets namespace "shop" select only itself; "data" was asked for; '
            'spec.profileName: class "standard" names profiles itself; remove the field'
        ),
    )


PICKY = make_class(claims={"namespaces": {"from": "Selector", "selector": {"matchLabels": {"fargate": "allowed"}}}})


def test_the_labels_of_the_claims_namespace_count() -> None:
    assert hard(CLAIM, PICKY, namespaces={"shop": Namespace({"fargate": "allowed"})}) is None
    refused = hard(CLAIM, PICKY, namespaces={"shop": Namespace(), "data": Namespace({"fargate": "allowed"})})
    assert refused is not None
    assert refused[0] is Reason.NOT_ALLOWED


def test_a_namespace_that_was_not_seen_yet_is_waited_for_where_its_labels_count() -> None:
    assert hard(CLAIM, PICKY, namespaces={}) == (Reason.PENDING, "namespace shop has not been seen yet")
    assert hard(CLAIM, namespaces={}) is None


def test_what_is_wrong_whatever_the_namespace_turns_out_to_be_is_told_at_once() -> None:
    refused = hard(make_claim(profileName="mine"), PICKY, namespaces={})
    assert refused == (Reason.NOT_ALLOWED, 'spec.profileName: class "standard" names profiles itself; remove the field')
    invalid = hard(CLAIM, PICKY, namespaces={}, observation=make_observation(quotas=quota(selectors_per_profile=0)))
    assert invalid is not None
    assert invalid[0] is Reason.INVALID


def test_tags_are_counted_with_those_of_the_class_and_the_operator_and_each_key_once() -> None:
    # The API server takes 20 of each, so 44 is the most that passes it; what is stored may be older than that rule.
    few = {f"k{number}": "1" for number in range(20)}
    claim, cls = make_claim(tags=few), make_class(tags=few)
    many = cls.model_copy(update={"spec": cls.spec.model_copy(update={"tags": {f"c{number}": "1" for number in range(26)} | few})})
    more = cls.model_copy(update={"spec": cls.spec.model_copy(update={"tags": {f"c{number}": "1" for number in range(27)} | few})})
    assert hard(claim, cls) is None
    assert hard(claim, many) is None
    assert hard(claim, more) == (
        Reason.INVALID,
        "spec.tags: 51 tags with the class's and the operator's own; EKS takes at most 50",
    )


@pytest.mark.parametrize(
    ("asked", "quotas", "message"),
    [
        (selectors(6), quota(), None),
        (selectors(6), quota(selectors_per_profile=6), None),
        (
            selectors(6),
            quota(selectors_per_profile=5),
            "spec.selectors: 6 selectors; the account's quota is 5 (L-D78D8AF8)",
        ),
        (selectors(1, labels=6), quota(), None),
        (selectors(2, labels=6), quota(labels_per_selector=6), None),
        (
            selectors(2, labels=6),
            quota(labels_per_selector=5),
            "spec.selectors: a selector has 6 labels; the account's quota is 5 (L-23414FF3)",
        ),
        (
            selectors(6, labels=6),
            quota(selectors_per_profile=5, labels_per_selector=5),
            "spec.selectors: 6 selectors; the account's quota is 5 (L-D78D8AF8)",
        ),
    ],
)
def test_a_quota_of_selectors_or_labels_that_is_known_is_kept(asked: list[dict[str, Any]], quotas: Quotas, message: str | None) -> None:
    found = hard(make_claim(selectors=asked), observation=make_observation(quotas=quotas))
    assert found == ((Reason.INVALID, message) if message else None)


# What passes.


def passing(claim: FargateProfileClaim, cls: FargateProfileClass = CLASS, **facts: Any) -> tuple[Reason, str] | None:
    return said(passing_obstacle(make_facts(claim, **facts), claim, cls))


def test_nothing_holds_up_an_ordinary_claim() -> None:
    assert passing(CLAIM) is None


def test_a_pause_says_what_to_remove_and_comes_first() -> None:
    paused = make_claim(annotations={PAUSED: "true"})
    assert passing(paused, observation=make_observation(failure=OUTAGE)) == (
        Reason.PAUSED,
        "paused by the claim's annotation; remove it to go on",
    )
    assert passing(CLAIM, make_class(annotations={PAUSED: "true"})) == (
        Reason.PAUSED,
        'paused by the annotation of class "standard"; remove it to go on',
    )


def test_a_namespace_that_is_terminating_gets_nothing_new() -> None:
    ending = {"shop": Namespace(terminating=True)}
    assert passing(CLAIM, namespaces=ending) == (Reason.PENDING, "namespace shop is terminating: nothing new is made for it")
    assert passing(make_claim(finalizers=["other/finalizer"]), namespaces=ending) is not None
    # With our finalizer something was begun, and is brought to its end.
    assert passing(make_claim(finalizers=[FINALIZER]), namespaces=ending) is None
    assert passing(CLAIM, namespaces={"data": Namespace(terminating=True)}) is None, "it was not seen yet, and may be a new one"


def test_a_cluster_that_cannot_be_read_is_left_alone() -> None:
    found = passing(CLAIM, observation=make_observation(failure=OUTAGE))
    assert found is not None
    assert found[0] is Reason.UNAVAILABLE


# What stands in the way of a new profile.


def to_create(
    claim: FargateProfileClaim = CLAIM,
    cls: FargateProfileClass = CLASS,
    work: Work = CREATE,
    resolved: ResolvedClass | None = ResolvedClass(subnet_ids=SUBNETS),  # noqa: B008
    **observed: Any,
) -> tuple[Reason, str] | None:
    facts = make_facts(claim, observation=make_observation(**observed))
    return said(obstacle_to_create(facts, Assessment(claim, cls, resolved=resolved), work))


def test_nothing_stands_in_the_way_of_a_profile_under_a_usable_class() -> None:
    assert to_create() is None


def test_a_class_that_is_being_deleted_takes_no_new_claim() -> None:
    assert to_create(cls=make_class(deleted=NOW), cluster=replace(CLUSTER, status="CREATING")) == (
        Reason.CLASS_NOT_READY,
        'class "standard" is being deleted and takes no new claim',
    )


def test_a_cluster_that_is_not_active_takes_no_profile() -> None:
    found = to_create(cluster=replace(CLUSTER, status="CREATING"), classes={})
    assert found is not None
    assert found[0] is Reason.CLUSTER_NOT_ACTIVE


def test_a_cluster_that_is_updating_takes_no_profile_and_nobody_need_mend_that() -> None:
    found = to_create(cluster=replace(CLUSTER, status="UPDATING"))
    assert found is not None
    assert found[0] is Reason.CLUSTER_UPDATING
    assert to_create(work=DELETE_FIRST, cluster=replace(CLUSTER, status="UPDATING")) == found, "the old profile stays until then"


def test_a_cluster_where_there_is_no_fargate_takes_no_profile_whatever_else_is_said_of_the_class() -> None:
    """EKS would refuse it, which the class says already."""
    found = to_create(cluster=replace(CLUSTER, on_outposts=True), classes={"standard": bad_subnets("subnet-9 is public")})
    where = f"cluster {CLUSTER.name} is a local cluster on AWS Outposts, where there is no Fargate"
    assert found == (Reason.CLASS_NOT_READY, f'class "standard": {where}; name a cluster in an AWS Region in a new class')


def test_role_and_subnets_are_looked_at_before_anything_is_made() -> None:
    assert to_create(classes={"other": CLASS_FACTS}) == (
        Reason.PENDING,
        'waiting for a first look at the role and the subnets of class "standard"',
    )


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (bad_subnets("subnet-9 is public"), "subnet-9 is public"),
        (bad_role("the role does not exist"), "the role does not exist"),
        (replace(bad_subnets("no subnet"), role=bad_role("no role").role), "no subnet"),
    ],
)
def test_a_problem_of_the_class_holds_creates(seen: ClassFacts, why: str) -> None:
    assert to_create(classes={"standard": seen}) == (Reason.CLASS_NOT_READY, f'class "standard": {why}')


def test_what_may_not_be_read_holds_nothing_as_long_as_there_are_subnets() -> None:
    blind = replace(unread_subnets("no permission ec2:DescribeSubnets"), role=unread_role("no permission iam:GetRole").role)
    assert to_create(classes={"standard": blind}) is None
    for none in (None, ResolvedClass()):
        assert to_create(classes={"standard": blind}, resolved=none) == (
            Reason.CLASS_NOT_READY,
            'class "standard": its subnets are not known: no permission ec2:DescribeSubnets',
        )


def test_without_subnets_and_without_a_reason_that_itself_is_said() -> None:
    assert to_create(resolved=None) == (Reason.CLASS_NOT_READY, 'class "standard": its subnets are not known')


@pytest.mark.parametrize(
    ("asked", "quotas", "message"),
    [
        (selectors(5, labels=5), quota(), None),
        (selectors(6), quota(), "spec.selectors: 6 selectors may be over the quota, so the working profile is kept"),
        (selectors(6), quota(selectors_per_profile=6), None),
        (selectors(1, labels=6), quota(), "spec.selectors: the labels of a selector may be over the quota, so the working profile is kept"),
        (selectors(1, labels=6), quota(labels_per_selector=6), None),
    ],
)
def test_a_working_profile_never_goes_for_one_that_may_be_over_an_unknown_quota(
    asked: list[dict[str, Any]], quotas: Quotas, message: str | None
) -> None:
    claim = make_claim(selectors=asked)
    assert to_create(claim, work=DELETE_FIRST, quotas=quotas) == ((Reason.INVALID, message) if message else None)
    # Where nothing is lost, EKS is asked.
    assert to_create(claim, work=CREATE, quotas=quotas) is None


# The quota of profiles.


def full(*, limit: int | None = 2, present: int = 2) -> Facts:
    profiles = [make_profile(f"p{number}") for number in range(present)]
    return make_facts(CLAIM, observation=make_observation(*profiles, quotas=Quotas(profiles_per_cluster=limit)))


def place(work: Work, facts: Facts, **assessed: Any) -> tuple[Reason, str] | None:
    return said(lack_of_place(facts, Assessment(CLAIM, CLASS, **assessed), work))


def test_a_place_that_is_free_or_an_unknown_quota_holds_nothing() -> None:
    assert place(CREATE, full(present=1)) is None
    assert place(CREATE, full(limit=None)) is None


def test_a_new_profile_without_a_place_says_the_numbers_and_what_helps() -> None:
    assert place(CREATE, full()) == (
        Reason.QUOTA_EXCEEDED,
        ("cluster prod has 2 profiles and its quota is 2 (Service Quotas L-33415657): raise it, or delete a profile that is not needed"),
    )


def test_a_successor_without_a_place_leaves_the_working_profile() -> None:
    assert place(CREATE_FIRST, full(), profile=make_profile("p0")) == (
        Reason.WAITING_FOR_QUOTA,
        ("cluster prod has 2 profiles and its quota is 2 (Service Quotas L-33415657); profile p0 stays until its successor has a place"),
    )


def test_a_lost_profile_without_a_place_has_nothing_that_stays() -> None:
    found = place(CREATE_FIRST, full())
    assert found is not None
    assert found[0] is Reason.QUOTA_EXCEEDED


def test_a_profile_that_is_deleted_first_makes_its_own_place() -> None:
    assert place(DELETE_FIRST, full(), profile=make_profile("p0")) is None
    assert place(DELETE_FIRST, full(present=3), profile=make_profile("p0")) is not None


@pytest.mark.parametrize(
    ("others", "shown", "kept"),
    [
        (["search"], True, "(claim shop/search)"),
        (["search", "cart"], True, "(claim shop/cart and 1 more)"),
        (["search"], False, "(another claim)"),
    ],
)
def test_a_place_that_is_kept_for_somebody_is_explained(others: list[str], shown: bool, kept: str) -> None:  # noqa: FBT001
    between = {"operation": {"type": "Replace", "state": "Queued", "profileName": "x", "queueTime": NOW}}
    claims = [make_claim(name, status=between) for name in others]
    observation = make_observation(make_profile("p0"), quotas=Quotas(profiles_per_cluster=1 + len(others)))
    facts = make_facts(CLAIM, *claims, observation=observation)
    facts = replace(facts, rules=replace(facts.rules, show_blocking_claim=shown))
    found = place(CREATE, facts)
    assert found is not None
    start = f"cluster prod has 1 profiles, keeps a place for each of the claims that are between two profiles {kept}, and its quota is "
    assert found[1].startswith(start)
