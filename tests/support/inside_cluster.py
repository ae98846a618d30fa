"""What runs in an EKS cluster itself, as far as the checks look at it: CoreDNS and aws-auth."""

from typing import Any, Final

from support.kube_contract import Api
from support.workloads import TEMPLATE, deployment

COMPUTE_TYPE: Final = "eks.amazonaws.com/compute-type"
CORE_DNS: Final = "/apis/apps/v1/namespaces/kube-system/deployments"
DNS_LABELS: Final = {"k8s-app": "kube-dns"}
_CONFIG_MAPS: Final = "/api/v1/namespaces/kube-system/configmaps"


async def install_core_dns(api: Api, compute_type: str | None = None) -> None:
    """CoreDNS as it comes with a cluster: two pods, marked for EC2 nodes if that is said."""
    annotations = {} if compute_type is None else {COMPUTE_TYPE: compute_type}
    template = {**TEMPLATE, "metadata": {"labels": DNS_LABELS, "annotations": annotations}}
    (await api.create(CORE_DNS, deployment("coredns", 2, selector={"matchLabels": DNS_LABELS}, template=template))).ok()


async def ready_core_dns(api: Api) -> int:
    """How many of its pods are ready."""
    found = await api.get(f"{CORE_DNS}/coredns")
    return int(found.ok().get("status", {}).get("readyReplicas", 0)) if found.code == 200 else 0


async def write_aws_auth(api: Api, map_roles: str) -> None:
    """Make aws-auth, or replace it."""
    await api.delete(f"{_CONFIG_MAPS}/aws-auth")
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth"}, "data": {"mapRoles": map_roles}}
    (await api.create(_CONFIG_MAPS, body)).ok()
