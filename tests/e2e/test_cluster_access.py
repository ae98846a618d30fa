"""An EKS cluster's API with the rights of `deploy/eks-cluster`, without them, and without each of them, by a real API server's RBAC."""

import base64
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.aws.cloud import AWSCloud
from fargateclaims.clock import SystemClock
from fargateclaims.domain.evictions import Eviction, EvictionAnswer, PodOnProfile
from fargateclaims.domain.no_access import CLUSTER_GROUP, Barrier, NoAccess
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.pods.pod import Pod
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.clusters import ClusterAPI, ClusterAPIs
from fargateclaims.kube.pods import delete, evict, pods_on_profile, waiting_pods
from fargateclaims.kube.workloads import (
    count_other_nodes,
    pinned_templates,
    read_aws_auth,
    read_core_dns,
    read_workloads,
    remove_compute_type,
    replace_map_roles,
    restart_core_dns,
)
from fargateclaims.simulator.eks.client import SimulatedEKS
from support.control_plane import ControlPlane
from support.fault_world import World
from support.installation import Installation
from support.kube_contract import Api, eventually
from support.kubectl import Kubectl
from support.least_privilege import Grant, grants_of
from support.rendering import REPAIRS, workloads
from support.token_reviews import AWS_USER
from support.workloads import LABELS, pod

Cluster = Callable[[str], Awaitable[ClusterAPI]]
Work = Callable[[KubeClient], Awaitable[Any]]

ARN = ClusterARN("aws", "eu-west-1", "111122223333", "prod")
PROFILE = "eks.amazonaws.com/fargate-profile"
RBAC = "rbac.authorization.k8s.io"
CONFIG_MAPS = "/api/v1/namespaces/kube-system/configmaps"
AWS_AUTH: Final = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth"}, "data": {"mapRoles": "- a\n"}}
RIGHTS: Final = grants_of(workloads(*REPAIRS), CLUSTER_GROUP)
USES: Final[Mapping[tuple[str, str], Work]] = MappingProxyType(
    {
        ("list", "pods"): lambda client: pods_on_profile(client, "p"),
        ("list", "nodes"): count_other_nodes,
        ("create", "pods/eviction"): lambda client: evict(client, PodOnProfile("default", "nobody", "u", "Running")),
        ("delete", "pods"): lambda client: delete(client, Pod("default", "nobody", "u", {}, {}, {})),
        ("get", "deployments.apps"): read_core_dns,
        ("patch", "deployments.apps"): lambda client: remove_compute_type(client, "ec2"),
        ("get", "configmaps"): read_aws_auth,
        ("create", "configmaps"): lambda client: replace_map_roles(client, None, "- a\n", {}),
        ("update", "configmaps"): lambda client: replace_map_roles(client, "- a\n", "- b\n", {}),
        **{
            ("list", kind): lambda client: pinned_templates(client, "p", None)
            for kind in (
                "replicationcontrollers",
                "deployments.apps",
                "replicasets.apps",
                "statefulsets.apps",
                "cronjobs.batch",
                "jobs.batch",
            )
        },
    }
)
"""What the operator does with each right. The pods are not there: who may do it is told before that is."""


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
def authority(plane: ControlPlane) -> str:
    return base64.b64encode(plane.certificate.read_bytes()).decode()


@pytest.fixture
def seen(plane: ControlPlane, authority: str) -> EKSCluster:
    """As EKS would show it."""
    return EKSCluster("prod", "ACTIVE", "1.36", "vpc-1", (), "API", endpoint=plane.url, certificate_authority=authority)


@pytest.fixture
async def cluster_of(seen: EKSCluster) -> AsyncIterator[Cluster]:
    """The cluster as seen by who bears a token."""
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


@dataclass
class Rights:
    """Those of the ServiceAccount `somebody`, by roles of their own."""

    api: Api
    kubectl: Kubectl
    namespace: str

    async def set(self, but: Grant | None = None) -> None:
        """Grant all of `deploy/eks-cluster` except `but`, and wait until it is so."""
        self.kubectl("apply", "-f", "-", stdin=self._roles([right for right in RIGHTS if right != but]))
        await until_granted(self.api, f"system:serviceaccount:{self.namespace}:somebody", "system:serviceaccounts", RIGHTS, but)

    def remove(self) -> None:
        self.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=self._roles([]))

    def _roles(self, granted: Sequence[Grant]) -> dict[str, Any]:
        return {"apiVersion": "v1", "kind": "List", "items": list(roles(self.namespace, granted))}


@pytest.fixture
def rights(api: Api, kubectl: Kubectl, namespace: str) -> Iterator[Rights]:
    made = Rights(api, kubectl, namespace)
    yield made
    made.remove()


@pytest.fixture
async def no_aws_auth(api: Api) -> AsyncIterator[None]:
    """It is as on a cluster that has not been told of any role; also afterwards."""
    await api.delete(f"{CONFIG_MAPS}/aws-auth")
    yield
    await api.delete(f"{CONFIG_MAPS}/aws-auth")


@pytest.fixture
async def applied(api: Api, kubectl: Kubectl) -> AsyncIterator[None]:
    """What is applied in an EKS cluster, with the rights for all repairs, is in effect."""
    objects = {"apiVersion": "v1", "kind": "List", "items": workloads(*REPAIRS)}
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=objects)
    await until_granted(api, AWS_USER, CLUSTER_GROUP, RIGHTS)
    yield
    kubectl("delete", "-f", "-", stdin=objects)


@pytest.fixture
async def operator_s(applied: None, eks: SimulatedEKS, seen: EKSCluster, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ClusterAPI]:
    """The cluster as the operator sees it, with a token that AWS's credentials have signed."""
    seeded = eks.seed([ARN.name])
    for name, value in seeded.environment(eks.url).items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    cloud = AWSCloud(SystemClock(), 1000, "fargateclaims", lambda *_: None)
    apis = ClusterAPIs(cloud.token, SystemClock())
    yield await apis.of(ClusterARN.parse(seeded.clusters[ARN.name]), seen)
    await apis.close()
    cloud.close()


async def test_who_is_not_known_is_told_of_the_access_entry(cluster_of: Cluster) -> None:
    found = await (await cluster_of("k8s-aws-v1.nobody")).ask(lambda client: pods_on_profile(client, "p"))
    assert isinstance(found, NoAccess)
    assert found.barrier is Barrier.NOT_KNOWN
    assert "aws eks create-access-entry --cluster-name prod --region eu-west-1" in found.why


async def test_who_has_no_rights_is_told_which(cluster_of: Cluster, somebody: str, show: Callable[[object], None]) -> None:
    cluster = await cluster_of(somebody)
    found = await cluster.ask(lambda client: pods_on_profile(client, "p"))
    assert isinstance(found, NoAccess)
    assert found.barrier is Barrier.FORBIDDEN
    assert "may not list pods in all namespaces of cluster prod (403)" in found.why
    read = await read_workloads(cluster)
    parts = (read.core_dns, read.aws_auth, read.other_nodes)
    missing = [part.why.partition(" may not ")[2].partition(" of cluster")[0] for part in parts if isinstance(part, Unreadable)]
    assert missing == [
        "get deployments.apps in namespace kube-system",
        "get configmaps in namespace kube-system",
        "list nodes in all namespaces",
    ]
    show(found.why)


@pytest.mark.usefixtures("no_aws_auth")
async def test_the_rights_of_deploy_are_enough(api: Api, namespace: str, operator_s: ClusterAPI) -> None:
    cluster = operator_s
    marked = pod("marked")
    marked["metadata"]["labels"] = {**LABELS, PROFILE: namespace}
    for made in (marked, pod("waits")):
        (await api.create(f"/api/v1/namespaces/{namespace}/pods", made)).ok()
    (on_profile,) = await done(cluster, lambda client: pods_on_profile(client, namespace))
    assert await done(cluster, lambda client: evict(client, on_profile)) == Eviction(EvictionAnswer.DONE)
    (waits,) = [one for one in await done(cluster, lambda client: waiting_pods(client, None)) if one.namespace == namespace]
    assert await done(cluster, lambda client: delete(client, waits)) is True
    assert await done(cluster, lambda client: pinned_templates(client, namespace, None)) == []
    read = await read_workloads(cluster)
    assert not any(isinstance(part, Unreadable) for part in (read.core_dns, read.aws_auth, read.other_nodes))
    assert await done(cluster, lambda client: remove_compute_type(client, "ec2")) is False
    assert await done(cluster, lambda client: restart_core_dns(client, datetime.now(UTC))) is False
    assert await done(cluster, lambda client: replace_map_roles(client, None, "- a\n", {})) is True
    assert await done(cluster, lambda client: replace_map_roles(client, "- a\n", "- b\n", {})) is True


@pytest.mark.usefixtures("no_aws_auth")
@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: " ".join(filter(None, right.cells)))
async def test_each_right_is_needed(api: Api, rights: Rights, cluster_of: Cluster, somebody: str, *, right: Grant) -> None:
    cluster, use = await cluster_of(somebody), USES[right.verb, right.resource]
    if right.verb == "update":
        (await api.create(CONFIG_MAPS, AWS_AUTH)).ok()
    await rights.set(but=right)
    assert is_refused(await cluster.ask(use), right)
    await rights.set()
    assert not is_refused(await cluster.ask(use), right)


@pytest.mark.usefixtures("applied")
async def test_the_operator_looks_into_the_cluster(installation: Installation, world: World, plane: ControlPlane, authority: str) -> None:
    """A process of its own, as its ServiceAccount here, and as its AWS identity there."""
    installation.eks.kubernetes(world.name, plane.url, authority)
    await world.claim()

    async def known() -> str:
        told = (await world.read_class())["status"]["conditions"]
        found = {one["type"]: one for one in told}.get("DNSReady", {"status": "Unknown", "message": ""})
        return str(found["message"]) if found["status"] != "Unknown" else ""

    with installation.operator():
        assert "no Deployment kube-system/coredns" in await eventually(known)


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


async def done(cluster: ClusterAPI, work: Work) -> Any:
    found = await cluster.ask(work)
    assert not isinstance(found, NoAccess), found.why
    return found


def is_refused(found: object, right: Grant) -> bool:
    """Whether this was refused for want of the right; nothing else may come between."""
    if isinstance(found, Eviction):
        assert found.answer is EvictionAnswer.GONE or 'cannot create resource "pods/eviction"' in found.words
        return found.answer is EvictionAnswer.REFUSED
    if not isinstance(found, NoAccess):
        return False
    assert str(found.right).startswith(f"{right.verb} {right.resource} in ")
    return True


def roles(name: str, rights: Sequence[Grant]) -> Iterator[dict[str, Any]]:
    """The roles of `deploy/eks-cluster` under another name, with these rights, for `somebody` of the namespace of that name."""
    for kind, where in (("ClusterRole", {}), ("Role", {"namespace": "kube-system"})):
        common = {"apiVersion": f"{RBAC}/v1", "metadata": {"name": name, **where}}
        yield {**common, "kind": kind, "rules": [_rule(right) for right in rights if right.role.startswith(f"{kind} ")]}
        subjects = [{"kind": "ServiceAccount", "name": "somebody", "namespace": name}]
        yield {**common, "kind": f"{kind}Binding", "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name}, "subjects": subjects}


def _parts(right: Grant) -> tuple[str, str, str]:
    """Group, plural and subresource."""
    qualified, _, subresource = right.resource.partition("/")
    plural, _, group = qualified.partition(".")
    return group, plural, subresource


def _rule(right: Grant) -> dict[str, Any]:
    group, plural, subresource = _parts(right)
    resource = "/".join(filter(None, (plural, subresource)))
    return {"apiGroups": [group], "resources": [resource], "verbs": [right.verb], "resourceNames": [right.name] if right.name else []}


async def until_granted(api: Api, user: str, group: str, rights: Iterable[Grant], but: Grant | None = None) -> None:
    """Wait until RBAC knows of these rights of a user, and of none to `but`."""
    for right in rights:

        async def as_said(right: Grant = right) -> bool:
            group_of, plural, subresource = _parts(right)
            asked = {"verb": right.verb, "group": group_of, "resource": plural, "subresource": subresource}
            about = {**asked, "name": right.name or "", "namespace": right.namespace or ""}
            review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview"}
            spec = {"user": user, "groups": [group], "resourceAttributes": about}
            answer = (await api.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", {**review, "spec": spec})).ok()
            return bool(answer["status"]["allowed"]) is (right != but)

        await eventually(as_said)
