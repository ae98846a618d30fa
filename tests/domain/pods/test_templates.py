"""Pods out of manifests of every kind that makes some."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.domain.pods.templates import KINDS, PodTemplate, pod_templates

SPEC = {"containers": [{"name": "app", "image": "app"}]}
INNER: dict[str, Any] = {"metadata": {"labels": {"app": "web"}, "annotations": {"note": "x"}}, "spec": SPEC}


def manifest(kind: str, spec: Any, group: str = "apps/v1", **more: Any) -> dict[str, Any]:
    """An object of some kind."""
    return {"apiVersion": group, "kind": kind, "metadata": {"name": "web", "namespace": "shop"}, "spec": spec, **more}


MAKERS = {
    "Pod": ({**manifest("Pod", SPEC, "v1"), "metadata": {"name": "web", "namespace": "shop", **INNER["metadata"]}}, 1, "spec"),
    "PodTemplate": ({**manifest("PodTemplate", None, "v1"), "template": INNER}, 1, "template.spec"),
    "ReplicationController": (manifest("ReplicationController", {"replicas": 2, "template": INNER}, "v1"), 2, "spec.template.spec"),
    "Deployment": (manifest("Deployment", {"replicas": 3, "template": INNER}), 3, "spec.template.spec"),
    "ReplicaSet": (manifest("ReplicaSet", {"template": INNER}), 1, "spec.template.spec"),
    "StatefulSet": (manifest("StatefulSet", {"replicas": 0, "template": INNER}), 0, "spec.template.spec"),
    "DaemonSet": (manifest("DaemonSet", {"template": INNER}), None, "spec.template.spec"),
    "Job": (manifest("Job", {"parallelism": 5, "completions": 3, "template": INNER}, "batch/v1"), 3, "spec.template.spec"),
    "CronJob": (
        manifest("CronJob", {"jobTemplate": {"spec": {"parallelism": 2, "template": INNER}}}, "batch/v1"),
        2,
        "spec.jobTemplate.spec.template.spec",
    ),
}


def only(*documents: object) -> PodTemplate:
    """The one pod of some documents, none of which is unreadable."""
    found, unreadable = pod_templates(documents)
    assert not unreadable
    assert len(found) == 1
    return found[0]


def problem(document: object) -> str:
    """What is wrong with a document."""
    found, unreadable = pod_templates([document])
    assert not found
    assert len(unreadable) == 1
    return f"{unreadable[0].what}: {unreadable[0].message}"


def test_every_kind_is_tried() -> None:
    assert set(MAKERS) == KINDS


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_the_pod_of_every_kind(kind: str) -> None:
    document, pods, path = MAKERS[kind]
    found = only(document)
    assert (found.kind, found.name, found.namespace, found.pods, found.spec_path) == (kind, "web", "shop", pods, path)
    assert (found.labels, found.annotations, found.spec) == ({"app": "web"}, {"note": "x"}, SPEC)
    assert found.ends == (kind in {"Job", "CronJob"})
    assert found.source == document


@pytest.mark.parametrize(("kind", "group"), [("Job", "batch/v1"), ("CronJob", "batch/v1")])
def test_what_is_suspended_has_no_pods(kind: str, group: str) -> None:
    spec = {"suspend": True, "template": INNER, "jobTemplate": {"spec": {"template": INNER}}}
    assert only(manifest(kind, spec, group)).pods == 0


def test_lists_are_opened_and_what_makes_no_pods_is_passed_over() -> None:
    service = manifest("Service", {}, "v1")
    other = manifest("Deployment", "of another group", "example.com/v1")
    found = only(None, {"apiVersion": "v1", "kind": "List", "items": [service, other, MAKERS["Deployment"][0]]})
    assert found.title == "deployment/web"


def test_items_of_the_api_server_s_own_lists_have_no_kind() -> None:
    item = {key: value for key, value in MAKERS["Deployment"][0].items() if key not in {"apiVersion", "kind"}}
    assert only({"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [item]}).kind == "Deployment"


def test_a_pod_may_have_only_the_beginning_of_a_name() -> None:
    assert only({**MAKERS["Pod"][0], "metadata": {"generateName": "web-"}}).name == "web-"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("text", "document 1: this is no Kubernetes object but a text"),
        ([], "document 1: this is no Kubernetes object but a list"),
        ({}, "document 1: this is no Kubernetes object: it has no kind"),
        ({"kind": ["Pod"]}, "document 1: this is no Kubernetes object: it has no kind"),
        ({"kind": "Pod"}, "document 1: apiVersion is missing"),
        ({"kind": "Pod", "apiVersion": 1}, "document 1: apiVersion must be a text, not a number"),
        (manifest("Pod", None, "v1"), "pod/web: spec is missing"),
        (manifest("Deployment", {}), "deployment/web: spec.template is missing"),
        (manifest("Deployment", {"template": []}), "deployment/web: spec.template must be a mapping, not a list"),
        (
            manifest("Deployment", {"template": {"spec": {}}}),
            "deployment/web: spec.template.spec.containers must be a list of at least one container",
        ),
        (manifest("Pod", {"containers": ["a"]}, "v1"), "pod/web: spec.containers[0] must be a mapping, not a text"),
        (manifest("Pod", {**SPEC, "initContainers": "a"}, "v1"), "pod/web: spec.initContainers must be a list, not a text"),
        (manifest("Deployment", {"replicas": "3", "template": INNER}), "deployment/web: spec.replicas must be a whole number, 0 or more"),
        (manifest("Deployment", {"replicas": -1, "template": INNER}), "deployment/web: spec.replicas must be a whole number, 0 or more"),
        (manifest("Deployment", {"replicas": True, "template": INNER}), "deployment/web: spec.replicas must be a whole number, 0 or more"),
        (
            manifest("Deployment", {"template": {"metadata": {"labels": {"v": 1}}, "spec": SPEC}}),
            'deployment/web: spec.template.metadata.labels: "v" must be a text: put quotes around it',
        ),
        ({**manifest("Pod", SPEC, "v1"), "metadata": []}, "document 1: metadata must be a mapping, not a list"),
        ({**manifest("Pod", SPEC, "v1"), "metadata": {"name": 7}}, "document 1: metadata.name must be a text, not a number"),
    ],
)
def test_what_is_wrong_is_said(document: object, message: str) -> None:
    assert problem(document) == message


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["Pod", "Deployment", "Job", "List", "v1", "apps/v1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "apiVersion", "metadata", "spec", "template", "containers", "items", "labels", "name"]), inner
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_garbage_ends_in_a_sentence(document: object) -> None:
    found, unreadable = pod_templates([document])
    assert all(one.message.isprintable() for one in unreadable)
    assert all(one.spec["containers"] for one in found)
