from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from fargateclaims import __version__
from fargateclaims.metrics import Metrics

PROD = "arn:aws:eks:eu-west-1:111122223333:cluster/prod"
TEST = "arn:aws:eks:eu-west-1:111122223333:cluster/test"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def scraped(metrics: Metrics) -> Iterable[Metric]:
    return text_string_to_metric_families(metrics.exposition().decode())


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"fargateclaims_{name}", labels)


def test_a_scrape_has_our_metrics_and_those_of_the_process(metrics: Metrics) -> None:
    names = {family.name for family in scraped(metrics)}
    assert {"fargateclaims_leader", "fargateclaims_queue_length", "process_start_time_seconds", "python_info"} <= names
    assert value(metrics, "build_info", version=__version__) == 1


def test_two_in_one_process_do_not_meet(metrics: Metrics) -> None:
    metrics.leader.set(1)
    assert value(Metrics(), "leader") == 0


def test_the_slot_says_whose_it_is(metrics: Metrics) -> None:
    metrics.set_slot(PROD, "foreign")
    assert (value(metrics, "slot_held", cluster=PROD, origin="foreign"), value(metrics, "slot_held", cluster=PROD, origin="claim")) == (
        1,
        0,
    )
    metrics.set_slot(PROD, "claim")
    assert (value(metrics, "slot_held", cluster=PROD, origin="foreign"), value(metrics, "slot_held", cluster=PROD, origin="claim")) == (
        0,
        1,
    )
    metrics.set_slot(PROD, None)
    assert (value(metrics, "slot_held", cluster=PROD, origin="foreign"), value(metrics, "slot_held", cluster=PROD, origin="claim")) == (
        0,
        0,
    )


def test_claims_are_counted_by_reason_and_reasons_that_nobody_has_go(metrics: Metrics) -> None:
    metrics.set_claims(PROD, {"Active": 3, "Queued": 2})
    metrics.set_claims(TEST, {"Queued": 1})
    metrics.set_claims(PROD, {"Active": 5})
    assert value(metrics, "claims", cluster=PROD, reason="Active") == 5
    assert value(metrics, "claims", cluster=PROD, reason="Queued") is None
    assert value(metrics, "claims", cluster=TEST, reason="Queued") == 1


def test_the_longest_without_a_profile_is_told_while_there_is_one(metrics: Metrics) -> None:
    early, late = (datetime(2026, 11, 21, 14, minute, tzinfo=UTC) for minute in (0, 5))
    metrics.set_unavailable(PROD, [late, early])
    assert (value(metrics, "claims_unavailable", cluster=PROD), since(metrics)) == (2, early.timestamp())
    metrics.set_unavailable(PROD, [late])
    assert (value(metrics, "claims_unavailable", cluster=PROD), since(metrics)) == (1, late.timestamp())
    metrics.set_unavailable(PROD, [])
    assert (value(metrics, "claims_unavailable", cluster=PROD), since(metrics)) == (0, None)


def since(metrics: Metrics) -> float | None:
    return value(metrics, "claims_unavailable_since_timestamp_seconds", cluster=PROD)


def test_a_quota_that_is_not_known_any_more_is_not_told(metrics: Metrics) -> None:
    metrics.set_profiles(PROD, owned=5, foreign=2, quota=10)
    assert [value(metrics, "profiles", cluster=PROD, origin=origin) for origin in ("claim", "foreign")] == [5, 2]
    assert value(metrics, "profiles_quota", cluster=PROD) == 10
    metrics.set_profiles(PROD, owned=6, foreign=2, quota=None)
    assert value(metrics, "profiles", cluster=PROD, origin="claim") == 6
    assert value(metrics, "profiles_quota", cluster=PROD) is None


def test_a_cluster_that_goes_takes_its_series_with_it(metrics: Metrics) -> None:
    before = metrics.exposition().count(b"cluster=")
    for cluster in (PROD, TEST):
        metrics.queue_length.labels(cluster).set(4)
        metrics.set_slot(cluster, "claim")
        metrics.set_claims(cluster, {"Active": 1})
        metrics.set_unavailable(cluster, [datetime.now(UTC)])
        metrics.set_profiles(cluster, owned=1, foreign=0, quota=10)
    metrics.forget_cluster(PROD)
    text = metrics.exposition().decode()
    assert before == 0
    assert PROD not in text
    assert value(metrics, "queue_length", cluster=TEST) == 4
    metrics.set_claims(PROD, {})
    metrics.forget_cluster("never seen")


def test_operations_are_counted_and_timed(metrics: Metrics) -> None:
    metrics.operation_ended("Create", "Succeeded", 74)
    metrics.operation_ended("Create", "Succeeded", 1)
    labels = {"operation": "Create", "outcome": "Succeeded"}
    assert value(metrics, "operations_total", **labels) == 2
    assert value(metrics, "operation_duration_seconds_sum", **labels) == 75
    assert value(metrics, "operation_duration_seconds_bucket", le="1.0", **labels) == 1
    assert value(metrics, "operation_duration_seconds_bucket", le="90.0", **labels) == 2


def test_the_description_is_what_is_exposed(metrics: Metrics) -> None:
    # A series of each, so that the labels can be compared, too.
    labels = {described.name: described.labels for described in metrics.described()}
    metrics.queue_length.labels(PROD).set(1)
    metrics.set_slot(PROD, None)
    metrics.set_claims(PROD, {"Active": 1})
    metrics.set_unavailable(PROD, [datetime.now(UTC)])
    metrics.set_profiles(PROD, owned=1, foreign=0, quota=10)
    metrics.operation_ended("Create", "Succeeded", 1)
    metrics.wait_seconds.labels("Create").observe(1)
    metrics.aws_calls.labels("CreateFargateProfile", "ok").inc()
    metrics.kube_requests.labels("get", "ok").inc()
    metrics.cluster_requests.labels("get", "ok").inc()
    metrics.status_writes.inc()
    metrics.events.labels("sent").inc()
    metrics.store_objects.labels("FargateProfileClaim").set(1)
    metrics.watch_seen.labels("FargateProfileClaim").set(1)
    exposed = {}
    for family in scraped(metrics):
        # The parser gives no suffix back, and `_created` belongs to a counter or histogram.
        if family.name.startswith("fargateclaims_") and not family.name.endswith("_created"):
            name = family.name + ("_total" if family.type == "counter" else "")
            exposed[name] = (family.type, family.documentation, {label for sample in family.samples for label in sample.labels} - {"le"})
    assert exposed == {described.name: (described.type, described.help, set(labels[described.name])) for described in metrics.described()}


def test_names_are_as_prometheus_wants_them(metrics: Metrics) -> None:
    for described in metrics.described():
        assert described.name.startswith("fargateclaims_")
        assert described.name.endswith("_total") is (described.type == "counter")
        assert described.help.endswith(".")
        assert described.type != "histogram" or described.name.endswith("_seconds")
