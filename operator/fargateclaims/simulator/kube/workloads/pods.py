"""Pods: what the server fills in, what may change later, and what others need to know of them.

Source: ``pkg/registry/core/pod/strategy.go`` and ``ValidatePodUpdate`` in ``pkg/apis/core/validation``.
"""

from collections.abc import Mapping
from typing import Final

from fargateclaims.simulator.kube.field_errors import Cause, FieldError
from fargateclaims.simulator.kube.objects import Obj, Value
from fargateclaims.simulator.kube.workloads.conditions import condition

_CONTAINERS: Final = ("containers", "initContainers")
_TERMINAL: Final = ("Succeeded", "Failed")
_COMPUTE: Final = ("cpu", "memory")
_IMMUTABLE: Final = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def prepare(pod: Obj, old: Obj | None) -> Obj:
    """The pod with what only a new one gets: its account, requests where it has limits alone, and its first status."""
    if old is not None:
        return pod
    spec = {"enableServiceLinks": True, "serviceAccountName": "default"} | (pod.get("spec") or {})
    spec |= {part: [_with_requests(container) for container in spec[part]] for part in _CONTAINERS if part in spec}
    return {**pod, "spec": spec, "status": {"phase": "Pending", "qosClass": _quality(spec)}}


def _with_requests(container: Obj) -> Obj:
    resources = {part: _texts(amounts) for part, amounts in (container.get("resources") or {}).items()}
    if "limits" in resources:
        resources["requests"] = resources["limits"] | resources.get("requests", {})
    return {**container, "resources": resources}


def _texts(amounts: Value) -> Value:
    """Quantities are texts, also where a manifest says a number."""
    return {name: str(amount) for name, amount in amounts.items()} if isinstance(amounts, dict) else amounts


def _quality(spec: Obj) -> str:
    """``pkg/apis/core/v1/helper/qos``."""
    resources = [container["resources"] for part in _CONTAINERS for container in spec.get(part) or ()]
    asked = [amounts for entry in resources for amounts in entry.values() if isinstance(amounts, dict) and any(map(amounts.get, _COMPUTE))]
    if not asked:
        return "BestEffort"
    for entry in resources:
        limits, requests = entry.get("limits") or {}, entry.get("requests") or {}
        if any(not limits.get(name) or limits[name] != requests.get(name) for name in _COMPUTE):
            return "Burstable"
    return "Guaranteed"


def check(pod: Obj, old: Obj | None) -> list[FieldError]:
    """What an update may not change: nearly all of the spec. A node is chosen by a binding alone."""
    if old is None:
        return []
    spec, before = pod.get("spec") or {}, old.get("spec") or {}
    errors = []
    if any(toleration not in (spec.get("tolerations") or ()) for toleration in before.get("tolerations") or ()):
        detail = "existing toleration can not be modified except its tolerationSeconds"
        errors.append(FieldError(Cause.FORBIDDEN, "spec.tolerations", detail))
    if _fixed(spec) != _fixed(before):
        errors.append(FieldError(Cause.FORBIDDEN, "spec", _IMMUTABLE))
    return errors


def _fixed(spec: Obj) -> Obj:
    """A spec without what may change."""
    fixed = {name: value for name, value in spec.items() if name not in ("activeDeadlineSeconds", "schedulingGates", "tolerations")}
    for part in _CONTAINERS:
        if part in spec:
            fixed[part] = [{name: value for name, value in container.items() if name != "image"} for container in spec[part]]
    return fixed


def grace(pod: Obj, asked: int | None) -> int:
    """The seconds that a deletion leaves a pod: none where no kubelet runs it."""
    spec = pod.get("spec") or {}
    if not spec.get("nodeName") or is_terminal(pod):
        return 0
    seconds: int = spec.get("terminationGracePeriodSeconds", 0) if asked is None else asked
    return seconds if seconds >= 0 else 1


def phase(pod: Obj) -> str:
    """Pending, Running, Succeeded, Failed or Unknown; empty if nobody has said."""
    return str((pod.get("status") or {}).get("phase") or "")


def is_terminal(pod: Obj) -> bool:
    """Whether its containers have run to their end."""
    return phase(pod) in _TERMINAL


def is_terminating(pod: Obj) -> bool:
    """Whether its deletion was asked for."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def is_active(pod: Obj) -> bool:
    """Whether a controller counts it as one of its replicas."""
    return not is_terminal(pod) and not is_terminating(pod)


def is_ready(pod: Obj) -> bool:
    """Whether it can serve."""
    return condition(pod, "Ready").get("status") == "True"


def with_condition(pod: Obj, wanted: Mapping[str, str], now: str) -> Obj:
    """The pod with a condition set; its time moves only with its status."""
    before = condition(pod, wanted["type"])
    since = before["lastTransitionTime"] if before.get("status") == wanted["status"] and "lastTransitionTime" in before else now
    status = pod.get("status") or {}
    others = [entry for entry in status.get("conditions") or () if entry.get("type") != wanted["type"]]
    return {**pod, "status": {**status, "conditions": [*others, {**wanted, "lastTransitionTime": since}]}}
