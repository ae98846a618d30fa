"""Pods that are Pending although a profile would take them, if only they were made again."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.checks.texts import counted, listed
from fargateclaims.domain.doctor.chart import Check
from fargateclaims.domain.identity import owner
from fargateclaims.domain.pods.matching import ProfileView, decide
from fargateclaims.domain.pods.pod import Pod
from fargateclaims.domain.profile import Profile
from fargateclaims.domain.repairs.pending_pods import RecreatePods, plan

_NAME: Final = "Pending pods"
_NAMED: Final = 5


def check_pods(pods: Iterable[Pod], profiles: Iterable[Profile], now: datetime) -> Check:
    """Look which profile would take each Pending pod that EKS has given to none."""
    # EKS gives a pod to its profile when it is made: one that none has taken by now is older than the profile that would.
    views = [_view(profile, now) for profile in profiles]
    by_profile: dict[str, list[Pod]] = {}
    number = 0
    for pod in pods:
        number += 1
        winner = decide(pod.namespace, pod.labels, pod.annotations, views).winner
        if winner is not None:
            by_profile.setdefault(winner.profile.name, []).append(pod)
    plans = ((view, plan(by_profile[view.name], view, views)) for view in views if view.name in by_profile)
    waiting = [(view, found) for view, found in plans if isinstance(found, RecreatePods)]
    if not waiting:
        return Check(_NAME, Level.OK, f"none of {number} would be taken by a profile" if number else "none")
    total = sum(len(found.again) + len(found.left) for _, found in waiting)
    children = tuple(_waiting(view, found) for view, found in sorted(waiting, key=lambda each: each[0].name))
    would = f"{counted(total, 'pod')} would be taken by a profile if {'it was' if total == 1 else 'they were'} made again"
    return Check(_NAME, Level.WARNING, would, children=children)


def _view(profile: Profile, now: datetime) -> ProfileView:
    who = owner(profile.tags)
    claim = f"{who.namespace}/{who.name}" if who is not None else None
    return ProfileView(profile.name, profile.selectors, profile.state, claim, now)


def _waiting(view: ProfileView, found: RecreatePods) -> Check:
    message = f"{counted(len(found.again) + len(found.left), 'pod')}: {_named([*found.again, *found.left])}"
    by_hand = f"delete and apply by hand what no controller would make again: {_named(found.left)}"
    if not found.command:
        return Check(view.name, Level.WARNING, message, by_hand)
    return Check(view.name, Level.WARNING, f"{message}; {by_hand}" if found.left else message, found.command)


def _named(pods: Iterable[Pod]) -> str:
    return listed([f"{pod.namespace}/{pod.name}" for pod in pods], _NAMED)
