"""Which Pending pods are made again once their profile is ACTIVE, and which are named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fargateclaims.domain.pods.matching import ProfileView
from fargateclaims.domain.pods.pod import Pod
from fargateclaims.domain.profile import ProfileSelector, ProfileState
from fargateclaims.domain.repairs.pending_pods import RecreatePods, left_to_people, plan
from fargateclaims.domain.repairs.plans import NothingToDo

ACTIVE = datetime(2026, 11, 21, 14, 2, 11, tzinfo=UTC)
BEFORE = ACTIVE - timedelta(minutes=5)
BARE = "delete and apply it yourself, as nothing would make it again"
JOB = "delete it yourself if its Job's backoffLimit allows: a Job counts a deleted pod as failed"
PROFILE = ProfileView("shop", (ProfileSelector("shop", {"app": "web"}),), ProfileState.ACTIVE, active_since=ACTIVE)
FIRST = replace(PROFILE, name="a-first")


def pod(name: str = "web-1", **changes: Any) -> Pod:
    whole = Pod("shop", name, f"uid-{name}", {"app": "web"}, {}, {}, BEFORE, "Pending", controller="ReplicaSet/web")
    return replace(whole, **changes)


def made(*pods: Pod, profile: ProfileView = PROFILE) -> RecreatePods:
    found = plan(pods, profile, [profile])
    assert isinstance(found, RecreatePods)
    return found


def test_pods_that_were_there_before_are_made_again() -> None:
    found = made(pod("b"), pod("a"))
    assert ([one.name for one in found.again], found.left) == (["a", "b"], ())
    assert found.message == "made again, so that profile shop takes them: shop/a, shop/b"
    assert found.command == "kubectl delete pod -n shop a b"


def test_those_of_a_claim_have_a_command_of_their_own() -> None:
    assert made(pod(), profile=replace(PROFILE, claim="team/checkout")).command == "kubectl fargate reschedule checkout -n team"


def test_what_nobody_would_make_again_is_named_and_what_a_job_would_take_amiss() -> None:
    bare, job = pod("bare", controller=None), pod("job", controller="Job/nightly")
    found = made(bare, pod(), job)
    assert (found.again, found.left) == ((pod(),), (bare, job))
    assert found.message == (
        "made again, so that profile shop takes them: shop/web-1; Pending since before profile shop was ACTIVE, and left to you: "
        f"shop/bare ({BARE}), shop/job ({JOB})"
    )
    alone = made(bare)
    assert (alone.again, alone.left, alone.command) == ((), (bare,), "")


def test_many_are_counted() -> None:
    pods = [pod(f"web-{n:05}") for n in range(10_000)] + [pod(f"bare-{n}", controller=None) for n in range(9)]
    found = made(*pods)
    assert (len(found.again), len(found.left)) == (10_000, 9)
    assert "shop/web-00004 and 9995 more; Pending since" in found.message
    assert found.message.endswith("shop/bare-4 (delete and apply it yourself, as nothing would make it again) and 4 more")


def test_what_people_are_told_has_a_next_step_for_each_pod() -> None:
    bare, job, claimed = pod("bare", controller=None), pod("job", controller="Job/nightly"), replace(PROFILE, claim="shop/checkout")
    assert left_to_people(made(pod(), profile=claimed), claimed) == (
        "1 Pending pod was made before profile shop was ACTIVE and is not looked at again: shop/web-1: "
        "kubectl fargate reschedule checkout -n shop"
    )
    assert left_to_people(made(pod(), bare, job), PROFILE) == (
        "3 Pending pods were made before profile shop was ACTIVE and are not looked at again: shop/web-1: "
        f"kubectl delete pod -n shop web-1; shop/bare ({BARE}), shop/job ({JOB})"
    )
    assert left_to_people(made(bare), PROFILE) == (
        f"1 Pending pod was made before profile shop was ACTIVE and is not looked at again: shop/bare ({BARE})"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"created": ACTIVE + timedelta(seconds=1)},
        {"created": None},
        {"phase": "Running"},
        {"node": "n"},
        {"deleting": True},
        {"labels": {"app": "api"}},
        {"namespace": "data"},
        {"spec": {"schedulerName": "fargate-scheduler"}},
        {"spec": {"schedulerName": "mine"}},
        {"spec": {"nodeSelector": {"a": "b"}}},
        {"labels": {"app": "web", "eks.amazonaws.com/fargate-profile": "other"}},
        {"annotations": {"eks.amazonaws.com/compute-type": "ec2"}},
    ],
)
@pytest.mark.parametrize("controller", ["ReplicaSet/web", None])
def test_all_others_are_nobodys_business(changes: dict[str, Any], controller: str | None) -> None:
    assert isinstance(plan([pod(controller=controller, **changes)], PROFILE, [PROFILE]), NothingToDo)


def test_a_profile_makes_no_pods_for_another_one() -> None:
    assert isinstance(plan([pod(), pod("bare", controller=None)], PROFILE, [PROFILE, FIRST]), NothingToDo)
    assert isinstance(plan([pod()], FIRST, [PROFILE, FIRST]), RecreatePods)


def test_without_the_moment_nothing_is_older_than_it() -> None:
    unknown = replace(PROFILE, active_since=None)
    assert isinstance(plan([pod()], unknown, [unknown]), NothingToDo)
