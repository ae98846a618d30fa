"""An EKS cluster's API with and without rights there, by a real API server's RBAC."""

import base64
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.clock import SystemClock
from fargateclaims.domain.evictions import Eviction, EvictionAnswer
from fargateclaims.domain.no_access import Barrier, NoAccess
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.clusters import ClusterAPI, ClusterAPIs
from fargateclaims.kube.pods import delete, evict, pods_on_profile, waiting_pods
from fargateclaims.kube.workloads import (
    pinned_templates,
    read_workloads,
    remove_compute_type,
    replace_map_roles,
    restart_core_dns,
)
from support.control_plane import ControlPlane
from support.kube_contract import Api, eventually
from support.workloads import LABELS, pod

ARN = ClusterARN("aws", "eu-west-1", "111122223333", "prod")
PROFILE = "eks.amazonaws.com/fargate-profile"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
RULES: Final = [
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "delete"]},
    {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
    {"apiGroups": [""], "resources": ["nodes", "replicationcontrollers"], "verbs": ["list"]},
    {"apiGroups": ["apps"], "resources": ["deployments", "replicasets", "statefulsets"], "verbs": ["list"]},
    {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"], "verbs": ["list"]},
    {"apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["coredns"], "verbs": ["get", "patch"]},
    {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["aws-auth"], "verbs": ["get", "update"]},
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]},
]
"""All that is read and mended in a cluster. A create has no name that RBAC could look at."""


class GivenToken:
    """A token that is not AWS's."""

    principal = "arn:aws:iam::111122223333:role/fargateclaims"

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:
        return self._token

    def distrust(self, token: str) -> None:
        pass


@pytest.fixture
async def cluster_of(plane: ControlPlane) -> AsyncIterator[Callable[[str], Awaitable[ClusterAPI]]]:
    """The cluster as seen by who bears a token."""
    ca = base64.b64encode(plane.certificate.read_bytes()).decode()
    seen = EKSCluster("prod", "ACTIVE", "1.36", "vpc-1", (), "API", endpoint=plane.url, certificate_authority=ca)
    opened: list[ClusterAPIs] = []

    async def make(token: str) -> ClusterAPI:
        opened.append(ClusterAPIs(lambda *_: GivenToken(token), SystemClock()))
        cluster = await opened[-1].of(ARN, seen)
        client = cluster._opened()
        assert isinstance(client, KubeClient)
        # The audit log is judged by who says to be the operator.
        client._api.user_agent = "a test"
        return cluster

    yield make
    for apis in opened:
        await apis.close()


@pytest.fixture
async def namespace(api: Api) -> AsyncIterator[str]:
    name = f"shop-{secrets.token_hex(4)}"
    (await api.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})).ok()
    yield name
    await api.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture
async def somebody(api: Api, namespace: str) -> str:
    """The token of a ServiceAccount without any rights, called as its namespace is."""
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    (await api.create(accounts, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "somebody"}})).ok()
    answer = (await api.create(f"{accounts}/somebody/token", {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"})).ok()
    return str(answer["status"]["token"])


@pytest.fixture
async def entitled(api: Api, namespace: str, somebody: str) -> AsyncIterator[str]:
    """The same with RULES."""
    meta = {"metadata": {"name": namespace}}
    (await api.create(f"{RBAC}/clusterroles", {"apiVersion": RBAC[6:], "kind": "ClusterRole", **meta, "rules": RULES})).ok()
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": namespace}
    subjects = [{"kind": "ServiceAccount", "name": "somebody", "namespace": namespace}]
    binding = {"apiVersion": RBAC[6:], "kind": "ClusterRoleBinding", **meta, "roleRef": role, "subjects": subjects}
    (await api.create(f"{RBAC}/clusterrolebindings", binding)).ok()
    yield somebody
    for kind in ("clusterrolebindings", "clusterroles"):
        await api.delete(f"{RBAC}/{kind}/{namespace}")


async def test_who_is_not_known_is_told_of_the_access_entry(cluster_of: Callable[[str], Awaitable[ClusterAPI]]) -> None:
    found = await (await cluster_of("k8s-aws-v1.nobody")).ask(lambda client: pods_on_profile(client, "p"))
    assert isinstance(found, NoAccess)
    assert found.barrier is Barrier.NOT_KNOWN
    assert "aws eks create-access-entry --cluster-name prod --region eu-west-1" in found.why


async def test_who_has_no_rights_is_told_which(
    cluster_of: Callable[[str], Awaitable[ClusterAPI]], somebody: str, show: Callable[[object], None]
) -> None:
    cluster = await cluster_of(somebody)
    found = await cluster.ask(lambda client: pods_on_profile(client, "p"))
    assert isinstance(found, NoAccess)
    assert found.barrier is Barrier.FORBIDDEN
    assert "may not list pods in all namespaces of cluster prod (403)" in found.why
    workloads = await read_workloads(cluster)
    parts = (workloads.core_dns, workloads.aws_auth, workloads.other_nodes)
    missing = [part.why.partition(" may not ")[2].partition(" of cluster")[0] for part in parts if isinstance(part, Unreadable)]
    assert missing == [
        "get deployments.apps in namespace kube-system",
        "get configmaps in namespace kube-system",
        "list nodes in all namespaces",
    ]
    show(found.why)


async def test_the_rights_that_are_asked_for_are_enough(
    api: Api, namespace: str, cluster_of: Callable[[str], Awaitable[ClusterAPI]], entitled: str
) -> None:
    cluster = await cluster_of(entitled)
    marked = pod("marked")
    marked["metadata"]["labels"] = {**LABELS, PROFILE: namespace}
    for made in (marked, pod("waits")):
        (await api.create(f"/api/v1/namespaces/{namespace}/pods", made)).ok()
    (on_profile,) = await done(cluster, lambda client: pods_on_profile(client, namespace))
    assert await done(cluster, lambda client: evict(client, on_profile)) == Eviction(EvictionAnswer.DONE)
    (waits,) = [one for one in await done(cluster, lambda client: waiting_pods(client, None)) if one.namespace == namespace]
    assert await done(cluster, lambda client: delete(client, waits)) is True
    assert await done(cluster, lambda client: pinned_templates(client, namespace, None)) == []
    workloads = await read_workloads(cluster)
    assert not any(isinstance(part, Unreadable) for part in (workloads.core_dns, workloads.aws_auth, workloads.other_nodes))
    assert await done(cluster, lambda client: remove_compute_type(client, "ec2")) is False
    assert await done(cluster, lambda client: restart_core_dns(client, datetime.now(UTC))) is False
    assert await done(cluster, lambda client: replace_map_roles(client, None, "- a\n", {})) is True
    assert await done(cluster, lambda client: replace_map_roles(client, "- a\n", "- b\n", {})) is True
    await api.delete("/api/v1/namespaces/kube-system/configmaps/aws-auth")


async def test_a_job_counts_a_pod_that_is_deleted_before_it_ends(api: Api, namespace: str) -> None:
    """Why pods of Jobs are named and not made again."""
    jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "example.test/web:1"}]}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"}, "spec": {"backoffLimit": 0, "template": template}}
    (await api.create(jobs, job)).ok()
    pods = f"/api/v1/namespaces/{namespace}/pods"

    async def pending() -> Any:
        return (await api.get(pods)).ok()["items"]

    (only,) = await eventually(pending)
    await api.delete(f"{pods}/{only['metadata']['name']}")

    async def failed() -> bool:
        conditions = (await api.get(f"{jobs}/once")).ok()["status"].get("conditions", [])
        return any((one["type"], one["status"], one["reason"]) == ("Failed", "True", "BackoffLimitExceeded") for one in conditions)

    await eventually(failed)


async def done(cluster: ClusterAPI, work: Callable[[KubeClient], Awaitable[Any]]) -> Any:
    found = await cluster.ask(work)
    assert not isinstance(found, NoAccess), found.why
    return found
