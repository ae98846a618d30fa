"""Finished Jobs: each of their pods keeps its Fargate node, and costs, until it is removed.

Source: the EKS user guide's considerations: ttlSecondsAfterFinished.
"""

from collections.abc import Iterator
from typing import Any, Final

from fargateclaims.domain.lint.inventory import Inventory
from fargateclaims.domain.lint.resources import Resource
from fargateclaims.domain.lint.rule import Expression, Hit, Path, Rule, Severity
from fargateclaims.domain.lint.values import at, number

_TTL: Final = "ttlSecondsAfterFinished"
_HISTORY: Final = ("successfulJobsHistoryLimit", "failedJobsHistoryLimit")
# Helm and Argo CD remove hooks that have succeeded, if told so: hook-succeeded, HookSucceeded.
_HOOKS: Final = ("helm.sh/hook-delete-policy", "argocd.argoproj.io/hook-delete-policy")
_SUCCEEDED: Final = "ucceeded"
LONGEST_TTL: Final = 86_400
"""Seconds after which a finished Job has cost more than it is likely to be looked at."""


def _finished(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    path: Path = ("spec",) if resource.kind == "Job" else ("spec", "jobTemplate", "spec")
    spec = at(resource.value, *map(str, path))
    if not isinstance(spec, dict):
        return
    if spec.get(_TTL) is None:
        if not _is_removed_by_other_means(resource):
            yield Hit((*resource.path, *path), "keeps its finished pods")
        return
    seconds = number(spec, _TTL)
    if seconds is not None and seconds > LONGEST_TTL:
        yield Hit((*resource.path, *path, _TTL), f"keeps its finished pods for {seconds} s")


def _is_removed_by_other_means(resource: Resource) -> bool:
    if resource.kind == "CronJob":
        return all(number(resource.value, "spec", field) == 0 for field in _HISTORY)
    policies: list[Any] = [resource.annotations.get(key) for key in _HOOKS]
    return any(isinstance(policy, str) and _SUCCEEDED in policy for policy in policies)


def _short_in_cel(spec: str) -> str:
    return f"(has({spec}.{_TTL}) && {spec}.{_TTL} <= {LONGEST_TTL})"


def _removed_in_cel(spec: str, otherwise: str) -> str:
    return f"{_short_in_cel(spec)} || (!has({spec}.{_TTL}) && {otherwise})"


_HOOK_IN_CEL: Final = (
    f"(has(object.metadata.annotations) && [{', '.join(repr(key) for key in _HOOKS)}].exists(k, k in object.metadata.annotations"
    f" && object.metadata.annotations[k].contains('{_SUCCEEDED}')))"
)
_NO_HISTORY_IN_CEL: Final = "(" + " && ".join(f"has(object.spec.{field}) && object.spec.{field} == 0" for field in _HISTORY) + ")"

RULES: Final = (
    Rule(
        id="FG211",
        severity=Severity.WARNING,
        title="Finished Job that stays",
        why="A finished Job's pods keep their Fargate nodes, and are billed, until the Job is removed.",
        advice="set ttlSecondsAfterFinished, to 300 for example",
        sources=("G24",),
        kinds=frozenset({"Job", "CronJob"}),
        check=_finished,
        expressions=(
            Expression("jobs", _removed_in_cel("object.spec", _HOOK_IN_CEL)),
            Expression("cronjobs", _removed_in_cel("object.spec.jobTemplate.spec", _NO_HISTORY_IN_CEL)),
        ),
    ),
)
