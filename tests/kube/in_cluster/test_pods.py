"""Pods on a profile, pods that wait, evictions and deletions."""

from functools import partial
from typing import Any

import pytest

from fargateclaims.domain.evictions import Eviction, EvictionAnswer, PodOnProfile
from fargateclaims.domain.no_access import Barrier, NoAccess
from fargateclaims.kube.clusters import ClusterAPI
from fargateclaims.kube.pods import delete, evict, evict_all, pods_on_profile, waiting_pods
from support.kube_contract import Api
from support.workloads import LABELS, Workloads, budget, pod

PROFILE = "eks.amazonaws.com/fargate-profile"


def on(profile: str, name: str) -> dict[str, Any]:
    """A pod that a profile has taken, as EKS marks it."""
    made = pod(name, schedulerName="fargate-scheduler")
    made["metadata"]["labels"] = {**LABELS, PROFILE: profile}
    return made


async def seen(cluster: ClusterAPI, profile: str) -> dict[str, PodOnProfile]:
    found = await cluster.ask(lambda client: pods_on_profile(client, profile))
    assert not isinstance(found, NoAccess)
    return {one.name: one for one in found}


async def one_on(cluster: ClusterAPI, profile: str) -> PodOnProfile:
    (found,) = (await seen(cluster, profile)).values()
    return found


async def asked(cluster: ClusterAPI, target: PodOnProfile) -> Eviction:
    found = await cluster.ask(lambda client: evict(client, target))
    assert not isinstance(found, NoAccess)
    return found


class TestOnAProfile:
    async def test_a_pod_is_seen_as_it_is(self, api: Api, workloads: Workloads, namespace: str, cluster: ClusterAPI) -> None:
        made = (await api.create(workloads.pods, on(namespace, "web"))).ok()
        await workloads.bind("web", "fargate-ip-10-0-0-1")
        await workloads.set_status("web", phase="Running")
        found = await one_on(cluster, namespace)
        assert found.created is not None
        assert found.created.strftime("%Y-%m-%dT%H:%M:%SZ") == made["metadata"]["creationTimestamp"]
        assert found == PodOnProfile(
            namespace=namespace,
            name="web",
            uid=made["metadata"]["uid"],
            phase="Running",
            created=found.created,
            node="fargate-ip-10-0-0-1",
        )
        await api.delete(f"{workloads.pods}/web")
        assert (await one_on(cluster, namespace)).terminating
        await workloads.finish("web")
        assert await seen(cluster, namespace) == {}

    async def test_only_its_own_are(self, api: Api, workloads: Workloads, namespace: str, cluster: ClusterAPI) -> None:
        for name in ("a", "b"):
            (await api.create(workloads.pods, on(namespace, name))).ok()
        (await api.create(workloads.pods, on(f"{namespace}-2", "c"))).ok()
        (await api.create(workloads.pods, pod("d"))).ok()
        assert set(await seen(cluster, namespace)) == {"a", "b"}

    @pytest.mark.parametrize("profile", ["p" * 64, "ends-in-_", "a b"])
    async def test_a_name_that_is_no_label_says_nothing_of_its_pods(self, cluster: ClusterAPI, profile: str) -> None:
        found = await cluster.ask(lambda client: pods_on_profile(client, profile))
        assert isinstance(found, NoAccess), "and not that there are none"
        assert found.barrier is Barrier.FAILING


class TestWaiting:
    async def test_only_what_has_no_node_waits(self, api: Api, workloads: Workloads, namespace: str, cluster: ClusterAPI) -> None:
        for name in ("waits", "bound", "runs"):
            (await api.create(workloads.pods, pod(name, nodeSelector={"a": "b"}))).ok()
        await workloads.bind("bound")
        await workloads.run("runs")
        for places in ([namespace, namespace, "nowhere"], None):
            found = await cluster.ask(partial(waiting_pods, namespaces=places))
            assert not isinstance(found, NoAccess)
            (waits,) = [one for one in found if one.namespace == namespace]
            assert (waits.name, waits.pending, waits.labels) == ("waits", True, LABELS)
            assert waits.spec == {"nodeSelector": {"a": "b"}, "schedulerName": "default-scheduler"}, "and nothing of its containers"


class TestEviction:
    async def test_a_pod_is_evicted(self, api: Api, workloads: Workloads, namespace: str, cluster: ClusterAPI) -> None:
        (await api.create(workloads.pods, on(namespace, "web"))).ok()
        await workloads.run("web")
        target = await one_on(cluster, namespace)
        assert await asked(cluster, target) == Eviction(EvictionAnswer.DONE)
        assert (await one_on(cluster, namespace)).terminating
        await workloads.finish("web")
        assert await asked(cluster, target) == Eviction(EvictionAnswer.GONE)

    async def test_another_one_of_its_name_is_not(self, api: Api, workloads: Workloads, namespace: str, cluster: ClusterAPI) -> None:
        (await api.create(workloads.pods, on(namespace, "web"))).ok()
        target = await one_on(cluster, namespace)
        await workloads.finish("web")
        (await api.create(workloads.pods, on(namespace, "web"))).ok()
        assert await asked(cluster, target) == Eviction(EvictionAnswer.GONE)
        assert not (await one_on(cluster, namespace)).terminating

    async def test_a_budget_in_the_way_is_named(self, api: Api, workloads: Workloads, namespace: str, cluster: ClusterAPI) -> None:
        (await api.create(workloads.replica_sets, _replica_set(namespace, 2))).ok()
        (await api.create(workloads.budgets, budget("web.budget", minAvailable=2))).ok()
        await workloads.run_all(2)
        await workloads.until(f"{workloads.budgets}/web.budget", currentHealthy=2, disruptionsAllowed=0)
        target, other = (await seen(cluster, namespace)).values()
        assert target.controller == "ReplicaSet/web"
        assert await asked(cluster, target) == Eviction(EvictionAnswer.BLOCKED, f"{namespace}/web.budget")
        (await api.patch(f"{workloads.budgets}/web.budget", {"spec": {"minAvailable": 1}})).ok()
        await workloads.until(f"{workloads.budgets}/web.budget", disruptionsAllowed=1)
        answers = await cluster.ask(lambda client: evict_all(client, [target, other], lambda: True))
        assert not isinstance(answers, NoAccess)
        assert sorted(answer.answer for answer in answers.values()) == [EvictionAnswer.BLOCKED, EvictionAnswer.DONE]
        assert set(answers) == {target.uid, other.uid}

    async def test_two_budgets_for_one_pod_let_it_never_go(
        self, api: Api, workloads: Workloads, namespace: str, cluster: ClusterAPI
    ) -> None:
        (await api.create(workloads.replica_sets, _replica_set(namespace, 2))).ok()
        for name in ("one", "two"):
            (await api.create(workloads.budgets, budget(name, maxUnavailable=1))).ok()
        await workloads.run_all(2)
        target = next(iter((await seen(cluster, namespace)).values()))
        answer = await asked(cluster, target)
        assert answer.answer is EvictionAnswer.REFUSED
        assert "more than one PodDisruptionBudget" in answer.words


class TestDeletion:
    async def test_a_pod_is_deleted_as_it_was_read(self, api: Api, workloads: Workloads, namespace: str, cluster: ClusterAPI) -> None:
        (await api.create(workloads.pods, pod("web"))).ok()
        found = await cluster.ask(partial(waiting_pods, namespaces=[namespace]))
        assert not isinstance(found, NoAccess)
        (target,) = found
        await workloads.bind("web")
        assert await cluster.ask(lambda client: delete(client, target)) is False, "it got a node meanwhile"
        await workloads.finish("web")
        assert await cluster.ask(lambda client: delete(client, target)) is False, "it has gone"
        (await api.create(workloads.pods, pod("web"))).ok()
        assert await cluster.ask(lambda client: delete(client, target)) is False, "another one has its name"
        (again,) = await cluster.ask(partial(waiting_pods, namespaces=[namespace]))  # type: ignore[misc]
        assert await cluster.ask(lambda client: delete(client, again)) is True
        (await api.get(f"{workloads.pods}/web")).refused(404, "NotFound")


def _replica_set(profile: str, replicas: int) -> dict[str, Any]:
    labels = {**LABELS, PROFILE: profile}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "example.test/web:1"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}, "spec": spec}
