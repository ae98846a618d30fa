"""The log router that Fargate has built in, and where it looks for its configuration.

Source: the EKS user guide, "Start AWS Fargate logging for your cluster".
"""

from collections.abc import Iterator
from typing import Final

from fargateclaims.domain.lint.inventory import Inventory
from fargateclaims.domain.lint.resources import Resource
from fargateclaims.domain.lint.rule import Expression, Hit, Rule, Severity
from fargateclaims.domain.lint.values import mapping, text

NAMESPACE: Final = "aws-observability"
CONFIG: Final = "aws-logging"
LONGEST: Final = 5300
"""Characters of the ConfigMap's data."""


def _too_long(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    if resource.name == CONFIG and resource.namespace in ("", NAMESPACE):
        length = sum(len(value) for value in mapping(resource.value, "data").values() if isinstance(value, str))
        if length > LONGEST:
            yield Hit((*resource.path, "data"), f"the log router's configuration has {length} characters")


def _wrong_place(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    if resource.kind == "ConfigMap" and resource.name == CONFIG and resource.namespace not in ("", NAMESPACE):
        yield Hit((*resource.path, "metadata", "namespace"), f"is in namespace {resource.namespace}")
    if resource.kind == "Namespace" and resource.name == NAMESPACE and text(resource.value, "metadata", "labels", NAMESPACE) != "enabled":
        yield Hit((*resource.path, "metadata", "labels"), f"has no label {NAMESPACE}: enabled")


_NOT_OURS_IN_CEL: Final = f"object.metadata.name != '{CONFIG}' || object.metadata.namespace != '{NAMESPACE}'"

RULES: Final = (
    Rule(
        id="FG501",
        severity=Severity.WARNING,
        title="Log router's configuration is too long",
        why=f"Fargate takes {LONGEST} characters of configuration at most; with more, no logs are sent.",
        advice="shorten filters and parsers",
        sources=("G7",),
        kinds=frozenset({"ConfigMap"}),
        check=_too_long,
        expressions=(
            Expression(
                "configmaps",
                f"{_NOT_OURS_IN_CEL} || !has(object.data) || object.data.map(k, size(object.data[k])).sum() <= {LONGEST}",
            ),
        ),
    ),
    Rule(
        id="FG502",
        severity=Severity.WARNING,
        title="Log router's configuration is not found",
        why=f"Fargate reads ConfigMap {CONFIG} in namespace {NAMESPACE}, if it has the label {NAMESPACE}: enabled; else no logs are sent.",
        advice="put the ConfigMap into that namespace, and the label onto it",
        sources=("G7",),
        kinds=frozenset({"ConfigMap", "Namespace"}),
        check=_wrong_place,
    ),
)
