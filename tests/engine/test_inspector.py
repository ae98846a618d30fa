"""When a cluster is looked at again, in virtual time."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.domain.no_access import Barrier, NoAccess
from fargateclaims.domain.workloads import CoreDNS
from support.healthy import ROLE

Scenarios = Callable[..., None]
HOUR = 3600
AN_HOUR_AT_REST = 5
"""No hour has more inspections: they are 12 to 15 minutes apart."""
EARLY = 3
"""Those that come before their time."""


async def inspections(fleet: Any, seconds: float) -> int:
    """How many there are in so many seconds; one call of each is this one."""
    before = fleet.cloud.count("DescribeVpcs")
    await asyncio.sleep(seconds)
    return int(fleet.cloud.count("DescribeVpcs") - before)


async def settled(fleet: Any) -> Any:
    """A cluster with a claim that is ready, and what runs in it."""
    fleet.apply()
    await fleet.until(lambda: fleet.ready() == ("True", "Active"))
    await asyncio.sleep(HOUR)
    return fleet.operator.data_planes.of(fleet.arn)


def test_what_has_come_right_is_seen_within_minutes(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        plane = fleet.operator.data_planes.of(fleet.arn)
        plane.found = replace(plane.found, core_dns=CoreDNS(None, {}, 2, 0))
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        assert fleet.class_condition("DNSReady")["status"] == "False"
        plane.found = replace(plane.found, core_dns=CoreDNS(None, {}, 2, 2))
        await fleet.until(lambda: fleet.class_condition("DNSReady")["status"] == "True", limit=150)

    in_fleet(scenario)


def test_what_stays_wrong_is_looked_at_a_few_times_and_then_as_seldom_as_anything(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        plane = await settled(fleet)
        plane.found = replace(plane.found, core_dns=CoreDNS(None, {}, 2, 0))
        assert await inspections(fleet, HOUR) > AN_HOUR_AT_REST
        assert await inspections(fleet, HOUR) <= AN_HOUR_AT_REST

    in_fleet(scenario)


def test_an_api_that_stays_away_is_not_asked_for_ever(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        plane = await settled(fleet)
        plane.no_access = NoAccess("no way", Barrier.UNREACHABLE)
        assert await inspections(fleet, HOUR) <= AN_HOUR_AT_REST + EARLY
        assert await inspections(fleet, HOUR) <= AN_HOUR_AT_REST
        plane.no_access = None
        await asyncio.sleep(HOUR)
        assert fleet.class_condition("DNSReady")["status"] == "True"

    in_fleet(scenario)


def test_a_service_that_stays_away_is_not_asked_for_ever(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        async def before(_arn: ClusterARN, operation: str) -> None:
            if operation == "ListAttachedRolePolicies":
                raise AWSError(Failure(FailureClass.UNAVAILABLE, "ConnectTimeout", "no luck", operation))

        await settled(fleet)
        fleet.cloud.before = before
        await asyncio.sleep(HOUR)
        assert await inspections(fleet, HOUR) <= AN_HOUR_AT_REST

    in_fleet(scenario)


def test_a_reason_to_look_begins_anew(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await settled(fleet)
        fleet.cloud.entries[ROLE] = None
        await asyncio.sleep(3 * HOUR)
        fleet.apply_class("other", podExecutionRoleARN=f"{ROLE}-2")
        # At once, and each of the early ones.
        assert await inspections(fleet, 120 + 240 + 480 + 30) >= 1 + EARLY

    in_fleet(scenario)
