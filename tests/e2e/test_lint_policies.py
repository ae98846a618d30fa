"""deploy/admission on a real API server: its types are right, and it warns of what lint finds, at apply and without refusing."""

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from fargateclaims.domain.lint.admission import LABEL, TARGETS, WARN
from fargateclaims.domain.lint.linter import Linter
from fargateclaims.domain.lint.rules.logging import NAMESPACE
from fargateclaims.domain.lint.texts import Document, documents
from support.control_plane import ControlPlane
from support.kube_contract import Api, eventually
from support.kubectl import Kubectl
from support.lint_fixtures import NAMES, text_of
from support.lint_policies import kinds
from support.rendering import ADMISSION

POLICIES: Final = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
PREFIX: Final = "fargateclaims-lint-"
PATHS: Final = {
    "Pod": "/api/v1/namespaces/{}/pods",
    "Service": "/api/v1/namespaces/{}/services",
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "PersistentVolumeClaim": "/api/v1/namespaces/{}/persistentvolumeclaims",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets",
    "ReplicaSet": "/apis/apps/v1/namespaces/{}/replicasets",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
    "CronJob": "/apis/batch/v1/namespaces/{}/cronjobs",
    "Ingress": "/apis/networking.k8s.io/v1/namespaces/{}/ingresses",
}
_TARGET: Final = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"
_WARNED: Final = re.compile(r"binding '[^']*': (FG[0-9]{3}) ")


def balanced(name: str, **annotations: str) -> dict[str, Any]:
    """A Service whose load balancer sends to nodes."""
    metadata = {"name": name, "annotations": {_TARGET: "instance", **annotations}}
    spec = {"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb", "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def objects() -> Iterator[tuple[str, dict[str, Any]]]:
    """What people make of the fixtures, and the file that it is from."""
    for name in NAMES:
        for document in documents(text_of(name)):
            value = document.value if isinstance(document, Document) else None
            for each in value.get("items", [value]) if isinstance(value, dict) else ():
                if each.get("kind") in PATHS and "/" + each.get("apiVersion", "") + "/" in PATHS[each["kind"]] + "/":
                    yield name, each


@pytest.fixture(scope="module")
def warned_namespaces(kubectl: Kubectl) -> Iterator[str]:
    """Two namespaces that asked for warnings: a new one, and the one of Fargate's log router."""
    name = f"lint-{secrets.token_hex(3)}"
    kubectl("apply", "-k", str(ADMISSION))
    for each in (name, NAMESPACE):
        kubectl("create", "namespace", each)
        kubectl("label", "namespace", each, f"{LABEL}={WARN}")
    yield name
    kubectl("delete", "-k", str(ADMISSION))
    kubectl("delete", "namespace", name, NAMESPACE, "--wait=false")


@pytest.fixture
async def namespace(warned_namespaces: str, api: Api) -> str:
    """The new one, once pods can be made there and the policies are known to the API server."""

    async def is_ready() -> bool:
        account = await api.get(f"/api/v1/namespaces/{warned_namespaces}/serviceaccounts/default")
        probe = await api.create(PATHS["Service"].format(warned_namespaces), balanced("probe"), dryRun="All")
        return account.code == 200 and bool(probe.warnings)

    await eventually(is_ready)
    return warned_namespaces


async def test_the_api_server_finds_their_types_right(api: Api, namespace: str) -> None:
    async def checked() -> list[dict[str, Any]]:
        found = [each for each in (await api.get(POLICIES)).ok()["items"] if each["metadata"]["name"].startswith(PREFIX)]
        return found if all("typeChecking" in each.get("status", {}) for each in found) else []

    policies = await eventually(checked)
    assert {each["metadata"]["name"] for each in policies} == {f"{PREFIX}{target.name}" for target in TARGETS}
    assert [each["status"]["typeChecking"].get("expressionWarnings") for each in policies] == [None] * len(TARGETS)


async def test_they_warn_of_what_lint_finds(api: Api, namespace: str) -> None:
    """Of all that is in the fixtures; nothing is refused for it."""
    seen: set[str] = set()
    for name, obj in objects():
        place = NAMESPACE if obj["metadata"].get("namespace") == NAMESPACE else namespace
        placed = {**obj, "metadata": {**obj["metadata"], "namespace": place}}
        answer = await api.create(PATHS[obj["kind"]].format(place), placed, dryRun="All", fieldValidation="Ignore")
        if answer.code >= 400:
            assert "ValidatingAdmissionPolicy" not in answer.body["message"]
            continue
        warned = {found[1] for warning in answer.warnings for found in _WARNED.finditer(warning)}
        must, may = _judged(placed)
        if "ownerReferences" in obj["metadata"]:
            must = set()
        assert must <= warned <= may, (name, obj["metadata"])
        seen |= warned
    assert seen == {rule.id for target in TARGETS for rule, _ in target.rules}


def _judged(obj: dict[str, Any]) -> tuple[set[str], set[str]]:
    linter = Linter()
    linter.add_object(obj)
    found = {finding.rule for finding in linter.findings() if finding.rule.expressions}
    return {rule.id for rule in found if rule.whole}, {rule.id for rule in found}


async def test_other_namespaces_are_left_alone(api: Api, namespace: str, kubectl: Kubectl) -> None:
    other = f"{namespace}-other"
    kubectl("create", "namespace", other)
    assert (await api.create(PATHS["Service"].format(other), balanced("a"), dryRun="All")).warnings == []
    kubectl("delete", "namespace", other, "--wait=false")


def test_kubectl_shows_the_warning(kubectl: Kubectl, namespace: str) -> None:
    done = kubectl("apply", "--namespace", namespace, "-f", "-", stdin=balanced("web"))
    assert done.stdout == "service/web created\n"
    assert f"FG301 Network Load Balancer with nodes as targets: set {_TARGET}: ip" in done.stderr
    silent = balanced("web", **{"fargateclaims.dev/lint-ignore": "FG301 known"})
    assert kubectl("apply", "--namespace", namespace, "-f", "-", stdin=silent).stderr == ""


def test_lint_finds_it_in_the_cluster(kubectl: Kubectl, namespace: str, plane: ControlPlane) -> None:
    pod = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "bare"}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
    kubectl("apply", "--namespace", namespace, "-f", "-", stdin=pod)
    command = [str(Path(sys.executable).with_name("kubectl-fargate")), "lint", "-n", namespace, "--output", "json", "--select", "FG203"]
    environment = {**os.environ, "KUBECONFIG": str(plane.kubeconfig)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert [finding["object"] for finding in json.loads(done.stdout)["findings"]] == [f"Pod {namespace}/bare"]


def test_each_kind_of_a_policy_is_tried() -> None:
    assert set(PATHS) == set().union(*(kinds(target) for target in TARGETS))
