"""The operator's pod: what the Pod Security Standard "restricted" asks for, and what the kubelet needs to know."""

from collections.abc import Callable
from typing import Any

import pytest

from fargateclaims.timing import HEARTBEAT_STALE
from support.chart_values import defaults, everything
from support.rendering import KUSTOMIZE, from_chart, from_kustomize, named

MADE: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "defaults": from_chart,
    "everything": lambda: from_chart(everything()),
    "kustomize": lambda: from_kustomize(KUSTOMIZE / "base"),
}
# https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


@pytest.fixture(scope="module", params=list(MADE.values()), ids=list(MADE))
def made(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    objects: list[dict[str, Any]] = request.param()
    return objects


@pytest.fixture
def pod(made: list[dict[str, Any]]) -> dict[str, Any]:
    (deployment,) = (obj for obj in made if obj["kind"] == "Deployment")
    spec: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return spec


def test_it_is_restricted(pod: dict[str, Any]) -> None:
    context = pod["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] > 0
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(pod)
    for container in pod["containers"]:
        own = container["securityContext"]
        assert own == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert not any("hostPort" in port for port in container["ports"])
    assert all(set(volume) - {"name"} <= VOLUMES for volume in pod.get("volumes", []))


@pytest.mark.parametrize("numbers", [None, {"runAsUser": None, "runAsGroup": None}])
def test_the_platform_may_give_the_numbers(numbers: Any) -> None:
    rest = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    template = named(from_chart({"podSecurityContext": numbers}), "Deployment")["spec"]["template"]
    assert template["spec"]["securityContext"] == rest
    template = named(from_chart({"podSecurityContext": {"runAsUser": 1000680000}}), "Deployment")["spec"]["template"]
    assert template["spec"]["securityContext"] == {**rest, "runAsUser": 1000680000, "runAsGroup": 65532}


def test_the_token_is_asked_for_by_the_pod_alone(pod: dict[str, Any], made: list[dict[str, Any]]) -> None:
    assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (True, False)
    assert [obj["automountServiceAccountToken"] for obj in made if obj["kind"] == "ServiceAccount"] == [False]


def test_the_probes_bear_with_what_the_operator_bears_with(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    live, ready = container["livenessProbe"], container["readinessProbe"]
    assert (live["httpGet"], ready["httpGet"]) == ({"path": "/healthz", "port": "http"}, {"path": "/readyz", "port": "http"})
    assert [port["name"] for port in container["ports"]] == ["http"]
    # One slow moment is no reason to restart.
    assert live["periodSeconds"] * (live["failureThreshold"] - 1) >= HEARTBEAT_STALE


def test_without_values_a_probe_is_as_often_as_kubernetes_has_it() -> None:
    for nothing in (None, dict.fromkeys(defaults()["readinessProbe"])):
        template = named(from_chart({"readinessProbe": nothing}), "Deployment")["spec"]["template"]
        assert template["spec"]["containers"][0]["readinessProbe"] == {"httpGet": {"path": "/readyz", "port": "http"}}


def test_a_constraint_with_a_selector_of_its_own_keeps_that_alone() -> None:
    constraint = {"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}
    other = {"matchExpressions": [{"key": "team", "operator": "Exists"}]}
    values = {"topologySpreadConstraints": [constraint, {**constraint, "labelSelector": other}]}
    deployment = named(from_chart(values), "Deployment")["spec"]
    spread = deployment["template"]["spec"]["topologySpreadConstraints"]
    assert spread == [{**constraint, "labelSelector": deployment["selector"]}, {**constraint, "labelSelector": other}]


def test_a_stop_has_the_time_that_it_takes(pod: dict[str, Any]) -> None:
    assert pod["terminationGracePeriodSeconds"] >= 30


def test_memory_is_limited_and_cpu_is_not(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    assert container["resources"]["limits"].keys() == {"memory"}
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
