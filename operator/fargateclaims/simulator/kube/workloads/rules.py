"""The rules of what makes pods by a template, and of disruption budgets, beyond their schemas.

Source: ``pkg/apis/apps/validation`` and ``pkg/apis/policy/validation``.
"""

import re
from typing import Final

from fargateclaims.simulator.kube.field_errors import Cause, FieldError
from fargateclaims.simulator.kube.objects import Obj, Value
from fargateclaims.simulator.kube.selectors import of_labels

_LEEWAY: Final = {"maxSurge": "25%", "maxUnavailable": "25%"}
_LABELS: Final = "spec.template.metadata.labels"
_BOUNDS: Final = ("minAvailable", "maxUnavailable")
_PERCENT: Final = re.compile("[0-9]+%")
_PERCENT_RULE: Final = (
    "a valid percent string must be a numeric string followed by an ending '%' "
    "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
)
_ROLLING: Final = "spec.strategy.rollingUpdate"


def prepare_deployment(deployment: Obj, _: Obj | None) -> Obj:
    """A Deployment with how it rolls out."""
    spec = deployment.get("spec") or {}
    strategy = spec.get("strategy") or {}
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return deployment
    rolling = _LEEWAY | (strategy.get("rollingUpdate") or {})
    return {**deployment, "spec": {**spec, "strategy": {**strategy, "rollingUpdate": rolling}}}


def check_workload(workload: Obj, old: Obj | None) -> list[FieldError]:
    """A workload must select the pods that it makes, for ever the same; Deployments have to roll somehow."""
    spec = workload.get("spec") or {}
    selector, template = spec.get("selector"), spec.get("template") or {}
    if selector is None:
        return []
    errors = []
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        errors.append(FieldError(Cause.INVALID, "spec.selector", "empty selector is invalid for deployment", selector))
    if not of_labels(selector).matches(template):
        labels = (template.get("metadata") or {}).get("labels") or {}
        errors.append(FieldError(Cause.INVALID, _LABELS, "`selector` does not match template `labels`", labels))
    if (policy := (template.get("spec") or {}).get("restartPolicy")) not in (None, "Always"):
        errors.append(FieldError(Cause.NOT_SUPPORTED, "spec.template.spec.restartPolicy", 'supported values: "Always"', policy))
    if old is not None and selector != old["spec"]["selector"]:
        errors.append(FieldError(Cause.INVALID, "spec.selector", "field is immutable", selector))
    return errors + _check_strategy(spec.get("strategy") or {})


def _check_strategy(strategy: Obj) -> list[FieldError]:
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") == "Recreate" and rolling is not None:
        return [FieldError(Cause.FORBIDDEN, _ROLLING, "may not be specified when strategy `type` is 'Recreate'")]
    if rolling and all(str(rolling.get(bound, 0)) in ("0", "0%") for bound in _LEEWAY):
        detail = "may not be 0 when `maxSurge` is 0"
        return [FieldError(Cause.INVALID, f"{_ROLLING}.maxUnavailable", detail, rolling.get("maxUnavailable", 0))]
    return []


def check_budget(budget: Obj, _: Obj | None) -> list[FieldError]:
    """A budget has one bound, a number or a percentage."""
    spec = budget.get("spec") or {}
    errors = []
    if all(spec.get(bound) is not None for bound in _BOUNDS):
        errors.append(FieldError(Cause.INVALID, "spec", "minAvailable and maxUnavailable cannot be both set", spec))
    for bound in _BOUNDS:
        errors += _check_bound(f"spec.{bound}", spec.get(bound))
    policy, known = spec.get("unhealthyPodEvictionPolicy"), ("AlwaysAllow", "IfHealthyBudget")
    if policy is not None and policy not in known:
        detail = "supported values: " + ", ".join(f'"{name}"' for name in known)
        errors.append(FieldError(Cause.NOT_SUPPORTED, "spec.unhealthyPodEvictionPolicy", detail, policy))
    return errors


def _check_bound(path: str, value: Value) -> list[FieldError]:
    if isinstance(value, str):
        if not _PERCENT.fullmatch(value):
            return [FieldError(Cause.INVALID, path, _PERCENT_RULE, value)]
        return [FieldError(Cause.INVALID, path, "must not be greater than 100%", value)] if int(value[:-1]) > 100 else []
    below = value is not None and value < 0
    return [FieldError(Cause.INVALID, path, "must be greater than or equal to 0", value)] if below else []
