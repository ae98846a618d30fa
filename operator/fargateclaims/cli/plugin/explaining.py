"""What `explain` finds out, and how it says it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fargateclaims.api.times import format_time
from fargateclaims.cli.plugin.errors import PluginError
from fargateclaims.cli.plugin.manifests import read_templates
from fargateclaims.cli.plugin.options import Format, Place
from fargateclaims.cli.plugin.output import Screen, clean, write_document
from fargateclaims.cli.plugin.profiles import Seen, Sources, seen_profiles
from fargateclaims.cli.plugin.session import Session, on_cluster
from fargateclaims.cli.plugin.targets import Target
from fargateclaims.domain.pods.explaining import Explanation, Outcome, explain, owner_of
from fargateclaims.domain.pods.matching import LabelMatch, ProfileMatch, SelectorMatch
from fargateclaims.domain.pods.pod import Pod, read_pod
from fargateclaims.domain.pods.templates import ManifestError, PodTemplate, pod_template
from fargateclaims.kube.errors import Missing
from fargateclaims.kube.viewer import MissingRightError, message_of

_NEAR_SHOWN: Final = 5
_SCHEDULERS: Final = frozenset({"fargate-scheduler", "default-scheduler"})


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for: an object of the cluster, or files."""

    place: Place
    sources: Sources
    target: Target | None
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Subject:
    """One pod to explain, what was said about it, and what to call it."""

    title: str
    pod: Pod
    events: tuple[tuple[str, str], ...] = ()
    note: str = ""


def answer(request: Request, output: Format) -> None:
    """Explain what was asked for. Raises PluginError."""
    templates, unreadable = read_templates(request.files) if request.files else ([], [])

    async def look(session: Session) -> tuple[list[_Subject], Seen, datetime]:
        seen = await seen_profiles(session, request.sources)
        if request.target is None:
            subjects = [_of_template(template, template.namespace or session.namespace) for template in templates]
        else:
            subjects = [await _of_target(session, request.target)]
        return subjects, seen, session.clock.now()

    subjects, seen, now = on_cluster(request.place, look)
    explained = [(subject, explain(subject.pod, seen.profiles, subject.events, now, all_claims=seen.all_claims)) for subject in subjects]
    notes = (*(f"{one.what}: {one.message}" for one in unreadable), *(s.note for s in subjects if s.note), *seen.notes)
    if output is Format.TEXT:
        _write(explained, notes)
    else:
        write_document({"pods": [_document(subject, found) for subject, found in explained], "notes": list(notes)}, output)
    if unreadable:
        raise PluginError(f"{len(unreadable)} of the manifests could not be read; see the notes")
    if any(found.outcome is Outcome.UNKNOWN for _, found in explained):
        raise PluginError("which profile takes it cannot be known, as not all are seen: the notes say why, and what to do")


def _of_template(template: PodTemplate, namespace: str) -> _Subject:
    maker = None if template.kind == "Pod" else f"{template.kind}/{template.name}"
    pod = Pod(namespace, template.name, "", template.labels, template.annotations, template.spec, controller=maker)
    note = f"{template.title}: pods of a DaemonSet do not run on Fargate; make it a sidecar" if template.kind == "DaemonSet" else ""
    return _Subject(f"{template.title} in namespace {namespace}", pod, note=note)


async def _of_target(session: Session, target: Target) -> _Subject:
    try:
        obj = await session.viewer.get(target.kind, session.namespace, target.name)
    except Missing:
        raise PluginError(f"there is no {target.kind} {target.name} in namespace {session.namespace}") from None
    if target.kind != "pod":
        return _of_template(_template(obj), session.namespace)
    pod = read_pod(obj)
    title = f"pod/{pod.name} in namespace {pod.namespace}"
    try:
        events = await session.viewer.events_of(pod.namespace, pod.uid)
    except MissingRightError as missing:
        return _Subject(title, pod, note=f"what the scheduler said is not seen: {missing}")
    said = (message_of(event) for event in events)
    return _Subject(title, pod, tuple(one for one in said if one[0] in _SCHEDULERS))


def _template(obj: Mapping[str, Any]) -> PodTemplate:
    try:
        template = pod_template(obj)
    except ManifestError as error:
        raise PluginError(str(error)) from None
    if template is None:
        raise PluginError("the object makes no pods")
    return template


def _write(explained: Iterable[tuple[_Subject, Explanation]], notes: Iterable[str]) -> None:
    screen = Screen()
    for number, (subject, found) in enumerate(explained):
        if number:
            screen.line()
        _write_one(screen, subject, found)
    for note in notes:
        screen.line(screen.faint(f"note: {clean(note)}"))


def _write_one(screen: Screen, subject: _Subject, found: Explanation) -> None:
    screen.line(screen.strong(clean(subject.title)))
    screen.line(clean(found.headline))
    decision = found.decision
    # Who has a profile need not know how near the others were.
    near = () if decision.winner or found.pod.on_fargate else decision.near
    for one in (*decision.matching, *decision.to_come, *near[:_NEAR_SHOWN]):
        _write_profile(screen, one, wins=one is decision.winner)
    if len(near) > _NEAR_SHOWN:
        screen.line(screen.faint(f"  and {len(near) - _NEAR_SHOWN} more that do not match; -o json has them"))
    for said in found.said:
        screen.line(clean(f"{said.source}: {said.message}"))
        for advice in said.advice:
            screen.line(f"  → {clean(advice.meaning)}")
    for step in found.steps:
        screen.line(f"next: {clean(step)}")


def _write_profile(screen: Screen, one: ProfileMatch, *, wins: bool) -> None:
    profile = one.profile
    state = str(profile.state) if profile.state else "not made yet"
    note = f": {profile.note}" if profile.note else ""
    mark = "→" if wins else " "
    screen.line(f"{mark} {clean(profile.name or '(no name yet)')}  {screen.faint(clean(f'{owner_of(profile)}, {state}{note}'))}")
    # Of a profile that matches, the selector that does; of the others, how near the nearest is.
    if one.nearest:
        screen.line(f"    {_selector(screen, one.nearest)}")


def _selector(screen: Screen, one: SelectorMatch) -> str:
    namespace = f"namespace {clean(one.selector.namespace)}"
    parts = [screen.good(f"{namespace} ✓") if one.namespace else screen.bad(f"{namespace} ✗")]
    return "   ".join((*parts, *(_label(screen, label) for label in one.labels)))


def _label(screen: Screen, label: LabelMatch) -> str:
    wanted = clean(f"{label.key}={label.value}")
    if label.matches:
        return screen.good(f"{wanted} ✓")
    has = ", ".join(f"{key}={value}" for key, value in label.found.items())
    return screen.bad(f"{wanted} ✗ ({clean(f'the pod has {has}') if has else 'the pod has no such label'})")


def _document(subject: _Subject, found: Explanation) -> dict[str, Any]:
    pod, decision = found.pod, found.decision
    return {
        "title": subject.title,
        "namespace": pod.namespace,
        "name": pod.name,
        "outcome": str(found.outcome),
        "headline": found.headline,
        "profile": pod.profile or (decision.winner.profile.name if decision.winner else None),
        "capacity": str(pod.capacity) if pod.capacity else None,
        "matching": [_match_document(one) for one in decision.matching],
        "toCome": [_match_document(one) for one in decision.to_come],
        "near": [_match_document(one) for one in decision.near],
        "pin": {"profile": decision.pin, "by": "label" if decision.pin_is_label else "annotation"} if decision.pin else None,
        "said": [
            {"source": said.source, "message": said.message, "meaning": [advice.meaning for advice in said.advice]} for said in found.said
        ],
        "steps": list(found.steps),
    }


def _match_document(one: ProfileMatch) -> dict[str, Any]:
    profile = one.profile
    return {
        "profile": profile.name or None,
        "claim": profile.claim,
        "state": str(profile.state) if profile.state else None,
        "activeSince": format_time(profile.active_since) if profile.active_since else None,
        "selectors": [
            {
                "namespace": {"pattern": selector.selector.namespace, "matches": selector.namespace},
                "labels": [
                    {"key": label.key, "value": label.value, "matches": label.matches, "found": dict(label.found)}
                    for label in selector.labels
                ],
            }
            for selector in one.selectors
        ],
    }
