"""Runs the expressions of lint's admission policies as the API server does, by CEL's standard functions alone."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import cel

from fargateclaims.domain.lint.admission import MADE_BY_PEOPLE, TARGETS, Target, guarded, variables

_compiled = cache(cel.compile)


def kinds(target: Target) -> set[str]:
    """The kinds that a policy is about."""
    singular = {"ingresses": "Ingress", "persistentvolumeclaims": "PersistentVolumeClaim", "configmaps": "ConfigMap"}
    words = {"statefulsets": "StatefulSet", "replicasets": "ReplicaSet", "daemonsets": "DaemonSet", "cronjobs": "CronJob"}
    return {
        {**singular, **words}.get(plural, plural.removesuffix("s").capitalize())
        for plurals in target.resources.values()
        for plural in plurals
    }


def told(obj: dict[str, Any]) -> Iterator[str]:
    """The ids of the rules that the policies would warn of for this object. What needs Kubernetes' own functions is left out."""
    if not _compiled(MADE_BY_PEOPLE).execute({"object": obj}):
        return
    for target in TARGETS:
        if obj["kind"] in kinds(target) and obj["apiVersion"].rpartition("/")[0] in target.resources:
            given = {name: _compiled(source).execute({"object": obj}) for name, source in variables(target).items()}
            for rule, source in target.rules:
                if ".sum()" not in source and not _compiled(guarded(rule, source)).execute({"object": obj, "variables": given}):
                    yield rule.id
