"""Autoscalers. On Fargate a pod's size is what it asked for when it was placed.

Source: the EKS user guide's considerations; the autoscaler project's documentation of VPA's update modes and known limitations.
"""

from collections.abc import Iterator
from typing import Final

from fargateclaims.domain.lint.inventory import Inventory
from fargateclaims.domain.lint.resources import Resource
from fargateclaims.domain.lint.rule import Hit, Rule, Severity
from fargateclaims.domain.lint.values import at, items, mapping, mappings, number, text

_RECREATING: Final = frozenset({"", "Auto", "Recreate"})
_BOTH: Final = frozenset({"cpu", "memory"})


def _mode(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    mode = at(resource.value, "spec", "updatePolicy", "updateMode")
    # Written without quotes, Off is false to YAML.
    mode = "Off" if mode is False else mode
    if isinstance(mode, str) and mode not in _RECREATING:
        yield Hit((*resource.path, "spec", "updatePolicy", "updateMode"), f"has updateMode {mode}")


def _same_metric(resource: Resource, inventory: Inventory) -> Iterator[Hit]:
    if at(resource.value, "spec", "updatePolicy", "updateMode") in ("Off", False):
        return
    target = mapping(resource.value, "spec", "targetRef")
    sized = _sized(resource)
    for scaler in inventory.of("HorizontalPodAutoscaler"):
        other = mapping(scaler.value, "spec", "scaleTargetRef")
        same = all(text(target, field) == text(other, field) for field in ("kind", "name")) and text(target, "name")
        both = sorted(sized & _scaled_by(scaler))
        if same and both and (scaler.namespace == resource.namespace or not scaler.namespace or not resource.namespace):
            what = f"acts as HPA {scaler.name} does on {' and '.join(both)} of {text(target, 'kind')}"
            yield Hit((*resource.path, "spec", "targetRef"), f"{what} {text(target, 'name')}")


def _sized(vpa: Resource) -> frozenset[str]:
    """The resources that a VPA sets for some container."""
    policies = [policy for _, policy in mappings(vpa.value, "spec", "resourcePolicy", "containerPolicies")]
    found: set[str] = set()
    for policy in policies or [{}]:
        if text(policy, "mode") != "Off":
            found |= {name for name in items(policy, "controlledResources") if isinstance(name, str)} or _BOTH
    return frozenset(found)


def _scaled_by(hpa: Resource) -> frozenset[str]:
    """The resources whose use an HPA scales by."""
    found = set()
    if number(hpa.value, "spec", "targetCPUUtilizationPercentage") is not None:
        found.add("cpu")
    for _, metric in mappings(hpa.value, "spec", "metrics"):
        found |= {text(metric, "resource", "name"), text(metric, "containerResource", "name")}
    return frozenset(found & _BOTH)


_VPA: Final = frozenset({"VerticalPodAutoscaler"})

RULES: Final = (
    Rule(
        id="FG212",
        severity=Severity.INFO,
        title="Autoscaler that does not make pods anew",
        why="A pod on Fargate gets another size only when it is made anew, which VPA does in the modes Auto and Recreate alone.",
        advice="use Recreate, if the autoscaler is to size these pods",
        sources=("G13",),
        kinds=_VPA,
        check=_mode,
    ),
    Rule(
        id="FG213",
        severity=Severity.WARNING,
        title="Two autoscalers for one metric",
        why="VPA changes what HPA measures by: their number and their size drive each other, and on Fargate each change is a new pod.",
        advice="let VPA size by one resource (controlledResources) and HPA scale by the other or by your own metric, or set VPA to Off",
        sources=("G13",),
        kinds=_VPA,
        check=_same_metric,
    ),
)
