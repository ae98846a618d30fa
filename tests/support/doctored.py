"""A healthy cluster as doctor sees it: a simulated EKS, and an embedded API server that has the classes and is the cluster's own."""

import asyncio
import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from fargateclaims.simulator.kube.server import Settings, read_manifests
from support.broken_set_ups import ACCOUNT, CLUSTER, REGION, SetUp
from support.kube_server import RunningKube, running_kube_server
from support.plugin import Ran, read
from support.waiting import until

CRDS: Final = Path(__file__).parents[2] / "crds"
CLUSTER_ARN: Final = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"
ROLE_ARN: Final = f"arn:aws:iam::{ACCOUNT}:role/fargate-pod-execution"
_PODS: Final = "/api/v1/namespaces/kube-system/pods"
_SUBNETS: Final = re.compile(r"subnet-0[ab]\d+(?P<between>,? )subnet-0[ab]\d+(?:(?P=between)subnet-0[ab]\d+)*")


class Doctor(Protocol):
    """Runs `fargateclaims doctor` with these arguments."""

    def __call__(self, *arguments: str) -> Ran: ...


def fargate_class(name: str = "standard", **parts: Any) -> dict[str, Any]:
    """A class of the cluster; `status`, and fields of its spec."""
    status = parts.pop("status", {})
    spec = {"clusterARN": CLUSTER_ARN, "podExecutionRoleARN": ROLE_ARN, "claims": {"namespaces": {"from": "All"}}, **parts}
    return {
        "apiVersion": "fargateclaims.dev/v1alpha1",
        "kind": "FargateProfileClass",
        "metadata": {"name": name},
        "spec": spec,
        "status": status,
    }


def core_dns(compute_type: str | None = None) -> dict[str, Any]:
    """The Deployment of CoreDNS, marked for EC2 nodes if `compute_type` is ec2."""
    labels = {"k8s-app": "kube-dns"}
    marks = {"eks.amazonaws.com/compute-type": compute_type} if compute_type else {}
    template = {"metadata": {"labels": labels, "annotations": marks}, "spec": {"containers": [{"name": "coredns", "image": "coredns"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "coredns", "namespace": "kube-system"}, "spec": spec}


@contextmanager
def cluster_api(folder: Path, *objects: dict[str, Any]) -> Iterator[RunningKube]:
    """An API server that knows the kinds of the API, with some objects."""
    with running_kube_server(folder, Settings(objects=read_manifests(CRDS))) as kube:
        kube.admin.load(objects)
        yield kube


def start_core_dns(kube: RunningKube) -> None:
    """Play the kubelet for the pods of CoreDNS."""
    asyncio.run(until(lambda: len(read(kube, _PODS)["items"]) == 2))
    ready = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
    for pod in read(kube, _PODS)["items"]:
        url = f"{kube.url}{_PODS}/{pod['metadata']['name']}/status"
        headers = {"Content-Type": "application/merge-patch+json"}
        urllib.request.urlopen(urllib.request.Request(url, json.dumps(ready).encode(), headers, method="PATCH")).close()
    deployment = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
    asyncio.run(until(lambda: read(kube, deployment).get("status", {}).get("readyReplicas") == 2))


def tidy(text: str, set_up: SetUp) -> str:
    """A text with the ids that the simulated EC2 made up replaced by ones that are always the same."""
    seeded, ec2 = set_up.seeded, set_up.aws("ec2")
    names = {seeded.vpc_id: "vpc-0f1"}
    names |= {subnet: f"subnet-0a{number}" for number, subnet in enumerate(seeded.private_subnets, 1)}
    names |= {subnet: f"subnet-0b{number}" for number, subnet in enumerate(seeded.public_subnets, 1)}
    names |= {table["RouteTableId"]: "rtb-0d2" for table in ec2.describe_route_tables()["RouteTables"]}
    names |= {set_up.private_table: "rtb-0d1"}
    names |= {gateway["NatGatewayId"]: "nat-0e1" for gateway in ec2.describe_nat_gateways()["NatGateways"]}
    names |= {gateway["InternetGatewayId"]: "igw-0c1" for gateway in ec2.describe_internet_gateways()["InternetGateways"]}
    cluster = set_up.aws("eks").describe_cluster(name=CLUSTER)["cluster"]
    names |= {cluster["resourcesVpcConfig"]["clusterSecurityGroupId"]: "sg-0f1"}
    for made_up, name in names.items():
        text = text.replace(made_up, name)
    # Sorted by what they were.
    return _SUBNETS.sub(lambda found: found["between"].join(sorted(found[0].split(found["between"]))), text)
