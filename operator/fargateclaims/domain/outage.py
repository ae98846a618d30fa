"""What a failure to read EKS means for the claims of a cluster."""

from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import Verdict
from fargateclaims.domain.failure import FailureClass
from fargateclaims.domain.observation import Observation

HOLDS_CLUSTER = frozenset({"ACTIVE", "UPDATING"})
"""The states of a cluster in which EKS takes Fargate profiles."""


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
    """Why the cluster takes no profiles now; None if it does, or if that is not known."""
    cluster = observation.cluster
    if cluster is None or cluster.status in HOLDS_CLUSTER:
        return None
    return Verdict(Reason.CLUSTER_NOT_ACTIVE, f"cluster {cluster.name} is {cluster.status}: EKS takes Fargate profiles when it is ACTIVE")


def cluster_gone(observation: Observation) -> bool:
    """Whether the verified account has no such cluster: then it has no profiles either."""
    return observation.failure is not None and observation.failure.kind is FailureClass.CLUSTER_GONE
