"""Other network plugins, by the names of their DaemonSets."""

import pytest

from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.doctor.network_plugins import check_network_plugins
from fargateclaims.domain.workloads import DaemonSet

OURS = (DaemonSet("kube-system", "aws-node"), DaemonSet("kube-system", "kube-proxy"), DaemonSet("shop", "calico-node-exporter"))


def test_amazons_own_is_none() -> None:
    assert check_network_plugins(OURS).level is Level.OK
    assert check_network_plugins(()).level is Level.OK


@pytest.mark.parametrize(
    ("namespace", "name", "title"),
    [("calico-system", "calico-node", "Calico"), ("kube-system", "cilium", "Cilium"), ("kube-system", "weave-net", "Weave Net")],
)
def test_another_one_is_named(namespace: str, name: str, title: str) -> None:
    found = check_network_plugins((*OURS, DaemonSet(namespace, name)))
    assert found.level is Level.WARNING
    assert found.message.startswith(f"{title} (DaemonSet {namespace}/{name}) found")
    assert "SecurityGroupPolicy" in found.fix
