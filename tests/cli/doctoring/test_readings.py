"""What could not be read is said, and all else goes on."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fargateclaims.cli.doctoring import reading
from fargateclaims.simulator.kube.server import Settings, read_manifests
from support.broken_set_ups import ACCOUNT, CLUSTER, REGION, SetUp
from support.doctored import CLUSTER_ARN, CRDS, ROLE_ARN, Doctor, cluster_api, core_dns, fargate_class
from support.kube_server import RunningKube, running_kube_server
from support.plugin import deployment, pods_when
from support.ports import reserved_port
from support.programs import start
from support.waiting import LIMIT, until

BY_OPTIONS = ("--cluster-arn", CLUSTER_ARN, "--role-arn", ROLE_ARN)


def checks(doctor: Doctor, *arguments: str) -> dict[str, dict[str, Any]]:
    """All checks by name; of several classes, those of the last."""
    document = json.loads(doctor("-o", "json", *arguments).out)
    found = list(document["checks"])
    for cluster in document["clusters"]:
        found += [*cluster["checks"], *(check for cls in cluster["classes"] for check in cls["checks"])]
    return {check["name"]: check for check in found}


def amiss(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: check["level"] for name, check in found.items() if check["level"] not in ("ok", None)}


def test_what_iam_refuses_is_listed_as_one_statement(set_up: SetUp, kube: RunningKube, doctor: Doctor) -> None:
    for service, operation in (("ec2", "DescribeRouteTables"), ("*", "GetServiceQuota"), ("eks", "DescribeAddon")):
        set_up.simulated.fault("access_denied", service=service, operation=operation)
    found = checks(doctor)
    assert amiss(found) == dict.fromkeys(("permissions", "subnets", "egress"), "unknown")
    (iam,) = found["permissions"]["children"]
    assert iam["fix"].startswith("add to the policies of arn:aws:iam::111122223333:user/simulator: ")
    assert json.loads(iam["fix"][iam["fix"].index('{"') :])["Action"] == [
        "ec2:DescribeRouteTables",
        "eks:DescribeAddon",
        "servicequotas:GetServiceQuota",
    ]
    assert found["profiles"]["message"] == "1; how many there may be cannot be seen"


def test_a_cluster_that_may_not_be_described(set_up: SetUp, kube: RunningKube, doctor: Doctor) -> None:
    set_up.simulated.fault("access_denied", service="eks", operation="DescribeCluster")
    found = checks(doctor)
    assert amiss(found) == {"cluster": "error", "permissions": "unknown"}
    assert '"eks:DescribeCluster"' in found["permissions"]["children"][0]["fix"]


def test_what_the_cluster_refuses_is_no_traceback(kube: RunningKube, doctor: Doctor) -> None:
    kube.admin.fail(403, verb="list", resource="pods")
    found = checks(doctor)
    assert amiss(found) == {"Kubernetes API": "unknown", "Pending pods": "unknown"}


def test_a_private_api_is_unknown_with_its_fix(set_up: SetUp, kube: RunningKube, doctor: Doctor) -> None:
    set_up.aws("eks").update_cluster_config(name=CLUSTER, resourcesVpcConfig={"endpointPrivateAccess": True, "endpointPublicAccess": False})
    with reserved_port() as port:
        set_up.simulated.kubernetes(CLUSTER, f"http://127.0.0.1:{port}", account=ACCOUNT, region=REGION)
        found = checks(doctor)
        assert doctor().code == 1
    assert amiss(found) == dict.fromkeys(("Kubernetes API", "CoreDNS", "network plugin", "Pending pods"), "unknown")
    assert found["Kubernetes API"]["fix"].startswith("it is private: ask from the cluster's VPC")
    assert {found[name]["fix"] for name in ("CoreDNS", "network plugin", "Pending pods")} == {"see Kubernetes API"}


def test_an_api_that_says_nothing_is_given_up(set_up: SetUp, kube: RunningKube, doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_CLUSTER_LIMIT", 0.5)
    kube.admin.fail(delay=30.0, verb="list", resource="nodes")
    found = checks(doctor)
    assert "no answer within 0.5 s" in found["Kubernetes API"]["message"]
    assert found["Kubernetes API"]["fix"] == "try again"


def test_without_credentials(kube: RunningKube, doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    ran = doctor()
    assert (ran.code, ran.err) == (2, "")
    assert ran.out == (
        "prod (eu-west-1, 111122223333)\n"
        "└─ ✗ cluster  cluster prod cannot be read: Unable to locate credentials\n"
        "     fix: get AWS credentials that are valid, and see whose they are: aws sts get-caller-identity\n"
        "1 error\n"
    )


def test_an_address_in_place_of_awss_that_is_none(kube: RunningKube, doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    ran = doctor()
    assert ran.code == 1
    assert "cluster prod cannot be read, as AWS cannot be asked: Invalid endpoint: nonsense\n" in ran.out
    assert "fix: make it a URL, or unset it: AWS_ENDPOINT_URL, " in ran.out


def test_who_asks_by_options_is_answered_in_options(set_up: SetUp, doctor: Doctor) -> None:
    other = ROLE_ARN.replace("/fargate-pod-execution", "/other")
    found = checks(doctor, "--cluster-arn", CLUSTER_ARN, "--role-arn", other, "--subnet-id", "subnet-0123456789abcdef0")
    assert found["role"]["fix"] == "create it or correct --role-arn"
    assert found["subnets"]["fix"] == "correct --subnet-id"


def test_a_cluster_that_does_not_exist(set_up: SetUp, doctor: Doctor) -> None:
    ran = doctor("--cluster-arn", CLUSTER_ARN.replace("/prod", "/other"), "--role-arn", ROLE_ARN)
    assert ran.code == 2
    assert "there is no cluster other in account 111122223333, eu-west-1" in ran.out


def test_what_aws_throttles_is_asked_again(set_up: SetUp, kube: RunningKube, doctor: Doctor) -> None:
    set_up.simulated.fault("throttling", operation="DescribeVpcs", calls=1)
    set_up.simulated.fault("error", operation="ListFargateProfiles", calls=2, status=500)
    assert amiss(checks(doctor)) == {}


def test_what_aws_does_not_answer_is_unknown_and_all_else_is_not(set_up: SetUp, kube: RunningKube, doctor: Doctor) -> None:
    for operation in (
        "DescribeSubnets",
        "ListFargateProfiles",
        "GetRole",
        "ListNodegroups",
        "ListAttachedRolePolicies",
        "DescribeVpcs",
    ):
        set_up.simulated.fault("error", operation=operation, status=500)
    found = checks(doctor)
    assert set(amiss(found).values()) == {"unknown"}
    assert {"subnets", "profiles", "role", "egress", "Pending pods"} <= set(amiss(found))
    assert found["profiles"]["fix"] == "try again"
    assert found["CoreDNS"]["level"] == "ok"


def test_a_profile_that_is_gone_meanwhile_is_none(set_up: SetUp, kube: RunningKube, doctor: Doctor) -> None:
    code, message = "ResourceNotFoundException", "No Fargate Profile found with name: first."
    set_up.simulated.fault("error", operation="DescribeFargateProfile", code=code, message=message, status=404)
    assert checks(doctor)["profiles"]["message"] == "0 of 10"


def test_a_cluster_of_several_classes_is_read_once(set_up: SetUp, doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = set_up.aws("iam").get_role(RoleName="fargate-pod-execution-misconfigured")["Role"]["Arn"]
    classes = (fargate_class("a"), fargate_class("b"), fargate_class("c", podExecutionRoleARN=other))
    with cluster_api(tmp_path, *classes) as kube:
        monkeypatch.setenv("KUBECONFIG", str(kube.kubeconfig))
        set_up.simulated.clear_ledger()
        document = json.loads(doctor("-o", "json").out)
    (cluster,) = document["clusters"]
    assert [cls["name"] for cls in cluster["classes"]] == ["a", "b", "c"]
    levels = {cls["name"]: {check["name"]: check["level"] for check in cls["checks"]}["role"] for cls in cluster["classes"]}
    assert levels == {"a": "ok", "b": "ok", "c": "error"}
    made = Counter(call.operation for call in set_up.simulated.calls())
    assert made["DescribeCluster"] == made["DescribeSubnets"] == made["ListFargateProfiles"] == 1
    assert made["GetRole"] == 3  # and the service-linked one


@pytest.fixture
def own(set_up: SetUp, doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningKube]:
    """A cluster of the test's own, without any class."""
    with cluster_api(tmp_path, core_dns(compute_type="ec2")) as kube:
        monkeypatch.setenv("KUBECONFIG", str(kube.kubeconfig))
        set_up.simulated.kubernetes(CLUSTER, kube.url, account=ACCOUNT, region=REGION)
        yield kube


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "the cluster of the kubeconfig has no FargateProfileClass"),
        (("--class", "other"), "there is no FargateProfileClass other: kubectl get fargateprofileclasses says which there are"),
    ],
)
def test_nothing_to_look_at(own: RunningKube, doctor: Doctor, arguments: tuple[str, ...], said: str) -> None:
    ran = doctor(*arguments)
    assert (ran.code, ran.out) == (69, "")
    assert ran.err == f"error: {said}. What no class names yet is looked at with --cluster-arn and --role-arn\n"


def test_classes_that_may_not_be_read(own: RunningKube, doctor: Doctor) -> None:
    own.admin.fail(403, resource="fargateprofileclasses")
    for arguments, verb in (((), "list"), (("--class", "standard"), "get")):
        ran = doctor(*arguments)
        assert ran.code == 69
        assert ran.err.startswith(f"error: you may not {verb} fargateprofileclasses.fargateclaims.dev in all namespaces")


def test_pods_and_plugins_and_coredns_of_a_cluster_in_trouble(set_up: SetUp, own: RunningKube, doctor: Doctor) -> None:
    own.admin.load([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}, deployment("web", {"app": "web"}, 3)])
    pods_when(own, lambda pods: len(pods) == 3)
    cilium = deployment("cilium", {"app": "cilium"}, namespace="kube-system")
    del cilium["spec"]["replicas"]
    own.admin.load([{**cilium, "kind": "DaemonSet"}])
    profiles = [
        {"name": "dns", "selectors": [{"namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}}]},
        {"name": "shop", "selectors": [{"namespace": "sh*"}]},
        {"name": "broken", "status": "CREATE_FAILED", "issues": [{"code": "AccessDenied", "message": "Role cannot be assumed"}]},
    ]
    set_up.simulated.place(CLUSTER, profiles, account=ACCOUNT, region=REGION)
    set_up.simulated.quotas(profiles=4, account=ACCOUNT, region=REGION)
    found = checks(doctor, *BY_OPTIONS)
    assert amiss(found) == {"CoreDNS": "error", "network plugin": "warning", "Pending pods": "warning", "profiles": "error"}
    assert found["CoreDNS"]["fix"].startswith("kubectl -n kube-system patch deployment coredns --type json")
    assert [(child["name"], child["fix"].partition(" web-")[0]) for child in found["Pending pods"]["children"]] == [
        ("shop", "kubectl delete pod -n shop")
    ]
    assert found["profiles"]["message"] == "4 of 4, and 1 is not well: there is no place for another one"
    assert {child["name"]: child["level"] for child in found["profiles"]["children"]}["broken"] == "error"


def test_what_the_operator_says_is_compared(set_up: SetUp, own: RunningKube, doctor: Doctor) -> None:
    before = {
        "type": "RoleUsable",
        "status": "False",
        "reason": "RoleNotUsable",
        "message": "m",
        "lastTransitionTime": "2026-11-21T10:00:00Z",
    }
    own.admin.load([fargate_class(status={"observedGeneration": 1, "conditions": [before]})])
    found = checks(doctor)["class status"]
    assert found["level"] == "warning"
    assert found["children"][0]["message"] == "the operator says False (RoleNotUsable); found now: True"


def test_a_class_that_cannot_be_read_hides_no_other(set_up: SetUp, doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lenient = [crd for crd in read_manifests(CRDS) if crd["spec"]["names"]["kind"] == "FargateProfileClass"]
    lenient[0]["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    with running_kube_server(tmp_path, Settings(objects=tuple(lenient))) as kube:
        monkeypatch.setenv("KUBECONFIG", str(kube.kubeconfig))
        kube.admin.load([fargate_class("odd", claims="everybody"), fargate_class()])
        ran = doctor()
    assert ran.code == 2
    assert ran.out.startswith("✗ class  FargateProfileClass odd is malformed: spec.claims: ")
    assert "fix: kubectl edit fargateprofileclass odd\n" in ran.out
    assert "class standard" in ran.out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_an_answer_that_cannot_be_written(set_up: SetUp, kube: RunningKube) -> None:
    with Path("/dev/full").open("wb") as full:
        process = start([sys.executable, "-m", "fargateclaims", "doctor"], stdout=full, stderr=subprocess.PIPE, env=dict(os.environ))
        with process:
            _, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, err) == (74, b"error: the answer cannot be written: No space left on device\n")


def test_an_interrupt_ends_it_without_a_word(set_up: SetUp, kube: RunningKube) -> None:
    set_up.simulated.fault("delay", operation="DescribeCluster", seconds=30.0)
    command = [sys.executable, "-m", "fargateclaims", "doctor"]
    with start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)) as process:
        asyncio.run(until(lambda: any(call.operation == "GetCallerIdentity" for call in set_up.simulated.calls())))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, out, err) == (130, b"", b"")
