"""How many profiles a cluster may have, and how many of those places a claim may still take."""

import pytest

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.domain.facts import Facts, QuotaRefusal
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.observation import Quotas
from fargateclaims.domain.profile import ProfileSelector, ProfileSpec, ProfileState
from fargateclaims.domain.quota import attributed, free_places, profile_limit
from support.builders import NOW, after, make_claim, make_facts, make_observation, make_profile

CLAIM = make_claim()
REPLACING = {"operation": {"type": "Replace", "state": "Queued", "profileName": "x", "queueTime": "2026-11-21T13:00:00.000000Z"}}
CREATING = {"operation": {**REPLACING["operation"], "type": "Create"}}


def cluster(
    *claims: FargateProfileClaim, limit: int | None = 3, foreign: int = 0, refusal: QuotaRefusal | None = None, seen: bool = True
) -> Facts:
    """A cluster of so many foreign profiles with a quota."""
    profiles = [make_profile(f"foreign-{number}") for number in range(foreign)]
    observation = make_observation(*profiles, quotas=Quotas(profiles_per_cluster=limit), **({} if seen else {"profiles": None}))
    return make_facts(CLAIM, *claims, observation=observation, quota_refusal=refusal)


@pytest.mark.parametrize(
    ("known", "refused", "ago", "limit"),
    [
        (None, None, 0, None),
        (10, None, 0, 10),
        (None, 7, 0, 7),
        (None, 7, 599, 7),
        (None, 7, 600, None),
        (10, 7, 599, 7),
        (10, 7, 600, 10),
        (5, 7, 0, 5),
    ],
)
def test_a_recent_refusal_counts_for_more_than_service_quotas(known: int | None, refused: int | None, ago: int, limit: int | None) -> None:
    refusal = QuotaRefusal(refused, after(-ago)) if refused is not None else None
    assert profile_limit(cluster(limit=known, refusal=refusal)) == limit


def test_a_refusal_from_a_clock_that_was_ahead_is_still_believed() -> None:
    assert profile_limit(cluster(limit=None, refusal=QuotaRefusal(7, after(3600)))) == 7


@pytest.mark.parametrize(
    ("limit", "foreign", "leaving", "places"),
    [
        (None, 50, 0, None),
        (3, 0, 0, 3),
        (3, 2, 0, 1),
        (3, 3, 0, 0),
        (3, 3, 1, 1),
        (3, 5, 0, 0),
        (3, 5, 1, 0),
        (0, 0, 0, 0),
    ],
)
def test_a_place_is_free_if_no_profile_has_it(limit: int | None, foreign: int, leaving: int, places: int | None) -> None:
    assert free_places(cluster(limit=limit, foreign=foreign), CLAIM, leaving=leaving) == places


def test_before_the_first_look_no_profile_takes_a_place() -> None:
    assert free_places(cluster(seen=False), CLAIM) == 3


def test_a_claim_between_its_old_profile_and_its_new_one_has_its_place_reserved() -> None:
    between = make_claim("between", status=REPLACING)
    assert free_places(cluster(between), CLAIM) == 2
    assert free_places(cluster(between), between) == 3
    assert free_places(cluster(between, foreign=3), CLAIM) == 0


@pytest.mark.parametrize(
    "other", [make_claim("other"), make_claim("other", status=CREATING), make_claim("other", status=REPLACING, deleted=NOW)]
)
def test_a_claim_that_has_no_profile_to_restore_reserves_nothing(other: FargateProfileClaim) -> None:
    assert free_places(cluster(other), CLAIM) == 3


FULL = Failure(FailureClass.QUOTA_EXCEEDED, "ResourceLimitExceededException", "Limit exceeded.", "CreateFargateProfile")


def asked(selectors: int = 1, labels: int = 0) -> ProfileSpec:
    """A profile to be made with so many selectors, the last of which has so many labels."""
    last = ProfileSelector("shop", {f"label-{number}": "x" for number in range(labels)})
    return ProfileSpec("p", "role", (*(ProfileSelector(f"shop-{number}", {}) for number in range(1, selectors)), last), (), {})


@pytest.mark.parametrize(
    ("spec", "quotas", "kind"),
    [
        (asked(5, 5), Quotas(), FailureClass.QUOTA_EXCEEDED),
        (asked(6), Quotas(), FailureClass.INVALID),
        (asked(1, 6), Quotas(), FailureClass.INVALID),
        (asked(6, 6), Quotas(selectors_per_profile=6, labels_per_selector=6), FailureClass.QUOTA_EXCEEDED),
        (asked(6, 6), Quotas(selectors_per_profile=6), FailureClass.INVALID),
        (asked(6), Quotas(labels_per_selector=6), FailureClass.INVALID),
        (None, Quotas(), FailureClass.QUOTA_EXCEEDED),
    ],
)
def test_a_limit_that_may_be_the_claim_s_own_is_held_against_it_alone(spec: ProfileSpec | None, quotas: Quotas, kind: FailureClass) -> None:
    found = attributed(FULL, spec, quotas)
    assert found is not None
    assert (found.kind, found.code, found.operation) == (kind, FULL.code, FULL.operation)
    assert found.message.startswith("Limit exceeded")
    assert ("5 selectors of 5 labels" in found.message) is (kind is FailureClass.INVALID)


@pytest.mark.parametrize("failure", [None, Failure(FailureClass.THROTTLED, "Throttling", "Rate exceeded")])
def test_nothing_else_is_a_matter_of_limits(failure: Failure | None) -> None:
    assert attributed(failure, asked(6), Quotas()) is failure


@pytest.mark.parametrize("state", ProfileState)
def test_a_replacement_whose_profile_is_there_is_counted_once(state: ProfileState) -> None:
    other = make_claim("other", status=REPLACING)
    observation = make_observation(make_profile("o", state, owner=other), quotas=Quotas(profiles_per_cluster=3))
    assert free_places(make_facts(CLAIM, other, observation=observation), CLAIM) == 2
