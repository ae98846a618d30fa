"""Service Quotas for Fargate on EKS, read now and then for each account and region."""

import asyncio
from typing import Final

from fargateclaims.aws.calls import Caller
from fargateclaims.aws.shapes import reading
from fargateclaims.clock import Clock
from fargateclaims.domain.failure import AWSError, FailureClass
from fargateclaims.domain.observation import Quotas
from fargateclaims.timing import AWS_QUOTAS_TTL

_PROFILES_PER_CLUSTER: Final = "L-33415657"
_SELECTORS_PER_PROFILE: Final = "L-D78D8AF8"
_LABELS_PER_SELECTOR: Final = "L-23414FF3"
_PASSING: Final = frozenset({FailureClass.THROTTLED, FailureClass.UNAVAILABLE})


class QuotaReader:
    """Quotas of one account and region. A quota that cannot be read is None, and never fails anything."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._reading = asyncio.Lock()
        self._known: dict[str, int | None] = {}
        self._read_at: float | None = None

    async def read(self, caller: Caller) -> Quotas:
        """Return the quotas, read at most every `AWS_QUOTAS_TTL` seconds, whatever came of it."""
        async with self._reading:
            now = self._clock.monotonic()
            if self._read_at is None or now - self._read_at >= AWS_QUOTAS_TTL:
                for code in (_PROFILES_PER_CLUSTER, _SELECTORS_PER_PROFILE, _LABELS_PER_SELECTOR):
                    self._known[code] = await self._quota(caller, code)
                self._read_at = now
        return Quotas(*(self._known.get(code) for code in (_PROFILES_PER_CLUSTER, _SELECTORS_PER_PROFILE, _LABELS_PER_SELECTOR)))

    async def _quota(self, caller: Caller, code: str) -> int | None:
        try:
            answer = await caller.read("service-quotas", "GetServiceQuota", {"ServiceCode": "eks", "QuotaCode": code})
            with reading("GetServiceQuota"):
                return int(answer["Quota"]["Value"])
        except AWSError as error:
            # What was known is better than nothing while the service is out of reach.
            return self._known.get(code) if error.failure.kind in _PASSING else None
