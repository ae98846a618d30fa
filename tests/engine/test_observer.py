"""What is read of EKS, and what counts until then: lists that lag, answers that fail, calls of our own."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.domain.observation import Quotas
from fargateclaims.domain.profile import ProfileSelector, ProfileSpec, ProfileState
from fargateclaims.engine.observer import Observer
from fargateclaims.engine.pace import Pace
from fargateclaims.simulator.eks.timings import Timings
from fargateclaims.timing import CLASS_RECHECK, CLUSTER_RECHECK, SLOW_RECHECK
from support.builders import make_class
from support.healthy import ROLE, SUBNETS, healthy_inspection
from support.memory_cloud import MemoryCloud
from support.virtual_loop import LoopClock, run_virtually

ARN = ClusterARN.parse("arn:aws:eks:eu-west-1:111122223333:cluster/prod")
CLASSES = (make_class(),)
DESCRIBE, LIST = "DescribeFargateProfile", "ListFargateProfiles"
SPEC = ProfileSpec("mine", "arn:aws:iam::111122223333:role/pods", (ProfileSelector("shop"),), ("subnet-1",), {})


class Setup:
    """An observer of one cluster with two ACTIVE profiles."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.cloud = MemoryCloud(self.clock, Timings.of(60, 90), per_second=1000)
        self.plane = self.cloud.add(ARN)
        self.pace = Pace(2, 15)
        for name in ("a", "b"):
            self.plane.place(name, pod_execution_role_arn="r", selectors=[{"namespace": name}])
        self.gateway = self.cloud.gateway(ARN)
        self.observer = Observer(ARN, self.clock, self.pace, timedelta(seconds=30))
        self.observer.inspected(healthy_inspection())

    async def resync(self, *classes: Any) -> bool:
        return await self.observer.resync(self.gateway, classes or CLASSES)

    async def refresh(self, *classes: Any) -> bool:
        return await self.observer.refresh(self.gateway, classes or CLASSES)

    async def create(self) -> None:
        self.observer.created(await self.gateway.create_profile(SPEC, lambda: True))

    async def look(self) -> bool:
        return await self.observer.look(self.gateway, [])

    def cluster_is(self, status: str) -> None:
        self.cloud.clusters[ARN] = replace(self.cloud.clusters[ARN], status=status)

    def states(self) -> dict[str, str]:
        return {name: str(profile.state) for name, profile in (self.observer.observation.profiles or {}).items()}

    def failure(self) -> Failure | None:
        return self.observer.observation.failure

    def role(self) -> tuple[Level, str]:
        """What is said of the role of the class."""
        found = self.observer.observation.classes["standard"].role
        return found.level, found.message

    def calls(self) -> list[str]:
        made, self.cloud.calls[:] = [call.operation for call in self.cloud.calls], []
        return made

    def fail(self, kind: FailureClass, on: str = "") -> None:
        async def before(_arn: ClusterARN, operation: str) -> None:
            if not on or operation == on:
                raise AWSError(Failure(kind, "Code", "no luck", operation))

        self.cloud.before = before

    def mend(self) -> None:
        self.cloud.before = None


def observing(scenario: Callable[[Setup], Coroutine[Any, Any, None]]) -> None:
    async def play() -> None:
        await scenario(Setup())

    run_virtually(play())


def test_a_resync_reads_everything() -> None:
    async def scenario(setup: Setup) -> None:
        setup.cloud.quotas = Quotas(profiles_per_cluster=12)
        assert await setup.resync()
        seen = setup.observer.observation
        assert setup.states() == {"a": "ACTIVE", "b": "ACTIVE"}
        assert (seen.failure, seen.observed_at, seen.quotas.profiles_per_cluster) == (None, setup.clock.now(), 12)
        assert seen.classes["standard"].subnet_ids == SUBNETS
        assert not setup.observer.lacks(CLASSES)

    observing(scenario)


def test_a_refresh_reads_the_names_and_only_what_is_new_or_was_not_active() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync()
        setup.plane.create("new", pod_execution_role_arn="r", selectors=[{"namespace": "n"}])
        setup.calls()
        await setup.refresh()
        assert setup.calls() == [LIST, DESCRIBE]
        setup.observer.tagged("a", {}, ())
        await setup.refresh()
        assert setup.calls() == [LIST, DESCRIBE]
        await asyncio.sleep(60)
        setup.observer.tagged("a", {}, ())
        await setup.refresh()
        setup.observer.tagged("a", {}, ())
        await setup.refresh()
        assert setup.calls() == [LIST, DESCRIBE, LIST]

    observing(scenario)


def test_a_profile_that_eks_names_as_busy_is_read_again_though_it_was_active() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync()
        setup.plane.delete("a")
        setup.observer.doubted("a")
        setup.calls()
        await setup.refresh()
        assert setup.calls() == [LIST, DESCRIBE]
        assert setup.states() == {"a": "DELETING", "b": "ACTIVE"}

    observing(scenario)


def test_a_first_refresh_reads_the_cluster_too() -> None:
    async def scenario(setup: Setup) -> None:
        assert await setup.refresh()
        assert setup.calls()[:2] == ["DescribeCluster", LIST]

    observing(scenario)


def test_what_was_made_a_moment_ago_is_believed_though_eks_does_not_show_it() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync()
        setup.plane.list_lag = setup.plane.describe_lag = 50.0
        await setup.create()
        assert setup.states()["mine"] == "CREATING"
        await setup.refresh()
        assert setup.states()["mine"] == "CREATING"
        await asyncio.sleep(31)
        await setup.refresh()
        assert "mine" not in setup.states()

    observing(scenario)


def test_once_described_a_profile_that_is_gone_is_gone_at_once() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync()
        await setup.create()
        await setup.observer.look(setup.gateway, ["mine"])
        setup.plane.describe_lag = setup.plane.list_lag = 1000.0
        await setup.observer.look(setup.gateway, ["mine"])
        assert "mine" not in setup.states()

    observing(scenario)


def test_a_profile_that_was_deleted_behind_our_back_is_forgotten() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync()
        setup.plane.delete("a")
        await asyncio.sleep(90)
        await setup.refresh()
        assert setup.states() == {"b": "ACTIVE"}

    observing(scenario)


def test_a_look_that_finds_nothing_new_leaves_the_very_same_observation() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync()
        await setup.create()
        await setup.observer.look(setup.gateway, ["mine"])
        before = setup.observer.observation
        await asyncio.sleep(20)
        assert await setup.observer.look(setup.gateway, ["mine"])
        assert setup.observer.observation is before
        await asyncio.sleep(40)
        assert await setup.observer.look(setup.gateway, ["mine"])
        assert setup.observer.observation is not before

    observing(scenario)


def test_what_ended_teaches_the_pace() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync()
        await setup.create()
        assert setup.observer.moving_since
        await asyncio.sleep(60)
        await setup.observer.look(setup.gateway, ["mine"])
        assert not setup.observer.moving_since
        assert setup.pace.next_wait(ProfileState.CREATING, 0.0) == 30

    observing(scenario)


def test_a_delete_of_ours_counts_at_once_and_its_end_is_seen() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync()
        profile = (setup.observer.observation.profiles or {})["a"]
        await setup.gateway.delete_profile("a", lambda: True)
        setup.observer.deleting(profile)
        assert setup.states()["a"] == "DELETING"
        assert setup.observer.next_look(["a"]) == 15
        await asyncio.sleep(90)
        await setup.observer.look(setup.gateway, ["a"])
        assert "a" not in setup.states()
        assert setup.observer.next_look([]) is None
        assert setup.observer.next_look(["a"]) == 2

    observing(scenario)


def test_what_eks_denies_to_have_is_forgotten() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync()
        setup.observer.vanished("a")
        setup.observer.vanished("nothing")
        assert setup.states() == {"b": "ACTIVE"}

    observing(scenario)


def test_tags_of_ours_count_at_once() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync()
        setup.observer.tagged("a", {"x": "1", "y": "2"}, ())
        setup.observer.tagged("a", {"z": "3"}, ["x"])
        setup.observer.tagged("nothing", {"z": "3"}, ())
        assert (setup.observer.observation.profiles or {})["a"].tags == {"y": "2", "z": "3"}

    observing(scenario)


def test_a_profile_made_again_under_its_name_is_another_one() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync()
        await setup.create()
        first = set(setup.observer.moving_since)
        setup.plane.finish()
        setup.plane.delete("mine")
        setup.plane.finish()
        setup.plane.create("mine", pod_execution_role_arn="r", selectors=[{"namespace": "n"}])
        await setup.observer.look(setup.gateway, ["mine"])
        assert len(setup.observer.moving_since) == 1
        assert set(setup.observer.moving_since) != first

    observing(scenario)


def test_one_failure_that_passes_is_kept_to_ourselves_a_second_is_told() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync()
        setup.fail(FailureClass.UNAVAILABLE)
        assert not await setup.resync()
        assert setup.failure() is None
        assert not await setup.refresh()
        assert setup.observer.failures == 2
        failure = setup.failure()
        assert failure is not None
        assert failure.kind is FailureClass.UNAVAILABLE
        assert setup.states() == {"a": "ACTIVE", "b": "ACTIVE"}
        setup.mend()
        assert await setup.observer.look(setup.gateway, ["a"])
        assert setup.failure() is None
        assert setup.observer.failures == 0

    observing(scenario)


def test_a_failure_that_does_not_pass_is_told_at_once() -> None:
    async def scenario(setup: Setup) -> None:
        setup.fail(FailureClass.UNAUTHORIZED)
        assert not await setup.resync()
        assert setup.failure() is not None
        assert setup.observer.observation.profiles is None
        assert not await setup.observer.look(setup.gateway, ["a"])

    observing(scenario)


def test_without_its_cluster_there_are_no_profiles_and_it_may_come_back() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync()
        await setup.create()
        plane = setup.cloud.planes.pop(ARN)
        assert not await setup.refresh()
        seen = setup.observer.observation
        assert (seen.cluster, seen.profiles) == (None, {})
        assert not setup.observer.moving_since
        setup.cloud.planes[ARN] = plane
        setup.calls()
        assert await setup.refresh()
        assert setup.calls()[0] == "DescribeCluster"
        assert setup.observer.observation.cluster is not None

    observing(scenario)


def test_a_class_is_looked_at_again_when_its_subnets_or_role_change() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync()
        changed = make_class(podExecutionRoleARN="arn:aws:iam::111122223333:role/other")
        assert setup.observer.lacks([changed])
        setup.calls()
        await setup.refresh(changed)
        assert "GetRole" in setup.calls()
        assert not setup.observer.lacks([changed])
        await setup.refresh(changed)
        assert "GetRole" not in setup.calls()

    observing(scenario)


def test_classes_with_the_same_subnets_and_role_are_looked_at_once() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync(make_class("one"), make_class("two"))
        assert setup.calls().count("GetRole") == 1
        assert set(setup.observer.observation.classes) == {"one", "two"}

    observing(scenario)


def test_a_class_that_cannot_be_looked_at_stops_no_read_and_is_tried_again() -> None:
    async def scenario(setup: Setup) -> None:
        setup.fail(FailureClass.UNAVAILABLE, on="GetRole")
        assert await setup.resync()
        assert setup.role()[0] is Level.UNKNOWN
        assert "GetRole: no luck" in setup.role()[1]
        setup.mend()
        assert setup.observer.next_look([]) == CLASS_RECHECK
        await asyncio.sleep(CLASS_RECHECK)
        assert await setup.look()
        assert setup.role()[0] is Level.OK
        assert setup.observer.next_look([]) is None
        setup.fail(FailureClass.UNAVAILABLE, on="GetRole")
        assert await setup.resync()
        assert setup.role()[0] is Level.OK

    observing(scenario)


def test_a_class_that_cannot_be_looked_at_is_left_alone_for_a_while() -> None:
    async def scenario(setup: Setup) -> None:
        setup.fail(FailureClass.UNAVAILABLE, on="GetRole")
        await setup.resync()
        setup.calls()
        before = setup.observer.observation
        assert not setup.observer.lacks(CLASSES)
        await asyncio.sleep(CLASS_RECHECK - 1)
        await setup.look()
        assert setup.calls() == []
        await asyncio.sleep(1)
        await setup.look()
        assert setup.calls() == ["GetRole"], "the others have answered"
        assert setup.observer.observation is before, "nothing new"
        await setup.refresh()
        assert setup.calls() == [LIST]
        changed = make_class(podExecutionRoleARN="arn:aws:iam::111122223333:role/other")
        assert setup.observer.lacks([changed]), "another role was not tried"
        await setup.resync()
        assert setup.calls().count("GetRole") == 1, "a resync asks in any case"

    observing(scenario)


@pytest.mark.parametrize("away", ["GetRole", "DescribeSubnets"])
def test_what_stays_away_is_asked_for_ever_more_seldom(away: str) -> None:
    async def looked_at(setup: Setup) -> float:
        wait = setup.observer.next_look([])
        assert wait is not None
        await asyncio.sleep(wait)
        await setup.look()
        assert setup.calls() == [away]
        return wait

    async def scenario(setup: Setup) -> None:
        setup.fail(FailureClass.UNAVAILABLE, on=away)
        await setup.resync()
        setup.calls()
        waits = [await looked_at(setup) for _ in range(8)]
        assert waits == [*(CLASS_RECHECK * 2**number for number in range(5)), *[SLOW_RECHECK] * 3]
        await setup.refresh(make_class(), make_class("new", podExecutionRoleARN=f"{ROLE}-2"))
        assert setup.observer.next_look([]) == (CLASS_RECHECK if away == "GetRole" else SLOW_RECHECK), "the new role is waited for"

    observing(scenario)


def test_a_class_that_is_gone_is_no_longer_asked_for() -> None:
    async def scenario(setup: Setup) -> None:
        setup.fail(FailureClass.UNAVAILABLE, on="GetRole")
        await setup.resync(make_class("one"), make_class("two"))
        setup.mend()
        await asyncio.sleep(CLASS_RECHECK)
        await setup.refresh(make_class("two"))
        setup.calls()
        await setup.look()
        assert setup.calls() == []
        assert setup.observer.next_look([]) is None

    observing(scenario)


@pytest.mark.parametrize("status", ["CREATING", "PENDING", "UPDATING"])
def test_a_cluster_that_will_be_active_by_itself_is_looked_at_again_soon(status: str) -> None:
    async def scenario(setup: Setup) -> None:
        setup.cluster_is(status)
        await setup.resync()
        before = setup.observer.observation
        setup.calls()
        assert setup.observer.next_look([]) == CLUSTER_RECHECK
        await asyncio.sleep(CLUSTER_RECHECK)
        await setup.look()
        assert setup.calls() == ["DescribeCluster"]
        assert setup.observer.observation is before
        assert setup.observer.next_look([]) == CLUSTER_RECHECK
        setup.cluster_is("ACTIVE")
        await asyncio.sleep(CLUSTER_RECHECK)
        await setup.look()
        seen = setup.observer.observation.cluster
        assert seen is not None
        assert seen.status == "ACTIVE"
        assert setup.observer.next_look([]) is None

    observing(scenario)


def test_a_look_at_the_cluster_that_fails_is_not_repeated_at_once() -> None:
    async def scenario(setup: Setup) -> None:
        setup.cluster_is("UPDATING")
        await setup.resync()
        await asyncio.sleep(CLUSTER_RECHECK)
        setup.fail(FailureClass.UNAVAILABLE, on="DescribeCluster")
        assert not await setup.look()
        assert setup.observer.next_look([]) == CLUSTER_RECHECK

    observing(scenario)


def test_since_when_the_cluster_is_updating_is_remembered() -> None:
    async def scenario(setup: Setup) -> None:
        setup.cluster_is("UPDATING")
        await setup.resync()
        began = setup.clock.now()
        await asyncio.sleep(100)
        await setup.resync()
        assert setup.observer.moving_since == {str(ARN): began}
        setup.cluster_is("ACTIVE")
        await setup.resync()
        assert setup.observer.moving_since == {}

    observing(scenario)


def test_after_a_call_that_eks_did_not_take_the_cluster_itself_is_read_again() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.resync()
        await setup.refresh()
        await setup.create()
        setup.calls()
        await setup.refresh()
        assert "DescribeCluster" not in setup.calls()
        await setup.refresh()  # nothing came of the one before
        assert "DescribeCluster" in setup.calls()

    observing(scenario)


def test_an_answer_about_a_class_says_nothing_of_an_outage_of_eks() -> None:
    async def scenario(setup: Setup) -> None:
        setup.fail(FailureClass.UNAVAILABLE, on="GetRole")
        await setup.resync()
        setup.fail(FailureClass.UNAVAILABLE, on="DescribeCluster")
        await setup.resync()
        await setup.resync()
        await asyncio.sleep(CLASS_RECHECK)
        assert await setup.look()
        assert setup.role()[0] is Level.OK
        assert setup.failure() is not None

    observing(scenario)


def test_without_its_cluster_no_class_is_looked_at() -> None:
    async def scenario(setup: Setup) -> None:
        setup.fail(FailureClass.UNAVAILABLE, on="GetRole")
        await setup.resync()
        del setup.cloud.planes[ARN]
        await setup.resync()
        await asyncio.sleep(CLASS_RECHECK)
        assert setup.observer.next_look([]) is None

    observing(scenario)


def test_what_is_overdue_is_not_asked_for_in_a_tight_loop() -> None:
    async def scenario(setup: Setup) -> None:
        setup.fail(FailureClass.UNAVAILABLE, on="GetRole")
        setup.cluster_is("UPDATING")
        await setup.resync()
        await asyncio.sleep(CLASS_RECHECK + 100)
        setup.fail(FailureClass.UNAVAILABLE, on="DescribeCluster")
        assert not await setup.look()
        assert setup.observer.next_look([]) == setup.pace.shortest_wait

    observing(scenario)
