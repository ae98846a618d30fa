"""What a plan is made from: everything it needs to know is handed to it, the time included."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.domain.draining import PodsSeen
from fargateclaims.domain.failure import Failure
from fargateclaims.domain.identity import Identity
from fargateclaims.domain.no_access import NoAccess
from fargateclaims.domain.observation import Observation
from fargateclaims.domain.own_profile import OwnProfile
from fargateclaims.domain.pinned import PinnedTemplate


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that decisions depend on.

    :param installation: marks the profiles of this installation.
    :param settle: how long a NotFound proves nothing after a call whose outcome is not known.
    :param operation_deadline: how long EKS may take before someone should look.
    :param max_attempts: how often a profile that fails is made or deleted before the claim stalls.
    :param backoff_base: the first wait after a failure; doubles with each.
    :param backoff_max: the longest wait after a failure.
    :param slow_recheck: how often something that only a person can mend is tried again.
    :param iam_window: how long a role's trust policy may take to reach all of IAM.
    :param grace: how long another team or tool may take to bring what is missing before the claim stalls. A second at the least: it is
        counted by a condition's time, which has whole seconds.
    :param quota_memory: how long a refusal for the quota of profiles is believed.
    :param own_profile: where the operator itself runs; None if on no profile.
    :param show_blocking_claim: whether a claim's status names claims of other namespaces.
    """

    installation: str
    settle: timedelta
    operation_deadline: timedelta
    max_attempts: int
    backoff_base: timedelta
    backoff_max: timedelta
    slow_recheck: timedelta
    iam_window: timedelta
    grace: timedelta
    quota_memory: timedelta
    show_blocking_claim: bool = True
    own_profile: OwnProfile | None = None


@dataclass(frozen=True, slots=True)
class Namespace:
    """What rules may ask about a claim's namespace."""

    labels: Mapping[str, str] = field(default_factory=dict)
    terminating: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the call behind a reported intent ended.

    :param start_time: the intent's, which tells it from later ones.
    :param failure: None for success.
    """

    start_time: datetime
    at: datetime
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class ClusterBusy:
    """EKS refused a call because the cluster was busy; no other is sent before `until`."""

    failure: Failure
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class QuotaRefusal:
    """EKS refused a create for the quota of profiles while there were `count`."""

    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """The input of `plan` for one cluster.

    :param claims: all claims of the cluster; those in `malformed` have a placeholder for a spec.
    :param malformed: what is wrong with the spec of a claim, by UID.
    :param malformed_classes: what is wrong with a class that cannot be read, by name.
    :param classes: all classes by name, also those of other clusters.
    :param namespaces: those of the claims, by name; one that has not been seen yet is left out.
    :param outcomes: by UID of the claim, until the report that tells of them was accepted.
    :param moving_since: when a profile was first seen in its present moving state, or the cluster UPDATING, by ARN.
    :param pods: those on profiles that are to go, by the profile's ARN, as far as they were looked at; None where nobody looks.
    :param pins: what will make pods that name a profile by label, by its ARN, likewise.
    :param may_mutate: whether a mutation may be planned now (leader, settled, not stopping).
    :param crd_terminating: whether the claims' CRD is being deleted: then profiles stay.
    """

    now: datetime
    rules: Rules
    observation: Observation
    claims: tuple[FargateProfileClaim, ...]
    classes: Mapping[str, FargateProfileClass]
    namespaces: Mapping[str, Namespace]
    malformed: Mapping[str, str] = field(default_factory=dict)
    malformed_classes: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    busy: ClusterBusy | None = None
    quota_refusal: QuotaRefusal | None = None
    moving_since: Mapping[str, datetime] = field(default_factory=dict)
    pods: Mapping[str, PodsSeen] | None = None
    pins: Mapping[str, tuple[PinnedTemplate, ...] | NoAccess] | None = None
    may_mutate: bool = True
    crd_terminating: bool = False

    def identity(self, claim: FargateProfileClaim) -> Identity:
        """Whose tags a profile of this claim has."""
        return Identity(self.rules.installation, claim.metadata.namespace or "", claim.metadata.name)
