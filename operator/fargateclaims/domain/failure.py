"""What can go wrong with a call to AWS, in the classes that decisions are made by.

The table that sorts AWS's errors into these classes is `aws/errors.py`; nothing outside `aws/` sees botocore's types.
"""

from dataclasses import dataclass
from enum import StrEnum

from fargateclaims.domain.profile import ProfileState


class FailureClass(StrEnum):
    """How the engine treats a failure."""

    BUSY_PROFILE = "BusyProfile"
    """Another profile of the cluster is CREATING or DELETING."""
    BUSY_CLUSTER = "BusyCluster"
    """The cluster itself has an update in progress, or is in use in a way that EKS does not tell."""
    EXISTS = "Exists"
    """A profile with this name exists."""
    GONE = "Gone"
    """No profile with this name."""
    CLUSTER_GONE = "ClusterGone"
    """No cluster with this name in the verified account."""
    QUOTA_EXCEEDED = "QuotaExceeded"
    PROPAGATING = "Propagating"
    """The role's trust policy is missing or has not reached all of IAM yet."""
    INVALID = "Invalid"
    """EKS will refuse the same request again."""
    UNAUTHORIZED = "Unauthorized"
    """A permission or a credential is missing."""
    WRONG_ACCOUNT = "WrongAccount"
    """The credentials belong to another account than the cluster's ARN names."""
    THROTTLED = "Throttled"
    UNAVAILABLE = "Unavailable"
    """5xx, time-outs, connection errors: the outcome of a mutation is unknown."""


BUSY = frozenset({FailureClass.BUSY_PROFILE, FailureClass.BUSY_CLUSTER})


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed call.

    :param kind: its class.
    :param code: AWS's error code, or the name of the exception where no answer came.
    :param message: AWS's words, without credentials, tokens or request ids.
    :param operation: the API operation, such as `CreateFargateProfile`.
    :param permission: the IAM action that is missing, such as `eks:CreateFargateProfile`, for UNAUTHORIZED.
    :param blocker: name and state of the profile that holds the slot, for BUSY_PROFILE.
    :param outcome_unknown: for a mutation: whether it may have taken effect all the same.
    """

    kind: FailureClass
    code: str
    message: str
    operation: str = ""
    permission: str | None = None
    blocker: tuple[str, ProfileState] | None = None
    outcome_unknown: bool = False


class AWSError(Exception):
    """A call to AWS failed; `failure` says how. The only exception that `aws/` raises on purpose."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.operation}: {failure.code}: {failure.message}")
        self.failure = failure
