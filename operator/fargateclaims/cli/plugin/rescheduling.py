"""What `reschedule` does, and how it says it."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import typer

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.conditions import ConditionType
from fargateclaims.cli.plugin.errors import PluginError, UsageError
from fargateclaims.cli.plugin.options import Format, Place
from fargateclaims.cli.plugin.output import Screen, clean, write_document
from fargateclaims.cli.plugin.profiles import Sources, claim_named, seen_profiles
from fargateclaims.cli.plugin.session import Session, on_cluster
from fargateclaims.domain.patterns import is_literal
from fargateclaims.domain.pods.claimed import profiles_of
from fargateclaims.domain.pods.matching import ProfileView
from fargateclaims.domain.pods.pod import Pod, read_pod
from fargateclaims.domain.pods.rescheduling import Judgement, judge
from fargateclaims.kube.errors import Conflict, KubeError, Missing, Throttled, Unavailable
from fargateclaims.kube.viewer import MissingRightError

_DELETED: Final = "deleted"
_TRIES: Final = 5
"""Of a deletion that a busy API server puts off."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for."""

    place: Place
    sources: Sources
    claim: str
    dry_run: bool
    sure: bool


@dataclass(frozen=True, slots=True)
class _Findings:
    profile: ProfileView
    judgements: Sequence[Judgement]
    notes: Sequence[str]

    @property
    def to_delete(self) -> list[Pod]:
        """The pods that are to be made again."""
        return [one.pod for one in self.judgements if one.why_not is None]


def answer(request: Request, output: Format) -> None:
    """Look, say, ask, and delete. Raises PluginError."""
    findings = on_cluster(request.place, lambda session: _look(session, request))
    if output is Format.TEXT:
        _write(findings, request)
    pods = findings.to_delete
    deleting = bool(pods) and not request.dry_run and _agreed(len(pods), request, output)
    done = on_cluster(request.place, lambda session: _delete(session, pods)) if deleting else {}
    if output is not Format.TEXT:
        write_document(_document(findings, done), output)
    else:
        _write_done(done)
    failed = sum(result != _DELETED for result in done.values())
    if failed:
        raise PluginError(f"{failed} of {len(done)} pods were not deleted; see above, and try again")


async def _look(session: Session, request: Request) -> _Findings:
    claim = await claim_named(session, request.claim)
    seen = await seen_profiles(session, request.sources)
    owner = f"{session.namespace}/{request.claim}"
    # With AWS the profile is as EKS has it; else as its claim says.
    mine = [profile for profile in seen.profiles if profile.claim == owner] or list(profiles_of(claim))
    active = sorted((profile for profile in mine if profile.active), key=lambda profile: profile.name)
    if not active:
        raise PluginError(f"claim {owner} has no ACTIVE profile, so there is nothing to make pods again for{_why(claim)}")
    pods, notes = await _pods(session, active[0])
    return _Findings(active[0], judge(pods, active[0], seen.profiles or mine), (*notes, *seen.notes))


def _why(claim: FargateProfileClaim) -> str:
    ready = next((condition for condition in claim.status.conditions if condition.type == ConditionType.READY), None)
    return f": {ready.reason}: {ready.message}" if ready else ""


async def _pods(session: Session, profile: ProfileView) -> tuple[list[Pod], list[str]]:
    namespaces = {selector.namespace for selector in profile.selectors}
    if not all(is_literal(namespace) for namespace in namespaces):
        try:
            return [read_pod(obj) for obj in await session.viewer.pods(None)], []
        except MissingRightError as missing:
            note = f"only pods of namespace {session.namespace} are seen: {missing}"
            return [read_pod(obj) for obj in await session.viewer.pods(session.namespace)], [note]
    pods: list[Pod] = []
    notes: list[str] = []
    for namespace in sorted(namespaces):
        try:
            pods += [read_pod(obj) for obj in await session.viewer.pods(namespace)]
        except MissingRightError as missing:
            if namespace == session.namespace:
                raise
            notes.append(f"pods of namespace {namespace} are not seen: {missing}")
    return pods, notes


def _agreed(number: int, request: Request, output: Format) -> bool:
    if request.sure:
        return True
    if output is not Format.TEXT or not sys.stdin.isatty():
        raise UsageError("nobody is there to be asked: say --yes to delete, or --dry-run to look")
    return typer.confirm(f"Delete {number} pod{'s' if number > 1 else ''}?")


async def _delete(session: Session, pods: Iterable[Pod]) -> dict[str, str]:
    """What became of each pod. One that fails does not keep the others from being tried."""
    return {f"{pod.namespace}/{pod.name}": await _delete_one(session, pod) for pod in pods}


async def _delete_one(session: Session, pod: Pod) -> str:
    for _ in range(_TRIES):
        try:
            await session.viewer.delete_pod(pod.namespace, pod.name, pod.uid, pod.resource_version)
        except Missing:
            return "was gone already"
        except Conflict:
            return "has changed meanwhile, and stays"
        except Throttled as error:
            await session.clock.sleep(error.retry_after)
        except Unavailable as error:
            return f"may be deleted or not: {error}"
        except KubeError as error:
            return f"stays: {error}"
        else:
            return _DELETED
    return "stays: the API server is too busy"


def _write(findings: _Findings, request: Request) -> None:
    screen = Screen()
    number = len(findings.to_delete)
    what = f"{number or 'no'} Pending pod{'' if number == 1 else 's'} {'is' if number == 1 else 'are'} to be made again"
    screen.line(f"profile {clean(findings.profile.name)}: {what}{' (dry run)' if request.dry_run else ''}")
    for one in findings.judgements:
        name = clean(f"pod {one.pod.namespace}/{one.pod.name}")
        if one.why_not is None:
            screen.line(f"  {screen.good('✓')} {name}  {clean(one.pod.controller or '')} makes it again")
        else:
            screen.line(f"  {screen.bad('✗')} {name}  stays: {clean(one.why_not)}")
    for note in findings.notes:
        screen.line(screen.faint(f"note: {clean(note)}"))


def _write_done(done: dict[str, str]) -> None:
    screen = Screen()
    for name, result in done.items():
        screen.line(clean(f"pod {name} {result}"))


def _document(findings: _Findings, done: dict[str, str]) -> dict[str, Any]:
    return {
        "profile": findings.profile.name,
        "claim": findings.profile.claim,
        "pods": [
            {
                "namespace": one.pod.namespace,
                "name": one.pod.name,
                "controller": one.pod.controller,
                "again": one.why_not is None,
                "whyNot": one.why_not,
                "result": done.get(f"{one.pod.namespace}/{one.pod.name}"),
            }
            for one in findings.judgements
        ],
        "notes": list(findings.notes),
    }
