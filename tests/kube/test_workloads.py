"""What is made of the API server's answers; `in_cluster/` has the same against one that keeps the rules."""

from datetime import UTC, datetime
from typing import Any

import pytest

from fargateclaims.domain.pinned import PinnedTemplate
from fargateclaims.domain.workloads import AWSAuth, CoreDNS
from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.errors import Refused, Unavailable
from fargateclaims.kube.workloads import (
    count_other_nodes,
    pinned_templates,
    read_aws_auth,
    read_core_dns,
    remove_compute_type,
    replace_map_roles,
)
from support.scripted_server import ScriptedServer, answer, failure

PIN = "eks.amazonaws.com/fargate-profile"
NOT_FOUND = failure(404, "NotFound", "no such kind")


def page(*items: dict[str, Any]) -> Any:
    return answer({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": list(items)})


def maker(name: str, profile: str = "old", owner: str | None = None, **more: Any) -> dict[str, Any]:
    owners = [{"kind": owner.partition("/")[0], "name": owner.partition("/")[2], "controller": True}] if owner else []
    template = {"metadata": {"labels": {PIN: profile}}}
    spec = {"template": template, **more.pop("spec", {})}
    return {"metadata": {"namespace": "shop", "name": name, "ownerReferences": owners}, "spec": spec, **more}


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ({}, CoreDNS(None, {}, 1, 0)),
        ({"spec": {"replicas": 0, "template": None}, "status": {"readyReplicas": "x"}}, CoreDNS(None, {}, 0, 0)),
        (
            {"spec": {"template": {"metadata": {"annotations": {"eks.amazonaws.com/compute-type": 7}, "labels": {"a": "b", "c": 1}}}}},
            CoreDNS(None, {"a": "b"}, 1, 0),
        ),
        (
            {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "2026-11-21T15:02:11+01:00"}}}}},
            CoreDNS(None, {}, 1, 0, datetime(2026, 11, 21, 14, 2, 11, tzinfo=UTC)),
        ),
        ({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "soon"}}}}}, CoreDNS(None, {}, 1, 0)),
    ],
)
async def test_a_deployment_of_any_shape_is_read(server: ScriptedServer, client: KubeClient, body: dict[str, Any], read: CoreDNS) -> None:
    server.will(answer(body))
    assert await read_core_dns(client) == read


@pytest.mark.parametrize("data", [None, {}, {"mapRoles": None}, {"mapRoles": 7}, "x"])
async def test_a_map_of_any_shape_is_read(server: ScriptedServer, client: KubeClient, data: Any) -> None:
    server.will(answer({"data": data}))
    assert await read_aws_auth(client) == AWSAuth("")


async def test_nodes_are_counted_in_one_request(server: ScriptedServer, client: KubeClient) -> None:
    server.will(answer({"items": [{}] * 500, "metadata": {"continue": "more"}}), answer({"items": None}), answer({"items": "x"}))
    assert await count_other_nodes(client) == 500
    assert server.asked[0].query == {"labelSelector": "eks.amazonaws.com/compute-type!=fargate", "limit": "500"}
    assert await count_other_nodes(client) == 0
    with pytest.raises(Unavailable):
        await count_other_nodes(client)


async def test_only_what_will_make_pods_is_pinned(server: ScriptedServer, client: KubeClient) -> None:
    ended: dict[str, Any] = {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    server.will(
        page(maker("web"), maker("idle", spec={"replicas": 0}), maker("else", "other"), {"metadata": {"name": "odd"}, "spec": 7}),
        page(maker("db")),
        page(
            maker("web-1", owner="Deployment/web", spec={"replicas": 2}),
            maker("web-0", owner="Deployment/web", spec={"replicas": 0}),
            maker("rollout-1", owner="Rollout/rollout"),
        ),
        page({"metadata": {"namespace": "shop", "name": "nightly"}, "spec": {"jobTemplate": {"spec": maker("x")["spec"]}}}),
        page(maker("job"), maker("done", **ended), maker("nightly-1", owner="CronJob/nightly", status={"conditions": "odd"})),
        NOT_FOUND,
    )
    assert await pinned_templates(client, "old", ["shop"]) == [
        PinnedTemplate("shop", "Deployment", "web"),
        PinnedTemplate("shop", "Deployment", "idle"),
        PinnedTemplate("shop", "StatefulSet", "db"),
        PinnedTemplate("shop", "ReplicaSet", "web-1", "Deployment/web"),
        PinnedTemplate("shop", "ReplicaSet", "rollout-1", "Rollout/rollout"),
        PinnedTemplate("shop", "CronJob", "nightly"),
        PinnedTemplate("shop", "Job", "job"),
        PinnedTemplate("shop", "Job", "nightly-1", "CronJob/nightly"),
    ]
    assert [asked.path for asked in server.asked] == [
        "/apis/apps/v1/namespaces/shop/deployments",
        "/apis/apps/v1/namespaces/shop/statefulsets",
        "/apis/apps/v1/namespaces/shop/replicasets",
        "/apis/batch/v1/namespaces/shop/cronjobs",
        "/apis/batch/v1/namespaces/shop/jobs",
        "/api/v1/namespaces/shop/replicationcontrollers",
    ]


async def test_a_policy_that_refuses_a_change_is_no_change_of_somebody_else(server: ScriptedServer, client: KubeClient) -> None:
    server.will(failure(422, "Invalid", 'ValidatingAdmissionPolicy "frozen" denied request: not on Fridays'))
    with pytest.raises(Refused, match="not on Fridays"):
        await remove_compute_type(client, "ec2")


async def test_a_map_that_came_or_went_meanwhile_is_not_written(server: ScriptedServer, client: KubeClient) -> None:
    server.will(failure(404, "NotFound", "no"), failure(409, "AlreadyExists", "it came"))
    assert await replace_map_roles(client, None, "x", {}) is False
    server.will(answer({"metadata": {"resourceVersion": "1"}, "data": {"mapRoles": "a"}}), failure(404, "NotFound", "it went"))
    assert await replace_map_roles(client, "a", "x", {}) is False
    assert server.asked[-1].body == {"metadata": {"resourceVersion": "1", "annotations": {}}, "data": {"mapRoles": "x"}}
