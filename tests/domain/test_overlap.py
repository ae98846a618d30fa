"""Profiles that could take the same pods: the claim is told which of them EKS prefers."""

from dataclasses import replace

import pytest

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.domain.assessment import Assessment
from fargateclaims.domain.identity import Identity
from fargateclaims.domain.overlap import overlaps
from fargateclaims.domain.profile import Profile, ProfileState
from support.builders import RULES, make_claim, make_facts, make_observation, make_profile

CLAIM = make_claim()
OTHER = make_claim("other")
ELSEWHERE = make_claim("etl", "data")
MINE = make_profile("m", owner=CLAIM)


def told(*rivals: Profile, mine: Profile | None = MINE, claim: FargateProfileClaim = CLAIM, show: bool = True) -> str | None:
    """What the claim is told of its profile among others."""
    profiles = [profile for profile in (mine, *rivals) if profile is not None]
    facts = make_facts(claim, OTHER, ELSEWHERE, profiles=profiles, rules=replace(RULES, show_blocking_claim=show))
    found = overlaps(facts, [Assessment(claim, profile=mine)])
    assert set(found) <= {claim.metadata.uid}
    return found.get(claim.metadata.uid)


def test_the_first_by_name_wins_and_is_named() -> None:
    assert told(make_profile("a", owner=OTHER)) == "some pods match profile a too; EKS gives them to that profile, the first by name"
    assert told(make_profile("z", owner=OTHER)) == "some pods match profile z too; EKS gives them to m, the first by name"


def test_a_profile_that_wins_against_several_names_them_all_in_order() -> None:
    rivals = [make_profile("z", owner=OTHER), make_profile("n")]
    assert told(*rivals) == "some pods match profile n, profile z too; EKS gives them to m, the first by name"


def test_a_profile_that_loses_to_several_is_told_of_the_one_that_wins() -> None:
    rivals = [make_profile("c"), make_profile("b", owner=OTHER), make_profile("z")]
    assert told(*rivals) == "some pods match profile b too; EKS gives them to that profile, the first by name"


def test_a_foreign_profile_takes_pods_as_well_as_any() -> None:
    assert told(make_profile("tf-legacy", namespace="s*")) is not None


def test_a_claim_of_another_installation_is_another_claim() -> None:
    assert told(make_profile("z", owner=Identity("two", "shop", "checkout"))) is not None


def test_the_claims_own_profiles_are_no_rivals() -> None:
    assert told(make_profile("n", owner=CLAIM), make_profile("a", owner=CLAIM)) is None


def test_profiles_that_share_no_pod_are_no_rivals() -> None:
    assert told(make_profile("a", namespace="data")) is None
    assert told() is None


@pytest.mark.parametrize(
    ("state", "takes_pods"),
    [
        (ProfileState.ACTIVE, True),
        (ProfileState.CREATING, True),
        (ProfileState.DELETING, False),
        (ProfileState.CREATE_FAILED, False),
        (ProfileState.DELETE_FAILED, False),
    ],
)
def test_only_profiles_that_take_pods_or_soon_will_are_compared(state: ProfileState, takes_pods: bool) -> None:  # noqa: FBT001
    assert (told(make_profile("a", state)) is not None) is takes_pods
    assert (told(make_profile("a"), mine=replace(MINE, state=state)) is not None) is takes_pods


def test_a_claim_without_a_profile_overlaps_nothing() -> None:
    assert told(make_profile("a"), mine=None) is None


def test_before_the_first_look_nothing_is_said() -> None:
    facts = make_facts(CLAIM, observation=make_observation(profiles=None))
    assert overlaps(facts, [Assessment(CLAIM, profile=MINE)]) == {}


def test_claims_of_other_namespaces_stay_unnamed_where_the_platform_says_so() -> None:
    theirs = make_profile("a", namespace="shop", owner=ELSEWHERE)
    assert told(theirs, show=False) == "some pods match another claim's profile too; EKS gives them to that profile, the first by name"
    assert told(replace(theirs, name="z"), make_profile("x"), show=False) == (
        "some pods match profile x, another claim's profile too; EKS gives them to m, the first by name"
    )
    assert "profile a" in (told(make_profile("a", owner=OTHER), show=False) or "")


def test_both_sides_are_told() -> None:
    theirs = make_profile("z", owner=OTHER)
    facts = make_facts(CLAIM, OTHER, profiles=[MINE, theirs])
    found = overlaps(facts, [Assessment(CLAIM, profile=MINE), Assessment(OTHER, profile=theirs)])
    assert found == {
        CLAIM.metadata.uid: "some pods match profile z too; EKS gives them to m, the first by name",
        OTHER.metadata.uid: "some pods match profile m too; EKS gives them to that profile, the first by name",
    }
