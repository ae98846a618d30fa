"""How bad it is as a whole, and what is left when only that is shown."""

import pytest

from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.doctor.chart import Check, ClassChart, ClusterChart, Examination, worst
from support.builders import ARN


def check(level: Level | None, *children: Check) -> Check:
    return Check("c", level, "m", children=children)


def found(*checks: Check, of_class: tuple[Check, ...] = ()) -> Examination:
    return Examination((ClusterChart(ARN, checks, (ClassChart("standard", of_class),)),))


@pytest.mark.parametrize(
    ("levels", "level"),
    [
        ((), Level.OK),
        ((None,), Level.OK),
        ((Level.OK, None), Level.OK),
        ((Level.OK, Level.WARNING), Level.WARNING),
        ((Level.WARNING, Level.UNKNOWN), Level.UNKNOWN),
        ((Level.UNKNOWN, Level.ERROR, Level.WARNING), Level.ERROR),
    ],
)
def test_the_worst_counts(levels: tuple[Level | None, ...], level: Level) -> None:
    assert worst(levels) is level
    assert found(*map(check, levels)).level is level
    assert found(of_class=tuple(map(check, levels))).level is level
    assert Examination((), tuple(map(check, levels))).level is level


def test_what_a_check_consists_of_is_not_counted_again() -> None:
    counts = found(check(Level.ERROR, check(Level.ERROR), check(Level.WARNING)), of_class=(check(Level.ERROR),)).counts()
    assert counts == {Level.ERROR: 2, Level.UNKNOWN: 0, Level.WARNING: 0, Level.OK: 0}


def test_only_what_is_amiss_is_left() -> None:
    ill = check(Level.WARNING, check(Level.OK), check(Level.ERROR), check(None))
    left = found(check(Level.OK), ill, check(None), of_class=(check(Level.OK),)).amiss()
    assert left == Examination((ClusterChart(ARN, (check(Level.WARNING, check(Level.ERROR)),), ()),))


def test_of_what_is_well_nothing_is_left() -> None:
    assert found(check(Level.OK), of_class=(check(None),)).amiss() == Examination(())
