"""What ``kubectl get`` shows of pods, of what makes them, and of where they run. Source: ``pkg/printers/internalversion``."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from fargateclaims.simulator.kube.columns import AGE_TEXT, NAME, Cell, Column, age, value_at
from fargateclaims.simulator.kube.objects import Obj, Value
from fargateclaims.simulator.kube.selectors import of_labels
from fargateclaims.simulator.kube.workloads import pods
from fargateclaims.simulator.kube.workloads.conditions import condition

_NONE: Final = "<none>"
_UNKNOWN: Final = "<unknown>"
_ROLE: Final = "node-role.kubernetes.io/"
_OLD_ROLE: Final = "kubernetes.io/role"


def _status_of(obj: Obj) -> Obj:
    return obj.get("status") or {}


def _statuses(pod: Obj, kind: str) -> list[Obj]:
    return _status_of(pod).get(kind) or []


def _sidecars(pod: Obj) -> set[str]:
    return {entry["name"] for entry in pod["spec"].get("initContainers") or () if entry.get("restartPolicy") == "Always"}


def _pod_ready(pod: Obj, _: datetime) -> Value:
    sidecars = _sidecars(pod)
    counted = _statuses(pod, "containerStatuses") + [
        entry for entry in _statuses(pod, "initContainerStatuses") if entry["name"] in sidecars
    ]
    ready = sum(bool(entry.get("ready")) and "running" in (entry.get("state") or {}) for entry in counted)
    return f"{ready}/{len(pod['spec'].get('containers') or ()) + len(sidecars)}"


def _pod_status(pod: Obj, _: datetime) -> Value:
    if pods.is_terminating(pod) and not pods.is_terminal(pod):
        return "Unknown" if _status_of(pod).get("reason") == "NodeLost" else "Terminating"
    reason = _status_of(pod).get("reason") or pods.phase(pod)
    if condition(pod, "PodScheduled").get("reason") == "SchedulingGated":
        reason = "SchedulingGated"
    initializing = _init_reason(pod)
    if initializing and condition(pod, "Initialized").get("status") != "True":
        return initializing
    return _containers_reason(pod) or reason


def _init_reason(pod: Obj) -> str:
    """How far the containers that run first have come; empty if they are done."""
    sidecars, containers = _sidecars(pod), pod["spec"].get("initContainers") or ()
    for index, entry in enumerate(_statuses(pod, "initContainerStatuses")):
        state = entry.get("state") or {}
        ended, waits = state.get("terminated"), (state.get("waiting") or {}).get("reason")
        if (ended and not ended.get("exitCode")) or (entry["name"] in sidecars and entry.get("started")):
            continue
        if ended:
            return f"Init:{_end(ended)}"
        return f"Init:{waits}" if waits and waits != "PodInitializing" else f"Init:{index}/{len(containers)}"
    return ""


def _containers_reason(pod: Obj) -> str:
    """What the first container that waits or has ended says; empty if all run."""
    states = [(entry, entry.get("state") or {}) for entry in _statuses(pod, "containerStatuses")]
    reasons = [
        _end(state["terminated"]) if "terminated" in state else (state.get("waiting") or {}).get("reason", "") for _, state in states
    ]
    reason = next(filter(None, reasons), "")
    if reason != "Completed":
        return reason
    failed = [_end(state["terminated"]) for _, state in states if (state.get("terminated") or {}).get("exitCode")]
    if any(entry.get("ready") and "running" in state for entry, state in states):
        return "Running" if pods.is_ready(pod) else next(iter(failed), "NotReady")
    return next(iter(failed), reason)


def _end(ended: Obj) -> str:
    signal = f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"
    return ended.get("reason") or signal


def _pod_restarts(pod: Obj, now: datetime) -> Value:
    statuses = _statuses(pod, "containerStatuses")
    count = sum(entry.get("restartCount", 0) for entry in statuses)
    ends = [((entry.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for entry in statuses]
    last = max(filter(None, ends), default=None)
    return f"{count} ({age(last, now)} ago)" if count and last else str(count)


def _gates(pod: Obj, _: datetime) -> Value:
    gates = pod["spec"].get("readinessGates") or ()
    passed = sum(condition(pod, gate["conditionType"]).get("status") == "True" for gate in gates)
    return f"{passed}/{len(gates)}" if gates else _NONE


def _node_status(node: Obj, _: datetime) -> Value:
    ready = {"": "Unknown", "True": "Ready"}.get(condition(node, "Ready").get("status", ""), "NotReady")
    return f"{ready},SchedulingDisabled" if (node.get("spec") or {}).get("unschedulable") else ready


def _node_roles(node: Obj, _: datetime) -> Value:
    labels = node["metadata"].get("labels") or {}
    roles = {name.removeprefix(_ROLE) for name in labels if name.startswith(_ROLE)} | {labels.get(_OLD_ROLE, "")}
    return ",".join(sorted(filter(None, roles))) or _NONE


def _address(kind: str) -> Cell:
    def cell(node: Obj, _: datetime) -> Value:
        addresses = _status_of(node).get("addresses") or ()
        return next((entry["address"] for entry in addresses if entry["type"] == kind), _NONE)

    return cell


def _kernel(node: Obj, _: datetime) -> Value:
    info = _status_of(node).get("nodeInfo") or {}
    architecture = info.get("architecture")
    return (info.get("kernelVersion") or _UNKNOWN) + (f" ({architecture})" if architecture else "")


def _ready_of_wanted(workload: Obj, _: datetime) -> Value:
    return f"{_status_of(workload).get('readyReplicas', 0)}/{workload['spec']['replicas']}"


def _of_containers(field: str) -> Cell:
    def cell(workload: Obj, _: datetime) -> Value:
        containers = workload["spec"]["template"]["spec"].get("containers") or ()
        return ",".join(container.get(field, "") for container in containers)

    return cell


def _selector(workload: Obj, _: datetime) -> Value:
    return str(of_labels(workload["spec"].get("selector"))) or _NONE


def _bound(field: str) -> Cell:
    def cell(budget: Obj, _: datetime) -> Value:
        value = budget["spec"].get(field)
        return "N/A" if value is None else str(value)

    return cell


def _wide(columns: Iterable[tuple[str, Cell]]) -> tuple[Column, ...]:
    return tuple(Column(name, cell, priority=1) for name, cell in columns)


_CONTAINERS: Final = (("Containers", _of_containers("name")), ("Images", _of_containers("image")))
BUILT_IN: Final[dict[str, tuple[Column, ...]]] = {
    **dict.fromkeys(("CronJob", "DaemonSet", "Job", "PersistentVolumeClaim"), (NAME, AGE_TEXT)),
    "Deployment": (
        NAME,
        Column("Ready", _ready_of_wanted),
        Column("Up-to-date", value_at(".status.updatedReplicas", 0), "integer"),
        Column("Available", value_at(".status.availableReplicas", 0), "integer"),
        AGE_TEXT,
        *_wide((*_CONTAINERS, ("Selector", _selector))),
    ),
    "Node": (
        NAME,
        Column("Status", _node_status),
        Column("Roles", _node_roles),
        AGE_TEXT,
        Column("Version", value_at(".status.nodeInfo.kubeletVersion")),
        *_wide(
            (
                ("Internal-IP", _address("InternalIP")),
                ("External-IP", _address("ExternalIP")),
                ("OS-Image", value_at(".status.nodeInfo.osImage", _UNKNOWN)),
                ("Kernel-Version", _kernel),
                ("Container-Runtime", value_at(".status.nodeInfo.containerRuntimeVersion", _UNKNOWN)),
            )
        ),
    ),
    "Pod": (
        NAME,
        Column("Ready", _pod_ready),
        Column("Status", _pod_status),
        Column("Restarts", _pod_restarts),
        AGE_TEXT,
        *_wide(
            (
                ("IP", value_at(".status.podIPs[0].ip", _NONE)),
                ("Node", value_at(".spec.nodeName", _NONE)),
                ("Nominated Node", value_at(".status.nominatedNodeName", _NONE)),
                ("Readiness Gates", _gates),
            )
        ),
    ),
    "PodDisruptionBudget": (
        NAME,
        Column("Min Available", _bound("minAvailable")),
        Column("Max Unavailable", _bound("maxUnavailable")),
        Column("Allowed Disruptions", value_at(".status.disruptionsAllowed", 0), "integer"),
        AGE_TEXT,
    ),
    "ReplicaSet": (
        NAME,
        Column("Desired", value_at(".spec.replicas", 0), "integer"),
        Column("Current", value_at(".status.replicas", 0), "integer"),
        Column("Ready", value_at(".status.readyReplicas", 0), "integer"),
        AGE_TEXT,
        *_wide((*_CONTAINERS, ("Selector", _selector))),
    ),
    "StatefulSet": (NAME, Column("Ready", _ready_of_wanted), AGE_TEXT, *_wide(_CONTAINERS)),
}
