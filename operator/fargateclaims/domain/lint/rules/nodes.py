"""What a pod asks of the node's hardware, system and labels, and where it wants to be beside others."""

from collections.abc import Iterator
from typing import Final

from fargateclaims.domain.lint.inventory import Inventory
from fargateclaims.domain.lint.placement import (
    ARCHITECTURE_FITS_IN_CEL,
    ARCHITECTURES,
    OTHERS_FIT_IN_CEL,
    SYSTEM_FITS_IN_CEL,
    SYSTEMS,
    misfits,
)
from fargateclaims.domain.lint.resources import Resource, pod_of
from fargateclaims.domain.lint.rule import PODS, Expression, Hit, Path, Rule, Severity
from fargateclaims.domain.lint.values import items, mapping, mappings, text
from fargateclaims.domain.pods.quantities import QuantityError, parse_quantity

_OURS: Final = frozenset({*ARCHITECTURES, *SYSTEMS})
# Added by EKS itself to pods with security groups, which Fargate has.
_NO_DEVICES: Final = frozenset({"vpc.amazonaws.com/pod-eni", "vpc.amazonaws.com/PrivateIPv4Address"})
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_SCHEDULERS: Final = frozenset({"", "default-scheduler", "fargate-scheduler"})


def _devices(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    for container in pod_of(resource).containers:
        seen: set[str] = set()
        for field in ("limits", "requests"):
            for name, amount in mapping(container.value, "resources", field).items():
                if isinstance(name, str) and _is_device(name) and name not in seen and not _is_zero(amount):
                    seen.add(name)
                    yield Hit((*container.path, "resources", field, name), f"container {container.name} asks for {name}")


def _is_device(name: str) -> bool:
    return ("/" in name and not name.startswith("kubernetes.io/") and name not in _NO_DEVICES) or name.startswith("hugepages-")


def _is_zero(amount: object) -> bool:
    try:
        return parse_quantity(amount) == 0
    except QuantityError:
        return False


def _architecture(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    yield from (Hit(path, said) for path, said in misfits(pod_of(resource), ARCHITECTURES.__contains__))


def _windows(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    pod = pod_of(resource)
    if text(pod.spec, "os", "name") not in ("", "linux"):
        yield Hit((*pod.path, "os", "name"), f"the pod is for {text(pod.spec, 'os', 'name')}")
        return
    yield from (Hit(path, said) for path, said in misfits(pod, SYSTEMS.__contains__))


def _other_nodes(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    yield from (Hit(path, said) for path, said in misfits(pod_of(resource), lambda key: key not in _OURS))


def _required_places(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    pod = pod_of(resource)
    for index, constraint in mappings(pod.spec, "topologySpreadConstraints"):
        if constraint.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule":
            yield Hit((*pod.path, "topologySpreadConstraints", index), f"the pods must spread over {text(constraint, 'topologyKey')}")
    for path, kind in _affinities(pod.spec, _REQUIRED):
        yield Hit((*pod.path, *path), f"required {kind}")


def _preferred_places(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    pod = pod_of(resource)
    for index, constraint in mappings(pod.spec, "topologySpreadConstraints"):
        if constraint.get("whenUnsatisfiable") == "ScheduleAnyway":
            yield Hit((*pod.path, "topologySpreadConstraints", index), f"the pods would spread over {text(constraint, 'topologyKey')}")
    for path, kind in _affinities(pod.spec, _PREFERRED):
        yield Hit((*pod.path, *path), f"preferred {kind}")


def _affinities(spec: object, when: str) -> Iterator[tuple[Path, str]]:
    for field, kind in (("podAffinity", "pod affinity"), ("podAntiAffinity", "pod anti-affinity")):
        if items(spec, "affinity", field, when):
            yield ("affinity", field, when), kind
    if when == _PREFERRED and items(spec, "affinity", "nodeAffinity", when):
        yield ("affinity", "nodeAffinity", when), "node affinity"


def _scheduler(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    pod = pod_of(resource)
    if text(pod.spec, "schedulerName") not in _SCHEDULERS:
        yield Hit((*pod.path, "schedulerName"), f"the pod names the scheduler {text(pod.spec, 'schedulerName')}")


_NOT_A_DEVICE_IN_CEL: Final = (
    "(!k.contains('/') || k.startsWith('kubernetes.io/') || k in ["
    + ", ".join(f"'{name}'" for name in sorted(_NO_DEVICES))
    + "]) && !k.startsWith('hugepages-')"
)
_PODS_IN_CEL: Final = " && ".join(
    f"(!has(variables.spec.affinity) || !has(variables.spec.affinity.{field}) || !has(variables.spec.affinity.{field}.{_REQUIRED})"
    f" || variables.spec.affinity.{field}.{_REQUIRED}.size() == 0)"
    for field in ("podAffinity", "podAntiAffinity")
)

RULES: Final = (
    Rule(
        id="FG107",
        severity=Severity.ERROR,
        title="GPU or another device",
        why="Fargate has neither GPUs nor Inferentia, Trainium, EFA or huge pages, so no node ever offers them.",
        advice="run this pod on an EC2 node group that has the device, outside of what a Fargate profile selects",
        sources=("G11",),
        check=_devices,
        expressions=(
            Expression(
                PODS,
                " && ".join(
                    f"variables.containers.all(c, !has(c.resources) || !has(c.resources.{field})"
                    f" || c.resources.{field}.all(k, ({_NOT_A_DEVICE_IN_CEL}) || string(c.resources.{field}[k]) == '0'))"
                    for field in ("limits", "requests")
                ),
            ),
        ),
    ),
    Rule(
        id="FG108",
        severity=Severity.ERROR,
        title="Arm",
        why="Fargate nodes of EKS are x86 (kubernetes.io/arch: amd64), and the fargate-scheduler keeps to node selectors.",
        advice="build the image for amd64 and select that, or keep this pod on EC2 nodes",
        sources=("G11",),
        check=_architecture,
        expressions=(Expression(PODS, ARCHITECTURE_FITS_IN_CEL),),
    ),
    Rule(
        id="FG109",
        severity=Severity.ERROR,
        title="Windows",
        why="Fargate nodes of EKS run Linux alone.",
        advice="keep this pod on Windows nodes, outside of what a Fargate profile selects",
        sources=("G11",),
        check=_windows,
        expressions=(
            Expression(
                PODS,
                "(!has(variables.spec.os) || variables.spec.os.name == 'linux') && " + SYSTEM_FITS_IN_CEL,
            ),
        ),
    ),
    Rule(
        id="FG110",
        severity=Severity.ERROR,
        title="Node that Fargate does not have",
        why=(
            "Fargate nodes carry the well-known labels and eks.amazonaws.com/compute-type: fargate, none of a node group's. The "
            "fargate-scheduler says `MatchNodeSelector failed`, and the pod stays Pending."
        ),
        advice="remove it, or keep this pod out of what Fargate profiles select",
        sources=("G6",),
        check=_other_nodes,
        expressions=(Expression(PODS, OTHERS_FIT_IN_CEL),),
    ),
    Rule(
        id="FG118",
        severity=Severity.WARNING,
        title="Another scheduler",
        why="Pods on Fargate are placed by the fargate-scheduler; EKS names it when a profile matches, and no other can take its place.",
        advice="remove schedulerName",
        sources=("G2",),
        check=_scheduler,
        expressions=(
            Expression(
                PODS, "!has(variables.spec.schedulerName) || variables.spec.schedulerName in ['', 'default-scheduler', 'fargate-scheduler']"
            ),
        ),
    ),
    Rule(
        id="FG206",
        severity=Severity.WARNING,
        title="Required placement that is ignored",
        why=(
            "Each pod on Fargate gets a node of its own, in one of the profile's subnets: affinity between pods and spread are not "
            "looked at."
        ),
        advice="remove it, and give the profile subnets in the zones that the pods should be in",
        sources=("G2", "G3"),
        check=_required_places,
        expressions=(
            Expression(
                PODS,
                "(!has(variables.spec.topologySpreadConstraints) || variables.spec.topologySpreadConstraints.all(t,"
                " has(t.whenUnsatisfiable) && t.whenUnsatisfiable != 'DoNotSchedule')) && " + _PODS_IN_CEL,
            ),
        ),
    ),
    Rule(
        id="FG207",
        severity=Severity.INFO,
        title="Preferred placement that is ignored",
        why="Each pod on Fargate gets a node of its own, in one of the profile's subnets: no preference has an effect.",
        advice="nothing to do, unless the pods need it",
        sources=("G2", "G3"),
        check=_preferred_places,
    ),
)
