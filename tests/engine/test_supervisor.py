"""One worker for each place that has work, from the first LIST on."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.group import CLAIM_KIND, CLASS_KIND
from fargateclaims.engine.loop import Loop
from fargateclaims.kube.errors import Throttled, Unavailable
from fargateclaims.timing import TURN_LIMIT

Scenarios = Callable[..., None]
OTHER = ClusterARN.parse("arn:aws:eks:us-east-1:111122223333:cluster/other")
CREATE = "CreateFargateProfile"


def test_nothing_is_done_before_the_first_list(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        assert not fleet.operator.supervisor.listed
        fleet.kube.fail("list", *[Unavailable("503")] * 4)
        fleet.apply()
        await asyncio.sleep(15)
        assert not fleet.operator.supervisor.listed
        assert fleet.cloud.count() == 0
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))

    in_fleet(scenario)


def test_a_busy_api_server_is_listed_again_when_it_says_so(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.kube.fail("list", Throttled("429", retry_after=40))
        await asyncio.sleep(39)
        assert not fleet.operator.supervisor.listed
        await asyncio.sleep(3)
        assert fleet.operator.supervisor.listed

    in_fleet(scenario)


def test_a_list_that_fails_for_no_foreseen_reason_is_logged_and_made_again(in_fleet: Scenarios, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(fleet: Any) -> None:
        replace, failures = fleet.operator.supervisor.store.replace, 0

        def failing(*lists: Any) -> None:
            nonlocal failures
            if failures < 2:
                failures += 1
                raise ZeroDivisionError("a fault of our own")
            replace(*lists)

        fleet.operator.supervisor.store.replace = failing
        fleet.apply()
        await fleet.until(lambda: failures == 2)
        assert not fleet.operator.supervisor.listed
        assert fleet.cloud.count() == 0
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        assert caplog.text.count("ZeroDivisionError: a fault of our own") == 2

    in_fleet(scenario)


def test_clusters_work_side_by_side(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.cloud.add(OTHER)
        fleet.apply_class("other", OTHER)
        await asyncio.sleep(60)
        begun = fleet.clock.monotonic()
        fleet.apply("one")
        fleet.apply("two", "other")
        await fleet.until(lambda: fleet.ready("one")[1] == fleet.ready("two")[1] == "Active")
        assert fleet.clock.monotonic() - begun < 90

    in_fleet(scenario)


def test_a_claim_without_a_class_is_told_and_goes_on_when_the_class_comes(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply(class_name="later")
        await fleet.until(lambda: fleet.ready() == ("False", "ClassNotFound"))
        await asyncio.sleep(400)
        stalled = [each["type"] for each in fleet.claim()["status"]["conditions"]]
        assert "Stalled" in stalled
        assert fleet.cloud.count(CREATE) == 0
        fleet.apply_class("later")
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))

    in_fleet(scenario)


def test_what_a_watch_has_missed_is_found_at_the_next_list(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await asyncio.sleep(60)
        fleet.operator.deaf = True
        fleet.apply()
        await asyncio.sleep(800)
        assert fleet.ready()[1] != "Pending"

    in_fleet(scenario)


def during_the_next_list(fleet: Any, change: Callable[[], None]) -> None:
    """Change something after the claims were read and before the store takes them; the watch tells of it in between."""
    lists = 0

    async def before(request: str, _obj: Any) -> None:
        nonlocal lists
        lists += request == "list"
        if request == "list" and lists == 2:
            change()
            await asyncio.sleep(1)

    fleet.kube.before = before


def test_what_comes_while_a_list_is_read_stays(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await asyncio.sleep(60)
        during_the_next_list(fleet, fleet.apply)
        await fleet.until(lambda: fleet.claim() is not None)
        # Past the LIST, and long before the next.
        for _ in range(30):
            await asyncio.sleep(1)
            assert fleet.operator.supervisor.store.claims.get("shop", "checkout") is not None

    in_fleet(scenario)


def test_what_goes_while_a_list_is_read_does_not_come_back(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply(class_name="missing")
        await fleet.until(lambda: fleet.ready() == ("False", "ClassNotFound"))
        during_the_next_list(fleet, fleet.delete)
        await fleet.until(lambda: fleet.claim() is None)
        await asyncio.sleep(30)
        assert fleet.operator.supervisor.store.claims.get("shop", "checkout") is None

    in_fleet(scenario)


def test_a_cluster_that_nobody_names_any_more_has_no_worker(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await asyncio.sleep(60)
        fleet.kube.delete(CLASS_KIND, "standard")
        await fleet.until(lambda: fleet.kube.find(CLASS_KIND, "standard") is None)
        await asyncio.sleep(1000)
        before = fleet.cloud.count()
        await asyncio.sleep(2000)
        assert fleet.cloud.count() == before
        value = fleet.operator.metrics.registry.get_sample_value
        assert value("fargateclaims_queue_length", {"cluster": "arn:aws:eks:eu-west-1:111122223333:cluster/prod"}) is None

    in_fleet(scenario)


def test_a_pass_that_fails_is_logged_and_made_again(in_fleet: Scenarios, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(fleet: Any) -> None:
        await asyncio.sleep(60)
        failed = False

        async def before(_arn: ClusterARN, _operation: str) -> None:
            nonlocal failed
            if not failed:
                failed = True
                raise ZeroDivisionError("a fault of our own")

        fleet.cloud.before = before
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        assert "a fault of our own" in caplog.text

    in_fleet(scenario)


def test_a_worker_that_hangs_is_a_problem_for_the_probes() -> None:
    class Stuck(Loop):
        async def turn(self) -> float | None:
            await asyncio.Event().wait()
            return None

    async def play() -> None:
        worker = Stuck("stuck")
        running = asyncio.get_running_loop().create_task(worker.run())
        await asyncio.sleep(0)
        now = asyncio.get_running_loop().time()
        assert not worker.hangs(now)
        assert worker.hangs(now + TURN_LIMIT + 1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(play())


def test_the_probes_hear_of_no_problem_while_all_is_well(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply()
        await asyncio.sleep(5)
        assert fleet.operator.supervisor.problem() is None
        await fleet.operator.stop()
        assert CLAIM_KIND in {obj["kind"] for obj in fleet.kube.all(CLAIM_KIND)}

    in_fleet(scenario)
