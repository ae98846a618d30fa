"""What is made of the API server's answers about pods; `in_cluster/` has the same against one that keeps the rules."""

from dataclasses import replace
from typing import Any

import pytest

from fargateclaims.domain.evictions import Eviction, EvictionAnswer, PodOnProfile
from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.errors import KubeError, Throttled, Unavailable
from fargateclaims.kube.pods import EVICTIONS_AT_ONCE, evict, evict_all, pods_on_profile, waiting_pods
from support.scripted_server import ScriptedServer, answer, failure
from support.virtual_clock import VirtualClock

LABEL = "eks.amazonaws.com/fargate-profile"
POD = PodOnProfile("shop", "web", "u1", "Running")


def raw(name: str = "web", **metadata: Any) -> dict[str, Any]:
    meta = {"namespace": "shop", "name": name, "uid": f"u-{name}", "labels": {LABEL: "p"}, **metadata}
    return {"metadata": meta, "spec": {"nodeName": "n", "containers": [{"name": "c"}]}, "status": {"phase": "Running"}}


def page(*items: dict[str, Any], more: str = "") -> Any:
    return answer({"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "1", "continue": more}, "items": list(items)})


def refusal(status: int, causes: list[dict[str, str]], message: str = "no") -> Any:
    return answer({"kind": "Status", "message": message, "details": {"causes": causes}}, status)


def owner(kind: str, *, controller: bool = True) -> dict[str, Any]:
    return {"kind": kind, "name": "web-1", "controller": controller}


async def test_the_pods_of_a_profile_come_page_by_page(server: ScriptedServer, client: KubeClient) -> None:
    server.will(page(*(raw(f"a{n}") for n in range(500)), more="t"), page(raw("last")))
    found = await pods_on_profile(client, "p")
    assert (len(found), found[-1].name) == (501, "last")
    assert [asked.path for asked in server.asked] == ["/api/v1/pods"] * 2
    assert server.asked[1].query == {"labelSelector": f"{LABEL}=p", "limit": "500", "continue": "t"}


@pytest.mark.parametrize(
    ("metadata", "controller", "exempt"),
    [
        ({}, None, False),
        ({"ownerReferences": [owner("ReplicaSet", controller=False)]}, None, False),
        ({"ownerReferences": [owner("ReplicaSet", controller=False), owner("StatefulSet")]}, "StatefulSet/web-1", False),
        ({"ownerReferences": [owner("DaemonSet")]}, "DaemonSet/web-1", True),
        ({"ownerReferences": [owner("Node")], "annotations": {"kubernetes.io/config.mirror": "x"}}, "Node/web-1", True),
        ({"ownerReferences": "nonsense", "annotations": ["nonsense"], "creationTimestamp": 7}, None, False),
    ],
)
async def test_who_would_make_a_pod_again(
    server: ScriptedServer,
    client: KubeClient,
    metadata: dict[str, Any],
    controller: str | None,
    exempt: bool,  # noqa: FBT001
) -> None:
    server.will(page(raw(**metadata)))
    (found,) = await pods_on_profile(client, "p")
    assert (found.controller, found.exempt) == (controller, exempt)


async def test_what_is_no_pod_is_no_crash(server: ScriptedServer, client: KubeClient) -> None:
    server.will(page({}, {"metadata": None, "spec": 7, "status": "x"}), page({"spec": []}))
    assert len(await pods_on_profile(client, "p")) == 2
    assert len(await waiting_pods(client, None)) == 1


async def test_namespaces_are_asked_one_by_one(server: ScriptedServer, client: KubeClient) -> None:
    server.will(page(raw("a")), page(raw("b")))
    assert [pod.name for pod in await waiting_pods(client, ["shop", "data/../x"])] == ["a", "b"]
    assert [asked.path for asked in server.asked] == ["/api/v1/namespaces/data/../x/pods", "/api/v1/namespaces/shop/pods"]
    assert server.asked[0].query["fieldSelector"] == "status.phase=Pending,spec.nodeName="
    assert await waiting_pods(client, []) == []


async def test_an_eviction_says_which_pod_it_means(server: ScriptedServer, client: KubeClient) -> None:
    server.will(answer({"kind": "Status"}, 201))
    assert await evict(client, POD) == Eviction(EvictionAnswer.DONE)
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/api/v1/namespaces/shop/pods/web/eviction")
    assert asked.body["deleteOptions"] == {"preconditions": {"uid": "u1"}}


@pytest.mark.parametrize(
    ("words", "budget"),
    [
        ("The disruption budget web.v2 needs 3 healthy pods and has 2 currently", "shop/web.v2"),
        ("The disruption budget web is still being processed by the server.", "shop/web"),
        ("in other words", ""),
    ],
)
async def test_a_budget_is_named_where_the_answer_names_it(server: ScriptedServer, client: KubeClient, words: str, budget: str) -> None:
    server.will(refusal(429, [{"reason": "DisruptionBudget", "message": words}]))
    assert await evict(client, POD) == Eviction(EvictionAnswer.BLOCKED, budget)


async def test_who_may_not_evict_is_told(server: ScriptedServer, client: KubeClient) -> None:
    server.will(failure(403, "Forbidden", 'pods "web" is forbidden: User "u" cannot create resource "pods/eviction"'))
    found = await evict(client, POD)
    assert found.answer is EvictionAnswer.REFUSED
    assert found.words == '403 Forbidden: pods "web" is forbidden: User "u" cannot create resource "pods/eviction"'


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (failure(429, "TooManyRequests", "the server is busy", retry_after="3"), Throttled),
        (failure(500, "InternalError", "etcd"), Unavailable),
        (failure(401, "Unauthorized", "who?"), KubeError),
    ],
)
async def test_where_nothing_was_decided_nothing_is_said_of_the_pod(
    server: ScriptedServer, client: KubeClient, said: Any, kind: type[KubeError]
) -> None:
    server.will(said)
    with pytest.raises(kind):
        await evict(client, POD)


async def test_of_many_evictions_a_few_go_at_a_time(server: ScriptedServer, client: KubeClient) -> None:
    under_way, most = 0, 0

    async def slow(_request: object) -> Any:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await VirtualClock.settle()
        under_way -= 1
        return answer({}, 201)

    pods = [PodOnProfile("shop", f"web-{n}", f"u{n}", "Running") for n in range(20)]
    server.will(*[slow] * 20)
    assert await evict_all(client, pods, lambda: True) == {pod.uid: Eviction(EvictionAnswer.DONE) for pod in pods}
    assert most <= EVICTIONS_AT_ONCE


async def test_when_one_cannot_be_decided_the_others_have_been(server: ScriptedServer, client: KubeClient) -> None:
    server.will(failure(500, "InternalError", "etcd"), *(answer({}, 201) for _ in range(9)))
    pods = [replace(POD, uid=f"u{n}") for n in range(10)]
    assert len(await evict_all(client, pods, lambda: True)) == 9, "what was decided is not lost with what was not"
    assert len(server.asked) == 10


async def test_when_none_can_be_decided_it_is_told_why(server: ScriptedServer, client: KubeClient) -> None:
    server.will(*(failure(500, "InternalError", "etcd") for _ in range(2)))
    with pytest.raises(Unavailable):
        await evict_all(client, [POD] * 2, lambda: True)


async def test_who_may_not_go_on_evicts_no_more(server: ScriptedServer, client: KubeClient) -> None:
    pods = [replace(POD, uid=f"u{n}") for n in range(10)]
    server.will(*(answer({}, 201) for _ in pods))
    permits = iter([True] * 3)
    assert len(await evict_all(client, pods, lambda: next(permits, False))) == 3
    assert len(server.asked) == 3
