"""kstatus: what Flux and others make of an object's metadata, status.observedGeneration and conditions.

Source: kubernetes-sigs/cli-utils, pkg/kstatus/status. Kinds that it knows by name (Deployment and so on) are left out.
"""

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """InProgress, Failed, Current or Terminating, and why."""

    status: str
    message: str


def compute(obj: Object) -> Result:
    """The status of a custom resource."""
    if obj["metadata"].get("deletionTimestamp"):
        return Result("Terminating", "Resource scheduled for deletion")
    generation, observed = obj["metadata"].get("generation"), obj.get("status", {}).get("observedGeneration")
    if generation is not None and observed is not None and observed != generation:
        return Result("InProgress", f"{obj['kind']} generation is {generation}, but latest observed generation is {observed}")
    conditions = obj.get("status", {}).get("conditions", [])
    for condition in conditions:
        if condition["status"] == "True" and condition["type"] in ("Reconciling", "Stalled"):
            return Result("InProgress" if condition["type"] == "Reconciling" else "Failed", condition["message"])
    ready = next((condition for condition in conditions if condition["type"] == "Ready"), None)
    if ready is None:
        return Result("Current", "Resource is current")
    if ready["status"] == "True":
        return Result("Current", "Resource is Ready")
    return Result("InProgress", ready["message"])
