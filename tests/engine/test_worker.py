"""The engine as a whole, with ports in memory and virtual time: what a worker reads, writes and sends, and when."""

import asyncio
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.group import CLAIM_KIND, CLASS_KIND
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.kube.errors import Conflict, Missing, Refused, Throttled, Unavailable
from fargateclaims.settings import Settings

Scenarios = Callable[..., None]
CREATE, DELETE, LIST, DESCRIBE = "CreateFargateProfile", "DeleteFargateProfile", "ListFargateProfiles", "DescribeFargateProfile"
CLAIM_STATUS = ("fargateprofileclaims", "shop", "checkout")


def failing(kind: FailureClass, *, on: str, times: int = 1) -> Callable[[ClusterARN, str], Any]:
    """Fail the next calls of an operation before they take effect."""
    left = times

    async def before(_arn: ClusterARN, operation: str) -> None:
        nonlocal left
        if operation == on and left:
            left -= 1
            raise AWSError(Failure(kind, "Code", "no luck", operation))

    return before


def test_a_claim_alone_becomes_active_with_at_most_four_status_writes(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await asyncio.sleep(60)
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        assert fleet.kube.statuses[CLAIM_STATUS] <= 4
        assert fleet.cloud.count(CREATE) == 1

    in_fleet(scenario)


def test_each_claim_of_a_queue_is_written_four_times_and_once_for_each_place(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await asyncio.sleep(60)
        for number in range(6):
            fleet.apply(f"q{number}")
        await fleet.until(lambda: all(fleet.ready(f"q{number}")[1] == "Active" for number in range(6)))
        for place in range(6):
            assert fleet.kube.statuses["fargateprofileclaims", "shop", f"q{place}"] <= 4 + place

    in_fleet(scenario)


def test_a_queue_is_worked_off_without_one_refused_call(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        for number in range(10):
            fleet.apply(f"q{number}")
        await fleet.until(lambda: all(fleet.ready(f"q{number}")[1] == "Active" for number in range(10)))
        for number in range(10):
            fleet.delete(f"q{number}")
        await fleet.until(lambda: not fleet.kube.all(CLAIM_KIND))
        assert not fleet.plane.list()
        assert {call.outcome for call in fleet.cloud.calls} <= {"ok", "Gone"}
        assert (fleet.cloud.count(CREATE), fleet.cloud.count(DELETE)) == (10, 10)

    in_fleet(scenario)


def test_a_waiting_claim_names_its_blocker_in_its_first_report(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await asyncio.sleep(60)
        fleet.apply("first")
        fleet.apply("second")
        await fleet.until(lambda: fleet.ready("second")[1] == "Queued")
        operation = fleet.claim("second")["status"]["operation"]
        assert operation["blockedBy"]["claimRef"] == {"namespace": "shop", "name": "first"}
        assert fleet.kube.statuses["fargateprofileclaims", "shop", "second"] == 1

    in_fleet(scenario)


def test_when_all_is_settled_nothing_is_written_and_little_is_read(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        await asyncio.sleep(700)
        writes, calls = fleet.kube.writes.total(), fleet.cloud.count()
        await asyncio.sleep(1500)
        assert fleet.kube.writes.total() == writes
        assert fleet.cloud.count() - calls <= 3 * 6
        assert fleet.cloud.count(CREATE, DELETE) == 1

    in_fleet(scenario)


def test_a_look_that_finds_nothing_new_makes_no_plan_and_no_write(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.plane.timings = type(fleet.plane.timings).of(200, 90)
        fleet.apply()
        await fleet.until(lambda: fleet.cloud.count(CREATE))
        await asyncio.sleep(1)
        plans, writes = passes(fleet), fleet.kube.writes.total()
        await asyncio.sleep(25)
        assert fleet.cloud.count(DESCRIBE) >= 1
        assert (passes(fleet), fleet.kube.writes.total()) == (plans, writes)

    def passes(fleet: Any) -> float:
        value = fleet.operator.metrics.registry.get_sample_value("fargateclaims_pass_duration_seconds_count")
        return float(value or 0)

    in_fleet(scenario)


def test_before_each_mutation_the_names_are_listed_anew(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        for number in range(3):
            fleet.apply(f"q{number}")
        await fleet.until(lambda: fleet.ready("q2")[1] == "Active")
        operations = [call.operation for call in fleet.cloud.calls]
        for position, operation in enumerate(operations):
            if operation == CREATE:
                since_last = operations[:position][::-1]
                nearest = since_last.index(LIST)
                assert CREATE not in since_last[:nearest]

    in_fleet(scenario)


def test_a_foreign_profile_in_motion_is_respected(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await asyncio.sleep(60)
        fleet.plane.create("terraform", pod_execution_role_arn="r", selectors=[{"namespace": "other"}])
        fleet.apply()
        await fleet.until(lambda: fleet.ready()[1] == "Queued")
        assert fleet.claim()["status"]["operation"]["blockedBy"]["origin"] == "Foreign"
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        assert {call.outcome for call in fleet.cloud.calls} <= {"ok", "Gone"}
        assert "terraform" in fleet.plane.list()

    in_fleet(scenario)


def test_no_call_is_sent_when_the_report_of_its_intent_is_refused(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await asyncio.sleep(60)
        fleet.kube.fail("status", *[Unavailable("PUT: 503")] * 3)
        fleet.apply()
        intents: list[str | None] = []

        async def before(_arn: ClusterARN, operation: str) -> None:
            if operation == CREATE:
                intents.append(fleet.claim()["status"]["operation"]["state"])

        fleet.cloud.before = before
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        assert intents == ["InFlight"]
        assert not fleet.kube.failures["status"]

    in_fleet(scenario)


def test_a_claim_edited_between_plan_and_report_is_planned_anew(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await asyncio.sleep(60)
        fleet.kube.fail("finalizers", Conflict("PATCH: 409", status=409))
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        assert fleet.cloud.count(CREATE) == 1

    in_fleet(scenario)


def test_a_claim_that_is_gone_when_its_intent_is_reported_makes_no_profile(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await asyncio.sleep(60)

        async def gone(request: str, obj: Mapping[str, Any]) -> None:
            if request == "finalizers" and fleet.claim() is not None:
                fleet.delete()
                raise Missing("PATCH: 404", status=404)

        fleet.kube.before = gone
        fleet.apply()
        await asyncio.sleep(120)
        assert fleet.claim() is None
        assert fleet.cloud.count(CREATE) == 0

    in_fleet(scenario)


def test_a_refused_permit_sends_nothing_and_a_later_one_goes_on(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await asyncio.sleep(60)
        real = fleet.cloud.send
        asked = 0

        async def send(arn: Any, operation: str, act: Any, lane: Any, permit: Any) -> Any:
            nonlocal asked
            if permit is None:
                return await real(arn, operation, act, lane, None)
            asked += 1
            return await real(arn, operation, act, lane, (lambda: False) if asked == 1 else permit)

        fleet.cloud.send = send
        fleet.apply()
        # The intent that was reported holds the slot until it has settled, as if the call had been sent.
        await fleet.until(lambda: fleet.cloud.count(CREATE) == 1, limit=Settings().settle_seconds + 15)
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        assert asked >= 2
        assert fleet.cloud.count(CREATE) == 1

    in_fleet(scenario)


def test_a_busy_cluster_is_waited_for_with_growing_pauses(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await asyncio.sleep(60)
        fleet.plane.hidden_update_until = fleet.clock.monotonic() + 300
        fleet.apply()
        await fleet.until(lambda: fleet.ready()[1] == "ClusterUpdating")
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        refused = [call.at for call in fleet.cloud.calls if call.outcome == "BusyCluster"]
        assert 8 <= len(refused) <= 25
        assert max(after - before for before, after in pairwise(refused)) <= 31

    in_fleet(scenario)


def test_a_limit_that_one_claim_may_be_over_is_not_the_cluster_s(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply("large", selectors=[{"labels": {"app": str(number)}} for number in range(6)])
        fleet.cloud.before = failing(FailureClass.QUOTA_EXCEEDED, on=CREATE)
        await fleet.until(lambda: fleet.ready("large") == ("False", "Invalid"), limit=120)
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"), limit=300)

    in_fleet(scenario)


def test_an_outage_is_told_after_the_second_failure_and_overcome(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        fleet.cloud.before = failing(FailureClass.UNAVAILABLE, on="DescribeCluster", times=4)
        await fleet.until(lambda: synced(fleet) == "Unknown", limit=1000)
        assert fleet.ready()[0] == "True"
        await fleet.until(lambda: synced(fleet) == "True", limit=600)

    def synced(fleet: Any) -> str:
        return str(next(each["status"] for each in fleet.claim()["status"]["conditions"] if each["type"] == "Synced"))

    in_fleet(scenario)


def test_one_lost_packet_is_written_into_no_status(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        await asyncio.sleep(350)  # what time alone changes has changed
        writes = fleet.kube.writes.total()
        fleet.cloud.before = failing(FailureClass.UNAVAILABLE, on="DescribeCluster")
        await asyncio.sleep(800)
        assert fleet.kube.writes.total() == writes

    in_fleet(scenario)


def test_what_a_person_must_mend_is_asked_for_seldom_and_at_once_on_a_retry(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        fleet.cloud.before = failing(FailureClass.UNAUTHORIZED, on="DescribeCluster", times=1000)
        await asyncio.sleep(800)
        before = fleet.cloud.count("DescribeCluster")
        await asyncio.sleep(550)
        assert fleet.cloud.count("DescribeCluster") - before <= 1
        before = fleet.cloud.count("DescribeCluster")
        fleet.kube.annotate(CLAIM_KIND, "checkout", "shop", retry="now")
        await asyncio.sleep(2)
        assert fleet.cloud.count("DescribeCluster") == before + 1

    in_fleet(scenario)


def test_with_a_second_role_for_the_cluster_that_one_is_tried_at_once(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply_class("other", assumeRoleARN="arn:aws:iam::111122223333:role/operator")
        fleet.cloud.before = failing(FailureClass.UNAUTHORIZED, on="DescribeCluster")
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"), limit=300)
        assert {role for role, _ in fleet.cloud.identities} == {None, "arn:aws:iam::111122223333:role/operator"}

    in_fleet(scenario)


def test_no_profile_is_deleted_while_it_cannot_be_told_whether_the_crd_goes(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        fleet.kube.fail("crd", Unavailable("GET: 503"), Refused("GET: 401"), Throttled("GET: 429", retry_after=20))
        fleet.delete()
        await asyncio.sleep(25)
        assert fleet.cloud.count(DELETE) == 0
        await fleet.until(lambda: fleet.cloud.count(DELETE) == 1, limit=15)
        await fleet.until(lambda: fleet.claim() is None)
        assert fleet.cloud.count(DELETE) == 1

    in_fleet(scenario)


def test_profiles_stay_when_the_crd_goes(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        fleet.kube.crd_terminating = True
        fleet.delete()
        await fleet.until(lambda: fleet.claim() is None)
        assert len(fleet.plane.list()) == 1
        assert fleet.cloud.count(DELETE) == 0

    in_fleet(scenario)


def test_a_restart_changes_nothing_where_all_is_settled(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        await asyncio.sleep(400)
        await fleet.operator.stop()
        writes, mutations = fleet.kube.writes.total(), fleet.cloud.count(CREATE, DELETE)
        fleet.restart()
        await asyncio.sleep(100)
        assert fleet.kube.writes.total() == writes
        assert fleet.cloud.count(CREATE, DELETE) == mutations

    in_fleet(scenario)


def test_a_new_leader_waits_until_earlier_calls_must_be_visible(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply()
        await asyncio.sleep(29)
        assert fleet.cloud.count(CREATE) == 0
        await asyncio.sleep(3)
        assert fleet.cloud.count(CREATE) == 1

    in_fleet(scenario)


def test_a_stop_lets_the_call_under_way_end(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await asyncio.sleep(60)
        fleet.cloud.latency = 3.0
        fleet.apply()
        await fleet.until(lambda: fleet.claim()["status"].get("operation", {}).get("state") == "InFlight")
        await fleet.operator.stop()
        assert fleet.cloud.calls[-1].operation == CREATE
        assert len(fleet.plane.list()) == 1

    in_fleet(scenario)


def test_the_class_shows_what_its_cluster_has_and_keeps_its_finalizer_while_in_use(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        fleet.kube.delete(CLASS_KIND, "standard")
        await asyncio.sleep(30)
        cls = fleet.kube.find(CLASS_KIND, "standard")
        assert cls["status"]["profiles"]["owned"] == 1
        fleet.delete()
        await fleet.until(lambda: fleet.kube.find(CLASS_KIND, "standard") is None)

    in_fleet(scenario)
