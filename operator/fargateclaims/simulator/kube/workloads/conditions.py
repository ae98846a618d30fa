"""Conditions in a status."""

from collections.abc import Iterable

from fargateclaims.simulator.kube.objects import Obj


def condition(obj: Obj, kind: str) -> Obj:
    """A condition in the status; empty if it is not there."""
    conditions = (obj.get("status") or {}).get("conditions") or ()
    return next((entry for entry in conditions if entry.get("type") == kind), {})


def conditions_with(conditions: Iterable[Obj], wanted: Obj, now: str) -> list[Obj]:
    """`conditions` with one of them set. One of the same status and reason stays as it is, the time of a status moves only with it."""
    present = list(conditions)
    before = next((entry for entry in present if entry["type"] == wanted["type"]), {})
    if (before.get("status"), before.get("reason")) == (wanted["status"], wanted["reason"]):
        return present
    since = before["lastTransitionTime"] if before.get("status") == wanted["status"] else now
    others = [entry for entry in present if entry["type"] != wanted["type"]]
    return [*others, {**wanted, "lastUpdateTime": now, "lastTransitionTime": since}]
