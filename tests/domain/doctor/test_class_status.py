"""What the operator says of a class, beside what is found now."""

from typing import Any

import pytest

from fargateclaims.api.conditions import ConditionType
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.doctor.chart import Check
from fargateclaims.domain.doctor.class_status import check_status
from support.builders import make_class

RETRY = 'kubectl annotate fargateprofileclass standard fargateclaims.dev/retry="$(date +%s)" --overwrite'
ROLE = ConditionType.ROLE_USABLE


def condition(status: str, reason: str = "Usable", message: str = "so it is", kind: str = "RoleUsable") -> dict[str, Any]:
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": "2026-11-21T10:00:00Z"}


def checked(level: Level, *conditions: dict[str, Any], generation: int = 1, **status: Any) -> Check:
    cls = make_class(status={"observedGeneration": 1, "conditions": list(conditions), **status}, generation=generation)
    return check_status(cls, {ROLE: level}, ("subnet-0b", "subnet-0a"))


def test_a_class_that_no_operator_has_seen() -> None:
    assert check_status(make_class(), {}, ()) == Check("class status", None, "no operator has written any yet")


def test_an_operator_that_is_behind() -> None:
    found = checked(Level.OK, generation=3)
    assert (found.level, found.message) == (Level.WARNING, "the operator has seen generation 1 of the class, which has 3 by now")
    assert "kubectl get pods" in found.fix


@pytest.mark.parametrize(
    ("level", "status"),
    [
        (Level.OK, "True"),
        (Level.WARNING, "True"),
        (Level.ERROR, "False"),
        # What cannot be seen now is no contradiction.
        (Level.UNKNOWN, "True"),
        (Level.UNKNOWN, "False"),
    ],
)
def test_what_is_the_same(level: Level, status: str) -> None:
    assert checked(level, condition(status)).level is Level.OK


@pytest.mark.parametrize(
    ("level", "status", "now"), [(Level.ERROR, "True", "False"), (Level.OK, "False", "True"), (Level.WARNING, "Unknown", "True")]
)
def test_what_is_not(level: Level, status: str, now: str) -> None:
    found = checked(level, condition(status))
    (child,) = found.children
    assert (found.level, child.name, child.fix) == (Level.WARNING, "RoleUsable", RETRY)
    assert child.message == f"the operator says {status} (Usable); found now: {now}"


def test_what_the_operator_may_not_see_it_says_itself() -> None:
    found = checked(Level.OK, condition("Unknown", "Unauthorized", "whether … cannot be seen: no permission iam:GetRole"))
    assert found.children[0].fix == "let the operator look, too: whether … cannot be seen: no permission iam:GetRole"


def test_a_condition_that_is_not_there_is_no_contradiction() -> None:
    assert checked(Level.ERROR, condition("True", kind="Ready")).level is Level.OK


@pytest.mark.parametrize(("ids", "level"), [(["subnet-0a", "subnet-0b"], Level.OK), ([], Level.OK), (["subnet-0a"], Level.WARNING)])
def test_subnets_are_compared(ids: list[str], level: Level) -> None:
    found = checked(Level.OK, resolved={"subnetIDs": ids})
    assert found.level is level
    assert [child.message for child in found.children] == (
        [] if level is Level.OK else ["the operator knows subnet-0a; found now: subnet-0a, subnet-0b"]
    )
