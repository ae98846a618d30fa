"""What is made of the list of DaemonSets; of each one only its name is kept."""

import pytest

from fargateclaims.domain.workloads import DaemonSet
from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.daemon_sets import daemon_sets
from fargateclaims.kube.errors import Refused
from support.scripted_server import ScriptedServer, answer, failure


def page(*items: object, more: str = "") -> dict[str, object]:
    return {"kind": "DaemonSetList", "apiVersion": "apps/v1", "metadata": {"resourceVersion": "1", "continue": more}, "items": list(items)}


async def test_all_pages_are_read_and_sorted(client: KubeClient, server: ScriptedServer) -> None:
    node, cilium = ({"metadata": {"namespace": "kube-system", "name": name}, "spec": {"much": "more"}} for name in ("aws-node", "cilium"))
    server.will(answer(page(cilium, more="next")), answer(page(node, {"metadata": 7}, {"metadata": {"name": None}})))
    nameless = DaemonSet("", "")
    assert await daemon_sets(client) == (nameless, nameless, DaemonSet("kube-system", "aws-node"), DaemonSet("kube-system", "cilium"))
    assert {asked.path for asked in server.asked} == {"/apis/apps/v1/daemonsets"}


async def test_a_refusal_is_passed_on(client: KubeClient, server: ScriptedServer) -> None:
    server.will(failure(403, "Forbidden", "no"))
    with pytest.raises(Refused):
        await daemon_sets(client)
