"""What the operator says of a class, beside what is found now."""

from collections.abc import Iterable, Mapping
from typing import Final

from fargateclaims.api.conditions import Condition, ConditionStatus, ConditionType
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.group import RETRY
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.checks.texts import listed
from fargateclaims.domain.doctor.chart import Check

_NAME: Final = "class status"
_STATUS: Final = {
    Level.OK: ConditionStatus.TRUE,
    Level.WARNING: ConditionStatus.TRUE,
    Level.ERROR: ConditionStatus.FALSE,
    Level.UNKNOWN: ConditionStatus.UNKNOWN,
}


def check_status(cls: FargateProfileClass, found: Mapping[ConditionType, Level], subnet_ids: Iterable[str]) -> Check:
    """Compare a class's status with what is found now. What cannot be seen now is compared with nothing.

    :param found: by the conditions of a class.
    :param subnet_ids: what the class's subnets resolve to.
    """
    status, name = cls.status, cls.metadata.name
    if status.observed_generation is None:
        return Check(_NAME, None, "no operator has written any yet")
    if status.observed_generation != cls.metadata.generation:
        return Check(
            _NAME,
            Level.WARNING,
            f"the operator has seen generation {status.observed_generation} of the class, which has {cls.metadata.generation} by now",
            "look whether it runs: kubectl get pods -A -l app.kubernetes.io/name=fargateclaims",
        )
    again = f'kubectl annotate fargateprofileclass {name} {RETRY}="$(date +%s)" --overwrite'
    before = {condition.type: condition for condition in status.conditions}
    differing = [
        _differs(before[kind], level, again)
        for kind, level in found.items()
        if kind in before and level is not Level.UNKNOWN and before[kind].status is not _STATUS[level]
    ]
    known, now = set(status.resolved.subnet_ids if status.resolved else ()), set(subnet_ids)
    if known and now and known != now:
        differing.append(Check("subnets", Level.WARNING, f"the operator knows {_ids(known)}; found now: {_ids(now)}", again))
    if not differing:
        return Check(_NAME, Level.OK, "says what is found now")
    return Check(_NAME, Level.WARNING, "says something else than what is found now", children=tuple(differing))


def _differs(before: Condition, level: Level, again: str) -> Check:
    fix = again
    if before.reason == Reason.UNAUTHORIZED:
        fix = f"let the operator look, too: {before.message}"
    return Check(before.type, Level.WARNING, f"the operator says {before.status} ({before.reason}); found now: {_STATUS[level]}", fix)


def _ids(subnet_ids: Iterable[str]) -> str:
    return listed(sorted(subnet_ids), 5)
