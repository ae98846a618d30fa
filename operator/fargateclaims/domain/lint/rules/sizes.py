"""What a pod asks for, and what Fargate makes of it.

Source: the EKS user guide, "Understand Fargate Pod configuration details".
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from fargateclaims.domain.lint.inventory import Inventory
from fargateclaims.domain.lint.resources import Pod, Resource, pod_of
from fargateclaims.domain.lint.rule import PODS, Expression, Hit, Rule, Severity
from fargateclaims.domain.lint.values import at, mapping, mappings
from fargateclaims.domain.pods.combinations import combination_for
from fargateclaims.domain.pods.quantities import QuantityError, format_cpu, format_memory, parse_quantity
from fargateclaims.domain.pods.sizing import RESERVED_MEMORY, STORAGE_INCLUDED, STORAGE_MOST, TooLargeError, size_of_requests

JUST_OVER_CPU: Final = Fraction(1, 10)
"""vCPU above a step that are worth a look."""
JUST_OVER_MEMORY: Final = RESERVED_MEMORY
"""Bytes above a step that are worth a look: who asks for exactly what a step has goes over it by just what EKS adds."""


def _too_large(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    requests = pod_of(resource).requests
    if requests is not None and combination_for(requests.cpu.amount, requests.memory.amount + RESERVED_MEMORY) is None:
        asked = f"{format_cpu(requests.cpu.amount)} CPU and {format_memory(requests.memory.amount)} memory"
        yield Hit((*pod_of(resource).path, "containers"), f"the pod asks for {asked}")


def _storage_too_large(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    requests = pod_of(resource).requests
    if requests is not None and requests.storage.amount > STORAGE_MOST:
        asked = format_memory(requests.storage.amount)
        yield Hit((*pod_of(resource).path, "containers"), f"the pod asks for {asked} of ephemeral storage")


def _unreadable(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    pod = pod_of(resource)
    if pod.requests is None:
        yield Hit((*pod.path, "containers"), pod.misread)


def _no_requests(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    pod = pod_of(resource)
    if at(pod.spec, "resources") is not None:
        return
    for container in pod.containers:
        # Init containers come and go: what runs for long decides, unless they ask for more.
        if container.path[-2] == "initContainers":
            continue
        asked = {**mapping(container.value, "resources", "limits"), **mapping(container.value, "resources", "requests")}
        missing = [name for name in ("cpu", "memory") if asked.get(name) is None]
        if missing:
            yield Hit((*container.path, "resources"), f"container {container.name} asks for no {' and no '.join(missing)}")


def _just_over(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    requests = pod_of(resource).requests
    if requests is None:
        return
    try:
        size = size_of_requests(requests)
    except TooLargeError:
        return
    for step in size.smaller:
        # More memory at the same vCPU costs little; a step of vCPU about doubles the price.
        if step.combination.vcpu < size.combination.vcpu and step.cpu_less <= JUST_OVER_CPU and step.memory_less <= JUST_OVER_MEMORY:
            less = f"{format_cpu(step.cpu_less)} CPU" if step.cpu_less else f"{format_memory(step.memory_less)} memory"
            yield Hit(
                (*pod_of(resource).path, "containers"),
                f"the pod gets {size.combination}; with {less} less it would get {step.combination}",
            )
            return


def _storage_not_asked_for(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    pod = pod_of(resource)
    requests = pod.requests
    has = max(Fraction(STORAGE_INCLUDED), requests.storage.amount) if requests is not None else Fraction(STORAGE_INCLUDED)
    for index, volume in mappings(pod.spec, "volumes"):
        if at(volume, "emptyDir", "medium") == "Memory":
            continue
        wanted = _bytes(at(volume, "emptyDir", "sizeLimit"))
        if wanted is not None and wanted > has:
            yield _storage_hit(pod, ("volumes", index, "emptyDir", "sizeLimit"), f"volume {volume.get('name')} may grow to", wanted, has)


def _storage_hit(pod: Pod, path: tuple[str | int, ...], what: str, wanted: Fraction, has: Fraction) -> Hit:
    return Hit((*pod.path, *path), f"{what} {format_memory(wanted)}, and the pod has {format_memory(has)} of ephemeral storage")


def _bytes(value: object) -> Fraction | None:
    try:
        return None if value is None else parse_quantity(value)
    except QuantityError:
        return None


RULES: Final = (
    Rule(
        id="FG005",
        severity=Severity.ERROR,
        title="Resources that cannot be read",
        why="The API server would refuse the pod, so its size was not checked.",
        advice="write quantities as Kubernetes does: 250m, 512Mi",
        sources=("T16",),
        check=_unreadable,
    ),
    Rule(
        id="FG115",
        severity=Severity.ERROR,
        title="Pod larger than Fargate",
        why="The largest pod has 16 vCPU and 120 GB, of which 256 MiB are for Kubernetes' own parts: one that asks for more stays Pending.",
        advice="ask for less, or split the work between several pods",
        sources=("T18",),
        check=_too_large,
    ),
    Rule(
        id="FG116",
        severity=Severity.ERROR,
        title="More ephemeral storage than Fargate has",
        why="A pod may ask for 175 GiB of ephemeral storage at most: one that asks for more stays Pending.",
        advice="ask for less, or keep the data on a static EFS volume",
        sources=("T18",),
        check=_storage_too_large,
    ),
    Rule(
        id="FG203",
        severity=Severity.WARNING,
        title="No requests",
        why="A pod's size on Fargate is what it asks for: without requests it gets 0.25 vCPU and 0.5 GB, whatever it needs.",
        advice="set resources.requests for cpu and memory",
        sources=("T16", "T17", "G13"),
        check=_no_requests,
        expressions=(
            Expression(
                PODS,
                "has(variables.spec.resources) || variables.spec.containers.all(c, has(c.resources) && ['cpu', 'memory'].all(n,"
                " (has(c.resources.requests) && n in c.resources.requests) || (has(c.resources.limits) && n in c.resources.limits)))",
            ),
        ),
    ),
    Rule(
        id="FG204",
        severity=Severity.WARNING,
        title="Just over a size",
        why=(
            "Fargate has fixed sizes, and adds 256 MiB to what is asked for: a little over one of them, the next vCPU is paid for, "
            "which about doubles the price."
        ),
        advice="ask for that much less; kubectl fargate size shows all steps",
        sources=("T17", "T18"),
        check=_just_over,
    ),
    Rule(
        id="FG205",
        severity=Severity.WARNING,
        title="Ephemeral storage that is not asked for",
        why="A pod on Fargate has 20 GiB of ephemeral storage, or what it asks for: beyond that it is evicted.",
        advice="set resources.requests.ephemeral-storage (175Gi at most)",
        sources=("T16",),
        check=_storage_not_asked_for,
    ),
)
