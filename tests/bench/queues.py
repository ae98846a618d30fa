"""Claims that come all at once: how long they take against the time that EKS itself needs, and what that costs."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from bench.processes import (
    SETTLE_SECONDS,
    Running,
    World,
    is_ready,
    manifest_of_claim,
    manifest_of_class,
    operator,
    plain_operator,
    until,
    world,
)
from fargateclaims.api.group import CLAIM_PLURAL, CLASS_PLURAL
from fargateclaims.simulator.eks.client import Seeded

SECONDS = 3.0
CLAIMS = 10
LIMIT = 900.0
QUIET_SECONDS = 60.0
POSITIONS_SETTLE = 12.0
"""After the last change: writes that were put off for ten seconds have been made by then."""
POLLS = {"poll_min_seconds": 0.1, "poll_max_seconds": 0.5}


Beside = Callable[[World, Seeded, Running], AbstractContextManager[object]]
"""What goes on beside a benchmark while its operator runs, such as somebody who watches it."""


@dataclass(frozen=True, slots=True)
class Half:
    """Creates or deletes.

    :param eks: seconds from the request to the end of the last operation in EKS.
    :param shown: seconds from the request until the last claim says Ready, or is gone.
    :param floor: the sum of the operations of one cluster.
    :param calls: EKS calls.
    :param refused: calls refused because a profile was CREATING or DELETING.
    """

    eks: float
    shown: float
    floor: float
    calls: int
    refused: int


@dataclass(frozen=True, slots=True)
class QueueResult:
    """Creates, then deletes, and what the operator needed for both."""

    create: Half
    delete: Half
    peak_mib: float
    cpu_seconds: float


def run_queues(
    folder: Path,
    clusters: int,
    calls_per_second: float,
    beside: Beside = lambda *_: nullcontext(),
    *,
    place: Callable[[Path, float], AbstractContextManager[World]] = world,
) -> QueueResult:
    """Ours, on so many clusters with ten claims each; `place` is where."""
    with place(folder, SECONDS) as around:
        seeded = around.eks.seed(count=clusters, prefix="c")
        _load_classes(around, seeded)
        settings = {"aws_calls_per_second": calls_per_second, **POLLS}
        with operator(around, seeded, settings) as running, beside(around, seeded, running):
            _wait_for_classes(around, clusters, running)
            create = _create(around, list(seeded.clusters), running)
            delete = _delete(around, running)
            return QueueResult(create, delete, running.peak_mib(), running.cpu_seconds())


def run_plain(folder: Path) -> QueueResult:
    """The plain kopf operator on one cluster with ten claims."""
    with world(folder, SECONDS) as around:
        seeded = around.eks.seed(count=1, prefix="c")
        with plain_operator(around, seeded) as running:
            create = _create(around, list(seeded.clusters), running, shown=False)
            delete = _delete(around, running)
            return QueueResult(create, delete, running.peak_mib(), running.cpu_seconds())


@dataclass(frozen=True, slots=True)
class WriteResult:
    """Status writes.

    :param alone: of a claim that has a cluster for itself, from apply to Active.
    :param most_over: of ten claims that queue, the most that one has above four and its places moved up.
    :param quiet: of all kinds, in a minute when all is settled.
    """

    alone: int
    most_over: int
    quiet: int


def run_writes(folder: Path) -> WriteResult:
    """Count the status writes that the API server got."""
    with world(folder, SECONDS) as around:
        seeded = around.eks.seed(count=2, prefix="c")
        _load_classes(around, seeded)
        with operator(around, seeded, POLLS) as running:
            _wait_for_classes(around, 2, running)
            one, other = seeded.clusters
            begun = time.time()
            around.kube.admin.load([manifest_of_claim("alone", one), *(manifest_of_claim(f"q{number}", other) for number in range(CLAIMS))])
            until(lambda: _all_ready(around, CLAIMS + 1), LIMIT, running)
            order = [change.profile for change in around.eks.transitions(cluster=other) if change.after == "CREATING"]
            over = [
                len(around.writes(begun, name=f"q{number}")) - 4 - next(place for place, name in enumerate(order) if f"-q{number}-" in name)
                for number in range(CLAIMS)
            ]
            alone = len(around.writes(begun, name="alone"))
            time.sleep(POSITIONS_SETTLE)
            settled = time.time()
            time.sleep(QUIET_SECONDS)
            return WriteResult(alone, max(over), len(around.writes(settled)))


def _load_classes(around: World, seeded: Seeded) -> None:
    around.kube.admin.load([manifest_of_class(name, arn, seeded) for name, arn in seeded.clusters.items()])


def _wait_for_classes(around: World, count: int, running: Running) -> None:
    until(lambda: sum(map(is_ready, around.objects(CLASS_PLURAL))) == count, LIMIT, running)
    time.sleep(SETTLE_SECONDS)


def _all_ready(around: World, count: int) -> bool:
    return sum(map(is_ready, around.objects(CLAIM_PLURAL))) == count


def _create(around: World, classes: list[str], running: Running, *, shown: bool = True) -> Half:
    claims = [manifest_of_claim(f"{name}-{number}", name) for name in classes for number in range(CLAIMS)]
    begun = _begin(around)
    around.kube.admin.load(claims)
    # Nobody looks before it can be done: looking costs the API server time, too.
    time.sleep(SECONDS * CLAIMS)
    if shown:
        until(lambda: _all_ready(around, len(claims)), LIMIT, running)
        end = max(entry["time"] for entry in around.writes(begun, resource=CLAIM_PLURAL))
    else:
        until(lambda: len(_ended(around)) == len(claims), LIMIT, running)
        end = max(_ended(around))
    return _half(around, begun, end)


def _delete(around: World, running: Running) -> Half:
    begun = _begin(around)
    around.delete_claims()
    time.sleep(SECONDS * CLAIMS)
    until(lambda: not around.objects(CLAIM_PLURAL), LIMIT, running)
    patches = around.kube.admin.ledger(verb="patch", resource=CLAIM_PLURAL, code=200)
    return _half(around, begun, max(entry["time"] for entry in patches if entry["time"] >= begun))


def _begin(around: World) -> float:
    around.eks.clear_ledger()
    return time.time()


def _ended(around: World) -> list[float]:
    return [change.at for change in around.eks.transitions() if change.before in {"CREATING", "DELETING"}]


def _half(around: World, begun: float, end: float) -> Half:
    judged = around.eks.verdict()
    calls = sum(count for name, count in judged.calls.items() if name.startswith("eks:"))
    return Half(max(_ended(around)) - begun, end - begun, judged.floor_seconds, calls, judged.refused)
