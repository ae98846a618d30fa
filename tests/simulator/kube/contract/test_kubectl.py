"""A real kubectl against the server."""

import json
from typing import Any

import pytest
import yaml

from support.kube_contract import Api, eventually
from support.kubectl import Kubectl
from support.ticket_kind import Kind


@pytest.fixture
def applied(kubectl: Kubectl, kind: Kind, namespace: str) -> dict[str, Any]:
    kubectl("apply", "-n", namespace, "-f", "-", stdin=kind.ticket("a", tags={"t": "1"}))
    return kind.ticket("a", tags={"t": "1"})


async def test_apply_creates_configures_and_leaves_alone(kubectl: Kubectl, kind: Kind, namespace: str, applied: dict[str, Any]) -> None:
    again = kubectl("apply", "-n", namespace, "-f", "-", stdin=applied).stdout
    assert again.strip().endswith("a unchanged")
    changed = kubectl("apply", "-n", namespace, "-f", "-", stdin=kind.ticket("a", tags={"u": "1"})).stdout
    assert changed.strip().endswith("a configured")
    found = json.loads(kubectl("get", kind.crd, "a", "-n", namespace, "-o", "json").stdout)
    assert found["spec"]["tags"] == {"u": "1"}


async def test_apply_shows_what_is_wrong(kubectl: Kubectl, kind: Kind, namespace: str) -> None:
    ticket = kind.ticket("a", replacement="Maybe", seats=0)
    errors = kubectl("apply", "-n", namespace, "-f", "-", stdin=ticket, code=1).stderr
    assert 'The Ticket "a" is invalid:' in errors
    assert '* spec.replacement: Unsupported value: "Maybe": supported values: "CreateFirst", "Never"' in errors
    assert "* spec.seats: Invalid value: 0: spec.seats in body should be greater than or equal to 1" in errors
    errors = kubectl("apply", "-n", namespace, "-f", "-", stdin=kind.ticket("a", bogus=1), code=1).stderr
    assert 'strict decoding error: unknown field "spec.bogus"' in errors
    errors = kubectl("apply", "--validate=warn", "-n", namespace, "-f", "-", stdin=kind.ticket("a", bogus=1)).stderr
    assert 'Warning: unknown field "spec.bogus"' in errors


async def test_apply_on_the_server_side(kubectl: Kubectl, api: Api, kind: Kind, namespace: str, applied: dict[str, Any]) -> None:
    """What kubectl applied by itself before is no conflict, and has a new owner afterwards."""
    done = kubectl("apply", "--server-side", "-n", namespace, "-f", "-", stdin=kind.ticket("a", tags={"t": "2"})).stdout
    assert done.strip().endswith("a serverside-applied")
    found = (await api.get(kind.path(namespace, "a"))).ok()
    assert found["spec"]["tags"] == {"t": "2"}
    owned = {entry["manager"]: (entry["operation"], entry["fieldsV1"]) for entry in found["metadata"]["managedFields"]}
    annotation = "kubectl.kubernetes.io/last-applied-configuration"
    assert owned == {
        "kubectl": ("Apply", {"f:spec": {"f:className": {}, "f:tags": {"f:t": {}}}}),
        "kubectl-last-applied": ("Apply", {"f:metadata": {"f:annotations": {f"f:{annotation}": {}}}}),
    }
    assert json.loads(found["metadata"]["annotations"][annotation])["spec"]["tags"] == {"t": "2"}
    again = kubectl("apply", "-n", namespace, "-f", "-", stdin=kind.ticket("a", tags={"u": "1"})).stdout
    assert again.strip().endswith("a configured")
    assert (await api.get(kind.path(namespace, "a"))).ok()["spec"]["tags"] == {"u": "1"}


async def test_apply_on_the_server_side_meets_others(kubectl: Kubectl, kind: Kind, namespace: str, applied: dict[str, Any]) -> None:
    command = ("apply", "--server-side", "--field-manager=gitops", "-n", namespace, "-f", "-")
    ticket = kind.ticket("a", tags={"t": "2"})
    errors = kubectl(*command, stdin=ticket, code=1).stderr
    assert f'conflict with "kubectl-client-side-apply" using {kind.group}/v1: .spec.tags.t' in errors
    done = kubectl(*command, "--force-conflicts", stdin=ticket).stdout
    assert done.strip().endswith("a serverside-applied")
    kubectl(*command, "--dry-run=server", stdin=ticket)


async def test_apply_leaves_the_status_alone(kubectl: Kubectl, api: Api, kind: Kind, namespace: str, applied: dict[str, Any]) -> None:
    (await api.patch(kind.path(namespace, "a", "status"), {"status": {"queue": 1}})).ok()
    for ticket in (kind.ticket("a", tags={"u": "1"}), {**kind.ticket("a", tags={"u": "2"}), "status": {"queue": 7}}):
        kubectl("apply", "-n", namespace, "-f", "-", stdin=ticket)
        assert (await api.get(kind.path(namespace, "a"))).ok()["status"]["queue"] == 1


async def test_a_dry_run_on_the_server(kubectl: Kubectl, api: Api, kind: Kind, namespace: str, applied: dict[str, Any]) -> None:
    before = (await api.get(kind.path(namespace, "a"))).ok()
    command = ("apply", "--dry-run=server", "-n", namespace, "-f", "-")
    assert "configured (server dry run)" in kubectl(*command, stdin=kind.ticket("a", tags={"u": "1"})).stdout
    assert "created (server dry run)" in kubectl(*command, stdin=kind.ticket("b")).stdout
    assert "spec.seats" in kubectl(*command, stdin=kind.ticket("a", seats=0), code=1).stderr
    assert (await api.get(kind.path(namespace, "a"))).ok() == before


async def test_get_shows_the_columns(kubectl: Kubectl, kind: Kind, namespace: str, applied: dict[str, Any]) -> None:
    short = kubectl("get", kind.crd, "-n", namespace).stdout.splitlines()
    assert short[0].split() == ["NAME", "READY", "QUEUE", "AGE"]
    assert short[1].split()[:2] == ["a", "Unknown"]
    wide = kubectl("get", kind.crd, "-A", "-o", "wide").stdout.splitlines()
    assert wide[0].split() == ["NAMESPACE", "NAME", "READY", "QUEUE", "AGE", "CLASS"]
    assert [namespace, "a", "standard"] in [[*line.split()[:2], line.split()[-1]] for line in wide]
    assert kubectl("get", kind.crd, "-n", namespace, "-o", "name").stdout.strip() == f"ticket.{kind.group}/a"


async def test_get_by_label_and_missing(kubectl: Kubectl, kind: Kind, namespace: str, applied: dict[str, Any]) -> None:
    kubectl("label", kind.crd, "a", "-n", namespace, "x=y")
    assert "a" in kubectl("get", kind.crd, "-n", namespace, "-l", "x=y", "-o", "name").stdout
    assert "No resources found" in kubectl("get", kind.crd, "-n", namespace, "-l", "x=z").stderr
    assert "not found" in kubectl("get", kind.crd, "none", "-n", namespace, code=1).stderr


async def test_describe_shows_the_events(kubectl: Kubectl, api: Api, kind: Kind, namespace: str, applied: dict[str, Any]) -> None:
    ticket = (await api.get(kind.path(namespace, "a"))).ok()
    event = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": namespace},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "contract.test/tester",
        "reportingInstance": "one",
        "action": "Testing",
        "reason": "Tested",
        "type": "Normal",
        "note": "It was tested.",
        "regarding": {
            "apiVersion": f"{kind.group}/v1",
            "kind": "Ticket",
            "name": "a",
            "namespace": namespace,
            "uid": ticket["metadata"]["uid"],
        },
    }
    (await api.create(f"/apis/events.k8s.io/v1/namespaces/{namespace}/events", event)).ok()
    described = kubectl("describe", kind.crd, "a", "-n", namespace).stdout
    assert "Class Name:  standard" in described
    assert "Tested" in described
    assert "It was tested." in described
    events = kubectl("events", "-n", namespace).stdout
    assert "Ticket/a" in events
    assert "It was tested." in events
    assert "It was tested." in kubectl("get", "events", "-n", namespace).stdout


async def test_wait_for_a_condition(kubectl: Kubectl, api: Api, kind: Kind, namespace: str, applied: dict[str, Any]) -> None:
    kubectl("wait", "--for=condition=Ready", f"{kind.crd}/a", "-n", namespace, "--timeout=100ms", code=1)
    (await api.patch(kind.path(namespace, "a", "status"), {"status": {"conditions": [{"type": "Ready", "status": "True"}]}})).ok()
    kubectl("wait", "--for=condition=Ready", f"{kind.crd}/a", "-n", namespace, "--timeout=100s")


async def test_patch_annotate_and_label(kubectl: Kubectl, api: Api, kind: Kind, namespace: str, applied: dict[str, Any]) -> None:
    kubectl("patch", kind.crd, "a", "-n", namespace, "--type=merge", "-p", '{"spec":{"tags":{"u":"2"}}}')
    kubectl("patch", kind.crd, "a", "-n", namespace, "--type=json", "-p", '[{"op":"remove","path":"/spec/tags/t"}]')
    kubectl("patch", kind.crd, "a", "-n", namespace, "--subresource=status", "--type=merge", "-p", '{"status":{"queue":2}}')
    kubectl("annotate", kind.crd, "a", "-n", namespace, "contract.test/retry=1")
    kubectl("label", kind.crd, "a", "-n", namespace, "l=1")
    kubectl("label", kind.crd, "a", "-n", namespace, "l-")
    found = (await api.get(kind.path(namespace, "a"))).ok()
    assert found["spec"]["tags"] == {"u": "2"}
    assert found["status"]["queue"] == 2
    assert found["metadata"]["annotations"]["contract.test/retry"] == "1"
    assert "labels" not in found["metadata"]


async def test_edit(kubectl: Kubectl, api: Api, kind: Kind, namespace: str, applied: dict[str, Any]) -> None:
    kubectl("edit", kind.crd, "a", "-n", namespace, KUBE_EDITOR="sed -i 's/className: standard/className: edited/'")
    assert (await api.get(kind.path(namespace, "a"))).ok()["spec"]["className"] == "edited"


async def test_replace_and_diff(kubectl: Kubectl, api: Api, kind: Kind, namespace: str, applied: dict[str, Any]) -> None:
    found = (await api.get(kind.path(namespace, "a"))).ok()
    found["spec"]["className"] = "replaced"
    kubectl("replace", "-f", "-", stdin=found)
    assert (await api.get(kind.path(namespace, "a"))).ok()["spec"]["className"] == "replaced"
    assert "-  className: replaced" in kubectl("diff", "-n", namespace, "-f", "-", stdin=applied, code=1).stdout


async def test_explain(kubectl: Kubectl, kind: Kind) -> None:
    explained = kubectl("explain", "tickets.spec", f"--api-version={kind.group}/v1").stdout
    assert "What is wanted." in explained
    assert "className" in explained
    assert "-required-" in explained
    assert "A ticket." in kubectl("explain", kind.crd).stdout


async def test_api_resources(kubectl: Kubectl, kind: Kind) -> None:
    listed = kubectl("api-resources", f"--api-group={kind.group}", "--no-headers").stdout.split()
    assert [listed[0], *listed[-3:]] == ["tickets", f"{kind.group}/v1", "true", "Ticket"]
    assert kind.crd in kubectl("api-resources", "--categories=contract", "-o", "name").stdout


async def test_delete_waits_for_the_finalizer(kubectl: Kubectl, api: Api, kind: Kind, namespace: str) -> None:
    kubectl("create", "-n", namespace, "-f", "-", stdin=kind.ticket("f", finalizers=["contract.test/f"]))
    kubectl("delete", kind.crd, "f", "-n", namespace, "--wait=false")
    kubectl("wait", "--for=delete", f"{kind.crd}/f", "-n", namespace, "--timeout=100ms", code=1)
    (await api.patch(kind.path(namespace, "f"), {"metadata": {"finalizers": None}})).ok()
    kubectl("wait", "--for=delete", f"{kind.crd}/f", "-n", namespace, "--timeout=100s")


async def test_delete_all_of_a_kind(kubectl: Kubectl, api: Api, kind: Kind, namespace: str, applied: dict[str, Any]) -> None:
    kubectl("create", "-n", namespace, "-f", "-", stdin=kind.ticket("b"))
    kubectl("delete", kind.crd, "--all", "-n", namespace)
    assert (await api.get(kind.path(namespace))).ok()["items"] == []


async def test_built_in_kinds(kubectl: Kubectl, namespace: str) -> None:
    kubectl("create", "configmap", "c", "-n", namespace, "--from-literal=k=v")
    kubectl("create", "secret", "generic", "s", "-n", namespace, "--from-literal=k=v")
    kubectl("create", "serviceaccount", "a", "-n", namespace)
    assert yaml.safe_load(kubectl("get", "configmap", "c", "-n", namespace, "-o", "yaml").stdout)["data"] == {"k": "v"}
    assert kubectl("get", "secret", "s", "-n", namespace, "-o", "jsonpath={.data.k}").stdout == "dg=="
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": {"x": "1"}}
    kubectl("apply", "-n", namespace, "-f", "-", stdin=config)
    assert "configured" in kubectl("apply", "-n", namespace, "-f", "-", stdin={**config, "data": {"y": "1"}}).stdout
    assert kubectl("get", "configmap", "applied", "-n", namespace, "-o", "jsonpath={.data}").stdout == '{"y":"1"}'


async def test_namespaces_come_and_go(kubectl: Kubectl, api: Api, namespace: str) -> None:
    name = f"{namespace}-kubectl"
    kubectl("create", "namespace", name)
    assert "Active" in kubectl("get", "namespace", name).stdout
    kubectl("delete", "namespace", name, "--wait=false")

    async def going() -> bool:
        found = await api.get(f"/api/v1/namespaces/{name}")
        return found.code == 404 or bool(found.ok()["status"]["phase"] == "Terminating")

    await eventually(going)


async def test_auth(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "create", "pods").stdout.strip() == "yes"
    assert "Username" in kubectl("auth", "whoami").stdout
