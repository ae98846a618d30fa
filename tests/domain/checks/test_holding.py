"""What a class's subnets and role are good for, from facts that come at different times."""

from dataclasses import replace

from fargateclaims.api.reasons import Reason
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.checks.holding import class_facts
from fargateclaims.domain.iam import Role
from fargateclaims.domain.observation import ClassFacts, Inspection
from support.builders import ARN
from support.class_checks import CLUSTER, FROM_CLUSTER
from support.healthy import ROLE, SUBNETS, healthy_inspection, healthy_network, healthy_role


def judged(role: Role | None, inspection: Inspection | None) -> ClassFacts:
    return class_facts(
        ARN, FROM_CLUSTER, ROLE, replace(CLUSTER, subnet_ids=SUBNETS), network=healthy_network(), role=role, inspection=inspection
    )


def test_all_that_is_known_counts() -> None:
    found = judged(healthy_role(ROLE), healthy_inspection())
    assert found.subnet_ids == SUBNETS
    assert (found.subnets.level, found.role.level, found.error) == (Level.OK, Level.OK, None)


def test_before_the_first_inspection_nothing_is_held_for_want_of_it() -> None:
    found = judged(healthy_role(ROLE), None)
    assert (found.role.level, found.role.reason, found.error) == (Level.UNKNOWN, Reason.NOT_OBSERVED, None)


def test_a_role_that_was_not_inspected_is_not_known() -> None:
    found = judged(healthy_role(ROLE), healthy_inspection("arn:aws:iam::111122223333:role/other"))
    assert (found.role.level, found.role.reason) == (Level.UNKNOWN, Reason.NOT_OBSERVED)


def test_a_role_that_does_not_exist_holds_creates() -> None:
    found = judged(None, healthy_inspection())
    assert found.error is found.role
