"""Whether the pods of a workload kept to their disruption budget while they moved from one profile to another.

Judged by what the API server told a watcher of each pod; neither the operator nor the data plane is asked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fargateclaims.cli.demonstration.pods import Moment, PodView


@dataclass(frozen=True, slots=True)
class Move:
    """What was seen of the pods.

    :param what: for people, such as the Deployment's namespace and name.
    :param replicas: how many pods there are to be.
    :param budget: fewer must never be ready, once all have been.
    :param timeline: each change, the oldest first.
    :param gone: the last that was seen of each pod that is not there any more.
    :param complete: whether no change was missed.
    """

    what: str
    replicas: int
    budget: int
    timeline: Sequence[Moment]
    gone: Sequence[PodView]
    complete: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """How the pods moved.

    :param seconds: from when the first pod had to go until all were ready on the successor.
    :param lowest: how few pods were ready at the worst moment, from when all had been ready for the first time.
    """

    seconds: float
    lowest: int


def measure(move: Move, successor: str) -> Moved | None:
    """The measure of a move to a profile; None if the pods never were all ready, or are not all there in the end."""
    watched = _once_ready(move)
    if not watched or watched[-1].ready != {successor: move.replicas}:
        return None
    lowest = min(moment.healthy for moment in watched)
    left = next((moment.at for moment in watched if moment.healthy < move.replicas), watched[-1].at)
    # Backwards to the last moment at which it was not yet so.
    arrived = watched[-1].at
    for moment in reversed(watched):
        if moment.ready != {successor: move.replicas}:
            break
        arrived = moment.at
    return Moved(arrived - left, lowest)


def pending_line(move: Move) -> Iterable[str]:
    """How long the pods were Pending, for people; nothing if they were not, or never ran."""
    refused = next((moment for moment in move.timeline if moment.refused == move.replicas), None)
    ran = next(iter(_once_ready(move)), None)
    if refused and ran:
        waited = f"{ran.at - refused.at:.1f} s"
        yield f"{move.what}: {move.replicas} pods were Pending for {waited} ({refused.why}), until they were made again for their profile"


def lines_of(move: Move, predecessor: str, successor: str) -> Iterable[str]:
    """What was measured of the move, for people."""
    moved = measure(move, successor)
    if moved:
        yield (
            f"{move.what}: {move.replicas} pods moved from {predecessor} to {successor} in {moved.seconds:.1f} s, "
            f"never fewer than {moved.lowest} ready (budget: {move.budget})"
        )


def problems_of(move: Move, predecessor: str, successor: str) -> Iterable[str]:
    """What was not as it should be about the move."""
    if not move.complete:
        yield f"the pods of {move.what} were not watched all the time"
    watched = _once_ready(move)
    if not watched:
        yield f"the {move.replicas} pods of {move.what} were never all ready"
        return
    if watched[0].ready != {predecessor: move.replicas}:
        yield f"the pods of {move.what} did not begin on {predecessor}"
    worst = min(watched, key=lambda moment: moment.healthy)
    if worst.healthy < move.budget:
        after = worst.at - move.timeline[0].at
        yield f"only {worst.healthy} pods of {move.what} were ready after {after:.1f} s, where its disruption budget asks for {move.budget}"
    if watched[-1].ready != {successor: move.replicas}:
        yield f"the {move.replicas} pods of {move.what} are not all ready on {successor}"
    killed = sorted(pod.name for pod in move.gone if pod.profile == predecessor and not pod.evicted)
    if killed:
        yield f"pods of {predecessor} were not evicted, but deleted: {', '.join(killed)}"


def _once_ready(move: Move) -> Sequence[Moment]:
    """The timeline from when all pods were ready for the first time."""
    first = next((number for number, moment in enumerate(move.timeline) if moment.healthy >= move.replicas), None)
    return () if first is None else move.timeline[first:]
