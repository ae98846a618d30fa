"""A fleet in virtual time: the engine as it is, default settings, no sockets, and a clock that jumps from one timer to the next."""

import asyncio
import resource
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from random import seed

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.group import CLAIM_KIND, CLASS_KIND
from fargateclaims.settings import Settings
from fargateclaims.simulator.eks.model import IN_FLIGHT, Transition
from fargateclaims.simulator.eks.timings import Span, Timings
from support.memory_cloud import MemoryCloud
from support.memory_kube import MemoryKube
from support.operator_in_memory import MemoryOperator
from support.virtual_loop import LoopClock, run_virtually

NAMESPACE = "shop"
PER_PAIR = 50
REGIONS = ("eu-west-1", "eu-central-1", "us-east-1", "us-west-2")
OPERATION = Span(40.0, 150.0)
AWS_LATENCY = 0.1
"""Seconds for a call to EKS, both ways together."""
KUBE_LATENCY = 0.02
WATCH_LAG = 0.05
WARM_UP = 120.0
"""Seconds from the operator's start until the claims come: by then it has read every cluster."""
CHECK = 30.0
LIMIT = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Phase:
    """One half of the run, creates or deletes.

    :param ratio: mean over the clusters of time ÷ the cluster's own sum of operation times.
    :param worst: the largest of them.
    :param calls: AWS calls an operation, of all kinds.
    :param refused: calls refused because a profile was CREATING or DELETING.
    :param writes: status writes a claim.
    """

    ratio: float
    worst: float
    calls: float
    refused: int
    writes: float


@dataclass(frozen=True, slots=True)
class FleetResult:
    """What a run came to; `seconds` is real time, `virtual_seconds` the fleet's, `rss_mib` the process's peak."""

    clusters: int
    claims: int
    create: Phase
    delete: Phase | None
    seconds: float
    virtual_seconds: float
    rss_mib: float


class _Watch:
    """Adds up the operations of each cluster."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}
        self.sums: defaultdict[str, float] = defaultdict(float)
        self.last_end: dict[str, float] = {}
        self.ended = 0

    def take(self, change: Transition) -> None:
        """One change of a profile's status."""
        if change.before in IN_FLIGHT:
            self.sums[change.cluster_name] += change.at - self._began.pop(change.arn)
            self.last_end[change.cluster_name] = change.at
            self.ended += 1
        if change.after in IN_FLIGHT:
            self._began[change.arn] = change.at


class _Fleet:
    """Clusters, their classes and claims, and one operator."""

    def __init__(self, clusters: int, claims: int) -> None:
        seed(1)  # the jitter of resyncs: a run can be repeated
        self.clock = LoopClock()
        self.claims = claims
        self.watch = _Watch()
        self.kube = MemoryKube(self.clock.now, latency=KUBE_LATENCY / 2, watch_lag=WATCH_LAG)
        settings = Settings()
        self.cloud = MemoryCloud(self.clock, Timings(OPERATION, OPERATION), AWS_LATENCY / 2, settings.aws_calls_per_second)
        self.kube.apply("Namespace", NAMESPACE)
        self.names = [f"c{number:04d}" for number in range(clusters)]
        for number, name in enumerate(self.names):
            pair = number // PER_PAIR
            account, region = f"{111111111111 + pair // len(REGIONS)}", REGIONS[pair % len(REGIONS)]
            arn = ClusterARN("aws", region, account, name)
            self.cloud.add(arn, on_transition=self.watch.take)
            self.kube.apply(
                CLASS_KIND,
                name,
                clusterARN=str(arn),
                podExecutionRoleARN=f"arn:aws:iam::{account}:role/fargate-pods",
                claims={"namespaces": {"from": "All"}},
            )
        self.operator = MemoryOperator(self.kube, self.cloud, settings)

    async def create(self) -> Phase:
        """Apply all claims in one moment; until every profile is ACTIVE and every claim says so."""
        begun, before = self._begin()
        for name in self.names:
            for number in range(self.claims):
                selectors = [{"labels": {"app": f"a{number}"}}]
                self.kube.apply(CLAIM_KIND, f"{name}-{number}", NAMESPACE, className=name, selectors=selectors)
        await self._until(lambda: self.watch.ended >= len(self.names) * self.claims)
        return self._phase(begun, before)

    async def delete(self) -> Phase:
        """Delete all claims in one moment; until none is left."""
        begun, before = self._begin()
        for obj in self.kube.all(CLAIM_KIND):
            self.kube.delete(CLAIM_KIND, obj["metadata"]["name"], NAMESPACE)
        await self._until(lambda: not self.kube.all(CLAIM_KIND))
        return self._phase(begun, before)

    def _begin(self) -> tuple[float, int]:
        self.watch.sums.clear()
        self.watch.ended = 0
        self.cloud.calls.clear()
        return self.clock.monotonic(), self.kube.writes["status"]

    async def _until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT):
            while not done():  # noqa: ASYNC110 - the time between two looks is virtual
                await asyncio.sleep(CHECK)

    def _phase(self, begun: float, writes: int) -> Phase:
        operations = len(self.names) * self.claims
        ratios = [(self.watch.last_end[name] - begun) / self.watch.sums[name] for name in self.names]
        return Phase(
            ratio=sum(ratios) / len(ratios),
            worst=max(ratios),
            calls=self.cloud.count() / operations,
            refused=sum(call.outcome == "BusyProfile" for call in self.cloud.calls),
            writes=(self.kube.writes["status"] - writes) / operations,
        )


async def _run(clusters: int, claims: int, *, deletes: bool) -> tuple[Phase, Phase | None, float]:
    fleet = _Fleet(clusters, claims)
    fleet.operator.start()
    await asyncio.sleep(WARM_UP)
    create = await fleet.create()
    delete = await fleet.delete() if deletes else None
    await fleet.operator.stop()
    return create, delete, fleet.clock.monotonic()


def run_fleet(clusters: int = 1000, claims: int = 10, *, deletes: bool = True) -> FleetResult:
    """Create and, if wanted, delete all claims of a fleet."""
    begun = time.monotonic()
    create, delete, virtual = run_virtually(_run(clusters, claims, deletes=deletes))
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return FleetResult(clusters, claims, create, delete, time.monotonic() - begun, virtual, rss)
