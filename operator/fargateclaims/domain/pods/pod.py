"""A pod of the cluster, as far as Fargate is concerned, out of the plain object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fargateclaims.api.times import parse_rfc3339
from fargateclaims.domain.pods.combinations import Combination, read_capacity
from fargateclaims.domain.pods.matching import PIN
from fargateclaims.domain.pods.scheduler_messages import is_of_fargate

FARGATE_SCHEDULER: Final = "fargate-scheduler"
DEFAULT_SCHEDULER: Final = "default-scheduler"
_CAPACITY: Final = "CapacityProvisioned"
_COMPUTE_TYPE: Final = "eks.amazonaws.com/compute-type"
_FARGATE_NODE: Final = "fargate-"
_ENDED: Final = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class Pod:
    """What a pod says of itself.

    :param created: None for one out of a manifest, which nobody has made yet.
    :param controller: `Kind/name` of what makes it, and would make it again; None if nothing would.
    :param problem: what a scheduler says in the condition PodScheduled; empty where it says nothing.
    """

    namespace: str
    name: str
    uid: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: Mapping[str, Any]
    created: datetime | None = None
    phase: str = ""
    node: str = ""
    controller: str | None = None
    deleting: bool = False
    resource_version: str = ""
    problem: str = ""

    @property
    def on_fargate(self) -> bool:
        """Whether it has a Fargate node."""
        return self.node.startswith(_FARGATE_NODE)

    @property
    def source(self) -> str:
        """Where a person changes what it is made of, in words."""
        return "the pod's template" if self.controller else "the pod"

    @property
    def taken(self) -> bool:
        """Whether EKS has given it to a profile: its admission marks a pod, and the fargate-scheduler speaks of no other."""
        return self.spec.get("schedulerName") == FARGATE_SCHEDULER or _CAPACITY in self.annotations or is_of_fargate(self.problem)

    @property
    def pending(self) -> bool:
        """Whether it waits for a node."""
        return self.phase == "Pending" and not self.node and not self.deleting

    @property
    def ended(self) -> bool:
        """Whether all of its containers have ended for good."""
        return self.phase in _ENDED

    @property
    def profile(self) -> str | None:
        """The profile that has taken it, by EKS's mark."""
        return self.labels.get(PIN) if self.taken or self.on_fargate else None

    @property
    def capacity(self) -> Combination | None:
        """What EKS says that it provisioned, and bills."""
        return read_capacity(self.annotations.get(_CAPACITY, ""))


def read_pod(obj: Mapping[str, Any]) -> Pod:
    """Read a Pod as the API server gave it. Whatever is not as it should be counts as absent."""
    metadata, spec, status = _mapping(obj, "metadata"), _mapping(obj, "spec"), _mapping(obj, "status")
    return Pod(
        namespace=_text(metadata, "namespace"),
        name=_text(metadata, "name"),
        uid=_text(metadata, "uid"),
        labels=_texts(metadata, "labels"),
        annotations=_texts(metadata, "annotations"),
        spec=spec,
        created=_time(metadata.get("creationTimestamp")),
        phase=_text(status, "phase"),
        node=_text(spec, "nodeName"),
        controller=_controller(metadata),
        deleting=bool(metadata.get("deletionTimestamp")),
        resource_version=_text(metadata, "resourceVersion"),
        problem=_problem(status),
    )


def reasons_to_bypass(pod: Pod) -> list[str]:
    """Why EKS does not even look for a profile for a pod: sentences with what to do. Empty if nothing stands in the way.

    Source: AWS's knowledge centre, "How can I troubleshoot Amazon EKS pods on AWS Fargate that are stuck in a Pending state".
    """
    reasons = []
    spec = pod.spec
    for place, found in (("label", pod.labels), ("annotation", pod.annotations)):
        if found.get(_COMPUTE_TYPE) == "ec2":
            reasons.append(f"the {place} {_COMPUTE_TYPE}: ec2 keeps it off Fargate: remove it from {pod.source}")
    scheduler = spec.get("schedulerName")
    if isinstance(scheduler, str) and scheduler not in ("", DEFAULT_SCHEDULER, FARGATE_SCHEDULER):
        reasons.append(f"spec.schedulerName gives it to {scheduler}: remove the field")
    if spec.get("nodeSelector"):
        reasons.append("spec.nodeSelector asks for certain nodes, and EKS passes over such pods: remove it")
    if spec.get("nodeName") and not str(spec["nodeName"]).startswith(_FARGATE_NODE):
        reasons.append("spec.nodeName puts it on a node without any scheduler: remove the field")
    return reasons


def _mapping(obj: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = obj.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(obj: Mapping[str, Any], key: str) -> str:
    value = obj.get(key)
    return value if isinstance(value, str) else ""


def _texts(obj: Mapping[str, Any], key: str) -> Mapping[str, str]:
    return {name: value for name, value in _mapping(obj, key).items() if isinstance(name, str) and isinstance(value, str)}


def _time(value: object) -> datetime | None:
    try:
        return parse_rfc3339(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _problem(status: Mapping[str, Any]) -> str:
    conditions = status.get("conditions")
    if not isinstance(conditions, list):
        return ""
    scheduled = (one for one in conditions if isinstance(one, Mapping) and one.get("type") == "PodScheduled")
    return next((_text(one, "message") for one in scheduled if one.get("status") == "False"), "")


def _controller(metadata: Mapping[str, Any]) -> str | None:
    owners = metadata.get("ownerReferences")
    if not isinstance(owners, Sequence) or isinstance(owners, str):
        return None
    found = (owner for owner in owners if isinstance(owner, Mapping) and owner.get("controller") is True)
    owner = next(found, None)
    return f"{owner.get('kind')}/{owner.get('name')}" if owner else None
