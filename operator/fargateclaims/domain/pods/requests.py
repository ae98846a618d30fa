"""What a pod asks for, by Kubernetes' own rule, which is the one that EKS gives for Fargate.

For each resource: the larger of what runs together in the end (all containers and all sidecars) and what any init container needs
while it runs (itself and the sidecars started before it). A sidecar is an init container with `restartPolicy: Always`.
A limit without a request counts as the request. Resources of the pod as a whole (`spec.resources`, Kubernetes 1.34) take the place of
the sums for CPU and memory, and the overhead of its RuntimeClass comes on top; AWS's guide is silent on both, so Kubernetes' rule is
followed: what the pod is promised must fit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from fargateclaims.domain.pods.quantities import QuantityError, parse_quantity
from fargateclaims.domain.pods.words import kind_of, shown

CPU: Final = "cpu"
MEMORY: Final = "memory"
STORAGE: Final = "ephemeral-storage"
_FOR_THE_POD: Final = frozenset({CPU, MEMORY})


class ResourcesError(ValueError):
    """A pod's resources cannot be read; the message says which, where, and why."""


@dataclass(frozen=True, slots=True)
class Demand:
    """How much of one resource a pod asks for, and what that comes from.

    :param amount: vCPU or bytes.
    :param source: in words: `containers a + b`; empty if nothing is asked for.
    """

    amount: Fraction
    source: str = ""


@dataclass(frozen=True, slots=True)
class Requests:
    """What a pod asks for in all: vCPU, bytes of memory, bytes of ephemeral storage."""

    cpu: Demand
    memory: Demand
    storage: Demand


@dataclass(frozen=True, slots=True)
class _Container:
    name: str
    wants: Mapping[str, Fraction]
    sidecar: bool = False


def pod_requests(spec: Mapping[str, Any], path: str = "spec") -> Requests:
    """Add up what a pod's spec asks for.

    :param path: where the spec stands in its object, for messages.
    :raises ResourcesError: something in it is no quantity, or negative, or has the wrong shape.
    """
    inits = list(_containers(spec, path, "initContainers"))
    running = list(_containers(spec, path, "containers"))
    whole = _wanted(spec.get("resources"), f"{path}.resources")
    whole_limits = _quantities(_mapping(spec.get("resources"), f"{path}.resources").get("limits"), f"{path}.resources.limits")
    whole_requests = {name: amount for name, amount in whole.items() if name not in whole_limits or _asked(spec, name)}
    overhead = _quantities(spec.get("overhead"), f"{path}.overhead")

    def demand(resource: str) -> Demand:
        found = _of_containers(resource, inits, running)
        if resource in _FOR_THE_POD and resource in whole_requests:
            found = Demand(whole_requests[resource], "the pod as a whole")
        elif resource in _FOR_THE_POD and resource in whole_limits and not found.source:
            found = Demand(whole_limits[resource], "the pod as a whole")
        extra = overhead.get(resource, Fraction(0))
        return Demand(found.amount + extra, f"{found.source or 'nothing'} + overhead") if extra else found

    return Requests(demand(CPU), demand(MEMORY), demand(STORAGE))
