"""Twenty pods with a disruption budget of one, on a profile that is replaced: played on any API server, and written down."""

import asyncio
import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.cli.demonstration.kubernetes_api import KubernetesAPI
from fargateclaims.cli.demonstration.moves import Move, lines_of, measure, problems_of
from fargateclaims.cli.demonstration.pods import Moment, Pods
from fargateclaims.simulator.eks.ledger import StatusChange
from fargateclaims.simulator.fargate.plane import Settings, running
from fargateclaims.simulator.fargate.settings import Timings
from support.fault_world import World, profile_of
from support.waiting import LIMIT
from support.workloads import LABELS, Workloads, budget, deployment

REPLICAS: Final = 20
BUDGET: Final = REPLICAS - 1
AFTER: Final = [{"labels": LABELS}, {"labels": {"app": "web-api"}}]
"""What the claim's selectors are edited to: they still take the same pods."""
_TIMINGS: Final = Timings(provision=0.05, start=0.02, stop=0.02, retry=0.05, poll=0.02)
_SHOWN_EACH: Final = 5
_NONE: Final = "-"


@dataclass(frozen=True)
class Row:
    """How it stood from some time on.

    :param seconds: after the edit.
    :param old: the predecessor's state in EKS, and how many ready pods it had; `new` is the successor.
    """

    seconds: float
    ready: int
    terminating: int
    on_old: int
    on_new: int
    old: str
    new: str

    @property
    def cells(self) -> tuple[str, ...]:
        """Its columns."""
        return f"{self.seconds:.2f}", *map(str, (self.ready, self.terminating, self.on_old, self.on_new)), self.old, self.new


TITLES: Final = ("seconds", "ready", "terminating", "on old", "on new", "old", "new")


@dataclass(frozen=True)
class Record:
    """A replacement as it went.

    :param edited: when the claim was, in seconds since the epoch.
    :param states: what became of the two profiles in EKS, on the same clock.
    """

    move: Move
    predecessor: str
    successor: str
    edited: float
    states: list[StatusChange]

    def check(self) -> None:
        """Never below the budget, no pod deleted with its profile, and all of them arrived."""
        problems = list(problems_of(self.move, self.predecessor, self.successor))
        assert not problems, "\n".join(problems)
        moved = measure(self.move, self.successor)
        assert moved is not None, "it is a problem not to arrive"
        assert moved.lowest == BUDGET == self.move.budget, f"{moved.lowest} were ready at the least; the budget is {self.move.budget}"
        left = sum(pod.profile == self.predecessor for pod in self.move.gone)
        assert left == REPLICAS, f"{left} pods have left {self.predecessor}"

    def rows(self) -> list[Row]:
        """Pods and profiles side by side, from the edit on: what changed, each once."""
        moments: list[Moment | StatusChange] = [*self.move.timeline, *self.states]
        rows = [row for row in self._rows(sorted(moments, key=lambda each: each.at)) if row.seconds >= 0]
        return [row for before, row in pairwise([None, *rows]) if row and (before is None or before.cells[1:] != row.cells[1:])]

    def write(self, file: Path) -> None:
        """Keep the whole timeline, as CSV."""
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(TITLES)
            writer.writerows(row.cells for row in self.rows())

    def summary(self) -> str:
        """For people: what was measured, and the timeline at each change of a profile and each fifth pod that has arrived."""
        lines = [TITLES, *(row.cells for row in self._chosen())]
        table = ["  ".join(cell.rjust(max(len(title), 8)) for title, cell in zip(TITLES, cells, strict=True)) for cells in lines]
        return "\n".join([*lines_of(self.move, self.predecessor, self.successor), *table])

    def _rows(self, moments: list[Moment | StatusChange]) -> Iterator[Row]:
        pods, states = Moment(0.0, {}), {self.predecessor: _NONE, self.successor: _NONE}
        for moment in moments:
            if isinstance(moment, StatusChange):
                states[moment.profile] = moment.after or _NONE
            else:
                pods = moment
            yield Row(
                seconds=moment.at - self.edited,
                ready=pods.healthy,
                terminating=pods.terminating,
                on_old=pods.ready.get(self.predecessor, 0),
                on_new=pods.ready.get(self.successor, 0),
                old=states[self.predecessor],
                new=states[self.successor],
            )

    def _chosen(self) -> Iterator[Row]:
        before: Row | None = None
        for row in self.rows():
            moved = before is not None and (row.old, row.new) != (before.old, before.new)
            arrived = before is not None and row.on_new > before.on_new and row.on_new % _SHOWN_EACH == 0
            if before is None or moved or arrived:
                yield row
            before = row


async def replace_under_budget(world: World, kubeconfig: Path, watching: KubernetesAPI) -> Record:
    """Play it; the operator runs already, and finds the cluster's API where EKS says it is.

    :param kubeconfig: for the data plane, which may do all.
    """
    settings = Settings(ClusterARN.parse(world.arn), kubeconfig, world.eks.url, world.seeded.access_key_id, _TIMINGS)
    pods = Pods("deploy/web", REPLICAS)
    following = asyncio.ensure_future(pods.follow(watching, world.name, "app=web", lambda _pods: None))
    try:
        async with asyncio.timeout(LIMIT), running(settings):
            return await _play(world, pods)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _play(world: World, pods: Pods) -> Record:
    await world.claim()
    await world.until_active()
    predecessor = profile_of(await world.read())
    workloads = Workloads(world.api, world.name)
    (await world.api.create(workloads.budgets, budget("web", maxUnavailable=1))).ok()
    (await world.api.create(workloads.deployments, deployment("web", REPLICAS))).ok()
    await pods.until(lambda: pods.all_ready(predecessor))
    counted = await workloads.until(f"{workloads.budgets}/web", currentHealthy=REPLICAS, desiredHealthy=BUDGET)
    edited = time.time()
    await world.edit(selectors=AFTER)
    await world.until_active()
    successor = profile_of(await world.read())
    await pods.until(lambda: pods.all_ready(successor))
    # The simulator's clock may be ahead of this machine's.
    ahead = float(world.eks.health()["now"]) - time.time()
    changes = world.eks.transitions(cluster=world.name)
    states = [replace(change, at=change.at - ahead) for change in changes]
    move = Move(pods.what, REPLICAS, counted["status"]["desiredHealthy"], pods.timeline, pods.gone, pods.complete)
    return Record(move, predecessor, successor, edited, states)
