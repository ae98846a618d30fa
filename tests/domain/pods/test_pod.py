"""What a pod says of itself, also where it is not as it should be."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.domain.pods.costs import owner_of
from fargateclaims.domain.pods.pod import read_pod

OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5f", "uid": "u", "controller": True}
POD: dict[str, Any] = {
    "metadata": {
        "namespace": "shop", "name": "web-5f-1", "uid": "u1", "resourceVersion": "7", "creationTimestamp": "2026-11-21T10:00:00Z",
        "labels": {"pod-template-hash": "5f", "eks.amazonaws.com/fargate-profile": "p"},
        "annotations": {"CapacityProvisioned": "0.25vCPU 0.5GB"}, "ownerReferences": [{"kind": "Other", "name": "x"}, OWNER],
    },
    "spec": {"nodeName": "fargate-ip-1", "schedulerName": "fargate-scheduler"},
    "status": {"phase": "Running"},
}  # fmt: skip


def test_a_pod_on_fargate() -> None:
    pod = read_pod(POD)
    assert (pod.namespace, pod.name, pod.uid, pod.resource_version, pod.controller) == ("shop", "web-5f-1", "u1", "7", "ReplicaSet/web-5f")
    assert pod.created == datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    assert (pod.on_fargate, pod.taken, pod.pending, pod.ended, pod.profile, str(pod.capacity)) == (
        True,
        True,
        False,
        False,
        "p",
        "0.25vCPU 0.5GB",
    )


def test_the_label_of_a_pod_that_eks_has_not_taken_is_its_own_wish() -> None:
    wish = {**POD["metadata"], "annotations": {}}
    assert read_pod({**POD, "metadata": wish, "spec": {}}).profile is None


NO_NODE = "0/1 nodes are available: 1 node(s) had untolerated taint {eks.amazonaws.com/compute-type: fargate}."


@pytest.mark.parametrize(
    ("parts", "taken"),
    [
        ({"spec": {"schedulerName": "fargate-scheduler"}}, True),
        ({"metadata": {"annotations": {"CapacityProvisioned": "0.25vCPU 0.5GB"}}}, True),
        ({"message": "Pod not supported on Fargate: something new"}, True),
        ({"message": "Your pod's cpu/memory requirements exceed the max Fargate configuration"}, True),
        ({"message": "Pod provisioning timed out (will retry) for pod: shop/web-7f"}, True),
        ({"message": NO_NODE}, False),
        ({"message": "no nodes available to schedule pods"}, False),
        ({}, False),
    ],
)
def test_what_eks_has_taken(parts: dict[str, Any], taken: bool) -> None:  # noqa: FBT001
    ready = {"type": "Ready", "status": "False", "message": "not this one"}
    scheduled = {"type": "PodScheduled", "status": "False", "message": parts.get("message")}
    pod = read_pod({**parts, "status": {"phase": "Pending", "conditions": [ready, scheduled]}})
    assert (pod.taken, pod.problem) == (taken, parts.get("message", ""))


@pytest.mark.parametrize(
    ("metadata", "pending"), [({}, True), ({"deletionTimestamp": "2026-11-21T10:00:00Z"}, False)]
)  # fmt: skip
def test_what_waits_for_a_node(metadata: dict[str, str], pending: bool) -> None:  # noqa: FBT001
    pod = read_pod({"metadata": metadata, "spec": {}, "status": {"phase": "Pending"}})
    assert pod.pending == pending


@pytest.mark.parametrize(
    ("owner", "labels", "name"),
    [
        (OWNER, {"pod-template-hash": "5f"}, "deployment/web"),
        (OWNER, {}, "replicaset/web-5f"),
        (OWNER, {"pod-template-hash": "6f"}, "replicaset/web-5f"),
        ({**OWNER, "kind": "Job", "name": "import"}, {}, "job/import"),
        ({**OWNER, "controller": False}, {}, "pod/lone"),
    ],
)
def test_what_makes_it(owner: dict[str, Any], labels: dict[str, str], name: str) -> None:
    assert owner_of(read_pod({"metadata": {"name": "lone", "labels": labels, "ownerReferences": [owner]}})) == name


KEYS = st.sampled_from(
    [
        "metadata",
        "spec",
        "status",
        "labels",
        "ownerReferences",
        "creationTimestamp",
        "nodeName",
        "phase",
        "controller",
        "kind",
        "conditions",
        "message",
        "type",
    ]
)
LEAVES = st.none() | st.sampled_from(["", "Pending", "2026"]) | st.booleans() | st.integers(0, 1)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8)


@given(st.dictionaries(KEYS, JSON, max_size=3))
def test_whatever_comes_is_read(obj: dict[str, Any]) -> None:
    pod = read_pod(obj)
    assert isinstance(pod.name, str)
    assert pod.capacity is None
