"""Whether there is another network plugin than Amazon's: Fargate's nodes have that one alone."""

from collections.abc import Iterable, Mapping
from typing import Final

from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.checks.texts import listed
from fargateclaims.domain.doctor.chart import Check
from fargateclaims.domain.workloads import DaemonSet

_NAME: Final = "network plugin"
_PLUGINS: Final[Mapping[str, str]] = {
    "antrea-agent": "Antrea",
    "calico-node": "Calico",
    "canal": "Canal",
    "cilium": "Cilium",
    "kube-flannel-ds": "Flannel",
    "kube-ovn-cni": "Kube-OVN",
    "kube-router": "kube-router",
    "weave-net": "Weave Net",
}
"""The DaemonSets of other plugins, by the names that their own manifests give them; whoever renames one goes unnoticed."""


def check_network_plugins(daemon_sets: Iterable[DaemonSet]) -> Check:
    """Look for the DaemonSets of other plugins (EKS user guide, "Alternate CNI plugins for Amazon EKS clusters").

    They do no harm on Fargate, where they do not run at all; but who counts on them there errs.
    """
    found = [each for each in daemon_sets if each.name in _PLUGINS]
    if not found:
        return Check(_NAME, Level.OK, "none found but Amazon's VPC CNI, which Fargate's nodes have built in")
    named = listed([f"{_PLUGINS[each.name]} (DaemonSet {each.namespace}/{each.name})" for each in found], len(_PLUGINS))
    return Check(
        _NAME,
        Level.WARNING,
        f"{named} found: pods on Fargate get their network from Amazon's VPC CNI alone, and no NetworkPolicy is enforced for them",
        "let security groups guard pods on Fargate (SecurityGroupPolicy of vpcresources.k8s.aws), and keep the plugin for EC2 nodes alone",
    )
