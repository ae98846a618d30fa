"""Pending pods that a profile would take."""

from typing import Any

import pytest

from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.doctor.chart import Check
from fargateclaims.domain.doctor.pods import check_pods
from fargateclaims.domain.identity import Identity
from fargateclaims.domain.pods.pod import Pod
from fargateclaims.domain.profile import Profile, ProfileState
from support.builders import NOW, after, make_profile

BARE = "delete and apply it yourself, as nothing would make it again"
JOB = "delete it yourself if its Job's backoffLimit allows: a Job counts a deleted pod as failed"
OWNED = make_profile("owned", owner=Identity("fargateclaims", "team", "checkout"))


def pod(name: str = "web-1", **changes: Any) -> Pod:
    fields: dict[str, Any] = {
        "namespace": "shop",
        "labels": {},
        "annotations": {},
        "spec": {},
        "created": after(-60),
        "phase": "Pending",
        "controller": "ReplicaSet/web",
    }
    return Pod(**{"name": name, "uid": f"uid-{name}", **fields, **changes})


def checked(pods: list[Pod], *profiles: Profile) -> Check:
    return check_pods(pods, profiles, NOW)


def test_pods_that_would_be_taken_are_counted_with_what_makes_them_again() -> None:
    found = checked([pod(f"web-{number}") for number in range(7)], OWNED)
    assert (found.level, found.message) == (Level.WARNING, "7 pods would be taken by a profile if they were made again")
    (child,) = found.children
    assert child.message == "7 pods: shop/web-0, shop/web-1, shop/web-2, shop/web-3, shop/web-4 and 2 more"
    assert child.fix == "kubectl fargate reschedule checkout -n team"


def test_of_several_profiles_the_one_that_takes_a_pod_is_named() -> None:
    found = checked([pod(), pod("data-1", namespace="data")], make_profile("b"), make_profile("a"), make_profile("c", namespace="data"))
    assert [child.name for child in found.children] == ["a", "c"]
    assert found.children[0].fix == "kubectl delete pod -n shop web-1"


def test_what_nobody_would_make_again_is_left_to_people() -> None:
    (alone,) = checked([pod("debug", controller=None)], OWNED).children
    assert (alone.message, alone.fix) == ("1 pod: shop/debug", f"by hand: shop/debug ({BARE})")
    (both,) = checked([pod(), pod("debug", controller=None)], OWNED).children
    assert both.message == f"2 pods: shop/web-1, shop/debug; by hand: shop/debug ({BARE})"
    assert both.fix == "kubectl fargate reschedule checkout -n team"
    (job,) = checked([pod("nightly-1", controller="Job/nightly")], OWNED).children
    assert job.fix == f"by hand: shop/nightly-1 ({JOB})"


def refused(name: str, message: str, **changes: Any) -> Pod:
    return pod(name, problem=message, **{"labels": {"eks.amazonaws.com/fargate-profile": OWNED.name}, **changes})


def test_what_fargate_does_not_run_is_told_with_the_reason() -> None:
    privileged = "Pod not supported on Fargate: invalid SecurityContext fields: Privileged"
    large = "Your pod's cpu/memory requirements exceed the max Fargate configuration"
    found = checked(
        [refused("a", privileged), refused("big", large), refused("b", f"{privileged}, port contains HostIP or HostPort")], OWNED
    )
    assert (found.level, found.message) == (Level.WARNING, "3 pods with a profile get no node")
    assert [(child.name, child.message, child.fix) for child in found.children] == [
        (
            "fargate-scheduler",
            "Fargate runs no privileged containers: shop/a, shop/b",
            "remove securityContext.privileged, or run this pod on EC2 nodes",
        ),
        (
            "fargate-scheduler",
            "the pod asks for more than Fargate's largest size: shop/big",
            "kubectl fargate explain pod big -n shop",
        ),
        ("fargate-scheduler", "Fargate has no host ports: shop/b", "remove hostPort and hostIP; reach the pod through a Service"),
    ]
    both = checked([refused("a", privileged), pod()], OWNED)
    assert both.message == "1 pod would be taken by a profile if it was made again; 1 pod with a profile gets no node"


def test_ten_thousand_reasons_are_not_all_told() -> None:
    unbound = "Pod not supported on Fargate: volumes not supported: data not supported because: PVC data-{} not bound"
    found = checked([refused(f"db-{number}", unbound.format(number)) for number in range(10_000)], OWNED)
    assert (found.message, len(found.children)) == ("10000 pods with a profile get no node", 5)


@pytest.mark.parametrize(
    ("waiting", "profile"),
    [
        (pod(namespace="data"), OWNED),
        (pod(), make_profile("b", ProfileState.CREATING)),
        # EKS has given it to a profile already.
        (pod(spec={"schedulerName": "fargate-scheduler"}), OWNED),
        (pod(labels={"eks.amazonaws.com/fargate-profile": "another"}), OWNED),
        (pod(spec={"nodeSelector": {"disk": "ssd"}}), OWNED),
    ],
)
def test_what_no_profile_would_take_is_left_alone(waiting: Pod, profile: Profile) -> None:
    found = checked([waiting], profile)
    assert (found.level, found.message) == (Level.OK, "none of 1 would be taken by a profile")


def test_nothing_waits() -> None:
    assert checked([], OWNED) == Check("Pending pods", Level.OK, "none")


def test_thousands_of_pods_are_no_matter_of_minutes() -> None:
    profiles = [make_profile(f"p-{number}", namespace=f"ns-{number}") for number in range(10)]
    found = checked([pod(f"web-{number}", namespace=f"ns-{number % 12}") for number in range(10_000)], *profiles)
    assert found.message == "8334 pods would be taken by a profile if they were made again"
