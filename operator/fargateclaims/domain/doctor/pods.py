"""Pods that are Pending although a profile would take them, if only they were made again, and those that Fargate does not run."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.checks.texts import counted, listed
from fargateclaims.domain.doctor.chart import Check
from fargateclaims.domain.identity import owner
from fargateclaims.domain.pods.matching import ProfileView, decide
from fargateclaims.domain.pods.pod import FARGATE_SCHEDULER, Pod
from fargateclaims.domain.pods.scheduler_messages import Advice, advice_on
from fargateclaims.domain.profile import Profile
from fargateclaims.domain.repairs.pending_pods import RecreatePods, each_by_hand, plan

_NAME: Final = "Pending pods"
_NAMED: Final = 5


def check_pods(pods: Iterable[Pod], profiles: Iterable[Profile], now: datetime) -> Check:
    """Look which profile would take each Pending pod that EKS has given to none, and why Fargate does not run the others."""
    # EKS gives a pod to its profile when it is made: one that none has taken by now is older than the profile that would.
    views = [_view(profile, now) for profile in profiles]
    by_profile: dict[str, list[Pod]] = {}
    refused: dict[Advice, list[Pod]] = {}
    number = 0
    for pod in pods:
        number += 1
        if pod.taken:
            for advice in advice_on(pod.problem):
                refused.setdefault(advice, []).append(pod)
            continue
        winner = decide(pod.namespace, pod.labels, pod.annotations, views).winner
        if winner is not None:
            by_profile.setdefault(winner.profile.name, []).append(pod)
    plans = ((view, plan(by_profile[view.name], view, views)) for view in views if view.name in by_profile)
    waiting = [(view, found) for view, found in plans if isinstance(found, RecreatePods)]
    if not waiting and not refused:
        return Check(_NAME, Level.OK, f"none of {number} would be taken by a profile" if number else "none")
    children = (
        *(_waiting(view, found) for view, found in sorted(waiting, key=lambda each: each[0].name)),
        *(_refused(advice, some) for advice, some in sorted(refused.items(), key=lambda each: -len(each[1]))[:_NAMED]),
    )
    return Check(_NAME, Level.WARNING, "; ".join(_summary([found for _, found in waiting], refused.values())), children=children)


def _summary(waiting: Sequence[RecreatePods], refused: Iterable[Sequence[Pod]]) -> Iterator[str]:
    total = sum(len(found.again) + len(found.left) for found in waiting)
    if total:
        yield f"{counted(total, 'pod')} would be taken by a profile if {'it was' if total == 1 else 'they were'} made again"
    given = len({(pod.namespace, pod.name) for some in refused for pod in some})
    if given:
        yield f"{counted(given, 'pod')} with a profile {'gets' if given == 1 else 'get'} no node"


def _view(profile: Profile, now: datetime) -> ProfileView:
    who = owner(profile.tags)
    claim = f"{who.namespace}/{who.name}" if who is not None else None
    return ProfileView(profile.name, profile.selectors, profile.state, claim, now)


def _waiting(view: ProfileView, found: RecreatePods) -> Check:
    message = f"{counted(len(found.again) + len(found.left), 'pod')}: {_named([*found.again, *found.left])}"
    if not found.left:
        return Check(view.name, Level.WARNING, message, found.command)
    left = f"by hand: {each_by_hand(found.left)}"
    if not found.command:
        return Check(view.name, Level.WARNING, message, left)
    return Check(view.name, Level.WARNING, f"{message}; {left}", found.command)


def _refused(advice: Advice, pods: Sequence[Pod]) -> Check:
    fix = advice.action or f"kubectl fargate explain pod {pods[0].name} -n {pods[0].namespace}"
    return Check(FARGATE_SCHEDULER, Level.WARNING, f"{advice.meaning}: {_named(pods)}", fix)


def _named(pods: Iterable[Pod]) -> str:
    return listed([f"{pod.namespace}/{pod.name}" for pod in pods], _NAMED)
