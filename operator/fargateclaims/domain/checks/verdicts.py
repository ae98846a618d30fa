"""From what the parts of a check have found to its one finding."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from fargateclaims.api.conditions import ConditionType
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.unreadable import Unreadable

_RANK: Final = {Level.ERROR: 0, Level.UNKNOWN: 1, Level.WARNING: 2, Level.OK: 3}
_MAX_DETAILS: Final = 20


def conclude(healthy: Finding, problems: Iterable[Finding], details: Iterable[str] = ()) -> Finding:
    """The worst of the problems, among those the first, with the others as its details; without a problem, what is healthy.

    :param details: what else there is to know, whatever was found.
    """
    first, *others = sorted(problems, key=lambda finding: _RANK[finding.level]) or [healthy]
    # What a warning speaks of works.
    works = [healthy.message] if first.level is Level.WARNING else []
    told = [*first.details, *(sentence for other in others for sentence in (other.sentence, *other.details)), *works, *details]
    more = len(told) - _MAX_DETAILS
    return replace(first, details=(*told[:_MAX_DETAILS], *([f"and {more} more"] if more > 0 else [])))


def unseen(condition: ConditionType, what: str, fact: Unreadable) -> Finding:
    """A question that stays open.

    :param what: the question, such as `whether role R exists`.
    """
    return Finding(condition, Level.UNKNOWN, fact.reason, f"{what} cannot be seen: {fact.why}")
