"""`size` as printed."""

import json

import yaml

from support.kube_server import RunningKube
from support.plugin import Plugin, deployment, on_fargate, pod

WEB = deployment("web", {"app": "web"}, replicas=3, requests={"cpu": "1", "memory": "8Gi"})


def sized(plugin: Plugin, manifest: dict[str, object], *options: str) -> str:
    """What `size` prints about one manifest."""
    ran = plugin("size", "-f", "-", *options, stdin=yaml.safe_dump(manifest))
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def test_what_eks_makes_of_it_and_how_little_less_would_do(plugin: Plugin) -> None:
    assert sized(plugin, WEB) == (
        "deployment/web in namespace shop\n"
        "  asks for  1 CPU (container app), 8Gi memory (container app)\n"
        "  EKS adds  256Mi memory for Kubernetes' own parts\n"
        "  gets      2vCPU 9GB, billed as such; 1 CPU and 768Mi memory to spare\n"
        "  smaller   1vCPU 8GB with 256Mi less memory\n"
    )


def test_a_pod_that_asks_for_nothing(plugin: Plugin) -> None:
    assert sized(plugin, pod("web-7f")) == (
        "pod/web-7f in namespace shop\n"
        "  asks for  no CPU, no memory\n"
        "  EKS adds  256Mi memory for Kubernetes' own parts\n"
        "  gets      0.25vCPU 0.5GB, billed as such; 250m CPU and 256Mi memory to spare\n"
    )


def test_storage_beyond_what_is_included(plugin: Plugin) -> None:
    said = sized(plugin, pod("web-7f", resources={"requests": {"ephemeral-storage": "100Gi"}}))
    assert "  storage   asks for 100Gi, gets 115Gi; 95Gi are billed\n" in said


def test_what_eks_provisioned_counts_where_it_differs(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([on_fargate("web-7f", "1vCPU 2GB"), on_fargate("web-8f", "0.25vCPU 0.5GB")])
    assert "  differs   EKS says that it provisioned 1vCPU 2GB" in plugin("size", "pod/web-7f", "-n", "shop").out
    assert "differs" not in plugin("size", "pod", "web-8f", "-n", "shop").out


def test_a_workload_of_the_cluster(kube: RunningKube, plugin: Plugin) -> None:
    kube.admin.load([WEB])
    assert plugin("size", "deploy", "web", "-n", "shop").out == sized(plugin, WEB)
    ran = plugin("size", "deploy", "other", "-n", "shop")
    assert (ran.code, ran.err) == (1, "error: there is no deployment other in namespace shop\n")


def test_what_has_no_size_is_named_after_all_that_have(plugin: Plugin) -> None:
    manifests = [
        pod("large", resources={"requests": {"cpu": 20}}),
        pod("wrong", resources={"limits": {"memory": "1GB"}}),
        WEB,
        {"kind": "Pod"},
    ]
    ran = plugin("size", "-f", "-", stdin=yaml.safe_dump_all(manifests))
    assert ran.code == 1
    assert ran.out.startswith("deployment/web in namespace shop\n")
    assert ran.err == (
        "error: document 4: apiVersion is missing\n"
        "       pod/large: the pod asks for 20 CPU and 0 memory; on Fargate it may have at most 16 CPU and 122624Mi memory\n"
        '       pod/wrong: spec.containers[0].resources.limits.memory: "1GB" has an unknown unit "GB"; '
        "the units are n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei\n"
    )


def test_for_programs(plugin: Plugin) -> None:
    (only,) = json.loads(sized(plugin, WEB, "-o", "json"))["pods"]
    assert only == {
        "kind": "Deployment",
        "name": "web",
        "namespace": "shop",
        "pods": 3,
        "asked": {
            "cpu": {"amount": 1.0, "source": "container app"},
            "memory": {"amount": 8.0 * 2**30, "source": "container app"},
            "storage": {"amount": 0.0, "source": ""},
        },
        "reservedMemory": 256 * 2**20,
        "size": "2vCPU 9GB",
        "vCPU": 2.0,
        "memoryGB": 9.0,
        "cpuToSpare": 1.0,
        "memoryToSpare": 768 * 2**20,
        "storage": 20 * 2**30,
        "storageBilled": 0,
        "smaller": [{"size": "1vCPU 8GB", "cpuLess": 0.0, "memoryLess": 256 * 2**20}],
    }
