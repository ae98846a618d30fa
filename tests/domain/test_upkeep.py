"""What a claim that lives needs next: a table of what EKS has, what the claim asks for, and the one step that follows."""

from dataclasses import replace
from typing import Any

import pytest

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import OperationType
from fargateclaims.domain.assessment import Step
from fargateclaims.domain.facts import Facts, Namespace, Outcome
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.identity import Identity
from fargateclaims.domain.names import stem
from fargateclaims.domain.observation import Quotas
from fargateclaims.domain.plan import Action, plan
from fargateclaims.domain.profile import ProfileSelector, ProfileState
from support.builders import (
    CLASS_FACTS,
    CLUSTER,
    INSTALLATION,
    NOW,
    OTHER_ARN,
    OTHER_ROLE,
    ROLE,
    SUBNETS,
    after,
    bad_role,
    bad_subnets,
    deleting,
    edited,
    later,
    make_claim,
    make_class,
    make_facts,
    make_observation,
    make_profile,
    message,
    ready,
    report_of,
    settled,
    unread_subnets,
)

CREATING, ACTIVE, DELETING = ProfileState.CREATING, ProfileState.ACTIVE, ProfileState.DELETING
CREATE_FAILED, DELETE_FAILED = ProfileState.CREATE_FAILED, ProfileState.DELETE_FAILED
SELECTIVE = {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"a": "b"}}}}
LABELS = [{"labels": {"app": "web"}}]
STEM = stem("{namespace}-{name}", Identity(INSTALLATION, "shop", "checkout"))


def only_action(facts: Facts) -> Action:
    action = plan(facts).action
    assert action is not None
    return action


def verdict(facts: Facts, claim: FargateProfileClaim) -> tuple[str, str]:
    decided = plan(facts)
    assert decided.action is None
    return ready(report_of(decided, claim))


def test_a_new_claim_gets_a_profile_with_everything_that_it_asked_for() -> None:
    claim = make_claim(selectors=[{"labels": {"app": "web"}}, {"namespace": "legacy"}], tags={"team": "blue", "owner": "me"})
    action = only_action(make_facts(claim, classes=[make_class(tags={"owner": "platform"})]))
    spec = action.work.spec
    assert action.work.step is Step.CREATE
    assert action.work.operation is OperationType.CREATE
    assert spec is not None
    assert spec.name == f"{STEM}-9999"
    assert [(selector.namespace, dict(selector.labels)) for selector in spec.selectors] == [("shop", {"app": "web"}), ("legacy", {})]
    assert spec.pod_execution_role_arn == ROLE
    assert spec.subnet_ids == SUBNETS
    assert spec.tags == {"team": "blue", "owner": "platform", **Identity(INSTALLATION, "shop", "checkout").tags("standard")}


def test_an_active_profile_as_specified_needs_nothing() -> None:
    claim = make_claim()
    facts = make_facts(claim, profiles=[make_profile(owner=claim)])
    assert verdict(facts, claim) == ("True", "Active")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"selectors": (make_profile(labels={"app": "x"}).selectors[0],)}, "selectors"),
        ({"pod_execution_role_arn": OTHER_ROLE}, "role"),
        ({"subnet_ids": ("subnet-0ccccccccc",)}, "subnets"),
    ],
)
def test_what_eks_cannot_change_is_replaced(change: dict[str, Any], field: str) -> None:
    claim, cls = make_claim(), make_class(subnets={"from": "IDs", "ids": list(SUBNETS)})
    fresh = settled(claim, make_facts(claim))  # its status has the class's values
    facts = make_facts(fresh, classes=[cls], profiles=[replace(make_profile(f"{STEM}-9999", owner=claim), **change)])
    action = only_action(facts)
    assert (action.work.operation, action.work.step, action.work.profile_name) == (OperationType.REPLACE, Step.CREATE, f"{STEM}-9998")
    never = settled(claim, make_facts(claim))
    facts = replace(facts, claims=(edited(never, replacement="Never"),))
    assert verdict(facts, claim) == ("False", "Outdated")
    assert field in message(report_of(plan(facts), claim))


def test_selectors_and_subnets_in_another_order_are_the_same() -> None:
    claim = make_claim(selectors=[{"labels": {"a": "1"}}, {"labels": {"b": "2"}}])
    turned = (ProfileSelector("shop", {"b": "2"}), ProfileSelector("shop", {"a": "1"}))
    profile = make_profile(owner=claim, subnet_ids=SUBNETS[::-1], selectors=turned)
    assert verdict(make_facts(claim, profiles=[profile]), claim) == ("True", "Active")


# CreateFirst: successor, ACTIVE, then the predecessor goes.

OLD, NEW = f"{STEM}-9999", f"{STEM}-9998"


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({OLD: ACTIVE}, (Step.CREATE, NEW)),
        ({OLD: ACTIVE, NEW: CREATING}, None),
        ({OLD: ACTIVE, NEW: ACTIVE}, (Step.DELETE, OLD)),
        ({OLD: DELETING, NEW: ACTIVE}, None),
        ({OLD: DELETE_FAILED, NEW: ACTIVE}, (Step.DELETE, OLD)),
        ({OLD: ACTIVE, NEW: CREATE_FAILED}, (Step.DELETE, NEW)),
        ({NEW: ACTIVE}, None),
    ],
)
def test_create_first_step_by_step(states: dict[str, ProfileState], expected: tuple[Step, str] | None) -> None:
    claim = make_claim(selectors=LABELS, generation=2, status={"observedGeneration": 2})
    profiles = [
        make_profile(name, state, owner=claim, labels={"app": "web"} if name == NEW else {}, created_at=NOW)
        for name, state in states.items()
    ]
    facts = make_facts(claim, profiles=profiles)
    decided = plan(facts)
    if decided.action is None and expected is not None:  # the first failure of a profile waits for a moment
        facts = later(replace(facts, claims=(settled(claim, facts),)), 3)
        decided = plan(facts)
    done = decided.action and (decided.action.work.step, decided.action.work.profile_name)
    assert done == expected


def test_delete_first_deletes_and_then_creates_before_everything_else() -> None:
    other = make_claim("other", created=after(-999))
    claim = make_claim(profileName="fixed", selectors=LABELS, generation=2, status={"observedGeneration": 1})
    facts = make_facts(claim, profiles=[make_profile("fixed", owner=claim)])
    action = only_action(facts)
    assert (action.work.step, action.work.profile_name, action.work.urgent) == (Step.DELETE, "fixed", False)
    between = settled(claim, facts)
    facts = make_facts(between, other, now=after(90), outcomes={claim.metadata.uid: Outcome(action.start_time, after(1))})
    action = only_action(facts)
    assert (action.claim.metadata.name, action.work.step, action.work.operation) == ("checkout", Step.CREATE, OperationType.REPLACE)


def test_a_class_with_create_first_means_delete_first_for_a_fixed_name_and_never_otherwise() -> None:
    for policy, step in (("CreateFirst", Step.DELETE), ("DeleteFirst", Step.DELETE)):
        claim = make_claim(profileName="fixed", selectors=LABELS)
        facts = make_facts(claim, profiles=[make_profile("fixed", owner=claim)], classes=[make_class(replacement=policy)])
        assert only_action(facts).work.step is step
    claim = make_claim(selectors=LABELS)
    facts = make_facts(claim, profiles=[make_profile(OLD, owner=claim)], classes=[make_class(replacement="DeleteFirst")])
    assert only_action(facts).work.step is Step.DELETE


@pytest.mark.parametrize(
    "fields",
    [
        {"classes": {"standard": bad_subnets("no subnet is private")}},
        {"classes": {"standard": bad_role("the role does not exist")}},
        {"cluster": replace(CLUSTER, status="FAILED")},
        {"quotas": Quotas(profiles_per_cluster=0)},
        {"quotas": Quotas(selectors_per_profile=0)},
        {"quotas": Quotas(labels_per_selector=0)},
        {"classes": {}},
    ],
)
def test_a_working_profile_never_goes_for_one_that_could_not_be_made(fields: dict[str, Any]) -> None:
    claim = settled(make_claim(replacement="DeleteFirst"), make_facts(make_claim(), profiles=[make_profile(OLD, owner=make_claim())]))
    claim = edited(claim, selectors=LABELS)
    facts = make_facts(claim, observation=make_observation(make_profile(OLD, owner=claim), **fields))
    decided = plan(facts)
    assert decided.action is None
    assert decided.queue_length == 0


@pytest.mark.parametrize("selectors", [[{"namespace": name} for name in "abcdef"], [{"labels": dict.fromkeys("abcdef", "x")}]])
def test_delete_first_does_not_try_what_may_be_over_an_unknown_quota(selectors: list[Any]) -> None:
    first = make_claim(replacement="DeleteFirst")
    facts = make_facts(edited(first, selectors=selectors), profiles=[make_profile(OLD, owner=first)])
    assert verdict(facts, first) == ("False", "Invalid")
    assert "spec.selectors" in message(report_of(plan(facts), first))
    # A create asks EKS itself: its quota may have been raised.
    assert only_action(make_facts(make_claim(selectors=selectors))).work.step is Step.CREATE


def test_never_a_third_profile_a_replacement_ends_before_the_next_begins() -> None:
    claim = make_claim(selectors=[{"labels": {"app": "third"}}], generation=3)
    old, new = make_profile(OLD, owner=claim), make_profile(NEW, owner=claim, labels={"app": "second"})
    action = only_action(make_facts(claim, profiles=[old, new]))
    assert (action.work.step, action.work.profile_name, action.work.urgent) == (Step.DELETE, OLD, True)
    action = only_action(make_facts(claim, profiles=[new]))
    assert (action.work.step, action.work.operation) == (Step.CREATE, OperationType.REPLACE)
    assert action.work.profile_name < NEW


@pytest.mark.parametrize(
    "states", [{OLD: ACTIVE}, {OLD: ACTIVE, NEW: ACTIVE}, {OLD: ACTIVE, NEW: CREATE_FAILED}, {OLD: DELETE_FAILED, NEW: ACTIVE}]
)
def test_for_a_spec_that_cannot_be_read_nothing_is_changed(states: dict[str, ProfileState]) -> None:
    claim = make_claim(generation=3)
    unread = claim.model_copy(update={"spec": claim.spec.model_copy(update={"selectors": ()})})
    profiles = [make_profile(name, state, owner=claim) for name, state in states.items()]
    facts = make_facts(unread, profiles=profiles, malformed={claim.metadata.uid: "spec.selectors: is required"})
    assert verdict(facts, claim) == ("False", "Invalid")
    assert message(report_of(plan(facts), claim)) == "spec.selectors: is required"


def test_a_claim_whose_spec_cannot_be_read_can_still_be_deleted() -> None:
    claim = deleting(make_claim())
    profiles = [make_profile(OLD, owner=claim), make_profile(NEW, owner=claim)]
    facts = make_facts(claim, profiles=profiles, malformed={claim.metadata.uid: "spec.selectors: is required"})
    assert only_action(facts).work.step is Step.DELETE


def test_nothing_is_deleted_for_a_spec_that_is_refused() -> None:
    claim = make_claim(selectors=[{"labels": {"app": "third"}}], generation=3, tags={"a": "b"})
    profiles = [make_profile(OLD, owner=claim), make_profile(NEW, owner=claim, labels={"app": "second"})]
    refusing = make_class(claims={"namespaces": {"from": "All"}, "tagKeys": []})
    assert verdict(make_facts(claim, classes=[refusing], profiles=profiles), claim) == ("False", "NotAllowed")


def test_an_edit_taken_back_keeps_the_first_profile() -> None:
    claim = make_claim(generation=3)
    facts = make_facts(claim, profiles=[make_profile(OLD, owner=claim), make_profile(NEW, owner=claim, labels={"app": "second"})])
    action = only_action(facts)
    assert (action.work.step, action.work.profile_name) == (Step.DELETE, NEW)


def test_a_lost_profile_is_restored_before_the_rest_with_the_values_that_it_had() -> None:
    claim = make_claim()
    was = settled(claim, make_facts(claim, profiles=[make_profile(OLD, owner=claim)]))
    newer = make_class(podExecutionRoleARN=OTHER_ROLE)
    earlier = make_claim("earlier", created=after(-999))
    facts = make_facts(earlier, was, classes=[newer])
    for _ in range(2):  # also when it has to wait and was reported in between
        action = only_action(facts)
        assert action.claim.metadata.name == "checkout"
        assert action.work.spec is not None
        assert action.work.spec.pod_execution_role_arn == ROLE
        facts = make_facts(earlier, settled(was, replace(facts, may_mutate=False)), classes=[newer])


# Names.


def test_a_fixed_name_is_used() -> None:
    assert only_action(make_facts(make_claim(profileName="mine"))).work.profile_name == "mine"


def test_names_that_are_used_up_are_a_conflict() -> None:
    claim = make_claim()
    facts = make_facts(claim, profiles=[make_profile(f"{STEM}-0000")])
    assert verdict(facts, claim) == ("False", "Conflict")
    assert "rename the claim" in message(report_of(plan(facts), claim))


# Tags follow without a replacement.


def test_missing_tags_are_set_and_dropped_ones_removed() -> None:
    claim = make_claim(tags={"team": "blue"})
    profile = make_profile(owner=claim, tags={"foreign": "stays"})
    facts = make_facts(claim, profiles=[profile])
    action = only_action(facts)
    assert (action.work.step, dict(action.work.tags)) == (Step.TAG, {"team": "blue"})
    tagged = replace(profile, tags={**profile.tags, "team": "blue"})
    outcomes = {claim.metadata.uid: Outcome(action.start_time, NOW)}
    facts = make_facts(edited(settled(claim, facts), tags={}), profiles=[tagged], outcomes=outcomes)
    for _ in range(2):  # the key is remembered until the tag is gone
        action = only_action(facts)
        assert (action.work.step, action.work.tag_keys) == (Step.UNTAG, ("team",))
        claim = settled(facts.claims[0], facts)
        facts = make_facts(claim, profiles=[tagged], outcomes={claim.metadata.uid: Outcome(action.start_time, NOW)})
    claim = settled(claim, make_facts(claim, profiles=[profile], now=after(60)))
    assert claim.status.resolved is not None
    facts = make_facts(claim, profiles=[profile], now=after(61))
    assert plan(facts).action is None
    assert settled(claim, facts).status.resolved == replace_keys(claim, ())


def replace_keys(claim: FargateProfileClaim, keys: tuple[str, ...]) -> object:
    assert claim.status.resolved is not None
    return claim.status.resolved.model_copy(update={"tag_keys": keys})


def test_the_tags_of_a_pinned_profile_are_left_alone() -> None:
    claim = make_claim()
    was = settled(claim, make_facts(claim, profiles=[make_profile(owner=claim)]))
    facts = make_facts(was, profiles=[make_profile(owner=claim)], classes=[make_class(tags={"new": "1"})])
    assert verdict(facts, claim) == ("True", "Active")


# What stands in the way.


@pytest.mark.parametrize(
    ("claim", "fields", "reason", "words"),
    [
        ({"namespace": "shop", "annotations": {"fargateclaims.dev/paused": "true"}}, {}, "Paused", "the claim's annotation"),
        ({}, {"classes": [make_class(annotations={"fargateclaims.dev/paused": "true"})]}, "Paused", 'annotation of class "standard"'),
        ({}, {"namespaces": {"shop": Namespace(terminating=True)}}, "Pending", "namespace shop is terminating"),
        ({}, {"classes": []}, "ClassNotFound", 'spec.className: there is no FargateProfileClass "standard"'),
        ({}, {"classes": [], "malformed_classes": {"standard": "spec: is required"}}, "ClassNotReady", "spec: is required"),
        ({}, {"classes": [make_class(deleted=NOW, finalizers=["x"])]}, "ClassNotReady", "takes no new claim"),
        ({}, {"observation": make_observation(cluster=replace(CLUSTER, status="CREATING"))}, "ClusterNotActive", "is CREATING"),
        ({}, {"observation": make_observation(cluster=replace(CLUSTER, status="UPDATING"))}, "ClusterUpdating", "is UPDATING since"),
        ({}, {"observation": make_observation(classes={})}, "Pending", "a first look at the role and the subnets"),
        (
            {},
            {"observation": make_observation(classes={"standard": bad_subnets("subnet-1 is public")})},
            "ClassNotReady",
            'class "standard": subnet-1 is public',
        ),
        (
            {},
            {"observation": make_observation(classes={"standard": unread_subnets("no ec2 permission")})},
            "ClassNotReady",
            "no ec2 permission",
        ),
        ({}, {"observation": make_observation(classes={"standard": replace(CLASS_FACTS, subnet_ids=())})}, "ClassNotReady", "not known"),
        ({}, {"malformed": {"uid-shop-checkout": "spec.selectors: is required"}}, "Invalid", "spec.selectors: is required"),
        ({}, {"observation": make_observation(quotas=Quotas(profiles_per_cluster=0))}, "QuotaExceeded", "its quota is 0"),
        ({}, {"observation": make_observation(quotas=Quotas(selectors_per_profile=0))}, "Invalid", "the account's quota is 0"),
        (
            {"selectors": [{"labels": {"a": "1", "b": "2"}}]},
            {"observation": make_observation(quotas=Quotas(labels_per_selector=1))},
            "Invalid",
            "a selector has 2 labels",
        ),
        (
            {"namespace": "data"},
            {"classes": [make_class(claims=SELECTIVE)]},
            "NotAllowed",
            "metadata.namespace",
        ),
        ({}, {"classes": [make_class(claims=SELECTIVE)], "namespaces": {}}, "Pending", "namespace shop has not been seen yet"),
        ({}, {"observation": make_observation(profiles=None)}, "Pending", "a first look at cluster prod"),
    ],
)
def test_obstacles(claim: dict[str, Any], fields: dict[str, Any], reason: str, words: str) -> None:
    made = make_claim(**claim)
    facts = make_facts(made, **fields)
    decided = plan(facts)
    assert decided.action is None
    assert ready(report_of(decided, made))[1] == reason
    assert words in message(report_of(decided, made))


def test_more_tags_than_eks_takes() -> None:
    claim, cls = make_claim(tags={f"c{n}": "" for n in range(20)}), make_class(tags={f"k{n}": "" for n in range(20)})
    assert plan(make_facts(claim, classes=[cls])).action is not None
    crowded = replace(make_facts(claim, classes=[cls]), rules=make_facts().rules)
    many = cls.model_copy(update={"spec": cls.spec.model_copy(update={"tags": {f"k{n}": "" for n in range(40)}})})
    facts = replace(crowded, classes={"standard": many})
    assert verdict(facts, claim) == ("False", "Invalid")
    assert "64 tags" in message(report_of(plan(facts), claim))


def test_a_class_that_now_means_another_cluster_is_a_conflict() -> None:
    claim = make_claim()
    was = settled(claim, make_facts(claim, profiles=[make_profile(owner=claim)]))
    facts = make_facts(was, profiles=[make_profile(owner=claim)], classes=[make_class(clusterARN=str(OTHER_ARN))])
    decided = plan(facts)
    assert decided.action is None
    assert "make a new claim" in message(report_of(decided, claim))
    assert ready(report_of(decided, claim)) == ("True", "ClassConflict")  # what works goes on working
    edit = edited(was, selectors=LABELS)
    assert verdict(replace(facts, claims=(edit,)), claim) == ("False", "ClassConflict")


def test_a_call_whose_outcome_is_unknown_holds_the_slot_though_the_class_is_gone() -> None:
    claim = make_claim()
    facts = make_facts(claim)
    action = only_action(facts)
    begun = settled(claim, facts)
    lost = Failure(FailureClass.UNAVAILABLE, "ReadTimeoutError", "no answer", "CreateFargateProfile", outcome_unknown=True)
    other = make_claim("other", className="second")
    seen = make_observation(classes={"standard": CLASS_FACTS, "second": CLASS_FACTS})
    facts = make_facts(
        begun,
        other,
        classes=[make_class("second")],
        observation=seen,
        now=after(5),
        outcomes={claim.metadata.uid: Outcome(action.start_time, after(1), lost)},
    )
    assert plan(facts).action is None
    assert plan(later(facts, 30)).action is not None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FailureClass.UNAVAILABLE, ("True", "Unavailable")),
        (FailureClass.THROTTLED, ("True", "Throttled")),
        (FailureClass.UNAUTHORIZED, ("True", "Active")),
    ],
)
def test_an_outage_takes_nothing_from_a_claim_that_works(kind: FailureClass, expected: tuple[str, str]) -> None:
    claim = make_claim()
    was = settled(claim, make_facts(claim, profiles=[make_profile(owner=claim)]))
    failure = Failure(kind, "Code", "words of AWS", "ListFargateProfiles")
    facts = make_facts(was, observation=make_observation(make_profile(owner=claim), failure=failure))
    assert verdict(facts, claim) == expected


def test_a_profile_that_is_the_same_is_adopted_by_its_tags_and_then_kept() -> None:
    claim = make_claim(profileName="fixed", existingProfile="AdoptIfIdentical", tags={"team": "blue"})
    found = make_profile("fixed", tags={"by": "terraform"})
    facts = make_facts(claim, profiles=[found])
    action = only_action(facts)
    assert (action.work.step, action.work.operation, action.work.profile) == (Step.TAG, OperationType.TAG, found)
    assert settled(claim, facts).status.profile is None, "it is not the claim's yet"
    ours = replace(found, tags={**found.tags, **dict(action.work.tags)})
    known = {claim.metadata.uid: Outcome(action.start_time, NOW)}
    following = only_action(make_facts(settled(claim, facts), profiles=[ours], outcomes=known))
    assert (following.work.step, dict(following.work.tags)) == (Step.TAG, {"team": "blue"})


def test_a_class_that_is_being_deleted_adopts_nothing() -> None:
    claim, leaving = make_claim(profileName="fixed", existingProfile="AdoptIfIdentical"), make_class(deleted=NOW, finalizers=["x"])
    facts = make_facts(claim, classes=[leaving], profiles=[make_profile("fixed")])
    assert verdict(facts, claim) == ("False", "ClassNotReady")
    assert "takes no new claim" in message(report_of(plan(facts), claim))
    differs = replace(facts, observation=make_observation(make_profile("fixed", labels={"a": "b"})))
    assert verdict(differs, claim) == ("False", "ClassNotReady"), "no other name would help"


def test_the_tags_of_a_profile_follow_though_its_class_is_being_deleted() -> None:
    claim = make_claim(tags={"team": "blue"})
    facts = make_facts(claim, classes=[make_class(deleted=NOW, finalizers=["x"])], profiles=[make_profile(owner=claim)])
    assert only_action(facts).work.step is Step.TAG


def test_a_profile_that_somebody_else_deletes_and_that_does_not_go_is_told_after_the_deadline() -> None:
    claim = make_claim()
    going = make_profile(OLD, DELETING, owner=claim)
    facts = make_facts(claim, profiles=[going], moving_since={going.arn: NOW})
    assert verdict(facts, claim) == ("Unknown", "Replacing")
    assert verdict(later(facts, 1800), claim) == ("False", "TimedOut")


def test_all_attempts_used_up_is_said_also_while_the_remains_wait_to_be_cleared_away() -> None:
    claim = make_claim(status={"observedGeneration": 1, "failedAttempts": 2})
    facts = make_facts(claim, profiles=[make_profile(OLD, CREATE_FAILED, owner=claim), make_profile("foreign", CREATING, created_at=NOW)])
    assert verdict(facts, claim) == ("False", "CreateFailed")
    assert plan(facts).queue_length == 1
