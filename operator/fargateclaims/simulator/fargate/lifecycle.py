"""What comes next for a pod, by nothing but the pod itself: a restart of the data plane goes on where it was.

::

    Judge ──▶ (a node, bound) ──▶ Start ──▶ Complete ──▶ Rest
      └─▶ (Unschedulable) ─▶ Rest    └──────────┴─ deleted ─▶ Stop ─▶ (gone)
"""

from enum import Enum, auto

from fargateclaims.simulator.fargate import marks
from fargateclaims.simulator.fargate.matching import is_to_be_scheduled
from fargateclaims.simulator.fargate.statuses import FOR_GOOD, scheduling_problem
from fargateclaims.simulator.kube.objects import Obj, metadata_of

_TERMINAL = frozenset({"Succeeded", "Failed"})


class Step(Enum):
    """What comes next."""

    JUDGE = auto()
    """Find out whether a profile takes it, and provision it then."""
    START = auto()
    """Its node is there: let its containers run."""
    COMPLETE = auto()
    """Its containers end by themselves."""
    STOP = auto()
    """It is being deleted: stop its containers and let it go."""
    REST = auto()
    """Nothing."""


def next_step(pod: Obj) -> Step:
    """What comes next for a pod."""
    metadata = metadata_of(pod)
    if not is_bound(pod):
        waits = is_to_be_scheduled(pod) and not metadata.get("deletionTimestamp") and not is_unschedulable(pod)
        return Step.JUDGE if waits and phase(pod) == "Pending" else Step.REST
    if metadata.get("deletionTimestamp"):
        # At 0 it has been let go, and somebody's finalizer holds it.
        return Step.STOP if metadata.get("deletionGracePeriodSeconds") else Step.REST
    if phase(pod) == "Pending":
        return Step.START
    return Step.COMPLETE if phase(pod) == "Running" and completion(pod) else Step.REST


def is_bound(pod: Obj) -> bool:
    """Whether a pod has a node of Fargate's."""
    return str(pod["spec"].get("nodeName") or "").startswith(marks.NODE_PREFIX)


def is_unschedulable(pod: Obj) -> bool:
    """Whether a scheduler has said that a pod gets no node, for ever."""
    return scheduling_problem(pod)[0] in FOR_GOOD


def is_over(pod: Obj) -> bool:
    """Whether a pod's containers have ended for good."""
    return phase(pod) in _TERMINAL


def phase(pod: Obj) -> str:
    """The pod's phase, Pending unless it says otherwise."""
    return (pod.get("status") or {}).get("phase") or "Pending"


def completion(pod: Obj) -> tuple[float, int] | None:
    """After how many seconds, and with which exit code, a pod ends by itself; None if it does not or what it says is no number."""
    annotations = metadata_of(pod).get("annotations") or {}
    if marks.COMPLETES_AFTER not in annotations or pod["spec"].get("restartPolicy", "Always") == "Always":
        return None
    try:
        seconds, exit_code = float(annotations[marks.COMPLETES_AFTER]), int(annotations.get(marks.EXIT_CODE, "0"))
    except ValueError:
        return None
    return (seconds, exit_code) if 0 <= seconds < float("inf") else None
