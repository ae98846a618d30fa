"""What a failure to read EKS means for the claims of a cluster."""

from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import Verdict
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.failure import FailureClass
from fargateclaims.domain.observation import Observation

UPDATING = "UPDATING"
"""The state of a working cluster during an update: EKS takes no profiles until it ends, which it does by itself."""
_WORKING = frozenset({"ACTIVE", UPDATING})


def unreadable(observation: Observation) -> Verdict | None:
    """Why EKS cannot be read now; None if it can."""
    failure, name = observation.failure, observation.arn.name
    if failure is None:
        return None
    match failure.kind:
        case FailureClass.UNAUTHORIZED:
            needed = f" (needed: {failure.permission})" if failure.permission else ""
            return Verdict(Reason.UNAUTHORIZED, f"cluster {name} cannot be read: {failure.message}{needed}")
        case FailureClass.WRONG_ACCOUNT:
            return Verdict(Reason.CLASS_CONFLICT, failure.message)
        case FailureClass.CLUSTER_GONE:
            return Verdict(
                Reason.CLUSTER_NOT_FOUND, f"there is no cluster {name} in account {observation.arn.account}, {observation.arn.region}"
            )
        case FailureClass.THROTTLED:
            return Verdict(Reason.THROTTLED, f"AWS throttles the calls for cluster {name}; what is shown here may be old")
        case _:
            return Verdict(Reason.UNAVAILABLE, f"EKS does not answer for cluster {name}: {failure.message}; what is shown here may be old")


def not_active(observation: Observation) -> Verdict | None:
    """Why the cluster is of no use now; None if it works, or if that is not known. An update passes: see `updating`."""
    cluster = observation.cluster
    if cluster is None or cluster.status in _WORKING:
        return None
    return Verdict(Reason.CLUSTER_NOT_ACTIVE, f"cluster {cluster.name} is {cluster.status}: EKS takes Fargate profiles when it is ACTIVE")


def updating(facts: Facts) -> Verdict | None:
    """Why the cluster takes no profiles for the time being; None if it has no update that EKS shows."""
    cluster = facts.observation.cluster
    if cluster is None or cluster.status != UPDATING:
        return None
    since = facts.moving_since.get(str(facts.observation.arn), facts.now)
    what = f"cluster {cluster.name} is {UPDATING} since {since:%H:%M:%SZ}"
    if facts.now - since >= facts.rules.operation_deadline:
        return Verdict(Reason.SLOT_BLOCKED, f"{what}, longer than EKS should take; Fargate profiles wait until it is ACTIVE again")
    return Verdict(Reason.CLUSTER_UPDATING, f"{what}: EKS takes Fargate profiles when it is ACTIVE again")


def cluster_gone(observation: Observation) -> bool:
    """Whether the verified account has no such cluster: then it has no profiles either."""
    return observation.failure is not None and observation.failure.kind is FailureClass.CLUSTER_GONE
