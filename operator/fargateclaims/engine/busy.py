"""What EKS's refusals have taught about a cluster: held in memory, since asking again is always right."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fargateclaims.domain.backoff import delay
from fargateclaims.domain.facts import ClusterBusy, QuotaRefusal
from fargateclaims.domain.failure import BUSY, Failure, FailureClass


@dataclass
class Refusals:
    """Busy clusters and full quotas.

    :param base: the first wait while a cluster is busy; doubles with each refusal.
    :param limit: the longest.
    """

    key: str
    base: timedelta
    limit: timedelta
    busy: ClusterBusy | None = None
    quota: QuotaRefusal | None = None
    _in_a_row: int = 0

    def learn(self, failure: Failure | None, profiles: int, now: datetime) -> None:
        """The outcome of a create or delete while the cluster had so many profiles."""
        if failure is not None and failure.kind in BUSY:
            self._in_a_row += 1
            since = self.busy.since if self.busy is not None else now
            self.busy = ClusterBusy(failure, since, now + self._wait(failure))
            return
        self._in_a_row, self.busy = 0, None
        if failure is not None and failure.kind is FailureClass.QUOTA_EXCEEDED:
            self.quota = QuotaRefusal(profiles, now)
        elif failure is None:
            self.quota = self.quota if self.quota is not None and profiles < self.quota.count else None

    def _wait(self, failure: Failure) -> timedelta:
        if failure.kind is FailureClass.BUSY_PROFILE:
            return self.base  # its profile is in the next list, and is watched from then on
        return min(self.limit, delay(self._in_a_row, self.base, self.limit, f"{self.key}/{failure.kind}"))
