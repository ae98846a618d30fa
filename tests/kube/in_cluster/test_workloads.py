"""CoreDNS, aws-auth, nodes and pinned templates of a cluster: what is read, and what is written only if it still is as it was read.

CoreDNS and aws-auth have one name each in a cluster, so these tests make and remove them.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from fargateclaims.domain.no_access import NoAccess
from fargateclaims.domain.pinned import PinnedTemplate
from fargateclaims.domain.workloads import AWSAuth, CoreDNS, Workloads
from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.clusters import ClusterAPI
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
from support.kube_contract import Api
from support.workloads import NODES, TEMPLATE, deployment, node, pod
from support.workloads import Workloads as Objects

T = TypeVar("T")
SYSTEM = "/apis/apps/v1/namespaces/kube-system/deployments"
CONFIG_MAPS = "/api/v1/namespaces/kube-system/configmaps"
COMPUTE_TYPE = "eks.amazonaws.com/compute-type"
DNS = {"k8s-app": "kube-dns"}
PIN = "eks.amazonaws.com/fargate-profile"


@pytest.fixture(autouse=True)
async def _clean(api: Api) -> AsyncIterator[None]:
    async def remove() -> None:
        await api.delete(f"{SYSTEM}/coredns")
        await api.delete(f"{CONFIG_MAPS}/aws-auth")

    await remove()
    yield
    await remove()


async def answer_of(cluster: ClusterAPI, work: Callable[[KubeClient], Awaitable[T]]) -> T:
    found = await cluster.ask(work)
    assert not isinstance(found, NoAccess), found.why
    return found


def core_dns(annotations: dict[str, str] | None = None) -> dict[str, Any]:
    template = {**TEMPLATE, "metadata": {"labels": {**DNS, "a": "b"}, "annotations": annotations or {}}}
    return deployment("coredns", 2, selector={"matchLabels": DNS}, template=template)


def map_of(text: str | None, **more: Any) -> dict[str, Any]:
    data = {"mapUsers": "- userarn: u\n", **({} if text is None else {"mapRoles": text})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "annotations": {"kept": "yes"}}, "data": data, **more}


class TestCoreDNS:
    async def test_it_is_read(self, api: Api, cluster: ClusterAPI) -> None:
        assert await answer_of(cluster, read_core_dns) is None
        (await api.create(SYSTEM, core_dns({COMPUTE_TYPE: "ec2", "x": "y"}))).ok()
        found = await answer_of(cluster, read_core_dns)
        assert found == CoreDNS(compute_type="ec2", labels={**DNS, "a": "b"}, replicas=2, ready=0)

    async def test_its_annotation_is_removed_as_it_was_seen(self, api: Api, cluster: ClusterAPI) -> None:
        assert await answer_of(cluster, lambda client: remove_compute_type(client, "ec2")) is False, "there is none"
        (await api.create(SYSTEM, core_dns({COMPUTE_TYPE: "ec2", "x": "y"}))).ok()
        assert await answer_of(cluster, lambda client: remove_compute_type(client, "other")) is False, "it is another one"
        assert await answer_of(cluster, lambda client: remove_compute_type(client, "ec2")) is True
        after = (await api.get(f"{SYSTEM}/coredns")).ok()
        assert after["spec"]["template"]["metadata"]["annotations"] == {"x": "y"}
        assert await answer_of(cluster, lambda client: remove_compute_type(client, "ec2")) is False, "it is gone already"
        assert (await api.get(f"{SYSTEM}/coredns")).ok()["metadata"]["generation"] == after["metadata"]["generation"]

    async def test_without_any_annotation_there_is_none_to_remove(self, api: Api, cluster: ClusterAPI) -> None:
        (await api.create(SYSTEM, core_dns())).ok()
        assert await answer_of(cluster, lambda client: remove_compute_type(client, "ec2")) is False

    async def test_it_is_restarted(self, api: Api, cluster: ClusterAPI) -> None:
        now = datetime(2026, 11, 21, 14, 2, 11, tzinfo=UTC)
        assert await answer_of(cluster, lambda client: restart_core_dns(client, now)) is False
        made = (await api.create(SYSTEM, core_dns({"x": "y"}))).ok()
        assert await answer_of(cluster, lambda client: restart_core_dns(client, now)) is True
        after = (await api.get(f"{SYSTEM}/coredns")).ok()
        assert after["metadata"]["generation"] == made["metadata"]["generation"] + 1
        annotations = after["spec"]["template"]["metadata"]["annotations"]
        assert annotations == {"x": "y", "kubectl.kubernetes.io/restartedAt": "2026-11-21T14:02:11Z"}


class TestAWSAuth:
    async def test_it_is_read(self, api: Api, cluster: ClusterAPI) -> None:
        assert await answer_of(cluster, read_aws_auth) is None
        (await api.create(CONFIG_MAPS, map_of(None))).ok()
        assert await answer_of(cluster, read_aws_auth) == AWSAuth("")
        (await api.replace(f"{CONFIG_MAPS}/aws-auth", map_of("- x\r\n"))).ok()
        assert await answer_of(cluster, read_aws_auth) == AWSAuth("- x\r\n")

    async def test_only_what_was_read_is_replaced_and_all_else_stays(self, api: Api, cluster: ClusterAPI) -> None:
        def write(former: str | None, wanted: str) -> Callable[[KubeClient], Awaitable[bool]]:
            return lambda client: replace_map_roles(client, former, wanted, {"fargateclaims.dev/backup": former or ""})

        (await api.create(CONFIG_MAPS, map_of("- a\n"))).ok()
        assert await answer_of(cluster, write("- b\n", "- c\n")) is False
        assert await answer_of(cluster, write(None, "- c\n")) is False
        assert await answer_of(cluster, write("- a\n", "- a\n- c\r\n")) is True
        after = (await api.get(f"{CONFIG_MAPS}/aws-auth")).ok()
        assert after["data"] == {"mapUsers": "- userarn: u\n", "mapRoles": "- a\n- c\r\n"}
        assert after["metadata"]["annotations"] == {"kept": "yes", "fargateclaims.dev/backup": "- a\n"}
        await api.delete(f"{CONFIG_MAPS}/aws-auth")
        assert await answer_of(cluster, write("- a\n- c\r\n", "- d\n")) is False
        assert await answer_of(cluster, write(None, "- d\n")) is True
        assert (await api.get(f"{CONFIG_MAPS}/aws-auth")).ok()["data"] == {"mapRoles": "- d\n"}

    async def test_who_writes_between_our_look_and_our_write_wins(
        self, api: Api, cluster: ClusterAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (await api.create(CONFIG_MAPS, map_of("- a\n"))).ok()
        request = KubeClient.request

        async def somebody_else_is_faster(client: KubeClient, verb: str, path: str, **options: Any) -> dict[str, Any]:
            if verb == "update":
                (await api.patch(f"{CONFIG_MAPS}/aws-auth", {"data": {"mapAccounts": "- x\n"}})).ok()
            return await request(client, verb, path, **options)

        monkeypatch.setattr(KubeClient, "request", somebody_else_is_faster)
        assert await answer_of(cluster, lambda client: replace_map_roles(client, "- a\n", "- b\n", {})) is False
        assert (await api.get(f"{CONFIG_MAPS}/aws-auth")).ok()["data"]["mapRoles"] == "- a\n"

    async def test_a_map_that_may_not_change_is_said(self, api: Api, cluster: ClusterAPI) -> None:
        (await api.create(CONFIG_MAPS, map_of("- a\n", immutable=True))).ok()
        found = await cluster.ask(lambda client: replace_map_roles(client, "- a\n", "- b\n", {}))
        assert isinstance(found, NoAccess)
        assert "immutable" in found.why


async def test_nodes_that_are_not_fargates_are_counted(api: Api, cluster: ClusterAPI) -> None:
    before = await answer_of(cluster, count_other_nodes)
    names = [f"n-{secrets.token_hex(4)}" for _ in range(3)]
    for name, labels in zip(names, ({}, {COMPUTE_TYPE: "fargate"}, {COMPUTE_TYPE: "auto"}), strict=True):
        made = node(name)
        made["metadata"]["labels"] = labels
        (await api.create(NODES, made)).ok()
    assert await answer_of(cluster, count_other_nodes) == before + 2
    for name in names:
        await api.delete(f"{NODES}/{name}")


async def test_all_is_read_at_once(api: Api, cluster: ClusterAPI) -> None:
    (await api.create(SYSTEM, core_dns())).ok()
    found = await read_workloads(cluster)
    assert isinstance(found, Workloads)
    assert isinstance(found.core_dns, CoreDNS)
    assert (found.aws_auth, isinstance(found.other_nodes, int)) == (None, True)


async def test_what_pins_its_pods_is_found(api: Api, objects: Objects, namespace: str, cluster: ClusterAPI) -> None:
    def pinned(profile: str) -> dict[str, Any]:
        return {**TEMPLATE, "metadata": {"labels": {"app": "web", PIN: profile}}}

    (await api.create(objects.deployments, deployment("web", template=pinned("old")))).ok()
    (await api.create(objects.deployments, deployment("other", template=pinned("older")))).ok()
    (await api.create(objects.deployments, deployment("free"))).ok()
    (await api.create(objects.pods, pod("bare"))).ok()
    await objects.staying(4)
    for places in ([namespace, namespace, "nowhere"], None):
        found = await answer_of(cluster, lambda client: pinned_templates(client, "old", places))  # noqa: B023 - called at once
        mine = [template for template in found if template.namespace == namespace]
        (replica_set,) = [one.name for one in mine if one.kind == "ReplicaSet"]
        assert mine == [
            PinnedTemplate(namespace, "Deployment", "web"),
            PinnedTemplate(namespace, "ReplicaSet", replica_set, "Deployment/web"),
        ]
    assert await answer_of(cluster, lambda client: pinned_templates(client, "old", [])) == []


@pytest.fixture
def objects(workloads: Objects) -> Objects:
    return workloads
