"""How CoreDNS comes to run on Fargate."""

import json
import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.access import Addon
from fargateclaims.domain.pods.matching import ProfileView
from fargateclaims.domain.pods.pod import Pod
from fargateclaims.domain.profile import ProfileSelector, ProfileState
from fargateclaims.domain.repairs.coredns import ConfigureAddon, Plan, RemoveComputeType, Restart, is_stuck, plan
from fargateclaims.domain.repairs.plans import ByHand, NothingToDo
from fargateclaims.domain.workloads import CoreDNS

CLUSTER = ClusterARN("aws", "eu-west-1", "111122223333", "prod")
FREE = CoreDNS(None, {"k8s-app": "kube-dns"}, 2, 0)
ON_EC2 = CoreDNS("ec2", {"k8s-app": "kube-dns"}, 2, 0)
ACTIVE = datetime(2026, 11, 21, 14, 2, 11, tzinfo=UTC)
BEFORE = ACTIVE - timedelta(minutes=5)
PROFILE = ProfileView("dns", (ProfileSelector("kube-system", {"k8s-app": "kube-dns"}),), ProfileState.ACTIVE, active_since=ACTIVE)
POD = Pod(
    "kube-system",
    "coredns-1",
    "uid-1",
    {"k8s-app": "kube-dns", "pod-template-hash": "5d"},
    {},
    {},
    BEFORE,
    "Pending",
    controller="ReplicaSet/coredns",
)
DEGRADED = Addon("coredns", "DEGRADED")
CONFIGURED = Addon("coredns", "ACTIVE", configuration='{"computeType": "Fargate"}')


def planned(core_dns: CoreDNS | None = ON_EC2, **facts: Any) -> Plan:
    whole: dict[str, Any] = {"addon": None, "other_nodes": 0, "profile": "dns"}
    return plan(CLUSTER, core_dns=core_dns, **(whole | facts))


@pytest.mark.parametrize(
    ("core_dns", "facts"),
    [
        (None, {}),
        (ON_EC2, {"other_nodes": 1}),
        (ON_EC2, {"other_nodes": 1, "addon": DEGRADED}),
        (ON_EC2, {"profile": None}),
        (CoreDNS("fargate", {}, 2, 2), {}),
        (CoreDNS(None, {}, 2, 1), {}),
        (CoreDNS(None, {}, 0, 0), {}),
        (ON_EC2, {"addon": Addon("coredns", "UPDATING")}),
        (ON_EC2, {"addon": Addon("coredns", "UPDATING", configuration='{"computeType": "Fargate"}')}),
        (CoreDNS(None, {}, 2, 2), {"addon": CONFIGURED}),
    ],
)
def test_what_is_in_order_or_has_to_wait_is_left_alone(core_dns: CoreDNS | None, facts: dict[str, Any]) -> None:
    assert isinstance(planned(core_dns, **facts), NothingToDo)


def test_the_annotation_is_removed_where_eks_does_not_manage_it() -> None:
    found = planned()
    assert isinstance(found, RemoveComputeType)
    assert found.seen == "ec2"
    words = shlex.split(found.command)
    assert words[:-1] == ["kubectl", "patch", "deployment", "coredns", "-n", "kube-system", "--type", "json", "-p"]
    assert json.loads(words[-1]) == [{"op": "remove", "path": "/spec/template/metadata/annotations/eks.amazonaws.com~1compute-type"}]


def test_what_the_add_on_does_not_undo_is_removed_too() -> None:
    assert isinstance(planned(addon=CONFIGURED), RemoveComputeType)


def test_pods_that_came_before_their_profile_may_be_made_again() -> None:
    found = planned(FREE)
    assert isinstance(found, Restart)
    assert found.command == "kubectl rollout restart deployment coredns -n kube-system"
    assert isinstance(planned(ON_EC2), RemoveComputeType), "that rolls it as well"


def stuck(pod: Pod = POD, restarted: datetime | None = None, profile: ProfileView = PROFILE) -> bool:
    restart = planned(replace(FREE, restarted=restarted))
    assert isinstance(restart, Restart)
    return is_stuck(restart, [pod], [profile])


def test_a_pod_of_it_that_is_older_than_the_profile_is_stuck() -> None:
    assert stuck()


@pytest.mark.parametrize(
    "changes",
    [
        {"created": ACTIVE + timedelta(seconds=1)},
        {"created": None},
        {"node": "fargate-1"},
        {"spec": {"schedulerName": "fargate-scheduler"}},
        {"labels": {"k8s-app": "metrics-server"}},
        {"controller": None},
    ],
)
def test_any_other_pod_is_not(changes: dict[str, Any]) -> None:
    assert not stuck(replace(POD, **changes))


def test_what_a_restart_has_not_yet_taken_away_is_no_reason_for_another() -> None:
    assert not stuck(restarted=ACTIVE + timedelta(minutes=1))
    assert stuck(restarted=BEFORE), "it was restarted too early"


def test_without_knowing_since_when_a_profile_is_active_nothing_is_restarted() -> None:
    assert not stuck(profile=replace(PROFILE, active_since=None))
    assert not stuck(profile=replace(PROFILE, name="other"))


@pytest.mark.parametrize(
    ("configuration", "wanted"),
    [
        ("", {"computeType": "Fargate"}),
        (" \n", {"computeType": "Fargate"}),
        ("null", {"computeType": "Fargate"}),
        ('{"replicaCount": 3}', {"replicaCount": 3, "computeType": "Fargate"}),
        ('{"computeType": "ec2", "a": {"b": [1.50, null, true]}}', {"computeType": "Fargate", "a": {"b": [1.5, None, True]}}),
        ("replicaCount: 3\ncorefile: |\n  .:53 {}\n", {"replicaCount": 3, "corefile": ".:53 {}\n", "computeType": "Fargate"}),
    ],
)
def test_the_add_on_keeps_its_other_values(configuration: str, wanted: dict[str, Any]) -> None:
    found = planned(addon=Addon("coredns", "DEGRADED", configuration=configuration))
    assert isinstance(found, ConfigureAddon)
    assert json.loads(found.configuration) == wanted
    words = shlex.split(found.command)
    assert words[:9] == ["aws", "eks", "update-addon", "--cluster-name", "prod", "--region", "eu-west-1", "--addon-name", "coredns"]
    assert words[-2:] == ["--configuration-values", found.configuration]


@pytest.mark.parametrize(
    "configuration",
    ["[]", "3", "a: [", "a: &x 1\nb: *x", "a: 2026-11-21", "a: .nan", "'x", "a: !!binary eA==", "[" * 100_000, "{a: " * 5000 + "}" * 5000],
)
def test_values_that_cannot_be_read_are_not_overwritten(configuration: str) -> None:
    found = planned(addon=Addon("coredns", "DEGRADED", configuration=configuration))
    assert isinstance(found, ByHand)
    assert "\n" not in found.message
    assert found.command == "aws eks describe-addon --cluster-name prod --region eu-west-1 --addon-name coredns"
