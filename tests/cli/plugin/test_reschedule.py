"""`reschedule` as printed, and what is left afterwards."""

import json

import pytest

from support.kube_server import RunningKube
from support.plugin import Plugin, claim, deployment, owned_by, pod, pods_of, pods_when, suspended_job

PIN = "eks.amazonaws.com/fargate-profile"
CHECKOUT = claim("checkout", {"labels": {"app": "checkout"}})
WEB = deployment("web", {"app": "checkout"}, replicas=2)
LONE = pod("lone", labels={"app": "checkout"})


@pytest.fixture
def waiting(kube: RunningKube) -> list[str]:
    """Two pods of a Deployment and one of nobody, all there before the profile of the claim; their names."""
    kube.admin.load([CHECKOUT, WEB, LONE])
    return sorted(name for name in pods_when(kube, lambda pods: len(pods) == 3) if name != "lone")


def test_a_dry_run_says_what_would_be_deleted(kube: RunningKube, plugin: Plugin, waiting: list[str]) -> None:
    replica_set = waiting[0].rpartition("-")[0]
    ran = plugin("reschedule", "checkout", "-n", "shop", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "profile shop-checkout-9999: 2 Pending pods are to be made again (dry run)\n"
        "  ✗ pod shop/lone  stays: delete and apply it yourself, as nothing would make it again\n"
        f"  ✓ pod shop/{waiting[0]}  ReplicaSet/{replica_set} makes it again\n"
        f"  ✓ pod shop/{waiting[1]}  ReplicaSet/{replica_set} makes it again\n"
        "note: profiles that no claim made are not seen; --aws reads all of them from EKS, with your AWS credentials\n"
    )
    assert kube.admin.count(verb="delete") == 0


def test_the_pods_are_made_again_and_the_others_stay(kube: RunningKube, plugin: Plugin, waiting: list[str]) -> None:
    lone = pods_of(kube)["lone"]["metadata"]["uid"]
    ran = plugin("reschedule", "checkout", "-n", "shop", "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(f"pod shop/{waiting[0]} deleted\npod shop/{waiting[1]} deleted\n")
    after = pods_when(kube, lambda pods: len(pods) == 3 and not {*waiting} & {*pods})
    assert after["lone"]["metadata"]["uid"] == lone


def test_nobody_to_ask_means_no(kube: RunningKube, plugin: Plugin, waiting: list[str]) -> None:
    ran = plugin("reschedule", "checkout", "-n", "shop")
    assert (ran.code, ran.err) == (2, "error: nobody is there to be asked: say --yes to delete, or --dry-run to look\n")
    assert {*waiting} < {*pods_of(kube)}


def test_a_pod_that_has_changed_meanwhile_stays(kube: RunningKube, plugin: Plugin, waiting: list[str]) -> None:
    kube.admin.fail(409, verb="delete", resource="pods", times=1)
    ran = plugin("reschedule", "checkout", "-n", "shop", "--yes")
    assert ran.code == 1
    assert f"pod shop/{waiting[0]} has changed meanwhile, and stays\npod shop/{waiting[1]} deleted\n" in ran.out
    assert ran.err == "error: 1 of 2 pods were not deleted; see above, and try again\n"


def test_a_busy_api_server_is_asked_again(kube: RunningKube, plugin: Plugin, waiting: list[str]) -> None:
    kube.admin.fail(429, verb="delete", resource="pods", times=2, retryAfter=0)
    ran = plugin("reschedule", "checkout", "-n", "shop", "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(f"pod shop/{waiting[0]} deleted\npod shop/{waiting[1]} deleted\n")


def test_an_api_server_that_is_busy_for_good(kube: RunningKube, plugin: Plugin, waiting: list[str]) -> None:
    kube.admin.fail(429, verb="delete", resource="pods", retryAfter=0)
    assert f"pod shop/{waiting[0]} stays: the API server is too busy\n" in plugin("reschedule", "checkout", "-n", "shop", "--yes").out


def test_one_that_fails_does_not_hold_up_the_others(kube: RunningKube, plugin: Plugin, waiting: list[str]) -> None:
    kube.admin.fail(500, verb="delete", resource="pods", times=1)
    ran = plugin("reschedule", "checkout", "-n", "shop", "--yes")
    assert ran.code == 1
    assert f"pod shop/{waiting[0]} may be deleted or not: DELETE " in ran.out
    assert ran.out.endswith(f"pod shop/{waiting[1]} deleted\n")


def test_the_right_to_delete_is_named(kube: RunningKube, plugin: Plugin, waiting: list[str]) -> None:
    kube.admin.fail(403, verb="delete", resource="pods")
    ran = plugin("reschedule", "checkout", "-n", "shop", "--yes")
    assert ran.code == 1
    assert (
        f"pod shop/{waiting[0]} stays: you may not delete pods in namespace shop: ask for a role with the verb delete on pods\n" in ran.out
    )


GIVEN = "EKS has given it to profile shop-checkout-9999 already"
TOO_LARGE = "the pod asks for more than Fargate's largest size"
PRIVILEGED = "remove securityContext.privileged, or run this pod on EC2 nodes"
EC2 = "the annotation eks.amazonaws.com/compute-type: ec2 keeps it off Fargate: remove it from the pod"


def test_why_pods_stay(kube: RunningKube, plugin: Plugin) -> None:
    labels = {"app": "checkout"}
    # As `fargateclaims simulate fargate` leaves it: nobody can change the schedulerName of a pod that is there.
    refused = pod("refused", labels={**labels, PIN: "shop-checkout-9999"})
    message = "Pod not supported on Fargate: invalid SecurityContext fields: Privileged"
    refused["status"]["conditions"] = [{"type": "PodScheduled", "status": "False", "message": message}]
    large = pod("large", labels={**labels, PIN: "shop-checkout-9999"})
    message = "Your pod's cpu/memory requirements exceed the max Fargate configuration"
    large["status"]["conditions"] = [{"type": "PodScheduled", "status": "False", "message": message}]
    kube.admin.load([suspended_job("nightly")])
    nightly = owned_by(kube, "/apis/batch/v1/namespaces/shop/jobs/nightly")
    kube.admin.load(
        [
            CHECKOUT,
            refused,
            large,
            pod("job", labels=labels, metadata=nightly),
            claim("a", {"labels": {"tier": "first"}}),
            pod("early", labels={**labels, "tier": "first"}),
            pod("pinned", labels={**labels, "tier": "first", PIN: "shop-a-9999"}),
            pod("lost", labels={**labels, PIN: "gone"}),
            pod("taken", labels={**labels, PIN: "shop-checkout-9999"}, spec={"schedulerName": "fargate-scheduler"}),
            pod("ec2", labels=labels, annotations={"eks.amazonaws.com/compute-type": "ec2"}),
            pod("running", labels=labels, spec={"nodeName": "ip-10-0-1-8"}, phase="Running"),
            pod("other", labels={"app": "other"}),
        ]
    )
    ran = plugin("reschedule", "checkout", "-n", "shop", "--yes")
    assert ran.out.splitlines()[:-1] == [
        "profile shop-checkout-9999: no Pending pods are to be made again",
        "  ✗ pod shop/early  stays: first in order is the profile shop-a-9999, which would take it",
        f"  ✗ pod shop/ec2  stays: {EC2}",
        "  ✗ pod shop/job  stays: delete it yourself if its Job's backoffLimit allows: a Job counts a deleted pod as failed",
        f"  ✗ pod shop/large  stays: {GIVEN}, and {TOO_LARGE}: kubectl fargate explain pod large -n shop",
        "  ✗ pod shop/lost  stays: it names the profile gone, which does not take it: change its label",
        "  ✗ pod shop/pinned  stays: it names the profile shop-a-9999, which would take it",
        f"  ✗ pod shop/refused  stays: {GIVEN}, and Fargate runs no privileged containers: {PRIVILEGED}",
        f"  ✗ pod shop/taken  stays: {GIVEN}, and it waits for its node: kubectl fargate explain pod taken -n shop",
    ]


def test_a_pod_that_came_after_the_profile_stays(kube: RunningKube, plugin: Plugin) -> None:
    early = claim("checkout", {"labels": {"app": "checkout"}}, since="2026-11-21T09:30:00Z")
    kube.admin.load([early, WEB])
    pods_when(kube, lambda pods: len(pods) == 2)
    said = plugin("reschedule", "checkout", "-n", "shop", "--yes").out
    assert "no Pending pods are to be made again" in said
    passed_over = "stays: it was made after the profile was ACTIVE, and EKS passed it over all the same: kubectl delete pod web-"
    assert said.count(passed_over) == 2


def test_a_claim_without_an_active_profile(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([claim("checkout", state=""), claim("slow", state="CREATING")])
    for name in ("checkout", "slow"):
        ran = plugin("reschedule", name, "-n", "shop")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == (
            f"error: claim shop/{name} has no ACTIVE profile, so there is nothing to make pods again for: "
            "Queued: waiting, 2nd of 5 on cluster prod\n"
        )
    assert plugin("reschedule", "none", "-n", "shop").err == "error: there is no claim none in namespace shop\n"


def test_for_programs(kube: RunningKube, plugin: Plugin, waiting: list[str]) -> None:
    ran = plugin("reschedule", "checkout", "-n", "shop", "--yes", "-o", "json")
    found = json.loads(ran.out)
    assert (found["profile"], found["claim"]) == ("shop-checkout-9999", "shop/checkout")
    assert [(one["name"], one["again"], one["result"]) for one in found["pods"]] == [
        ("lone", False, None),
        (waiting[0], True, "deleted"),
        (waiting[1], True, "deleted"),
    ]


def test_other_namespaces_that_may_not_be_read_are_named(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([claim("checkout", {"labels": {"app": "checkout"}}, {"namespace": "data"}), WEB])
    pods_when(kube, lambda pods: len(pods) == 2)
    kube.admin.fail(403, verb="list", resource="pods", namespace="data")
    said = plugin("reschedule", "checkout", "-n", "shop", "--dry-run").out
    assert "2 Pending pods are to be made again" in said
    assert "note: pods of namespace data are not seen: you may not list pods in namespace data" in said
