"""The profiles of a cluster, one by one and as many."""

import pytest

from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.doctor.chart import Check
from fargateclaims.domain.doctor.profiles import check_profiles
from fargateclaims.domain.identity import Identity
from fargateclaims.domain.profile import HealthProblem, Profile, ProfileState
from support.builders import ARN, ROLE, make_profile

OWNER = Identity("fargateclaims", "shop", "checkout")
DELETE = "aws eks delete-fargate-profile --cluster-name prod --region eu-west-1 --fargate-profile-name b"
RETRY = 'kubectl annotate fargateprofileclaim -n shop checkout fargateclaims.dev/retry="$(date +%s)" --overwrite'

LOOK = f"look what role {ROLE} may do and whom it trusts: aws iam get-role --role-name fargate-pods"
WAIT = "wait, and ask AWS Support if it stays"


def checked(*profiles: Profile, quota: int | None = 10) -> Check:
    return check_profiles(ARN, {profile.name: profile for profile in profiles}, quota)


def test_each_profile_is_told_with_what_it_takes_and_whose_it_is() -> None:
    found = checked(make_profile("b", labels={"app": "web*"}), make_profile("a", ProfileState.CREATING, owner=OWNER))
    assert (found.level, found.message, found.fix) == (Level.OK, "2 of 10", "")
    assert [(child.name, child.level, child.message) for child in found.children] == [
        ("a", Level.OK, "CREATING, claim shop/checkout: namespace shop"),
        ("b", Level.OK, "ACTIVE, not made by a claim: namespace shop, app=web*"),
    ]


@pytest.mark.parametrize(
    ("profile", "message", "fix"),
    [
        (make_profile("b", ProfileState.CREATE_FAILED), "CREATE_FAILED, not made by a claim: namespace shop", DELETE),
        (make_profile("b", ProfileState.DELETE_FAILED, owner=OWNER), "DELETE_FAILED, claim shop/checkout: namespace shop", RETRY),
        (
            make_profile("b", ProfileState.CREATE_FAILED, health=(HealthProblem("PodExecutionRoleAlreadyInUse", "In use.", (ROLE,)),)),
            f"CREATE_FAILED, not made by a claim: namespace shop; PodExecutionRoleAlreadyInUse: In use ({ROLE})",
            f"give EC2 nodes another role than {ROLE}, or make the profile anew with a role of its own; then {DELETE}",
        ),
        (
            make_profile("b", health=(HealthProblem("AccessDenied", "No"), HealthProblem("New", "?"), HealthProblem("Newer", "?"))),
            "ACTIVE, not made by a claim: namespace shop; AccessDenied: No; New: ?; Newer: ?",
            f"{LOOK}; then {WAIT}",
        ),
    ],
)
def test_what_ails_a_profile_is_an_error(profile: Profile, message: str, fix: str) -> None:
    found = checked(profile, make_profile("c"))
    assert (found.level, found.message, found.fix) == (Level.ERROR, "2 of 10, and 1 is not well", "")
    ill, well = found.children
    assert (ill.level, ill.message, ill.fix) == (Level.ERROR, message, fix)
    assert well.level is Level.OK


def test_a_full_cluster_is_a_warning() -> None:
    found = checked(make_profile("a"), make_profile("b"), quota=2)
    assert (found.level, found.message) == (Level.WARNING, "2 of 2: there is no place for another one")
    assert found.fix == (
        "aws service-quotas request-service-quota-increase --region eu-west-1 --service-code eks --quota-code L-33415657 --desired-value 20"
    )


def test_a_quota_that_may_not_be_read_is_no_limit() -> None:
    assert checked(quota=None).message == "0; how many there may be cannot be seen"
    assert checked(*(make_profile(f"p{number}") for number in range(30)), quota=None).level is Level.OK


def test_what_eks_says_is_kept_short() -> None:
    found = checked(make_profile("b", health=(HealthProblem("InternalFailure", "x" * 5000),)))
    assert len(found.children[0].message) < 500
