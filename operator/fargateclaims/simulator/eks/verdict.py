"""What the ledger says of a run: how close it came to the time that EKS itself needs, and what was refused."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fargateclaims.simulator.eks.ledger import Call, Entry, StatusChange
from fargateclaims.simulator.eks.model import IN_FLIGHT

FOREIGN: Final = "foreign"
MUTATIONS: Final = frozenset({"CreateFargateProfile", "DeleteFargateProfile"})

ClusterKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement over one cluster, or over several that worked side by side.

    Attributes:
        operations: Creates and deletes that EKS accepted, by operation, of everyone but the foreign actor.
        foreign_operations: The same of the foreign actor.
        refused: Calls refused because a profile was CREATING or DELETING, of everyone but the foreign actor.
        refused_for_update: Calls refused for a hidden cluster update, likewise.
        floor_seconds: The sum of what EKS's own operations took; over several clusters, the largest of their sums.
        operation_seconds: The sum over all clusters.
        elapsed_seconds: From the first create or delete that was asked for to the end of the last that ended.
        max_in_flight: The most profiles that were CREATING or DELETING on one cluster at a time.
        max_calls_at_once: The most AWS calls that were under way at a time.
        calls: AWS calls by ``service:operation``, of everyone but the foreign actor.
        unfinished: Operations that had not ended.

    """

    operations: Mapping[str, int]
    foreign_operations: Mapping[str, int]
    refused: int
    refused_for_update: int
    floor_seconds: float
    operation_seconds: float
    elapsed_seconds: float
    max_in_flight: int
    max_calls_at_once: int
    calls: Mapping[str, int]
    unfinished: int

    @property
    def ratio(self) -> float:
        """Elapsed time over the floor: 1.0 is what EKS allows at best; 0.0 when nothing ended."""
        return self.elapsed_seconds / self.floor_seconds if self.floor_seconds else 0.0

    @property
    def total_calls(self) -> int:
        """All AWS calls of everyone but the foreign actor."""
        return sum(self.calls.values())


def verdict(entries: Iterable[Entry], cluster: str | None = None) -> Verdict:
    """Judge the entries of one cluster by its name, or all."""
    chosen = [entry for entry in entries if cluster is None or entry.cluster == cluster]
    calls = sorted((entry for entry in chosen if isinstance(entry, Call)), key=lambda call: call.at)
    changes = sorted((entry for entry in chosen if isinstance(entry, StatusChange)), key=lambda change: change.at)
    ours = [call for call in calls if call.caller != FOREIGN]
    sums, last_end, most, unfinished = _slot_use(changes)
    asked = [call.at for call in calls if call.operation in MUTATIONS]
    return Verdict(
        operations=Counter(call.operation for call in ours if call.changed),
        foreign_operations=Counter(call.operation for call in calls if call.caller == FOREIGN and call.changed),
        refused=sum(call.refused_as_busy for call in ours),
        refused_for_update=sum(call.refused_for_update for call in ours),
        floor_seconds=max(sums.values(), default=0.0),
        operation_seconds=sum(sums.values()),
        elapsed_seconds=max(0.0, last_end - min(asked)) if asked and sums else 0.0,
        max_in_flight=most,
        max_calls_at_once=_most_at_once(calls),
        calls=Counter(f"{call.service}:{call.operation}" for call in ours),
        unfinished=unfinished,
    )


def _slot_use(changes: list[StatusChange]) -> tuple[dict[ClusterKey, float], float, int, int]:
    """Return each cluster's sum of durations, the last end, the most in flight on one cluster, and how many have not ended."""
    sums: dict[ClusterKey, float] = defaultdict(float)
    begun: dict[ClusterKey, dict[str, float]] = defaultdict(dict)
    most, last_end = 0, 0.0
    for change in changes:
        key = (change.account, change.region, change.cluster)
        in_flight = begun[key]
        if change.before in IN_FLIGHT and change.arn in in_flight:
            sums[key] += change.at - in_flight.pop(change.arn)
            last_end = max(last_end, change.at)
        if change.after in IN_FLIGHT:
            in_flight[change.arn] = change.at
        most = max(most, len(in_flight))
    return sums, last_end, most, sum(map(len, begun.values()))


def _most_at_once(calls: list[Call]) -> int:
    """Return the most calls under way at a time; one that ends as another arrives does not count with it."""
    edges = sorted([(call.at, 1) for call in calls] + [(call.at + call.seconds, -1) for call in calls])
    under_way = most = 0
    for _, step in edges:
        under_way += step
        most = max(most, under_way)
    return most
