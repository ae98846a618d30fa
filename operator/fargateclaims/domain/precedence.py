"""Which of several reasons is shown: what a person must mend before what passes by itself, the platform's before the team's."""

from collections.abc import Iterable

from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import Verdict

PRECEDENCE = (
    # The platform's: nothing that the team does can help.
    Reason.CLASS_NOT_FOUND,
    Reason.CLASS_CONFLICT,
    Reason.CLUSTER_NOT_FOUND,
    Reason.UNAUTHORIZED,
    Reason.CLUSTER_NOT_ACTIVE,
    Reason.CLASS_NOT_READY,
    Reason.DELETE_FAILED,
    Reason.TIMED_OUT,
    Reason.PODS_REMAIN,
    Reason.QUOTA_EXCEEDED,
    Reason.WAITING_FOR_QUOTA,
    Reason.SLOT_BLOCKED,
    # The team's.
    Reason.INVALID,
    Reason.NOT_ALLOWED,
    Reason.CONFLICT,
    Reason.CREATE_FAILED,
    Reason.OUTDATED,
    # Whoever paused.
    Reason.PAUSED,
    # What passes by itself.
    Reason.THROTTLED,
    Reason.UNAVAILABLE,
    Reason.PROPAGATING,
    Reason.BACKING_OFF,
    Reason.CLUSTER_UPDATING,
    Reason.DRAINING,
    Reason.DELETING,
    Reason.REPLACING,
    Reason.CREATING,
    Reason.TAGGING,
    Reason.QUEUED,
    Reason.PENDING,
    Reason.ACTIVE,
)

_RANK = {reason: rank for rank, reason in enumerate(PRECEDENCE)}


def foremost(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """The verdict that is shown; None if there is none."""
    found = [verdict for verdict in verdicts if verdict is not None]
    return min(found, key=lambda verdict: _RANK[verdict.reason], default=None)
