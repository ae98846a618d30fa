"""What scheduler and kubelet write into a pod's status, as strategic merge patches: conditions merge by their type."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from fargateclaims.simulator.kube.objects import Obj, timestamp

# Reasons of PodScheduled. The second is EKS's own (seen in aws/eks-distro-prow-jobs#11), the others are Kubernetes'.
UNSCHEDULABLE: Final = "Unschedulable"
TOO_LARGE: Final = "POD_CPU_MEM_EXCEEDS_MAX_FARGATE_SIZE"
SCHEDULER_ERROR: Final = "SchedulerError"
FOR_GOOD: Final = frozenset({UNSCHEDULABLE, TOO_LARGE})
"""Where PodScheduled has one of these reasons it stays so, whatever changes around the pod; with any other it is tried again."""
_STOPPED_BY_SIGTERM: Final = 143


def not_scheduled(reason: str, message: str, now: datetime) -> Obj:
    """The pod has no node, and why."""
    return {"conditions": [{**_condition("PodScheduled", "False", now), "reason": reason, "message": message}]}


def scheduling_problem(pod: Obj) -> tuple[str, str]:
    """Reason and message of a pod's condition PodScheduled; empty where it has none."""
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return condition.get("reason") or "", condition.get("message") or ""
    return "", ""


def running(pod: Obj, address: str, now: datetime) -> Obj:
    """All containers run and are ready; probes are not asked."""
    spec, when = pod["spec"], timestamp(now)
    started = {"running": {"startedAt": when}}
    done = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": when, "finishedAt": when}}
    inits = spec.get("initContainers") or ()
    sidecars = {container["name"] for container in inits if container.get("restartPolicy") == "Always"}
    status: Obj = {
        "phase": "Running",
        "startTime": when,
        "hostIP": address,
        "hostIPs": [{"ip": address}],
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": _conditions("True", ("PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready"), now),
        "containerStatuses": [_container(container, started, ready=True) for container in spec["containers"]],
    }
    if inits:
        status["initContainerStatuses"] = [
            _container(container, started if container["name"] in sidecars else done, ready=True) for container in inits
        ]
    return status


def completed(pod: Obj, exit_code: int, now: datetime) -> Obj:
    """The containers have ended by themselves."""
    return _ended(pod, exit_code, "PodCompleted" if exit_code == 0 else "PodFailed", now)


def stopped(pod: Obj, now: datetime) -> Obj:
    """The containers have been stopped: a pod's phase is final before the pod is gone, and never Succeeded for a Job that was cut short."""
    return _ended(pod, _STOPPED_BY_SIGTERM, "PodFailed", now)


def _ended(pod: Obj, exit_code: int, reason: str, now: datetime) -> Obj:
    was = {status["name"]: status for status in (pod.get("status") or {}).get("containerStatuses") or ()}
    when = timestamp(now)
    statuses = []
    for container in pod["spec"]["containers"]:
        started = ((was.get(container["name"]) or {}).get("state") or {}).get("running", {}).get("startedAt", when)
        word = "Completed" if exit_code == 0 else "Error"
        ended = {"terminated": {"exitCode": exit_code, "reason": word, "startedAt": started, "finishedAt": when}}
        statuses.append(_container(container, ended, ready=False))
    conditions = [{**condition, "reason": reason} for condition in _conditions("False", ("ContainersReady", "Ready"), now)]
    return {"phase": "Failed" if exit_code else "Succeeded", "conditions": conditions, "containerStatuses": statuses}


def _container(container: Obj, state: dict[str, Any], *, ready: bool) -> Obj:
    image = container.get("image") or ""
    return {
        "name": container["name"],
        "image": image,
        "imageID": image,
        "ready": ready,
        "started": "running" in state,
        "restartCount": 0,
        "state": state,
    }


def _conditions(status: str, kinds: Iterable[str], now: datetime) -> list[Obj]:
    return [_condition(kind, status, now) for kind in kinds]


def _condition(kind: str, status: str, now: datetime) -> Obj:
    return {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": timestamp(now)}
