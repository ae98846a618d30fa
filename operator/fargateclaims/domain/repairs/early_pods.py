"""For which profiles pods are looked for that were Pending before them: EKS looks for a profile only when a pod is made."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from fargateclaims.api.fargateclass import FargateProfileClass, PendingPodsRepair
from fargateclaims.domain.observation import Observation
from fargateclaims.domain.pods.claimed import profiles_of
from fargateclaims.domain.pods.matching import ProfileView
from fargateclaims.domain.report import ClaimReport
from fargateclaims.domain.retries import paused_by

_BECAME_ACTIVE = frozenset({"Created", "Adopted"})
ClaimKey = tuple[str, str]
"""A claim's namespace and name."""


@dataclass(frozen=True, slots=True)
class EarlyPodsOrder:
    """Look for pods that are older than a profile.

    :param namespace: and `name`: of the claim whose profile it is; its class is `class_name`.
    :param again: whether they are to be made again; else people are told of them.
    :param new: whether the profile has just become ACTIVE; what was told then is not told each time.
    """

    namespace: str
    name: str
    class_name: str
    profile: ProfileView
    again: bool
    new: bool


def became_active(reports: Iterable[ClaimReport]) -> frozenset[ClaimKey]:
    """The claims whose profile has just become ACTIVE."""
    return frozenset(_key(report) for report in reports if any(event.reason in _BECAME_ACTIVE for event in report.events))


def pods_due(
    reports: Iterable[ClaimReport],
    classes: Iterable[FargateProfileClass],
    now: datetime,
    *,
    became: Collection[ClaimKey],
    every: bool,
) -> tuple[EarlyPodsOrder, ...]:
    """Order it for the claims that `became_active` has named; and for all whose class wants such pods made again, if `every` is true."""
    known = {cls.metadata.name: cls for cls in classes}
    orders = []
    for report in reports:
        claim, cls = report.claim, known.get(report.claim.spec.class_name)
        if cls is None or claim.metadata.deletion_timestamp is not None or paused_by(claim, cls) is not None:
            continue
        recreate = cls.spec.repairs.pending_pods is PendingPodsRepair.RECREATE
        new = _key(report) in became
        if not (new or (every and recreate)):
            continue
        view = next(profiles_of(claim.model_copy(update={"status": report.status})))
        if view.active:
            profile = replace(view, active_since=now if new else view.active_since)
            orders.append(EarlyPodsOrder(*_key(report), cls.metadata.name, profile, recreate, new))
    return tuple(orders)


def profile_views(observation: Observation, reports: Iterable[ClaimReport]) -> tuple[ProfileView, ...]:
    """All profiles of the cluster, as far as pods are concerned. EKS does not tell since when one is ACTIVE; some claims do."""
    told = (view for report in reports for view in profiles_of(report.claim.model_copy(update={"status": report.status})))
    since = {view.name: view.active_since for view in told if view.active_since is not None}
    return tuple(
        ProfileView(each.name, each.selectors, each.state, active_since=since.get(each.name, each.created_at))
        for each in (observation.profiles or {}).values()
    )


def _key(report: ClaimReport) -> ClaimKey:
    return report.claim.metadata.namespace or "", report.claim.metadata.name
