"""What doctor has found: a tree of checks, how bad it is as a whole, and what of it is amiss."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.checks.finding import Level

WORST_FIRST: Final = (Level.ERROR, Level.UNKNOWN, Level.WARNING, Level.OK)


@dataclass(frozen=True, slots=True)
class Check:
    """The answer to one question.

    :param name: what was looked at, in a word or two, such as `role mapping`.
    :param level: None for what is only to be known.
    :param message: a sentence without a full stop: what is so, with the ids of what it speaks of.
    :param fix: what to do, as a command or as the edit to make; empty where nothing is to be done, or where `children` say it.
    :param details: what else there is to know, one sentence each.
    :param condition: the condition of a class that says the same, if there is one.
    :param children: the single things that it is about.
    """

    name: str
    level: Level | None
    message: str
    fix: str = ""
    details: tuple[str, ...] = ()
    condition: ConditionType | None = None
    reason: Reason | None = None
    children: tuple["Check", ...] = ()

    @property
    def amiss(self) -> bool:
        """Whether somebody has to do something, if only to look."""
        return self.level not in (None, Level.OK)


@dataclass(frozen=True, slots=True)
class ClassChart:
    """What was found about one class.

    :param name: empty for one that is given by options, and does not exist yet.
    """

    name: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class ClusterChart:
    """What was found about one cluster, for its classes."""

    arn: ClusterARN
    checks: tuple[Check, ...]
    classes: tuple[ClassChart, ...] = ()


@dataclass(frozen=True, slots=True)
class Examination:
    """All that was found.

    :param checks: about no cluster, such as classes that cannot be read.
    """

    clusters: tuple[ClusterChart, ...]
    checks: tuple[Check, ...] = ()

    def counts(self) -> Mapping[Level, int]:
        """How many checks ended how, the worst first. What a check consists of is not counted again."""
        levels = [check.level for check in self._all()]
        return {level: levels.count(level) for level in WORST_FIRST}

    @property
    def level(self) -> Level:
        """How bad it is as a whole."""
        return next((level for level, number in self.counts().items() if number), Level.OK)

    def amiss(self) -> "Examination":
        """The same without all that is as it should be."""
        clusters = (
            replace(
                cluster,
                checks=_amiss(cluster.checks),
                classes=tuple(replace(each, checks=_amiss(each.checks)) for each in cluster.classes if _amiss(each.checks)),
            )
            for cluster in self.clusters
        )
        return Examination(tuple(each for each in clusters if each.checks or each.classes), _amiss(self.checks))

    def _all(self) -> Iterator[Check]:
        yield from self.checks
        for cluster in self.clusters:
            yield from cluster.checks
            for each in cluster.classes:
                yield from each.checks


def worst(levels: Iterable[Level | None]) -> Level:
    """The worst of some levels; OK if there is none."""
    present = set(levels)
    return next((level for level in WORST_FIRST if level in present), Level.OK)


def _amiss(checks: Iterable[Check]) -> tuple[Check, ...]:
    return tuple(replace(check, children=_amiss(check.children)) for check in checks if check.amiss)
