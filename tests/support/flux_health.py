"""What Flux makes of an object with the `healthCheckExprs` that are shipped. Source: fluxcd/pkg, runtime/cel/status_evaluator.go."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import cel
import yaml

from support import kstatus

KUSTOMIZATIONS: Final = Path(__file__).parents[2] / "deploy" / "flux" / "kustomizations.yaml"

Object = dict[str, Any]


@cache
def kustomizations() -> dict[str, Object]:
    """The shipped Kustomizations by name."""
    return {each["metadata"]["name"]: each for each in yaml.safe_load_all(KUSTOMIZATIONS.read_text(encoding="utf-8"))}


def compute(obj: Object) -> str:
    """InProgress, Failed or Current: by the expressions for the object's kind, else by kstatus."""
    kind = {"apiVersion": obj["apiVersion"], "kind": obj["kind"]}
    checks = [check for each in kustomizations().values() for check in each["spec"].get("healthCheckExprs", [])]
    check = next((check for check in checks if kind.items() <= check.items()), None)
    if check is None:
        return kstatus.compute(obj).status
    observed = obj["status"].get("observedGeneration")
    if observed is not None and observed != obj["metadata"]["generation"]:
        return "InProgress"
    order = {"inProgress": "InProgress", "failed": "Failed", "current": "Current"}
    return next((status for key, status in order.items() if key in check and cel.evaluate(check[key], obj)), "InProgress")
