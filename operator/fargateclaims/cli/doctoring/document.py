"""What doctor has found, for programs."""

from typing import Any

from fargateclaims.domain.doctor.chart import Check, ClassChart, ClusterChart, Examination


def document(found: Examination, exit_code: int, *, only_fixes: bool) -> dict[str, Any]:
    """The whole of it as plain data. What is counted is all that was found, whatever is shown of it."""
    shown = found.amiss() if only_fixes else found
    return {
        "level": str(found.level),
        "exitCode": exit_code,
        "counts": {str(level): number for level, number in found.counts().items()},
        "checks": list(map(_check, shown.checks)),
        "clusters": list(map(_cluster, shown.clusters)),
    }


def _cluster(chart: ClusterChart) -> dict[str, Any]:
    arn = chart.arn
    return {
        "arn": str(arn),
        "name": arn.name,
        "region": arn.region,
        "account": arn.account,
        "checks": list(map(_check, chart.checks)),
        "classes": list(map(_class, chart.classes)),
    }


def _class(chart: ClassChart) -> dict[str, Any]:
    return {"name": chart.name or None, "checks": list(map(_check, chart.checks))}


def _check(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "level": str(check.level) if check.level is not None else None,
        "message": check.message,
        "fix": check.fix or None,
        "details": list(check.details),
        "condition": str(check.condition) if check.condition is not None else None,
        "reason": str(check.reason) if check.reason is not None else None,
        "children": list(map(_check, check.children)),
    }
