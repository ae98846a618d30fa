"""A profile that is there already under a claim's profileName: adopted only if asked for and the same, else the conflict is named."""

from dataclasses import replace

import pytest

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import OperationType
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.adoption import adoption
from fargateclaims.domain.assessment import Step, Verdict, Work
from fargateclaims.domain.identity import Identity
from fargateclaims.domain.profile import Profile, ProfileSelector, ProfileState
from fargateclaims.domain.resolution import target
from support.builders import NOW, OTHER_ROLE, ROLE, RULES, SUBNETS, make_claim, make_class, make_facts, make_profile

CLAIM = make_claim(profileName="legacy", existingProfile="AdoptIfIdentical")
UNASKED = make_claim(profileName="legacy")
FOUND = make_profile("legacy", tags={"team": "blue"})


def outcome(
    existing: Profile, claim: FargateProfileClaim = CLAIM, *others: FargateProfileClaim, show: bool = True
) -> Work | tuple[Reason, str]:
    """What becomes of the profile that is there."""
    facts = make_facts(claim, *others, profiles=[existing], rules=replace(RULES, show_blocking_claim=show))
    found = adoption(facts, claim, target(facts, claim, make_class(), None), existing)
    return (found.reason, found.message) if isinstance(found, Verdict) else found


def test_an_identical_profile_that_nobody_owns_gets_the_tags_of_its_claim() -> None:
    assert outcome(FOUND) == Work(
        OperationType.TAG,
        Step.TAG,
        "legacy",
        profile=FOUND,
        tags=(
            ("fargateclaims.dev/class", "standard"),
            ("fargateclaims.dev/installation", "fargateclaims"),
            ("fargateclaims.dev/name", "checkout"),
            ("fargateclaims.dev/namespace", "shop"),
        ),
    )


def test_the_order_of_subnets_makes_no_difference() -> None:
    assert isinstance(outcome(replace(FOUND, subnet_ids=tuple(reversed(SUBNETS)))), Work)


@pytest.mark.parametrize("claim", [UNASKED, make_claim(profileName="legacy", existingProfile="Reject")])
def test_unless_asked_a_foreign_profile_is_a_conflict(claim: FargateProfileClaim) -> None:
    assert outcome(FOUND, claim) == (
        Reason.CONFLICT,
        (
            "profile legacy exists and was not made by a claim: "
            "choose another profileName, or set existingProfile: AdoptIfIdentical if the class allows it"
        ),
    )


@pytest.mark.parametrize(
    ("existing", "difference"),
    [
        (
            replace(FOUND, selectors=(ProfileSelector("shop", {"app": "web"}),)),
            "selectors (namespace shop, app=web; wanted: namespace shop)",
        ),
        (replace(FOUND, pod_execution_role_arn=OTHER_ROLE), f"role ({OTHER_ROLE}; wanted: {ROLE})"),
        (replace(FOUND, subnet_ids=("subnet-9",)), f"subnets (subnet-9; wanted: {', '.join(SUBNETS)})"),
        (
            replace(FOUND, pod_execution_role_arn=OTHER_ROLE, subnet_ids=()),
            f"role ({OTHER_ROLE}; wanted: {ROLE}); subnets (none; wanted: {', '.join(SUBNETS)})",
        ),
    ],
)
def test_a_profile_that_differs_is_not_adopted_and_all_differences_are_named(existing: Profile, difference: str) -> None:
    assert outcome(existing) == (Reason.CONFLICT, f"profile legacy differs from the spec in {difference}: it is adopted only if identical")


@pytest.mark.parametrize("state", [ProfileState.CREATING, ProfileState.CREATE_FAILED, ProfileState.DELETE_FAILED])
def test_only_an_active_profile_is_adopted(state: ProfileState) -> None:
    assert outcome(replace(FOUND, state=state)) == (Reason.CONFLICT, f"profile legacy is {state}; only an ACTIVE profile is adopted")


def test_a_profile_of_a_cloudformation_stack_is_never_adopted() -> None:
    assert outcome(replace(FOUND, tags={"aws:cloudformation:stack-name": "eksctl"})) == (
        Reason.CONFLICT,
        "profile legacy belongs to a CloudFormation stack and is never adopted: remove it there first",
    )


# Profiles that a claim owns.


@pytest.mark.parametrize(
    ("owner", "whose"),
    [
        (Identity("fargateclaims", "shop", "other"), "claim shop/other"),
        (Identity("fargateclaims", "data", "etl"), "claim data/etl"),
        (Identity("two", "data", "etl"), "claim data/etl of installation two"),
        (Identity("two", "shop", "checkout"), "claim shop/checkout of installation two"),
    ],
)
@pytest.mark.parametrize("claim", [CLAIM, UNASKED])
def test_a_profile_with_an_owner_is_never_taken_away(claim: FargateProfileClaim, owner: Identity, whose: str) -> None:
    assert outcome(make_profile("legacy", owner=owner), claim) == (
        Reason.CONFLICT,
        f"profile legacy belongs to {whose}: choose another profileName",
    )


def test_an_owner_in_another_namespace_stays_unnamed_where_the_platform_says_so() -> None:
    def whose(namespace: str) -> tuple[Reason, str] | Work:
        return outcome(make_profile("legacy", owner=Identity("fargateclaims", namespace, "other")), show=False)

    assert whose("data") == (Reason.CONFLICT, "profile legacy belongs to another claim: choose another profileName")
    assert whose("shop") == (Reason.CONFLICT, "profile legacy belongs to claim shop/other: choose another profileName")


# Profiles that go by themselves.


@pytest.mark.parametrize("claim", [CLAIM, UNASKED])
@pytest.mark.parametrize("owner", [None, make_claim("other")])
def test_a_profile_that_is_being_deleted_is_waited_for(claim: FargateProfileClaim, owner: FargateProfileClaim | None) -> None:
    leaving = make_profile("legacy", ProfileState.DELETING, owner=owner)
    assert outcome(leaving, claim) == (Reason.QUEUED, "waiting until the present profile legacy is deleted")


def test_the_profile_of_a_claim_that_is_being_deleted_is_waited_for() -> None:
    leaving, staying = make_claim("other", deleted=NOW), make_claim("stays")
    assert outcome(make_profile("legacy", owner=leaving), CLAIM, leaving, staying) == (
        Reason.QUEUED,
        "waiting until the present profile legacy is deleted",
    )
    found = outcome(make_profile("legacy", owner=staying), CLAIM, leaving, staying)
    assert isinstance(found, tuple)
    assert found[0] is Reason.CONFLICT
