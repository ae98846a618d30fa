"""Where a pod runs or will run, and why: what `explain` says, as facts and sentences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from fargateclaims.domain.patterns import is_literal
from fargateclaims.domain.pods.matching import PIN, Decision, ProfileMatch, ProfileView, alike_first, decide
from fargateclaims.domain.pods.pod import DEFAULT_SCHEDULER, FARGATE_SCHEDULER, Pod, reasons_to_bypass
from fargateclaims.domain.pods.rescheduling import by_hand, made_again, passed_over
from fargateclaims.domain.pods.scheduler_messages import Advice, advice_on
from fargateclaims.domain.pods.sizing import ResourcesError, TooLargeError, size_of
from fargateclaims.domain.pods.words import span

_NODE_WITHIN: Final = timedelta(minutes=10)
"""EKS makes a node in a minute or two, or says why not."""


class Outcome(StrEnum):
    """How a pod stands with Fargate, in one word, for programs."""

    ON_FARGATE = "OnFargate"
    """It has a Fargate node."""
    ELSEWHERE = "Elsewhere"
    """It has another node."""
    TAKEN = "Taken"
    """EKS has given it to a profile, and it has no node yet."""
    MADE_TOO_EARLY = "MadeTooEarly"
    """A profile takes it once it is made again."""
    PASSED_OVER = "PassedOver"
    """It was made when a profile that takes such pods was ACTIVE already, and EKS has not given it to any."""
    WOULD_BE_TAKEN = "WouldBeTaken"
    """Of a manifest: a profile takes it."""
    NO_PROFILE = "NoProfile"
    """No profile takes it."""
    UNKNOWN = "Unknown"
    """None of the profiles that are seen takes it, and not all that claims have are seen."""
    BYPASSED = "Bypassed"
    """Something in its spec keeps EKS from looking for a profile."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a scheduler's, and what is known of it."""

    source: str
    message: str
    advice: tuple[Advice, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is to be said about one pod.

    :param steps: what to do, the most likely first.
    """

    pod: Pod
    outcome: Outcome
    headline: str
    decision: Decision
    said: tuple[Said, ...]
    steps: tuple[str, ...]


def explain(
    pod: Pod, profiles: Iterable[ProfileView], events: Iterable[tuple[str, str]], now: datetime, *, all_claims: bool = True
) -> Explanation:
    """Explain one pod.

    :param profiles: all that are known.
    :param events: who said something about it, and what.
    :param all_claims: whether the profiles of all claims are among those known: else one that is not seen may take the pod.
    """
    decision = decide(pod.namespace, pod.labels, pod.annotations, profiles)
    decision = replace(decision, near=alike_first(decision.near))
    said = tuple(Said(source, message, tuple(advice_on(message))) for source, message in _messages(pod, events))
    bypasses = reasons_to_bypass(pod)
    outcome = _outcome(pod, decision, bypasses)
    if outcome is Outcome.NO_PROFILE and not all_claims and not _names_one_that_is_seen(decision):
        outcome = Outcome.UNKNOWN
    advised = [one.action for message in said for one in message.advice if one.action]
    steps = [*advised, *_size_steps(pod), *_steps(pod, outcome, decision, bypasses)]
    if outcome is Outcome.TAKEN and not steps:
        steps = [_wait(pod, now)]
    return Explanation(pod, outcome, _headline(pod, outcome, decision, now), decision, said, tuple(dict.fromkeys(steps)))


def _messages(pod: Pod, events: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """What schedulers have said, each thing once. Events are gone after an hour; the pod's condition stays."""
    source = FARGATE_SCHEDULER if pod.taken else DEFAULT_SCHEDULER
    return dict.fromkeys((*events, *([(source, pod.problem)] if pod.problem else ())))


def _names_one_that_is_seen(decision: Decision) -> bool:
    return decision.pin is not None and any(one.profile.name == decision.pin for one in (*decision.to_come, *decision.near))


def _outcome(pod: Pod, decision: Decision, bypasses: Sequence[str]) -> Outcome:
    if pod.on_fargate:
        return Outcome.ON_FARGATE
    if pod.node and pod.created:
        return Outcome.ELSEWHERE
    if pod.taken and pod.created:
        return Outcome.TAKEN
    if bypasses:
        return Outcome.BYPASSED
    if decision.winner is None:
        return Outcome.NO_PROFILE
    if pod.created is None:
        return Outcome.WOULD_BE_TAKEN
    return Outcome.PASSED_OVER if passed_over(pod, decision.winner.profile) else Outcome.MADE_TOO_EARLY


def _headline(pod: Pod, outcome: Outcome, decision: Decision, now: datetime) -> str:
    state = f"{pod.phase or 'Unknown'}{f' for {span(now - pod.created)}' if pod.created else ''}"
    match outcome:
        case Outcome.ON_FARGATE:
            size = f", {pod.capacity}" if pod.capacity else ""
            ended = "; it has ended, and costs until it is removed" if pod.ended else ""
            return f"{pod.phase} on Fargate: {_profile(pod.profile, decision)}, node {pod.node}{size}{ended}."
        case Outcome.ELSEWHERE:
            return f"{pod.phase} on node {pod.node}, not on Fargate.{_would_be(decision)}"
        case Outcome.TAKEN:
            return f"{state}. EKS has given it to {_profile(pod.profile, decision)}; it has no node yet."
        case Outcome.BYPASSED:
            without = f" Without what is named below, {_profile(_winner(decision), decision)} would take it." if decision.winner else ""
            return f"{f'{state}. ' if pod.created else ''}EKS does not look for a Fargate profile for this pod.{without}"
        case Outcome.NO_PROFILE:
            return f"{f'{state}. ' if pod.created else ''}{_none(decision)}"
        case Outcome.UNKNOWN:
            return f"{f'{state}. ' if pod.created else ''}Whether a Fargate profile takes this pod cannot be known, as not all are seen."
        case Outcome.WOULD_BE_TAKEN:
            return f"{_capital(_profile(_winner(decision), decision))} takes this pod{_why(decision)}."
    if outcome is Outcome.PASSED_OVER:
        return f"{state}. EKS has passed it over: {_profile(_winner(decision), decision)} was ACTIVE already when it was made."
    made = _made(pod, decision, now)
    return f"{state}. {_capital(_profile(_winner(decision), decision))} takes it once it is made again{_why(decision)}{made}."


def _winner(decision: Decision) -> str | None:
    return decision.winner.profile.name if decision.winner else None


def _profile(name: str | None, decision: Decision) -> str:
    if name is None:
        return "a profile that is not named"
    for one in (*decision.matching, *decision.to_come, *decision.near):
        if one.profile.name == name:
            return f"profile {name} ({owner_of(one.profile)})"
    return f"profile {name}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def owner_of(profile: ProfileView) -> str:
    """Whose a profile is."""
    return f"claim {profile.claim}" if profile.claim else "foreign"


def _would_be(decision: Decision) -> str:
    return f" {_capital(_profile(_winner(decision), decision))} would take it if it were made again." if decision.winner else ""


def _none(decision: Decision) -> str:
    if decision.pin is None:
        return f"No Fargate profile takes this pod{' yet' if decision.to_come else ''}."
    how = "label" if decision.pin_is_label else "annotation"
    return f"No Fargate profile takes this pod: its {how} names {decision.pin}, which {_why_pin_fails(decision)}."


def _why_pin_fails(decision: Decision) -> str:
    if any(one.profile.name == decision.pin for one in decision.to_come):
        return "matches and is not ACTIVE"
    return "does not match" if any(one.profile.name == decision.pin for one in decision.near) else "is not among the profiles seen"


def _why(decision: Decision) -> str:
    if decision.pin:
        return f", which its {'label' if decision.pin_is_label else 'annotation'} names"
    return f", first by name of {len(decision.matching)} that match" if len(decision.matching) > 1 else ""


def _made(pod: Pod, decision: Decision, now: datetime) -> str:
    since = decision.winner.profile.active_since if decision.winner else None
    if pod.created is None or since is None or pod.created > since:
        return ""
    return f": it was made {span(since - pod.created)} before the profile was ACTIVE ({span(now - since)} ago)"


def _size_steps(pod: Pod) -> list[str]:
    try:
        size_of(pod.spec)
    except TooLargeError as error:
        return [f"ask for less: {error}"]
    except ResourcesError as error:
        return [f"mend what it asks for: {error}"]
    return []


def _steps(pod: Pod, outcome: Outcome, decision: Decision, bypasses: Sequence[str]) -> list[str]:
    match outcome:
        case Outcome.BYPASSED:
            return list(bypasses)
        case Outcome.MADE_TOO_EARLY:
            return [_make_again(pod, decision)]
        case Outcome.PASSED_OVER:
            again = "if EKS passes that one over, too, compare the claim with what EKS has: --aws reads its profiles"
            return [made_again(pod), again]
        case Outcome.TAKEN if pod.profile and not _is_active(pod.profile, decision):
            return [f"if profile {pod.profile} is gone, make the pod again, so that EKS chooses anew: {made_again(pod)}"]
        case Outcome.NO_PROFILE:
            return _ways_to_a_profile(pod, decision)
    return []


def _make_again(pod: Pod, decision: Decision) -> str:
    claim = decision.winner.profile.claim if decision.winner else None
    if claim and by_hand(pod) is None:
        namespace, _, name = claim.partition("/")
        return f"kubectl fargate reschedule {name} -n {namespace}"
    return made_again(pod)


def _is_active(name: str, decision: Decision) -> bool:
    every = (*decision.matching, *decision.to_come, *decision.near)
    return any(one.profile.name == name and one.profile.active for one in every)


def _wait(pod: Pod, now: datetime) -> str:
    if pod.created and now - pod.created > _NODE_WITHIN:
        return f"make it again, as nothing is said of it any more: {made_again(pod)}"
    return "wait: EKS makes a node for it, which takes a minute or two"


def _ways_to_a_profile(pod: Pod, decision: Decision) -> list[str]:
    coming = [one.profile for one in decision.to_come]
    again = ", then make the pod again" if pod.created else ""
    if coming:
        names = " or ".join(f"profile {profile.name}" if profile.name else f"the profile of claim {profile.claim}" for profile in coming)
        return [f"wait until {names} is ACTIVE{again}"]
    if decision.pin:
        return [f"remove {PIN} from {pod.source}, or name a profile that matches{_anew(pod)}"]
    nearest = next((one for one in decision.near if one.profile.active), None)
    way = _way_to(nearest, pod) if nearest else None
    ways = [way] if way else []
    labels = ", ".join(f"{key}={value}" for key, value in sorted(pod.labels.items())[:2] if key != "pod-template-hash")
    ways.append(f"claim {labels or 'its labels'} in namespace {pod.namespace} with a FargateProfileClaim{again}")
    return ways


def _way_to(one: ProfileMatch, pod: Pod) -> str | None:
    nearest = one.nearest
    if nearest is None or not nearest.namespace:
        return None
    wrong = [label for label in nearest.labels if not label.matches]
    listed = ", ".join(f"{label.key}={label.value}" for label in wrong)
    what = "the label" if all(is_literal(f"{label.key}{label.value}") for label in wrong) else "what matches the label"
    return f"give {pod.source} {what}{'s' if len(wrong) > 1 else ''} {listed}{_anew(pod)}: then {one.profile.name} takes it"


def _anew(pod: Pod) -> str:
    """What else a change takes: a changed template makes new pods by itself, and a changed pod stays as it is for EKS."""
    return " and make it again" if pod.created and not pod.controller else ""
