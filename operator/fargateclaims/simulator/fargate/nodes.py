"""The Node that a pod on Fargate gets: one each, tainted, as large as the pod."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from ipaddress import IPv4Address
from typing import Final

from fargateclaims.domain.pods.combinations import Combination
from fargateclaims.simulator.fargate import marks
from fargateclaims.simulator.fargate.addresses import Place, host_name
from fargateclaims.simulator.kube.objects import Obj, metadata_of, timestamp

TAINTS: Final = [{"key": marks.COMPUTE_TYPE, "value": marks.FARGATE, "effect": "NoSchedule"}]
_KUBELET_VERSION: Final = "v1.33.5-eks-113cf36"
# What the kubelet reports when nothing is wrong: condition, status, reason, message.
_HEALTHY: Final = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def node_name(address: IPv4Address, region: str) -> str:
    """The name of the node with an address."""
    return marks.NODE_PREFIX + host_name(address, region)


def fargate_node(place: Place, region: str, size: Combination, profile_arn: str, now: datetime) -> Obj:
    """A node that is Ready. What `describe node` shows on EKS is often more than the pod's size; here it is that size."""
    name = node_name(place.address, region)
    capacity = {"cpu": f"{int(size.vcpu * 1000)}m", "memory": f"{size.memory_bytes >> 20}Mi", "ephemeral-storage": "20Gi", "pods": "1"}
    when = timestamp(now)
    machine = hashlib.sha256(f"{name} {profile_arn}".encode()).hexdigest()[:32]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": _labels(host_name(place.address, region), region, place.subnet.zone),
            "annotations": {marks.PROFILE_ARN: profile_arn},
        },
        "spec": {"taints": TAINTS, "providerID": f"aws:///{place.subnet.zone}/{machine}/{name}"},
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "addresses": [
                {"type": "InternalIP", "address": str(place.address)},
                {"type": "InternalDNS", "address": name},
                {"type": "Hostname", "address": name},
            ],
            "conditions": [
                {"type": kind, "status": status, "reason": reason, "message": text, "lastHeartbeatTime": when, "lastTransitionTime": when}
                for kind, status, reason, text in _HEALTHY
            ],
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": machine,
                "containerRuntimeVersion": "containerd://1.7.27",
                "kernelVersion": "5.10.240-238.955.amzn2.x86_64",
                "kubeProxyVersion": _KUBELET_VERSION,
                "kubeletVersion": _KUBELET_VERSION,
                "machineID": machine,
                "operatingSystem": "linux",
                "osImage": "Amazon Linux 2",
                "systemUUID": machine,
            },
        },
    }


def is_fargate(node: Obj) -> bool:
    """Whether a node is one of Fargate's."""
    return (metadata_of(node).get("labels") or {}).get(marks.COMPUTE_TYPE) == marks.FARGATE


def addresses_of(nodes: Iterable[Obj]) -> set[IPv4Address]:
    """The addresses that Fargate's nodes have."""
    return {
        IPv4Address(address["address"])
        for node in nodes
        if is_fargate(node)
        for address in (node.get("status") or {}).get("addresses") or ()
        if address["type"] == "InternalIP"
    }


def _labels(host: str, region: str, zone: str) -> dict[str, str]:
    return {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        marks.COMPUTE_TYPE: marks.FARGATE,
        "failure-domain.beta.kubernetes.io/region": region,
        "failure-domain.beta.kubernetes.io/zone": zone,
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": host,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": zone,
    }
