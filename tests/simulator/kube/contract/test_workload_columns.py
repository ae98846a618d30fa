"""What ``kubectl get`` shows of nodes, pods, and what makes them."""

import secrets
from typing import Any

import pytest

from support.kube_contract import MERGE, Api
from support.workloads import NODES, Workloads, budget, deployment, node, pod

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
RUNNING = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}


async def rows(api: Api, path: str) -> tuple[list[str], list[list[Any]]]:
    """The names of the columns, and the cells without the age."""
    table = (await api.call("GET", path, accept=TABLE)).ok()
    names = [column["name"] for column in table["columnDefinitions"]]
    aged = names.index("Age")
    return names, [[cell for index, cell in enumerate(row["cells"]) if index != aged] for row in table["rows"]]


def container(state: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": "c", "image": "i", "imageID": "", "ready": "running" in state, "restartCount": 0, "state": state, **fields}


@pytest.mark.parametrize(
    ("spec", "status", "shown"),
    [
        ({}, {}, ["0/1", "Pending", "0"]),
        ({}, {"phase": "Running", "containerStatuses": [container(RUNNING)]}, ["1/1", "Running", "0"]),
        ({}, {"phase": "Failed", "reason": "Evicted"}, ["0/1", "Evicted", "0"]),
        ({}, {"containerStatuses": [container({"waiting": {"reason": "ImagePullBackOff"}})]}, ["0/1", "ImagePullBackOff", "0"]),
        (
            {},
            {"phase": "Succeeded", "containerStatuses": [container({"terminated": {"exitCode": 0, "reason": "Completed"}})]},
            ["0/1", "Completed", "0"],
        ),
        ({}, {"phase": "Failed", "containerStatuses": [container({"terminated": {"exitCode": 3}})]}, ["0/1", "ExitCode:3", "0"]),
        (
            {},
            {"phase": "Failed", "containerStatuses": [container({"terminated": {"exitCode": 137, "signal": 9}})]},
            ["0/1", "Signal:9", "0"],
        ),
        ({}, {"phase": "Running", "containerStatuses": [container(RUNNING, restartCount=4)]}, ["1/1", "Running", "4"]),
        (
            {"initContainers": [{"name": "first", "image": "i"}, {"name": "second", "image": "i"}]},
            {"initContainerStatuses": [container({"waiting": {"reason": "PodInitializing"}}, name="first")]},
            ["0/1", "Init:0/2", "0"],
        ),
        (
            {"initContainers": [{"name": "side", "image": "i", "restartPolicy": "Always"}]},
            {
                "phase": "Running",
                "containerStatuses": [container(RUNNING)],
                "initContainerStatuses": [container(RUNNING, name="side", started=True)],
            },
            ["2/2", "Running", "0"],
        ),
    ],
)
async def test_pods_show_how_their_containers_are(
    api: Api, workloads: Workloads, spec: dict[str, Any], status: dict[str, Any], shown: list[str]
) -> None:
    (await api.create(workloads.pods, pod("p", **spec))).ok()
    (await api.patch(f"{workloads.pods}/p/status", {"status": status}, MERGE)).ok()
    names, cells = await rows(api, workloads.pods)
    assert names == ["Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node", "Readiness Gates"]
    assert cells == [["p", *shown, "<none>", "<none>", "<none>", "<none>"]]


async def test_a_pod_shows_where_it_runs_and_that_it_ends(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.pods, pod("p", readinessGates=[{"conditionType": "contract.test/g"}]))).ok()
    await workloads.run("p")
    (await api.patch(f"{workloads.pods}/p/status", {"status": {"podIP": "10.0.0.7", "podIPs": [{"ip": "10.0.0.7"}]}}, MERGE)).ok()
    assert (await rows(api, workloads.pods))[1] == [["p", "0/1", "Running", "0", "10.0.0.7", "n", "<none>", "0/1"]]
    (await api.delete(f"{workloads.pods}/p")).ok()
    assert (await rows(api, workloads.pods))[1][0][2] == "Terminating"


async def test_workloads_show_their_pods(api: Api, workloads: Workloads) -> None:
    (await api.create(workloads.deployments, deployment("web", 2))).ok()
    (await api.create(workloads.budgets, budget("number", minAvailable=1))).ok()
    (await api.create(workloads.budgets, budget("share", maxUnavailable="50%", selector={"matchLabels": {"app": "none"}}))).ok()
    await workloads.staying(2)
    await workloads.run((await workloads.list(workloads.pods))[0]["metadata"]["name"])
    await workloads.until(f"{workloads.deployments}/web", updatedReplicas=2, availableReplicas=1)
    await workloads.until(f"{workloads.budgets}/number", disruptionsAllowed=0, currentHealthy=1)
    names, cells = await rows(api, workloads.deployments)
    assert names == ["Name", "Ready", "Up-to-date", "Available", "Age", "Containers", "Images", "Selector"]
    assert cells == [["web", "1/2", 2, 1, "c", "example.test/web:1", "app=web"]]
    (found,) = await workloads.list(workloads.replica_sets)
    hashed = found["metadata"]["labels"]["pod-template-hash"]
    names, cells = await rows(api, workloads.replica_sets)
    assert names == ["Name", "Desired", "Current", "Ready", "Age", "Containers", "Images", "Selector"]
    assert cells == [[f"web-{hashed}", 2, 2, 1, "c", "example.test/web:1", f"app=web,pod-template-hash={hashed}"]]
    names, cells = await rows(api, workloads.budgets)
    assert names == ["Name", "Min Available", "Max Unavailable", "Allowed Disruptions", "Age"]
    assert cells == [["number", "1", "N/A", 0], ["share", "N/A", "50%", 0]]


async def test_nodes_show_what_they_are(api: Api) -> None:
    name = f"fargate-{secrets.token_hex(4)}"
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z", "lastHeartbeatTime": "2026-01-01T00:00:00Z"}
    info = {"kubeletVersion": "v1.36.3", "kernelVersion": "6.1", "architecture": "amd64"}
    manifest = node(name, conditions=[ready], nodeInfo=info, addresses=[{"type": "InternalIP", "address": "10.0.0.1"}])
    manifest["metadata"]["labels"] = {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/edge": ""}
    (await api.create(NODES, manifest)).ok()
    names, (cells,) = await rows(api, f"{NODES}/{name}")
    assert names == [
        *("Name", "Status", "Roles", "Age", "Version"),
        *("Internal-IP", "External-IP", "OS-Image", "Kernel-Version", "Container-Runtime"),
    ]
    assert cells == [name, "Ready", "edge,worker", "v1.36.3", "10.0.0.1", "<none>", "<unknown>", "6.1 (amd64)", "<unknown>"]
    away = {"spec": {"unschedulable": True}, "metadata": {"labels": None}}
    (await api.patch(f"{NODES}/{name}", away, MERGE)).ok()
    assert (await rows(api, f"{NODES}/{name}"))[1][0][:3] == [name, "Ready,SchedulingDisabled", "<none>"]
    (await api.patch(f"{NODES}/{name}/status", {"status": {"conditions": [{**ready, "status": "Unknown"}]}}, MERGE)).ok()
    assert (await rows(api, f"{NODES}/{name}"))[1][0][1] == "NotReady,SchedulingDisabled"
    (await api.delete(f"{NODES}/{name}")).ok()
