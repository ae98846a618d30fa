"""What a pod asks for, by Kubernetes' own rule, which is the one that EKS gives for Fargate.

For each resource: the larger of what runs together in the end (all containers and all sidecars) and what any init container needs
while it runs (itself and the sidecars started before it). A sidecar is an init container with `restartPolicy: Always`.
A limit without a request counts as the request. Resources of the pod as a whole (`spec.resources`, Kubernetes 1.34) take the place of
the sums for CPU and memory, and the overhead of its RuntimeClass comes on top; AWS's guide is silent on both, so Kubernetes' rule is
followed: what the pod is promised must fit.
"""

from collections.abc import Mapping, Sequence
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
    inits = _containers(spec, path, "initContainers")
    running = _containers(spec, path, "containers")
    whole = _mapping(spec.get("resources"), f"{path}.resources")
    requests = _quantities(whole.get("requests"), f"{path}.resources.requests")
    limits = _quantities(whole.get("limits"), f"{path}.resources.limits")
    overhead = _quantities(spec.get("overhead"), f"{path}.overhead")

    def demand(resource: str) -> Demand:
        named = any(resource in container.wants for container in (*inits, *running))
        # The API server takes a limit of the whole pod as its request only where no container says anything.
        entire = requests.get(resource, None if named else limits.get(resource)) if resource in _FOR_THE_POD else None
        found = _of_containers(resource, inits, running) if entire is None else Demand(entire, "the pod as a whole")
        extra = overhead.get(resource, Fraction(0))
        return Demand(found.amount + extra, " + ".join(filter(None, (found.source, "overhead")))) if extra else found

    return Requests(demand(CPU), demand(MEMORY), demand(STORAGE))


def _of_containers(resource: str, inits: Sequence[_Container], running: Sequence[_Container]) -> Demand:
    started: list[_Container] = []
    peaks: list[Demand] = []
    for container in inits:
        if container.sidecar:
            started.append(container)
        else:
            peaks.append(_together(resource, (*started, container), "init container"))
    # First wins: where an init container needs no more than what runs, what runs is the better explanation.
    return max((_together(resource, (*running, *started), "container"), *peaks), key=lambda demand: demand.amount)


def _together(resource: str, containers: Sequence[_Container], word: str) -> Demand:
    asking = [container for container in containers if container.wants.get(resource)]
    names = " + ".join(container.name for container in asking)
    amount = sum((container.wants[resource] for container in asking), Fraction(0))
    return Demand(amount, f"{word}{'s' if len(asking) > 1 else ''} {names}" if asking else "")


def _containers(spec: Mapping[str, Any], path: str, key: str) -> Sequence[_Container]:
    found = spec.get(key)
    if not isinstance(found, list | None):
        raise ResourcesError(f"{path}.{key} must be a list, not {kind_of(found)}")
    return [_container(container, f"{path}.{key}[{index}]") for index, container in enumerate(found or ())]


def _container(container: object, place: str) -> _Container:
    fields = _mapping(container, place)
    resources = _mapping(fields.get("resources"), f"{place}.resources")
    limits = _quantities(resources.get("limits"), f"{place}.resources.limits")
    requests = _quantities(resources.get("requests"), f"{place}.resources.requests")
    name = fields.get("name")
    return _Container(name if isinstance(name, str) else place, {**limits, **requests}, sidecar=fields.get("restartPolicy") == "Always")


def _quantities(value: object, place: str) -> Mapping[str, Fraction]:
    """Those that count for the size of a pod."""
    found = _mapping(value, place)
    return {name: _quantity(found[name], f"{place}.{name}") for name in (CPU, MEMORY, STORAGE) if found.get(name) is not None}


def _quantity(value: object, place: str) -> Fraction:
    try:
        amount = parse_quantity(value)
    except QuantityError as error:
        raise ResourcesError(f"{place}: {error}") from error
    if amount < 0:
        raise ResourcesError(f"{place}: {shown(str(value))} must not be negative")
    return amount


def _mapping(value: object, place: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ResourcesError(f"{place} must be a mapping, not {kind_of(value)}")
    return value
