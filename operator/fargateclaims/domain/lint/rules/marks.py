"""Labels and annotations by which a pod and Fargate find each other, and networks that Fargate does not know.

Source: the EKS user guide on profiles (the label that names one) and on CoreDNS (compute-type); on alternate CNI plugins.
"""

from collections.abc import Iterator
from typing import Final

from fargateclaims.domain.lint.inventory import Inventory
from fargateclaims.domain.lint.placement import COMPUTE_TYPE
from fargateclaims.domain.lint.resources import Resource, pod_of
from fargateclaims.domain.lint.rule import PODS, Expression, Hit, Rule, Severity

PIN: Final = "eks.amazonaws.com/fargate-profile"
_NETWORKS: Final = (
    *("k8s.v1.cni.cncf.io/networks", "v1.multus-cni.io/default-network"),
    *(
        "cni.projectcalico.org/ipAddrs",
        "cni.projectcalico.org/ipv4pools",
        "cni.projectcalico.org/ipv6pools",
        "cni.projectcalico.org/floatingIPs",
    ),
    "ipam.cilium.io/ip-pool",
)
_NETWORK_KINDS: Final = frozenset({"NetworkAttachmentDefinition", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"})


def _pin(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    pod = pod_of(resource)
    profile = pod.template.annotations.get(PIN)
    if profile is not None and PIN not in pod.template.labels:
        yield Hit((*pod.metadata_path, "annotations", PIN), f"profile {profile} is named by an annotation")


def _compute_type(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    pod = pod_of(resource)
    kind = pod.template.annotations.get(COMPUTE_TYPE)
    if kind is not None and kind != "fargate":
        yield Hit((*pod.metadata_path, "annotations", COMPUTE_TYPE), f"the pods are kept off Fargate by compute-type {kind}")


def _networks(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    pod = pod_of(resource)
    for key in _NETWORKS:
        if key in pod.template.annotations:
            yield Hit((*pod.metadata_path, "annotations", key), f"the pod asks another CNI plugin for a network by {key}")


def _network_kinds(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    yield Hit((*resource.path, "kind"), "is for another CNI plugin")


RULES: Final = (
    Rule(
        id="FG117",
        severity=Severity.ERROR,
        title="Network of another CNI plugin",
        why="Pods on Fargate have the Amazon VPC CNI alone: no second interface, no addresses out of another plugin's pools.",
        advice="remove the annotation, or keep this pod on EC2 nodes",
        sources=("G20",),
        check=_networks,
        expressions=(Expression(PODS, "!variables.annotations.exists(k, k in [" + ", ".join(f"'{key}'" for key in _NETWORKS) + "])"),),
    ),
    Rule(
        id="FG201",
        severity=Severity.WARNING,
        title="Profile named by an annotation",
        why="EKS chooses among the matching profiles by the pod's label of this name; the annotation is from older texts.",
        advice=f"make {PIN} a label of the pod template",
        sources=("T4",),
        check=_pin,
        expressions=(Expression(PODS, f"!('{PIN}' in variables.annotations) || '{PIN}' in variables.labels"),),
    ),
    Rule(
        id="FG202",
        severity=Severity.WARNING,
        title="Kept off Fargate",
        why="EKS leaves pods with this annotation to EC2 nodes: without any, they stay Pending. CoreDNS comes with it.",
        advice=f"remove {COMPUTE_TYPE} if these pods are to run on Fargate (CoreDNS: the class's repairs.coreDNS can do it)",
        sources=("T7",),
        check=_compute_type,
        expressions=(
            Expression(PODS, f"!('{COMPUTE_TYPE}' in variables.annotations) || variables.annotations['{COMPUTE_TYPE}'] == 'fargate'"),
        ),
    ),
    Rule(
        id="FG308",
        severity=Severity.INFO,
        title="Object of another CNI plugin",
        why="Pods on Fargate have the Amazon VPC CNI alone: this has no effect on them.",
        advice="nothing to do, if it is for pods on EC2 nodes; for Fargate, use a SecurityGroupPolicy",
        sources=("G20",),
        kinds=_NETWORK_KINDS,
        check=_network_kinds,
    ),
)
