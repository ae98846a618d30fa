"""Pods on a profile, and what becomes of their evictions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

_ENDED: Final = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class PodOnProfile:
    """A pod that a profile has taken.

    :param terminating: whether its deletion was asked for.
    :param controller: `Kind/name` of what makes it again; None if nothing does.
    :param exempt: whether it comes and goes with its node: a DaemonSet's or a static pod.
    :param pinned: whether what makes it again names this profile, so that no other one will take the next pod.
    """

    namespace: str
    name: str
    uid: str
    phase: str
    created: datetime | None = None
    terminating: bool = False
    controller: str | None = None
    exempt: bool = False
    pinned: bool = False
    node: str = ""

    @property
    def holds(self) -> bool:
        """Whether the profile waits for it."""
        return self.phase not in _ENDED and not self.exempt

    @property
    def title(self) -> str:
        """Namespace and name."""
        return f"{self.namespace}/{self.name}"


class EvictionAnswer(StrEnum):
    """What became of an eviction."""

    DONE = "Done"
    """The pod is being deleted."""
    BLOCKED = "Blocked"
    """A disruption budget does not let it go now."""
    GONE = "Gone"
    """It is not there any more, be it that another one has its name."""
    REFUSED = "Refused"
    """It will not be evicted: for want of a right, or because the cluster cannot."""


@dataclass(frozen=True, slots=True)
class Eviction:
    """The answer to one eviction.

    :param budget: the disruption budget in the way, as namespace/name; empty where the answer does not name it.
    :param words: the API server's, where it has refused.
    """

    answer: EvictionAnswer
    budget: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A pod that could not be evicted.

    :param since: when it was first tried in vain.
    :param tried: when it was last tried.
    """

    eviction: Eviction
    since: datetime
    tried: datetime

    @property
    def reason(self) -> str:
        """What holds it, in a phrase that is the same for all pods that it holds."""
        if self.eviction.answer is EvictionAnswer.BLOCKED:
            return f"waiting for {f'disruption budget {self.eviction.budget}' if self.eviction.budget else 'a disruption budget'}"
        return f"not to be evicted ({self.eviction.words})"


def remember(before: Mapping[str, Held], answers: Mapping[str, Eviction], now: datetime) -> dict[str, Held]:
    """What is known of pods that are held, by UID, after a round of evictions."""
    after = {uid: held for uid, held in before.items() if uid not in answers}
    for uid, eviction in answers.items():
        if eviction.answer in (EvictionAnswer.BLOCKED, EvictionAnswer.REFUSED):
            known = before.get(uid)
            after[uid] = Held(eviction, known.since if known else now, now)
    return after
