"""What a Deployment says of its rollout: its counts, and the conditions Available and Progressing.

Source: ``pkg/controller/deployment/progress.go``.
"""

from datetime import datetime, timedelta
from typing import Final

from fargateclaims.simulator.kube.objects import Obj, parse_timestamp, timestamp
from fargateclaims.simulator.kube.workloads import rollout
from fargateclaims.simulator.kube.workloads.conditions import condition, conditions_with

_COMPLETE: Final = "NewReplicaSetAvailable"
_TIMED_OUT: Final = "ProgressDeadlineExceeded"
# So much that it never passes.
_NO_DEADLINE: Final = 2**31 - 1


def status(deployment: Obj, new: Obj | None, replica_sets: list[Obj], now: datetime, *, begun: bool) -> Obj:
    """The status of a Deployment, from those of its replica sets. `begun`: the `new` one was made just now."""
    before = deployment.get("status") or {}
    total = sum(map(rollout.size, replica_sets))
    usable = _sum(replica_sets, "availableReplicas")
    counts = {
        "replicas": _sum(replica_sets, "replicas"),
        "updatedReplicas": _sum([new] if new is not None else [], "replicas"),
        "readyReplicas": _sum(replica_sets, "readyReplicas"),
        "availableReplicas": usable,
        "unavailableReplicas": max(total - usable, 0),
        "collisionCount": before.get("collisionCount", 0),
    }
    result: Obj = {name: count for name, count in counts.items() if count}
    result |= {"terminatingReplicas": _sum(replica_sets, "terminatingReplicas"), "observedGeneration": deployment["metadata"]["generation"]}
    conditions = conditions_with(before.get("conditions") or (), _available(deployment, usable), timestamp(now))
    return result | {"conditions": _with_progress(deployment, result, new, conditions, now, begun=begun)}


def _sum(replica_sets: list[Obj], count: str) -> int:
    return sum((entry.get("status") or {}).get(count, 0) for entry in replica_sets)


def _available(deployment: Obj, usable: int) -> Obj:
    if usable >= rollout.limits(deployment).minimum:
        return _condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    return _condition("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")


def _condition(kind: str, state: str, reason: str, message: str) -> Obj:
    return {"type": kind, "status": state, "reason": reason, "message": message}


def _with_progress(  # noqa: PLR0913 - all that tells whether it moves
    deployment: Obj, counts: Obj, new: Obj | None, conditions: list[Obj], now: datetime, *, begun: bool
) -> list[Obj]:
    present = condition(deployment, "Progressing")
    if _deadline(deployment) is None:
        return [entry for entry in conditions if entry["type"] != "Progressing"]
    if begun and new is not None:
        wanted = _condition("Progressing", "True", "NewReplicaSetCreated", f'Created new replica set "{new["metadata"]["name"]}"')
        return conditions_with(conditions, wanted, timestamp(now))
    step = _progress(deployment, counts, new, present, now)
    if step is None:
        return conditions
    if step["reason"] == "ReplicaSetUpdated":
        # Each step counts anew against the deadline.
        conditions = [entry for entry in conditions if entry["type"] != "Progressing"]
        since = present["lastTransitionTime"] if present.get("status") == "True" else timestamp(now)
        return [*conditions, {**step, "lastUpdateTime": timestamp(now), "lastTransitionTime": since}]
    return conditions_with(conditions, step, timestamp(now))


def _progress(deployment: Obj, counts: Obj, new: Obj | None, present: Obj, now: datetime) -> Obj | None:
    """The condition Progressing; None if it stays as it is."""
    reason = present.get("reason")
    name = new["metadata"]["name"] if new is not None else deployment["metadata"]["name"]
    subject = f'{"ReplicaSet" if new is not None else "Deployment"} "{name}"'
    if deployment["spec"].get("paused"):
        return None if reason == _TIMED_OUT else _condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")
    if reason == "DeploymentPaused":
        return _condition("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed")
    if reason == _COMPLETE and counts.get("replicas", 0) == counts.get("updatedReplicas", 0):
        return None
    if _is_complete(deployment, counts):
        return _condition("Progressing", "True", _COMPLETE, f"{subject} has successfully progressed.")
    if not present and new is not None:
        return _condition("Progressing", "True", "FoundNewReplicaSet", f'Found new replica set "{name}"')
    if _moved(deployment.get("status") or {}, counts):
        return _condition("Progressing", "True", "ReplicaSetUpdated", f"{subject} is progressing.")
    due = next_check(deployment)
    if due is not None and due <= now:
        return _condition("Progressing", "False", _TIMED_OUT, f"{subject} has timed out progressing.")
    return None


def _is_complete(deployment: Obj, counts: Obj) -> bool:
    desired = deployment["spec"]["replicas"]
    return all(counts.get(name, 0) == desired for name in ("replicas", "updatedReplicas", "availableReplicas"))


def _moved(before: Obj, counts: Obj) -> bool:
    """Whether there is more of the new, or less of the old."""

    def outdated(status: Obj) -> int:
        left: int = status.get("replicas", 0) - status.get("updatedReplicas", 0)
        return left

    more = any(counts.get(name, 0) > before.get(name, 0) for name in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    return more or outdated(counts) < outdated(before)


def _deadline(deployment: Obj) -> int | None:
    seconds: int = deployment["spec"].get("progressDeadlineSeconds", _NO_DEADLINE)
    return seconds if seconds < _NO_DEADLINE else None


def next_check(deployment: Obj) -> datetime | None:
    """When a rollout that does not move has failed; None if there is none, or it has."""
    present, seconds = condition(deployment, "Progressing"), _deadline(deployment)
    if seconds is None or not present or present["reason"] in (_COMPLETE, _TIMED_OUT, "DeploymentPaused"):
        return None
    return parse_timestamp(present["lastUpdateTime"]) + timedelta(seconds=seconds)
