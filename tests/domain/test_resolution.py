"""Which values of a class are in effect for a claim, after edits, retries and changes of the class, and with or without its status."""

from dataclasses import replace
from typing import Any

import pytest

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import ClaimStatus
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.observation import ClassFacts
from fargateclaims.domain.profile import Profile
from fargateclaims.domain.resolution import Target, revision, target
from support.builders import (
    CLASS_FACTS,
    OTHER_ROLE,
    ROLE,
    SUBNETS,
    annotated,
    edited,
    make_claim,
    make_class,
    make_facts,
    make_observation,
    make_profile,
    settled,
    unread_subnets,
)

MORE_SUBNETS = ("subnet-0cccccccc", "subnet-0dddddddd")
WEB = [{"labels": {"app": "web"}}]


def grown(ids: tuple[str, ...] = MORE_SUBNETS) -> ClassFacts:
    return replace(CLASS_FACTS, subnet_ids=ids)


def at_rest() -> FargateProfileClaim:
    """A claim whose profile was made with the class as the builders have it."""
    claim = make_claim()
    return settled(claim, make_facts(claim, profiles=[make_profile(owner=claim)]))


def wiped(claim: FargateProfileClaim) -> FargateProfileClaim:
    return claim.model_copy(update={"status": ClaimStatus()})


def aim(claim: FargateProfileClaim, cls: FargateProfileClass, seen: ClassFacts = CLASS_FACTS, lead: Profile | None = None) -> Target:
    profile = lead or make_profile(owner=claim)
    facts: Facts = make_facts(claim, classes=[cls], observation=make_observation(profile, classes={"standard": seen}))
    return target(facts, claim, cls, profile)


def role(found: Target) -> str | None:
    return found.resolved.pod_execution_role_arn


@pytest.mark.parametrize(
    ("claim", "rollout", "expected", "changed"),
    [
        (at_rest(), "OnClaimChange", ROLE, True),
        (at_rest(), "Automatic", OTHER_ROLE, False),
        (edited(at_rest(), selectors=WEB), "OnClaimChange", OTHER_ROLE, False),
        (annotated(at_rest(), retry="1"), "OnClaimChange", OTHER_ROLE, False),
        (wiped(at_rest()), "OnClaimChange", ROLE, True),
        (wiped(at_rest()), "Automatic", OTHER_ROLE, False),
        (wiped(annotated(at_rest(), retry="1")), "OnClaimChange", ROLE, True),
    ],
    ids=["stays", "automatic", "edited", "retry", "status lost", "status lost, automatic", "status lost, old retry"],
)
def test_a_changed_role(claim: FargateProfileClaim, rollout: str, expected: str, *, changed: bool) -> None:
    found = aim(claim, make_class(podExecutionRoleARN=OTHER_ROLE, rollout=rollout))
    assert role(found) == expected
    assert found.class_changed is changed
    assert (found.tags is None) is changed


def test_an_unchanged_class_is_not_called_changed() -> None:
    for claim in (at_rest(), wiped(at_rest()), edited(at_rest(), selectors=WEB)):
        found = aim(claim, make_class())
        assert not found.class_changed
        assert found.tags is not None


def test_a_claim_without_a_profile_follows_the_class() -> None:
    claim = make_claim()
    queued = settled(claim, make_facts(claim, profiles=[make_profile("foreign")]))
    cls = make_class(podExecutionRoleARN=OTHER_ROLE)
    facts = make_facts(queued, classes=[cls])
    assert role(target(facts, queued, cls, None)) == OTHER_ROLE


@pytest.mark.parametrize(
    ("claim", "cls", "expected"),
    [
        (at_rest(), make_class(), SUBNETS),
        (at_rest(), make_class(rollout="Automatic"), SUBNETS),
        (edited(at_rest(), tags={"team": "blue"}), make_class(), SUBNETS),
        (edited(at_rest(), selectors=WEB), make_class(), MORE_SUBNETS),
        (edited(at_rest(), tags={"team": "blue"}), make_class(podExecutionRoleARN=OTHER_ROLE), MORE_SUBNETS),
        (annotated(at_rest(), retry="1"), make_class(), MORE_SUBNETS),
        (at_rest(), make_class(rollout="Automatic", subnets={"from": "IDs", "ids": list(MORE_SUBNETS)}), MORE_SUBNETS),
        (at_rest(), make_class(subnets={"from": "IDs", "ids": list(MORE_SUBNETS)}), SUBNETS),
        (wiped(at_rest()), make_class(rollout="Automatic"), SUBNETS),
    ],
)
def test_subnets_that_were_found_stay_with_the_profile_unless_it_is_replaced_anyway(
    claim: FargateProfileClaim, cls: FargateProfileClass, expected: tuple[str, ...]
) -> None:
    assert aim(claim, cls, grown()).resolved.subnet_ids == expected


def test_subnets_that_cannot_be_found_now_are_those_of_the_profile() -> None:
    unseen = unread_subnets("no permission")
    for claim in (at_rest(), wiped(at_rest()), edited(at_rest(), selectors=WEB)):
        assert aim(claim, make_class(), unseen).resolved.subnet_ids == SUBNETS


def test_how_the_cluster_is_reached_is_followed_at_once() -> None:
    access: dict[str, Any] = {"assumeRoleARN": OTHER_ROLE, "externalID": "secret-of-nobody"}
    found = aim(at_rest(), make_class(**access))
    assert (found.resolved.assume_role_arn, found.resolved.external_id) == (OTHER_ROLE, "secret-of-nobody")
    assert not found.class_changed


def test_the_claims_tags_give_way_to_the_class_s_and_to_the_operator_s() -> None:
    claim = make_claim(tags={"team": "blue", "owner": "me"})
    tags = aim(claim, make_class(tags={"owner": "platform"})).tags
    assert tags is not None
    assert (tags["team"], tags["owner"], tags["fargateclaims.dev/class"]) == ("blue", "platform", "standard")


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"selectors": ()}, "selectors", "wanted: namespace shop"),
        ({"pod_execution_role_arn": OTHER_ROLE}, "role", f"wanted: {ROLE}"),
        ({"subnet_ids": MORE_SUBNETS}, "subnets", f"subnet-0cccccccc, subnet-0dddddddd; wanted: {', '.join(SUBNETS)}"),
        ({"subnet_ids": ()}, "subnets", "none; wanted"),
    ],
)
def test_differences_name_the_field_and_both_values(change: dict[str, Any], field: str, words: str) -> None:
    (found,) = aim(at_rest(), make_class()).differences(replace(make_profile(owner=make_claim()), **change))
    assert found.startswith(field)
    assert words in found


def test_unknown_subnets_make_no_difference() -> None:
    claim = make_claim()
    cls, facts = make_class(), make_facts(claim, observation=make_observation(classes={}))
    assert target(facts, claim, cls, None).differences(make_profile(subnet_ids=MORE_SUBNETS)) == ()


@pytest.mark.parametrize(
    ("cls", "seen", "same"),
    [
        (make_class(replacement="Never", reclaimPolicy="Retain", profileNameTemplate="{name}"), CLASS_FACTS, True),
        (make_class(), grown(SUBNETS[::-1]), True),
        (make_class(podExecutionRoleARN=OTHER_ROLE), CLASS_FACTS, False),
        (make_class(tags={"owner": "x"}), CLASS_FACTS, False),
        (make_class(), grown(), False),
    ],
)
def test_the_revision_changes_only_with_what_makes_a_profile(cls: FargateProfileClass, seen: ClassFacts, *, same: bool) -> None:
    assert (revision(cls, seen) == revision(make_class(), CLASS_FACTS)) is same


def test_no_revision_without_subnets() -> None:
    assert revision(make_class(), None) is None
    assert revision(make_class(), grown(())) is None
