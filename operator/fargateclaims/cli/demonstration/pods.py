"""The pods of one workload through a watch: how many were ready at each moment, and on which profile."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from fargateclaims.cli.demonstration.following import Followed
from fargateclaims.cli.demonstration.kubernetes_api import KubernetesAPI, pods_of

_PROFILE: Final = "eks.amazonaws.com/fargate-profile"
_EVICTED: Final = ("DisruptionTarget", "EvictionByEvictionAPI")


@dataclass(frozen=True, slots=True)
class PodView:
    """What matters of a pod.

    :param profile: that has taken it; empty while none has.
    :param ready: whether a disruption budget counts it as healthy: Ready, and not on its way out.
    :param evicted: whether it went by the eviction API, which asks the budgets, and not by a plain deletion, which does not.
    :param refused: what a scheduler says of it as long as it gets no node.
    """

    name: str
    profile: str
    ready: bool
    terminating: bool
    evicted: bool
    refused: str

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """The view of a pod as the API server gives it."""
        metadata = raw["metadata"]
        conditions = {each["type"]: each for each in raw.get("status", {}).get("conditions") or ()}
        terminating = "deletionTimestamp" in metadata
        scheduled = conditions.get("PodScheduled", {})
        kind, reason = _EVICTED
        return cls(
            name=metadata["name"],
            profile=(metadata.get("labels") or {}).get(_PROFILE, ""),
            ready=conditions.get("Ready", {}).get("status") == "True" and not terminating,
            terminating=terminating,
            evicted=conditions.get(kind, {}).get("reason") == reason,
            refused=scheduled.get("message", "") if scheduled.get("status") == "False" else "",
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """How it stood from some time on.

    :param at: in seconds since the epoch, as this machine's clock had it when the change was heard of.
    :param ready: how many pods were ready, by profile.
    :param waiting: how many were not ready yet.
    :param refused: how many of those a scheduler had refused a node.
    :param why: what it said.
    """

    at: float
    ready: Mapping[str, int]
    waiting: int = 0
    terminating: int = 0
    refused: int = 0
    why: str = ""

    @property
    def healthy(self) -> int:
        """How many pods were ready, wherever."""
        return sum(self.ready.values())

    def looks_like(self, other: "Moment") -> bool:
        """Whether nobody would see a difference."""
        return (self.ready, self.waiting, self.refused) == (other.ready, other.waiting, other.refused)


Listener = Callable[["Pods"], None]


class Pods(Followed):
    """The pods of one workload as they are now, and all that came before.

    `timeline` has each change. `gone` has the last view of each pod that was taken away by then. `complete` is whether nothing was
    missed in between.

    :param what: for people, such as `deploy/web`.
    :param replicas: how many there are to be.
    """

    def __init__(self, what: str, replicas: int) -> None:
        super().__init__()
        self.what = what
        self.replicas = replicas
        self._listener: Listener = _nobody
        self.present: dict[str, PodView] = {}
        self.gone: list[PodView] = []
        self.timeline: list[Moment] = []
        self.complete = True

    @property
    def now(self) -> Moment:
        """How it stands."""
        return self.timeline[-1] if self.timeline else Moment(0.0, {})

    def all_refused(self) -> bool:
        """Whether all are there, and a scheduler has said of each that it gets no node."""
        return len(self.present) == self.now.refused == self.replicas

    def all_ready(self, profile: str | None = None) -> bool:
        """Whether all are there and no others, each of them ready; with a profile: on that one."""
        wanted = (pod.ready and profile in {None, pod.profile} for pod in self.present.values())
        return len(self.present) == self.replicas and all(wanted)

    @property
    def standing(self) -> str:
        """How many of them are ready, and where."""
        where = ", ".join(f"{number} on {profile}" for profile, number in self.now.ready.items())
        return f"{self.now.healthy}/{self.replicas} ready  {where or f'{self.now.waiting} Pending'}"

    def describe(self) -> str:
        """One line if not all are ready, for an error message; else none."""
        return "" if self.all_ready() else f"  {self.what}: {self.standing}{f': {self.now.why}' if self.now.why else ''}"

    async def follow(self, api: KubernetesAPI, namespace: str, selector: str, changed: Listener) -> None:
        """Keep this up to date until cancelled. `changed` is called when they stand otherwise than before."""
        self._listener = changed
        await self.follow_all(api, pods_of(namespace, selector))

    def _listed(self, items: Sequence[Mapping[str, Any]]) -> None:
        # A second list comes only after a watch that has expired: what happened in between is not known.
        self.complete = not self.timeline
        self.present = {str(item["metadata"]["uid"]): PodView.of(item) for item in items}
        self._note()

    def _seen(self, raw: Mapping[str, Any], *, deleted: bool) -> None:
        uid = str(raw["metadata"]["uid"])
        if deleted:
            self.present.pop(uid, None)
            self.gone.append(PodView.of(raw))
        else:
            self.present[uid] = PodView.of(raw)
        self._note()

    def _note(self) -> None:
        views = self.present.values()
        moment = Moment(
            at=time.time(),
            ready=dict(sorted(Counter(pod.profile for pod in views if pod.ready).items(), reverse=True)),
            waiting=sum(not pod.ready and not pod.terminating for pod in views),
            terminating=sum(pod.terminating for pod in views),
            refused=sum(bool(pod.refused) and not pod.terminating for pod in views),
            why=next((pod.refused for pod in views if pod.refused), ""),
        )
        before = self.now
        self.timeline.append(moment)
        if not moment.looks_like(before):
            self._listener(self)


def _nobody(_pods: Pods) -> None:
    """Nobody listens yet."""
