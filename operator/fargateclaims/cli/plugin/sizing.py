"""What `size` finds out, and how it says it."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from fargateclaims.cli.plugin.errors import PluginError
from fargateclaims.cli.plugin.manifests import read_templates
from fargateclaims.cli.plugin.options import Format, Place
from fargateclaims.cli.plugin.output import Screen, clean, write_document
from fargateclaims.cli.plugin.session import Session, on_cluster
from fargateclaims.cli.plugin.targets import Target
from fargateclaims.domain.pods.demands import Demand
from fargateclaims.domain.pods.pod import read_pod
from fargateclaims.domain.pods.quantities import format_cpu, format_memory
from fargateclaims.domain.pods.sizing import RESERVED_MEMORY, ResourcesError, Size, SmallerStep, TooLargeError, size_of
from fargateclaims.domain.pods.templates import PodTemplate, Unreadable, pod_templates
from fargateclaims.kube.errors import Missing


def answer(place: Place, target: Target | None, files: list[str], output: Format) -> None:
    """Say the sizes of what was asked for. Raises PluginError."""
    templates, unreadable = read_templates(files) if target is None else _of_target(place, target)
    sized: list[tuple[PodTemplate, Size]] = []
    problems = [f"{one.what}: {one.message}" for one in unreadable]
    for template in templates:
        try:
            sized.append((template, size_of(template.spec, template.spec_path)))
        except (ResourcesError, TooLargeError) as error:
            problems.append(f"{template.title}: {error}")
    if output is Format.TEXT:
        _write(sized)
    else:
        write_document({"pods": [_document(*one) for one in sized], "problems": problems}, output)
    if problems:
        raise PluginError("\n       ".join(map(clean, problems)))


def _of_target(place: Place, target: Target) -> tuple[list[PodTemplate], list[Unreadable]]:
    async def look(session: Session) -> dict[str, Any]:
        try:
            return await session.viewer.get(target.kind, session.namespace, target.name)
        except Missing:
            raise PluginError(f"there is no {target.kind} {target.name} in namespace {session.namespace}") from None

    return pod_templates([on_cluster(place, look)])


def _write(sized: Iterable[tuple[PodTemplate, Size]]) -> None:
    screen = Screen()
    for number, (template, size) in enumerate(sized):
        if number:
            screen.line()
        where = f" in namespace {template.namespace}" if template.namespace else ""
        screen.line(screen.strong(clean(f"{template.title}{where}")))
        for head, text in _lines(template, size):
            screen.line(f"  {head:<10}{clean(text)}")


def _lines(template: PodTemplate, size: Size) -> Iterable[tuple[str, str]]:
    asked = size.requests
    yield (
        "asks for",
        f"{_demand(format_cpu(asked.cpu.amount), 'CPU', asked.cpu)}, {_demand(format_memory(asked.memory.amount), 'memory', asked.memory)}",
    )
    yield "EKS adds", f"{format_memory(Fraction(RESERVED_MEMORY))} memory for Kubernetes' own parts"
    spare = f"{format_cpu(size.cpu_to_spare)} CPU and {format_memory(size.memory_to_spare)} memory to spare"
    yield "gets", f"{size.combination}, billed as such; {spare}"
    if asked.storage.amount:
        billed = format_memory(size.storage_billed)
        yield "storage", f"asks for {format_memory(asked.storage.amount)}, gets {format_memory(size.storage)}; {billed} are billed"
    for step in size.smaller:
        yield "smaller", f"{step.combination} with {less(step)}"
    said = read_pod(template.source).capacity if template.kind == "Pod" else None
    if said is not None and said != size.combination:
        yield "differs", f"EKS says that it provisioned {said}: its annotation CapacityProvisioned is what counts"
    if template.pods is None:
        yield "but", "pods of a DaemonSet do not run on Fargate; make it a sidecar"


def _demand(amount: str, resource: str, demand: Demand) -> str:
    return f"{amount} {resource} ({demand.source})" if demand.source else f"no {resource}"


def less(step: SmallerStep) -> str:
    """What is to be asked for less, in words."""
    return f"{format_cpu(step.cpu_less)} less CPU" if step.cpu_less else f"{format_memory(step.memory_less)} less memory"


def _document(template: PodTemplate, size: Size) -> dict[str, Any]:
    asked = size.requests
    return {
        "kind": template.kind,
        "name": template.name,
        "namespace": template.namespace,
        "pods": template.pods,
        "asked": {name: _amount(demand) for name, demand in (("cpu", asked.cpu), ("memory", asked.memory), ("storage", asked.storage))},
        "reservedMemory": RESERVED_MEMORY,
        "size": str(size.combination),
        "vCPU": float(size.combination.vcpu),
        "memoryGB": float(size.combination.memory),
        "cpuToSpare": float(size.cpu_to_spare),
        "memoryToSpare": int(size.memory_to_spare),
        "storage": int(size.storage),
        "storageBilled": int(size.storage_billed),
        "smaller": [step_document(step) for step in size.smaller],
    }


def step_document(step: SmallerStep) -> dict[str, Any]:
    """A smaller step for programs: vCPU and bytes."""
    return {"size": str(step.combination), "cpuLess": float(step.cpu_less), "memoryLess": int(step.memory_less)}


def _amount(demand: Demand) -> dict[str, Any]:
    return {"amount": float(demand.amount), "source": demand.source}
