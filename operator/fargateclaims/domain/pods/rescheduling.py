"""Which Pending pods a profile takes once they are made again, and why the others stay.

EKS looks for a profile only when a pod is made (EKS user guide): one that was there before its profile stays Pending for ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fargateclaims.domain.pods.matching import ProfileView, decide
from fargateclaims.domain.pods.pod import Pod, reasons_to_bypass
from fargateclaims.domain.pods.scheduler_messages import advice_on

_JOB: Final = "Job/"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of one Pending pod.

    :param why_not: why it is left alone, with what to do; None if it is to be made again.
    :param by_hand: whether it is left alone only because a person has to make it again.
    """

    pod: Pod
    why_not: str | None
    by_hand: bool = False


def judge(pods: Iterable[Pod], profile: ProfileView, profiles: Iterable[ProfileView]) -> list[Judgement]:
    """Judge the Pending pods that `profile`'s selectors match; all others are passed over.

    :param profile: one that is ACTIVE.
    :param profiles: all that are known, it among them: another one may take a pod before it.
    """
    everyone = tuple(profiles)
    judgements = []
    for pod in sorted(pods, key=lambda pod: (pod.namespace, pod.name)):
        if not pod.pending:
            continue
        decision = decide(pod.namespace, pod.labels, pod.annotations, everyone)
        if not any(one.profile.name == profile.name for one in decision.matching):
            continue
        winner = decision.winner.profile.name if decision.winner else None
        why_not = _why_not(pod, profile, winner, decision.pin)
        judgements.append(Judgement(pod, why_not or by_hand(pod), by_hand=why_not is None and by_hand(pod) is not None))
    return judgements


def by_hand(pod: Pod) -> str | None:
    """What a person has to do for a pod to be made again; None where deleting it does no harm, and its controller makes it again.

    A Job makes a deleted pod again, and counts it as failed: one too many ends the Job (Kubernetes, "Jobs", on `backoffLimit`).
    """
    if pod.controller is None:
        return "delete and apply it yourself, as nothing would make it again"
    if pod.controller.startswith(_JOB):
        return "delete it yourself if its Job's backoffLimit allows: a Job counts a deleted pod as failed"
    return None


def made_again(pod: Pod) -> str:
    """How one pod is made again, in a step for a person."""
    return by_hand(pod) or f"kubectl delete pod {pod.name} -n {pod.namespace}   ({pod.controller} makes it again)"


def _why_not(pod: Pod, profile: ProfileView, winner: str | None, pin: str | None) -> str | None:
    if pod.taken:
        return _already_taken(pod)
    if winner is None:
        return f"it names the profile {pin}, which does not take it: change its label"
    if winner != profile.name:
        return f"{'it names' if pin else 'first in order is'} the profile {winner}, which would take it"
    bypass = reasons_to_bypass(pod)
    if bypass:
        return bypass[0]
    if passed_over(pod, profile):
        return f"it was made after the profile was ACTIVE, and EKS passed it over all the same: {made_again(pod)}"
    return None


def passed_over(pod: Pod, profile: ProfileView) -> bool:
    """Whether EKS did not give a pod to a profile that was ACTIVE already: to make it again may help or not."""
    return bool(pod.created and profile.active_since and pod.created > profile.active_since)


def _already_taken(pod: Pod) -> str:
    explain = f"kubectl fargate explain pod {pod.name} -n {pod.namespace}"
    advice = [f"{one.meaning}: {one.action or explain}" for one in advice_on(pod.problem)]
    given = f"EKS has given it to {f'profile {pod.profile}' if pod.profile else 'a profile'} already"
    return f"{given}, and {'; '.join(advice) or f'it waits for its node: {explain}'}"
