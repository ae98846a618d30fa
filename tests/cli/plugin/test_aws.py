"""`--aws`: all profiles of EKS, also those that no claim made, over real HTTP from the simulated EKS."""

import pytest

from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS
from support.builders import make_class
from support.eks_server import as_new, aws_client, sign_in
from support.kube_server import RunningKube
from support.plugin import Plugin, claim, pod


@pytest.fixture
def simulated(eks_process: SimulatedEKS) -> SimulatedEKS:
    return as_new(eks_process, create_seconds=0, delete_seconds=0)


@pytest.fixture
def seeded(simulated: SimulatedEKS, monkeypatch: pytest.MonkeyPatch) -> Seeded:
    seeded = simulated.seed(["prod"])
    sign_in(simulated, seeded, monkeypatch)
    return seeded


def create(simulated: SimulatedEKS, seeded: Seeded, name: str, namespace: str, tags: dict[str, str] | None = None) -> None:
    """Have a profile made as somebody else does."""
    aws_client("eks", simulated, seeded).create_fargate_profile(
        clusterName="prod",
        fargateProfileName=name,
        podExecutionRoleArn=seeded.pod_execution_role_arn,
        subnets=seeded.private_subnets,
        selectors=[{"namespace": namespace}],
        tags=tags or {},
    )


def test_a_foreign_profile_takes_the_pod(kube: RunningKube, plugin: Plugin, simulated: SimulatedEKS, seeded: Seeded) -> None:
    create(simulated, seeded, "legacy", "sh*")
    owned = {f"fargateclaims.dev/{key}": value for key, value in (("installation", "i"), ("namespace", "shop"), ("name", "checkout"))}
    create(simulated, seeded, "shop-checkout-9999", "shop", owned)
    kube.admin.load(
        [claim("checkout", {}, arn=seeded.clusters["prod"]), claim("new", {}, arn=seeded.clusters["prod"], state=""), pod("web-7f")]
    )
    ran = plugin("explain", "web-7f", "-n", "shop", "--aws")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert "Profile legacy (foreign) takes it once it is made again, first by name of 2 that match" in lines[1]
    assert lines[2:] == [
        "→ legacy  foreign, ACTIVE",
        "    namespace sh* ✓",
        "  shop-checkout-9999  claim shop/checkout, ACTIVE",
        "    namespace shop ✓",
        "  (no name yet)  claim shop/new, not made yet: waiting, 2nd of 5 on cluster prod",
        "    namespace shop ✓",
        "next: delete and apply it yourself, as nothing would make it again",
    ]


def test_the_cluster_has_to_be_known(kube: RunningKube, plugin: Plugin, simulated: SimulatedEKS, seeded: Seeded) -> None:
    kube.admin.load([pod("web-7f")])
    ran = plugin("explain", "web-7f", "-n", "shop", "--aws")
    assert (ran.code, ran.err) == (2, "error: which EKS cluster is this? No claim or class says so: name it with --cluster-arn\n")
    create(simulated, seeded, "legacy", "sh*")
    assert (
        "Profile legacy (foreign) takes it"
        in plugin("explain", "web-7f", "-n", "shop", "--aws", "--cluster-arn", seeded.clusters["prod"]).out
    )


def test_a_class_says_which_cluster_it_is(kube: RunningKube, plugin: Plugin, simulated: SimulatedEKS, seeded: Seeded) -> None:
    create(simulated, seeded, "legacy", "sh*")
    spec = make_class(clusterARN=seeded.clusters["prod"]).to_dict()["spec"]
    standard = {"apiVersion": "fargateclaims.dev/v1alpha1", "kind": "FargateProfileClass", "metadata": {"name": "standard"}, "spec": spec}
    kube.admin.load([standard, pod("web-7f")])
    assert "Profile legacy (foreign) takes it" in plugin("explain", "web-7f", "-n", "shop", "--aws").out


def test_what_aws_refuses_is_one_sentence(kube: RunningKube, plugin: Plugin, seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    kube.admin.load([pod("web-7f")])
    arn = seeded.clusters["prod"].replace("/prod", "/other")
    ran = plugin("explain", "web-7f", "-n", "shop", "--aws", "--cluster-arn", arn)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: AWS: ListFargateProfiles: ")
    assert ran.err.count("\n") == 1
    assert plugin("explain", "web-7f", "-n", "shop", "--aws", "--cluster-arn", "prod").err == (
        "error: --cluster-arn: 'prod' is not the ARN of an EKS cluster, such as arn:aws:eks:eu-west-1:111122223333:cluster/prod\n"
    )
