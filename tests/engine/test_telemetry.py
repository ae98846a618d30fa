"""What the metrics say of operations: each that EKS took ends once, with its duration, however often it was tried."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.group import CLAIM_KIND
from fargateclaims.aws.operations import OPERATIONS
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.domain.observation import Quotas
from fargateclaims.domain.plan import plan
from fargateclaims.domain.profile import ProfileState
from fargateclaims.engine.telemetry import Telemetry
from fargateclaims.metrics import Metrics
from fargateclaims.simulator.eks.model import HealthIssue, Operation, Outcome
from support.builders import ARN, NOW, after, make_claim, make_facts, make_observation, make_profile
from support.virtual_loop import LoopClock, run_virtually

Scenarios = Callable[..., None]
INVALID = Failure(FailureClass.INVALID, "InvalidParameterException", "no")
NO_ECR = HealthIssue("AccessDenied", "no ECR")


def operations(fleet: Any) -> dict[tuple[str, str], float]:
    """How many operations ended, by operation and outcome."""
    return _by_labels(fleet.operator.metrics, "fargateclaims_operations_total")


def seconds(fleet: Any) -> dict[tuple[str, str], float]:
    """How long they took together."""
    return _by_labels(fleet.operator.metrics, "fargateclaims_operation_duration_seconds_sum")


def waits(fleet: Any, operation: str) -> tuple[Any, Any]:
    """How many waited in the queue, and how long together."""
    registry = fleet.operator.metrics.registry
    count, total = (
        registry.get_sample_value(f"fargateclaims_queue_wait_seconds_{part}", {"operation": operation}) for part in ("count", "sum")
    )
    return count, total


def _by_labels(metrics: Metrics, name: str) -> dict[tuple[str, str], float]:
    samples = (sample for family in metrics.registry.collect() for sample in family.samples if sample.name == name)
    return {(sample.labels["operation"], sample.labels["outcome"]): sample.value for sample in samples if sample.value}


def without_answer(operation: str, kind: FailureClass, *, unknown: bool) -> Callable[[ClusterARN, str], Any]:
    """Fail the next call of an operation before it takes effect."""
    left = 1

    async def before(_arn: ClusterARN, called: str) -> None:
        nonlocal left
        if called == operation and left:
            left -= 1
            raise AWSError(Failure(kind, "Code", "no luck", operation, outcome_unknown=unknown))

    return before


def test_each_failed_create_is_counted_and_so_is_the_one_that_succeeds(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        for _ in range(2):
            fleet.plane.script(Operation.CREATE, Outcome(40, NO_ECR))
        fleet.apply()
        await fleet.until(lambda: fleet.claim()["status"].get("profile") and fleet.ready() == ("True", "Active"))
        assert operations(fleet) == {("Create", "failed"): 2, ("Create", "succeeded"): 1}
        assert seconds(fleet)["Create", "failed"] == pytest.approx(80, abs=10)
        assert seconds(fleet)["Create", "succeeded"] == pytest.approx(60, abs=5)
        assert waits(fleet, "Create")[0] == 3

    in_fleet(scenario)


def test_a_failed_delete_is_counted_and_so_is_the_one_that_succeeds(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        fleet.plane.script(Operation.DELETE, Outcome(40, HealthIssue("InternalFailure", "oops")))
        fleet.delete()
        await fleet.until(lambda: not fleet.kube.all(CLAIM_KIND))
        assert operations(fleet) == {("Create", "succeeded"): 1, ("Delete", "failed"): 1, ("Delete", "succeeded"): 1}
        assert seconds(fleet)["Delete", "failed"] == pytest.approx(40, abs=10)
        assert seconds(fleet)["Delete", "succeeded"] == pytest.approx(90, abs=15)

    in_fleet(scenario)


def test_a_failure_that_is_seen_together_with_a_retry_is_counted_although_the_attempts_begin_anew(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.plane.script(Operation.CREATE, Outcome(40, NO_ECR))
        fleet.apply()
        await fleet.until(fleet.plane.list)
        await fleet.until(lambda: operations(fleet) == {("Create", "failed"): 1})
        await fleet.until(lambda: fleet.claim()["status"]["profile"]["status"] == "CREATING")
        fleet.plane.finish(NO_ECR)
        fleet.kube.annotate(CLAIM_KIND, "checkout", "shop", retry="now")
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        assert operations(fleet) == {("Create", "failed"): 2, ("Create", "succeeded"): 1}

    in_fleet(scenario)


@pytest.mark.parametrize("replacement", ["CreateFirst", "DeleteFirst"])
def test_a_replacement_is_one_operation_from_its_first_call_to_its_last_profile(in_fleet: Scenarios, replacement: str) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply(replacement=replacement)
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        fleet.apply(replacement=replacement, selectors=[{"labels": {"app": "another"}}])
        await fleet.until(lambda: fleet.ready()[1] == "Replacing")
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        assert operations(fleet) == {("Create", "succeeded"): 1, ("Replace", "succeeded"): 1}
        assert seconds(fleet)["Replace", "succeeded"] == pytest.approx(150, abs=10)
        assert waits(fleet, "Replace") == (1, pytest.approx(0, abs=2))

    in_fleet(scenario)


def test_a_replacement_whose_successor_fails_has_failed_and_its_next_attempt_is_another(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        fleet.plane.script(Operation.CREATE, Outcome(40, NO_ECR))
        fleet.apply(selectors=[{"labels": {"app": "another"}}])
        await fleet.until(lambda: fleet.ready()[1] == "Replacing")
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        assert operations(fleet) == {("Create", "succeeded"): 1, ("Replace", "failed"): 1, ("Replace", "succeeded"): 1}

    in_fleet(scenario)


@pytest.mark.parametrize(("issue", "outcome"), [(None, "succeeded"), (NO_ECR, "failed")])
def test_a_create_whose_claim_is_deleted_meanwhile_ends_as_eks_ends_it(
    in_fleet: Scenarios, issue: HealthIssue | None, outcome: str
) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.plane.script(Operation.CREATE, Outcome(60, issue))
        fleet.apply()
        await fleet.until(fleet.plane.list)
        fleet.delete()
        await fleet.until(lambda: not fleet.kube.all(CLAIM_KIND))
        assert operations(fleet) == {("Create", outcome): 1, ("Delete", "succeeded"): 1}
        assert seconds(fleet)["Delete", "succeeded"] == pytest.approx(90, abs=15)

    in_fleet(scenario)


@pytest.mark.parametrize("edited_after", [20, 55])
def test_a_create_that_is_edited_meanwhile_has_succeeded_before_it_is_replaced(in_fleet: Scenarios, edited_after: float) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply()
        await fleet.until(fleet.plane.list)
        await asyncio.sleep(edited_after)
        fleet.apply(selectors=[{"labels": {"app": "another"}}])
        await fleet.until(lambda: fleet.ready()[1] == "Replacing")
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        assert operations(fleet) == {("Create", "succeeded"): 1, ("Replace", "succeeded"): 1}
        assert seconds(fleet)["Create", "succeeded"] == pytest.approx(60, abs=5)

    in_fleet(scenario)


def test_a_refused_call_is_counted_by_its_class_and_begins_nothing(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.cloud.before = without_answer("CreateFargateProfile", FailureClass.THROTTLED, unknown=False)
        fleet.apply()
        await fleet.until(lambda: fleet.claim()["status"].get("profile") and fleet.ready() == ("True", "Active"))
        assert operations(fleet) == {("Create", "Throttled"): 1, ("Create", "succeeded"): 1}

    in_fleet(scenario)


def test_a_call_without_an_answer_that_never_arrived_has_failed(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.cloud.before = without_answer("CreateFargateProfile", FailureClass.UNAVAILABLE, unknown=True)
        fleet.apply()
        await fleet.until(lambda: fleet.claim()["status"].get("profile") and fleet.ready() == ("True", "Active"))
        assert operations(fleet) == {("Create", "failed"): 1, ("Create", "succeeded"): 1}

    in_fleet(scenario)


def test_a_claim_that_is_served_at_once_has_waited_too(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await asyncio.sleep(60)
        fleet.apply("a")
        await fleet.until(fleet.plane.list)
        assert waits(fleet, "Create") == (1, pytest.approx(0, abs=2))
        fleet.apply("b")
        await fleet.until(lambda: len(fleet.plane.list()) == 2)
        assert waits(fleet, "Create") == (2, pytest.approx(60, abs=5))
        fleet.delete("a")
        await fleet.until(lambda: len(fleet.plane.list()) == 1)
        assert waits(fleet, "Delete") == (1, pytest.approx(60, abs=5))

    in_fleet(scenario)


def test_what_can_be_counted_is_there_before_it_happens_since_a_rate_overlooks_the_first_of_a_new_series() -> None:
    metrics = Metrics()
    Telemetry(metrics, LoopClock())

    def counted(name: str) -> list[tuple[dict[str, str], float]]:
        return [(sample.labels, sample.value) for family in metrics.registry.collect() for sample in family.samples if sample.name == name]

    failures = [str(kind) for kind in FailureClass]
    types = ["Create", "Delete", "Replace", "Tag"]
    ends = ["succeeded", "failed"]

    def zeros(operations: Iterable[str], outcomes: list[str]) -> list[tuple[dict[str, str], float]]:
        return [({"operation": operation, "outcome": outcome}, 0) for operation in operations for outcome in outcomes]

    assert counted("fargateclaims_operations_total") == zeros(types, [*ends, *failures])
    assert counted("fargateclaims_operation_duration_seconds_count") == zeros(types, ends)
    assert counted("fargateclaims_queue_wait_seconds_count") == [({"operation": operation}, 0) for operation in types]
    assert counted("fargateclaims_aws_calls_total") == zeros(OPERATIONS, ["ok", *failures])


def test_metrics_follow_an_operation_from_its_queue_to_its_end() -> None:
    async def play() -> None:
        clock, metrics = LoopClock(), Metrics()
        telemetry = Telemetry(metrics, clock)

        def value(name: str, **labels: str) -> float | None:
            return metrics.registry.get_sample_value(f"fargateclaims_{name}", labels)

        claim = make_claim()
        waiting = make_claim(status=plan(make_facts(claim, may_mutate=False)).claims[0].status.to_dict())
        again = plan(make_facts(waiting, now=after(5)))
        assert again.action is not None
        telemetry.acted(again.action, INVALID)
        telemetry.turned(ARN, again, 0.5)
        assert value("operations_total", operation="Create", outcome="Invalid") == 1
        telemetry.acted(again.action, None)
        telemetry.turned(ARN, again, 0.5)
        assert value("queue_wait_seconds_sum", operation="Create") == 5
        await asyncio.sleep(60)
        done = plan(make_facts(claim, profiles=[make_profile(again.action.work.profile_name, owner=claim)]))
        telemetry.turned(ARN, done, 0.1)
        assert value("operation_duration_seconds_sum", operation="Create", outcome="succeeded") == 60
        assert value("claims", cluster=str(ARN), reason="Active") == 1
        telemetry.forget(ARN)
        assert value("queue_length", cluster=str(ARN)) is None

    run_virtually(play())


@pytest.mark.parametrize(("owned", "origin"), [(True, "claim"), (False, "foreign")])
def test_metrics_say_whose_profile_holds_the_slot(owned: bool, origin: str) -> None:  # noqa: FBT001
    async def play() -> None:
        metrics = Metrics()
        telemetry = Telemetry(metrics, LoopClock())
        claim = make_claim()
        moving = make_profile("other", ProfileState.CREATING, owner=claim if owned else None)
        telemetry.turned(ARN, plan(make_facts(claim, profiles=[moving])), 0.1)
        labels = {"cluster": str(ARN), "origin": origin}
        assert metrics.registry.get_sample_value("fargateclaims_slot_held", labels) == 1

    run_virtually(play())


def test_metrics_of_claims_without_a_cluster_have_no_queue() -> None:
    async def play() -> None:
        metrics = Metrics()
        telemetry = Telemetry(metrics, LoopClock())
        claim = make_claim(className="none")
        telemetry.turned(None, plan(make_facts(claim, classes=[])), 0.1)
        assert metrics.registry.get_sample_value("fargateclaims_claims", {"cluster": "", "reason": "ClassNotFound"}) == 1
        telemetry.forget(None)

    run_virtually(play())


def test_metrics_tell_since_when_no_active_profile_serves_a_claim_that_wants_one() -> None:
    async def play() -> None:
        metrics = Metrics()
        telemetry = Telemetry(metrics, LoopClock())

        def told() -> tuple[float | None, float | None]:
            labels = {"cluster": str(ARN)}
            count = metrics.registry.get_sample_value("fargateclaims_claims_unavailable", labels)
            return count, metrics.registry.get_sample_value("fargateclaims_claims_unavailable_since_timestamp_seconds", labels)

        first = plan(make_facts(make_claim())).claims[0].status.to_dict()
        waiting = make_claim(status=first)
        served, late = make_claim("served"), make_claim("late")
        unwanted = [make_claim("gone", deleted=NOW), make_claim("paused", annotations={"fargateclaims.dev/paused": "true"})]
        profile = make_profile("served", owner=served)
        telemetry.turned(ARN, plan(make_facts(waiting, served, late, *unwanted, profiles=[profile], now=after(600))), 0.1)
        assert told() == (2, NOW.timestamp())
        telemetry.turned(ARN, plan(make_facts(served, *unwanted, profiles=[profile], now=after(700))), 0.1)
        assert told() == (0, None)

    run_virtually(play())


def test_metrics_tell_how_many_profiles_a_cluster_has_and_may_have() -> None:
    async def play() -> None:
        metrics = Metrics()
        telemetry = Telemetry(metrics, LoopClock())
        claim = make_claim()
        profiles = [make_profile("ours", owner=claim), make_profile("theirs"), make_profile("theirs-too")]
        seen = make_observation(*profiles, quotas=Quotas(profiles_per_cluster=10))
        telemetry.turned(ARN, plan(make_facts(claim, observation=seen)), 0.1)
        labels = {"cluster": str(ARN)}
        counts = [
            metrics.registry.get_sample_value("fargateclaims_profiles", labels | {"origin": origin}) for origin in ("claim", "foreign")
        ]
        assert counts == [1, 2]
        assert metrics.registry.get_sample_value("fargateclaims_profiles_quota", labels) == 10

    run_virtually(play())
