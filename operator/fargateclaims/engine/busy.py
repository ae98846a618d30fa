"""What EKS's refusals have taught about a cluster: held in memory, since asking again is always right."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fargateclaims.domain.assessment import SLOT_STEPS, Step
from fargateclaims.domain.backoff import delay
from fargateclaims.domain.facts import ClusterBusy, QuotaRefusal
from fargateclaims.domain.failure import BUSY, Failure, FailureClass

_ONE_WAIT = timedelta(minutes=10)
"""Refusals further apart are told as two waits: longer than any backoff, so nobody has asked in between."""


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

    def learn(self, step: Step, failure: Failure | None, profiles: int, now: datetime) -> None:
        """The outcome of a call, after which the cluster has so many profiles, those included that are DELETING.

        Only a create or delete that EKS took tells that nothing holds the slot any more. A change of tags does not need the slot, and a
        call that was throttled, failed or was refused for something else may not have got so far as to be refused for the slot.
        """
        if failure is None:
            self._took(step, profiles)
        elif failure.kind in BUSY:
            self._in_a_row += 1
            self.busy = ClusterBusy(failure, self._since(now), now + self._wait(failure))
        elif failure.kind is FailureClass.QUOTA_EXCEEDED:
            self.quota = QuotaRefusal(profiles, now)

    def _took(self, step: Step, profiles: int) -> None:
        if step in SLOT_STEPS:
            self._in_a_row, self.busy = 0, None
        if step is Step.CREATE and self.quota is not None and profiles > self.quota.count:
            self.quota = None

    def _since(self, now: datetime) -> datetime:
        return self.busy.since if self.busy is not None and now - self.busy.until < _ONE_WAIT else now

    def _wait(self, failure: Failure) -> timedelta:
        if failure.kind is FailureClass.BUSY_PROFILE:
            return self.base  # its profile is in the next list, and is watched from then on
        return min(self.limit, delay(self._in_a_row, self.base, self.limit, f"{self.key}/{failure.kind}"))
