"""Pods that were Pending before their profile was there: EKS looks for a profile only when a pod is made."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from fargateclaims.domain.pods.matching import ProfileView
from fargateclaims.domain.pods.pod import Pod
from fargateclaims.domain.pods.rescheduling import by_hand, judge
from fargateclaims.domain.repairs.plans import NothingToDo

_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class RecreatePods:
    """Pods that are there too early.

    :param again: to be deleted, so that their controllers make them again.
    :param left: those that a person has to see to: nothing would make them again, or it would take it amiss.
    :param message: what happens to the ones and the others, in one sentence for an event.
    :param command: what a person would type instead; empty if there is none to be deleted.
    """

    again: tuple[Pod, ...]
    left: tuple[Pod, ...]
    message: str
    command: str


def plan(pods: Iterable[Pod], profile: ProfileView, profiles: Iterable[ProfileView]) -> RecreatePods | NothingToDo:
    """Plan which pods are made again now that `profile` is ACTIVE.

    :param pods: Pending ones.
    :param profile: `active_since` must be known, or no pod can be told to be older.
    :param profiles: all that are known, it among them.
    """
    if profile.active_since is None:
        return NothingToDo(f"it is not known since when profile {profile.name} is ACTIVE")
    # What else keeps the profile from a pod is no business of a repair.
    judged = judge((pod for pod in pods if pod.created is not None), profile, profiles)
    again = tuple(one.pod for one in judged if one.why_not is None)
    left = tuple(one.pod for one in judged if one.by_hand)
    if not (again or left):
        return NothingToDo(f"profile {profile.name} would take no Pending pod that is older than it")
    return RecreatePods(again, left, _message(profile, again, left), _command(profile, again))


def left_to_people(pods: RecreatePods, profile: ProfileView) -> str:
    """What is said where nothing is to be repaired: how many there are, and what a person would do."""
    number = len(pods.again) + len(pods.left)
    were, are = ("pod was", "is") if number == 1 else ("pods were", "are")
    again = f"{_titles(pods.again)}: {pods.command}" if pods.again else ""
    steps = "; ".join(filter(None, (again, each_by_hand(pods.left))))
    return f"{number} Pending {were} made before profile {profile.name} was ACTIVE and {are} not looked at again: {steps}"


def each_by_hand(pods: Sequence[Pod]) -> str:
    """Pods that are left, and what a person has to do with each."""
    more = f" and {len(pods) - _NAMED} more" if len(pods) > _NAMED else ""
    return ", ".join(f"{pod.namespace}/{pod.name} ({by_hand(pod)})" for pod in pods[:_NAMED]) + more


def _message(profile: ProfileView, again: Sequence[Pod], left: Sequence[Pod]) -> str:
    parts = []
    if again:
        parts.append(f"made again, so that profile {profile.name} takes them: {_titles(again)}")
    if left:
        parts.append(f"Pending since before profile {profile.name} was ACTIVE, and left to you: {each_by_hand(left)}")
    return "; ".join(parts)


def _titles(pods: Sequence[Pod]) -> str:
    more = f" and {len(pods) - _NAMED} more" if len(pods) > _NAMED else ""
    return ", ".join(f"{pod.namespace}/{pod.name}" for pod in pods[:_NAMED]) + more


def _command(profile: ProfileView, again: Sequence[Pod]) -> str:
    if not again:
        return ""
    if profile.claim is not None:
        namespace, _, name = profile.claim.partition("/")
        return f"kubectl fargate reschedule {name} -n {namespace}"
    places: dict[str, list[str]] = {}
    for pod in again:
        places.setdefault(pod.namespace, []).append(pod.name)
    return " && ".join(shlex.join(["kubectl", "delete", "pod", "-n", namespace, *names]) for namespace, names in sorted(places.items()))
