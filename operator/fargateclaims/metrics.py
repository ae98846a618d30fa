"""What Prometheus gets to see. docs/metrics.md is written from here.

Names follow Prometheus' own rules (https://prometheus.io/docs/practices/naming/): base units, `_total` for what only grows. A cluster is
named by its ARN; it is a label only where somebody looks at one cluster, and its series go when the cluster goes.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics import MetricWrapperBase

from fargateclaims import __version__

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

M = TypeVar("M", bound=MetricWrapperBase)

PREFIX: Final = "fargateclaims_"
# EKS makes a profile in one to three minutes; a second is for simulators, half an hour is the default deadline.
_OPERATION_BUCKETS: Final = (1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 1800)
# A queue of ten may take a quarter of an hour; one that is blocked, much longer.
_WAIT_BUCKETS: Final = (1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400)
# A pass is a few milliseconds of planning, and the requests that it makes.
_PASS_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


@dataclass(frozen=True, slots=True)
class Described:
    """One line of the table in the docs."""

    name: str
    type: str
    labels: tuple[str, ...]
    help: str


class Metrics:
    """All metrics of one process, in a registry of its own. Every method may be called from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._own: list[tuple[MetricWrapperBase, Described]] = []
        self._reasons: dict[str, Collection[str]] = {}
        gauge, counter, histogram = self._gauge, self._counter, self._histogram

        gauge("build_info", "Always 1; the version is a label.", "version").labels(__version__).set(1)
        self.leader = gauge("leader", "1 on the replica that leads, 0 on the others.")

        self.queue_length = gauge("queue_length", "Operations that wait for the cluster's slot.", "cluster")
        self._slot_held = gauge("slot_held", "1 while a profile is being created or deleted; origin says whose it is.", "cluster", "origin")
        self._claims = gauge(
            "claims", "Claims by the reason of their Ready condition; without a usable class, cluster is empty.", "cluster", "reason"
        )
        self._unavailable = gauge(
            "claims_unavailable", "Claims that no ACTIVE profile serves; paused ones and those being deleted are not counted.", "cluster"
        )
        self._unavailable_since = gauge(
            "claims_unavailable_since_timestamp_seconds",
            "Since when the longest of them is, as Unix time; no series while there is none.",
            "cluster",
        )
        self._profiles = gauge("profiles", "Fargate profiles that the cluster has; origin says whose they are.", "cluster", "origin")
        self._quota = gauge("profiles_quota", "Fargate profiles that the cluster may have; no series where that is not known.", "cluster")
        self.operations = counter(
            "operations",
            "Operations that ended: outcome is succeeded, failed, or the class of failure of a call that EKS refused.",
            "operation",
            "outcome",
        )
        self.operation_seconds = histogram(
            "operation_duration_seconds",
            "From the first call that EKS took until the end was seen.",
            _OPERATION_BUCKETS,
            "operation",
            "outcome",
        )
        self.wait_seconds = histogram("queue_wait_seconds", "From queueing until the first call that EKS took.", _WAIT_BUCKETS, "operation")

        self.aws_calls = counter("aws_calls", "Calls to AWS, with the class of failure or ok as the outcome.", "operation", "outcome")
        self.kube_requests = counter("kube_requests", "Requests to the API server, watches not counted.", "verb", "outcome")
        self.cluster_requests = counter("cluster_requests", "Requests to the EKS clusters' own Kubernetes APIs.", "verb", "outcome")
        self.status_writes = counter("status_writes", "Status writes that the API server took; kube_requests counts the others, too.")
        self.events = counter(
            "events", "Kubernetes events: sent, counted (in an earlier one), refused, failed, dropped (too many).", "outcome"
        )

        self.store_objects = gauge("store_objects", "Objects that the operator knows.", "kind")
        self.watch_seen = gauge(
            "watch_last_seen_timestamp_seconds",
            "When a watch last told of an object, as Unix time: it grows old where nothing changes.",
            "kind",
        )
        self.pass_seconds = histogram("pass_duration_seconds", "One pass over one cluster, from observing to acting.", _PASS_BUCKETS)

        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def set_slot(self, cluster: str, origin: Literal["claim", "foreign"] | None) -> None:
        """Say whose profile holds the cluster's slot; None if it is free."""
        for each in ("claim", "foreign"):
            self._slot_held.labels(cluster, each).set(each == origin)

    def set_claims(self, cluster: str, by_reason: Mapping[str, int]) -> None:
        """Say how many claims of the cluster (its ARN, or empty) have which reason; reasons that are left out have none."""
        for reason, count in by_reason.items():
            self._claims.labels(cluster, reason).set(count)
        for reason in set(self._reasons.get(cluster, ())) - set(by_reason):
            self._claims.remove(cluster, reason)
        self._reasons[cluster] = tuple(by_reason)

    def set_unavailable(self, cluster: str, since: Collection[datetime]) -> None:
        """Say since when each claim of the cluster (its ARN, or empty) is without an ACTIVE profile, of those that want one."""
        self._unavailable.labels(cluster).set(len(since))
        if since:
            self._unavailable_since.labels(cluster).set(min(since).timestamp())
        else:
            self._unavailable_since.remove_by_labels({"cluster": cluster})

    def set_profiles(self, cluster: str, owned: int, foreign: int, quota: int | None) -> None:
        """Say how many profiles the cluster has, and may have; None if that is not known."""
        self._profiles.labels(cluster, "claim").set(owned)
        self._profiles.labels(cluster, "foreign").set(foreign)
        if quota is None:
            self._quota.remove_by_labels({"cluster": cluster})
        else:
            self._quota.labels(cluster).set(quota)

    def operation_ended(self, operation: str, outcome: str, seconds: float) -> None:
        """Count an operation that ended `seconds` after its call to EKS."""
        self.operations.labels(operation, outcome).inc()
        self.operation_seconds.labels(operation, outcome).observe(seconds)

    def forget_cluster(self, cluster: str) -> None:
        """Drop all series of a cluster that no class names any more."""
        for metric, described in self._own:
            if "cluster" in described.labels:
                metric.remove_by_labels({"cluster": cluster})
        self._reasons.pop(cluster, None)

    def exposition(self) -> bytes:
        """Return everything in the text format that Prometheus scrapes (`CONTENT_TYPE`)."""
        return generate_latest(self.registry)

    def described(self) -> list[Described]:
        """Describe our own metrics, in the order in which they are defined."""
        return [described for _, described in self._own]

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return self._kept(Gauge(PREFIX + name, text, labels, registry=self.registry), Described(PREFIX + name, "gauge", labels, text))

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        metric = Counter(PREFIX + name, text, labels, registry=self.registry)
        return self._kept(metric, Described(f"{PREFIX}{name}_total", "counter", labels, text))

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        metric = Histogram(PREFIX + name, text, labels, buckets=buckets, registry=self.registry)
        return self._kept(metric, Described(PREFIX + name, "histogram", labels, text))

    def _kept(self, metric: M, described: Described) -> M:
        self._own.append((metric, described))
        return metric
