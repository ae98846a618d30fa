"""Which Pending pods a profile takes once they are made again, and why the others stay.

EKS looks for a profile only when a pod is made (EKS user guide): one that was there before its profile stays Pending for ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fargateclaims.domain.pods.matching import ProfileView, decide
from fargateclaims.domain.pods.pod import Pod, reasons_to_bypass


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of one Pending pod.

    :param why_not: why it is left alone, with what to do; None if it is to be made again.
    """

    pod: Pod
    why_not: str | None


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
        judgements.append(Judgement(pod, _why_not(pod, profile, winner, decision.pin)))
    return judgements


def _why_not(pod: Pod, profile: ProfileView, winner: str | None, pin: str | None) -> str | None:
    if pod.taken:
        return f"EKS has given it to a profile already: kubectl fargate explain pod {pod.name} -n {pod.namespace}"
    if winner is None:
        return f"it names the profile {pin}, which does not take it: change its label"
    if winner != profile.name:
        return f"{'it names' if pin else 'first in order is'} the profile {winner}, which would take it"
    bypass = reasons_to_bypass(pod.labels, pod.annotations, pod.spec)
    if bypass:
        return bypass[0]
    if pod.controller is None:
        return "nothing would make it again: delete and apply it yourself"
    if pod.created and profile.active_since and pod.created > profile.active_since:
        return f"it was made after the profile was ACTIVE: kubectl fargate explain pod {pod.name} -n {pod.namespace}"
    return None
