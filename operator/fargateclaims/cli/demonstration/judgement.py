"""Whether the story held, by EKS's own ledger and the pods themselves: what the operator says of itself counts for nothing here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fargateclaims.cli.demonstration import moves
from fargateclaims.cli.demonstration.claims import ClaimView, Key
from fargateclaims.cli.demonstration.moves import Move
from fargateclaims.simulator.eks.ledger import Call, Entry, StatusChange
from fargateclaims.simulator.eks.verdict import FOREIGN, MUTATIONS, Verdict, verdict

_ACTIVE = "ACTIVE"
# So many profiles has a claim had then.
_REPLACED_ONCE = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is judged.

    :param entries: EKS's ledger.
    :param claims: the claims as they are in the end.
    :param profiles: the names of all profiles that a claim has had.
    :param waited_for: by someone else's profile, a claim that said that it waits for it.
    :param subnet: that EKS refuses, for it has become public.
    :param move: of the pods on the profile that was replaced.
    """

    entries: Sequence[Entry]
    claims: Mapping[Key, ClaimView]
    profiles: Mapping[Key, Iterable[str]]
    waited_for: Mapping[str, Key]
    subnet: str
    move: Move


@dataclass(frozen=True, slots=True)
class Expected:
    """How the story must end."""

    active: tuple[Key, ...]
    deleted: tuple[Key, ...]
    refused: Key
    edited: Key
    foreign_profile: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What to print, and what is wrong: nothing, if the story held."""

    lines: tuple[str, ...]
    problems: tuple[str, ...]


def judge(evidence: Evidence, expected: Expected) -> Findings:
    """The findings on a story that has come to rest."""
    changes = [entry for entry in evidence.entries if isinstance(entry, StatusChange)]
    clusters = sorted({change.cluster for change in changes})
    verdicts = {cluster: verdict(evidence.entries, cluster) for cluster in clusters}
    lines = [
        _operations(evidence, changes, verdicts),
        *(_time(cluster, judged, max(map(len, clusters))) for cluster, judged in verdicts.items()),
        *_replacement(evidence, changes, expected.edited),
        *_blocked(evidence, expected),
        *_refused(evidence, expected.refused),
    ]
    return Findings(tuple(lines), (*_problems_of_eks(evidence, changes, verdicts, expected), *_problems_of_claims(evidence, expected)))


def without_active_profile(changes: Iterable[StatusChange], profiles: Iterable[str]) -> float:
    """Seconds, after the first of these profiles had become ACTIVE, in which none of them was; inf if none ever was.

    A successor that is ACTIVE in the very moment in which its predecessor leaves that state leaves no gap.
    """
    names = set(profiles)
    edges = [(change.at, (change.after == _ACTIVE) - (change.before == _ACTIVE)) for change in changes if change.profile in names]
    # Of changes at the same moment, those that make a profile ACTIVE count first.
    edges = sorted((edge for edge in edges if edge[1]), key=lambda edge: (edge[0], -edge[1]))
    if not edges:
        return float("inf")
    active, gap, ended = 0, 0.0, edges[0][0]
    for at, step in edges:
        if active == 0:
            gap += at - ended
        active += step
        ended = at
    return gap if active else float("inf")


def _operations(evidence: Evidence, changes: Sequence[StatusChange], verdicts: Mapping[str, Verdict]) -> str:
    creates = sum(judged.operations.get("CreateFargateProfile", 0) for judged in verdicts.values())
    deletes = sum(judged.operations.get("DeleteFargateProfile", 0) for judged in verdicts.values())
    foreign = sum(sum(judged.foreign_operations.values()) for judged in verdicts.values())
    replacements = sum(max(0, len(_created(changes, names)) - 1) for names in evidence.profiles.values())
    creates, deletes = creates - replacements, deletes - replacements
    what = f"{_count(creates, 'create')}, {_count(replacements, 'replacement')}, {_count(deletes, 'delete')}"
    total = creates + replacements + deletes
    return (
        f"{_count(total, 'operation')} on {_count(len(verdicts), 'cluster')} ({what}; {foreign} more by others), "
        f"{len(_untimely(evidence))} refused because the cluster was busy"
    )


def _time(cluster: str, judged: Verdict, width: int) -> str:
    floor, elapsed = f"{judged.floor_seconds:.1f}", f"{judged.elapsed_seconds:.1f}"
    return f"{cluster:{width}}  {floor:>5} s of EKS's own time, {elapsed:>5} s on the clock ({judged.ratio:.2f})"


def _replacement(evidence: Evidence, changes: Sequence[StatusChange], key: Key) -> Iterable[str]:
    names = _created(changes, evidence.profiles.get(key, ()))
    if len(names) != _REPLACED_ONCE:
        return
    made = next((each.at for each in changes if each.profile == names[1] and each.after == _ACTIVE), None)
    left = next((each.at for each in changes if each.profile == names[0] and each.before == _ACTIVE), None)
    if made is not None and left is not None:
        gap = without_active_profile(changes, names)
        yield (
            f"{key} was edited: {names[1]} was ACTIVE {left - made:.2f} s before {names[0]} began to go, "
            f"{gap:.2f} s without an ACTIVE profile"
        )
    yield from moves.pending_line(evidence.move)
    yield from moves.lines_of(evidence.move, names[0], names[1])


def _blocked(evidence: Evidence, expected: Expected) -> Iterable[str]:
    if expected.foreign_profile in evidence.waited_for:
        yield f"{evidence.waited_for[expected.foreign_profile]} waited for {expected.foreign_profile}, which is not a claim's, and said so"


def _refused(evidence: Evidence, key: Key) -> Iterable[str]:
    if key in evidence.claims:
        yield f"{key} was refused {_times(len(_refusals_of_subnet(evidence)))}, and says why: {evidence.claims[key].message}"


def _problems_of_eks(
    evidence: Evidence, changes: Sequence[StatusChange], verdicts: Mapping[str, Verdict], expected: Expected
) -> Iterable[str]:
    for call in _untimely(evidence):
        yield f"EKS refused {call.operation} of {call.profile}: {call.message}"
    if not _refusals_of_subnet(evidence):
        yield f"EKS was never asked for a profile in {evidence.subnet}"
    for cluster, judged in verdicts.items():
        if judged.max_in_flight > 1:
            yield f"{judged.max_in_flight} profiles of cluster {cluster} were CREATING or DELETING at once"
        if judged.unfinished:
            yield f"{judged.unfinished} profiles of cluster {cluster} are still CREATING or DELETING"
    gap = without_active_profile(changes, evidence.profiles.get(expected.edited, ()))
    if gap > 0:
        yield f"{expected.edited} was {gap:.2f} s without an ACTIVE profile"
    names = _created(changes, evidence.profiles.get(expected.edited, ()))
    if len(names) == _REPLACED_ONCE:
        yield from moves.problems_of(evidence.move, *names)
    else:
        yield f"{expected.edited} was not replaced once"
    if not list(moves.pending_line(evidence.move)):
        yield f"the pods of {evidence.move.what} were not Pending before there was a profile for them, or never ran"
    there = {(change.cluster, change.profile): change.after for change in changes}
    left = {name for (_, name), state in there.items() if state is not None}
    wanted = {expected.foreign_profile, *(evidence.claims[key].profile for key in expected.active if key in evidence.claims)}
    if left != wanted:
        yield f"EKS has the profiles {', '.join(sorted(left))}; expected were {', '.join(sorted(wanted))}"


def _problems_of_claims(evidence: Evidence, expected: Expected) -> Iterable[str]:
    for key in expected.active:
        if key not in evidence.claims or not evidence.claims[key].active:
            yield f"{key} is not Active"
    for key in expected.deleted:
        if key in evidence.claims:
            yield f"{key} is still there"
    refused = evidence.claims.get(expected.refused)
    if refused is None or refused.ready != "False" or evidence.subnet not in refused.message:
        yield f"{expected.refused} does not say that {evidence.subnet} is public"
    if expected.foreign_profile not in evidence.waited_for:
        yield f"no claim has said that it waits for {expected.foreign_profile}"


def _refusals(entries: Iterable[Entry]) -> list[Call]:
    """The creates and deletes of the operator's that EKS did not accept, for whatever reason."""
    calls = (entry for entry in entries if isinstance(entry, Call))
    return [call for call in calls if call.operation in MUTATIONS and call.caller != FOREIGN and call.error]


def _refusals_of_subnet(evidence: Evidence) -> list[Call]:
    """The refusals that the story wants."""
    return [call for call in _refusals(evidence.entries) if evidence.subnet in (call.message or "")]


def _untimely(evidence: Evidence) -> list[Call]:
    """All other refusals: there is nothing else in the story that EKS could object to."""
    return [call for call in _refusals(evidence.entries) if evidence.subnet not in (call.message or "")]


def _created(changes: Iterable[StatusChange], names: Iterable[str]) -> list[str]:
    """Those of the profiles that EKS began to create, in that order."""
    wanted = set(names)
    return [change.profile for change in changes if change.before is None and change.profile in wanted]


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
