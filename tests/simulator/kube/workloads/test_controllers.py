"""Which changes the controllers of workloads look at, and when they come back by the clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fargateclaims.simulator.kube.cluster import Cluster
from fargateclaims.simulator.kube.decoding import WriteOptions
from fargateclaims.simulator.kube.errors import ApiError
from fargateclaims.simulator.kube.objects import Obj, timestamp
from support.ticket_kind import Kind, crd_manifest
from support.workloads import budget, deployment

KIND = Kind("wake.contract.test")
START = datetime(2026, 1, 1, tzinfo=UTC)


class World:
    """A cluster without a network, on a clock of its own."""

    def __init__(self) -> None:
        self.now = START
        self.woken = 0
        self.cluster = Cluster(lambda: self.now, wake=self._wake, ended=lambda _: None)
        self.cluster.load([crd_manifest(KIND.group)])

    def _wake(self) -> None:
        self.woken += 1

    def settle(self) -> datetime | None:
        """Run the controllers until none has work; when they want to come back."""
        due = self.cluster.reconcile()
        while self.woken:
            self.woken = 0
            due = self.cluster.reconcile()
        return due

    def load(self, *manifests: Obj) -> None:
        self.cluster.load({**manifest, "metadata": {**manifest["metadata"], "namespace": "default"}} for manifest in manifests)

    def all(self, plural: str, group: str = "") -> list[Obj]:
        collection = f"{plural}.{group}" if group else plural
        return [stored.data for stored in self.cluster.store.snapshot(collection, None).after(None)]

    def run_pods(self) -> None:
        """All pods become ready now."""
        pods = self.cluster.kinds.lookup("", "v1", "pods")
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": timestamp(self.now)}
        for pod in self.all("pods"):
            key = ("default", pod["metadata"]["name"])
            self.cluster.writer.patch(
                pods, key, "status", lambda found: {**found, "status": {"phase": "Running", "conditions": [ready]}}, WriteOptions()
            )


@pytest.fixture
def world() -> World:
    made = World()
    made.settle()
    return made


def progress(world: World) -> dict[str, Any]:
    (found,) = world.all("deployments", "apps")
    return next(entry for entry in found["status"]["conditions"] if entry["type"] == "Progressing")


def test_claims_events_and_leases_wake_nobody(world: World) -> None:
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"}, "involvedObject": {"namespace": "default"}}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"}, "spec": {}}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    world.load(KIND.ticket("a"), event, lease, config)
    assert world.woken == 0


def test_what_is_settled_is_not_written_again(world: World) -> None:
    world.load(deployment("web", 3), budget("b", maxUnavailable=1))
    world.settle()
    world.run_pods()
    world.settle()
    revision = world.cluster.store.revision
    world.now += timedelta(hours=1)
    assert world.settle() is None
    assert world.cluster.store.revision == revision


def test_a_rollout_that_does_not_move_fails_at_its_deadline(world: World) -> None:
    world.load(deployment("web", 1, progressDeadlineSeconds=60))
    due = world.settle()
    assert due == START + timedelta(seconds=60)
    world.now = due - timedelta(seconds=1)
    assert (world.settle(), progress(world)["status"]) == (due, "True")
    world.now = due
    assert world.settle() is None
    assert (progress(world)["status"], progress(world)["reason"]) == ("False", "ProgressDeadlineExceeded")


def test_pods_are_available_when_they_have_been_ready_for_long_enough(world: World) -> None:
    world.load(deployment("web", 2, minReadySeconds=30))
    world.settle()
    world.run_pods()
    due = world.settle()
    assert due == START + timedelta(seconds=30)
    assert "availableReplicas" not in world.all("replicasets", "apps")[0]["status"]
    world.now = due
    world.settle()
    assert world.all("deployments", "apps")[0]["status"]["availableReplicas"] == 2


def test_an_agreed_eviction_that_never_came_is_forgotten(world: World) -> None:
    world.load(deployment("web", 2), budget("b", maxUnavailable=1))
    world.settle()
    world.run_pods()
    world.settle()
    budgets = world.cluster.kinds.lookup("policy", "v1", "poddisruptionbudgets")
    name = world.all("pods")[0]["metadata"]["name"]

    def agreed(found: Obj) -> Obj:
        return {**found, "status": {**found["status"], "disruptedPods": {name: timestamp(world.now)}}}

    world.cluster.writer.patch(budgets, ("default", "b"), "status", agreed, WriteOptions())
    due = world.settle()
    assert due == START + timedelta(minutes=2)
    assert world.all("poddisruptionbudgets", "policy")[0]["status"]["disruptionsAllowed"] == 0
    world.now = due
    world.settle()
    status = world.all("poddisruptionbudgets", "policy")[0]["status"]
    assert (status["disruptionsAllowed"], "disruptedPods" in status) == (1, False)


def test_a_budget_is_spent_before_its_controller_has_counted(world: World) -> None:
    world.load(deployment("web", 3), budget("b", maxUnavailable=1))
    world.settle()
    world.run_pods()
    world.settle()
    first, second, _ = (("default", pod["metadata"]["name"]) for pod in world.all("pods"))
    world.cluster.actions["eviction"](first, {"metadata": {"name": first[1]}}, WriteOptions())
    with pytest.raises(ApiError, match="disruption budget") as refusal:
        world.cluster.actions["eviction"](second, {"metadata": {"name": second[1]}}, WriteOptions())
    assert refusal.value.code == 429


def test_a_pod_that_changes_hands_is_replaced_by_who_had_it(world: World) -> None:
    world.load(deployment("one", 1), deployment("two", 1))
    world.settle()
    first, second = world.all("pods")
    pods = world.cluster.kinds.lookup("", "v1", "pods")
    owners = second["metadata"]["ownerReferences"]
    world.cluster.writer.patch(
        pods,
        ("default", first["metadata"]["name"]),
        "",
        lambda found: {**found, "metadata": {**found["metadata"], "ownerReferences": owners}},
        WriteOptions(),
    )
    world.settle()
    assert sorted(pod["metadata"]["ownerReferences"][0]["name"][:3] for pod in world.all("pods")) == ["one", "two"]


def test_a_name_that_is_taken_makes_another_hash(world: World) -> None:
    world.load(deployment("web", 1))
    world.settle()
    (first,) = world.all("replicasets", "apps")
    deployments, replica_sets = (world.cluster.kinds.lookup("apps", "v1", plural) for plural in ("deployments", "replicasets"))
    # A finalizer keeps the replica set, with its name, beyond the Deployment's end.
    held = {"metadata": {**first["metadata"], "finalizers": ["contract.test/f"]}}
    world.cluster.writer.patch(replica_sets, ("default", first["metadata"]["name"]), "", lambda found: found | held, WriteOptions())
    world.cluster.writer.delete(deployments, ("default", "web"))
    world.settle()
    world.load(deployment("web", 1))
    world.settle()
    second = next(entry for entry in world.all("replicasets", "apps") if "deletionTimestamp" not in entry["metadata"])
    assert second["metadata"]["name"] != first["metadata"]["name"]
    assert world.all("deployments", "apps")[0]["status"]["collisionCount"] == 1
