"""The checks that hold nothing, made in the background: a pass never waits for them, and they let all other calls go first."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final, TypeVar

from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.clock import Clock
from fargateclaims.domain.access import ClusterAccess
from fargateclaims.domain.failure import AWSError
from fargateclaims.domain.iam import RolePermissions
from fargateclaims.domain.network import Network
from fargateclaims.domain.observation import EKSCluster, Inspection
from fargateclaims.domain.unreadable import NOT_YET
from fargateclaims.domain.workloads import Workloads
from fargateclaims.engine.ports import DataPlane, Gateway
from fargateclaims.timing import INSPECTION_INTERVAL, INSPECTION_RETRY, RESYNC_JITTER

log = logging.getLogger(__name__)

_UNKNOWN: Final = RolePermissions(NOT_YET, NOT_YET, NOT_YET)
_NOTHING: Final = Inspection(
    Network.unreadable(NOT_YET), {}, ClusterAccess({}, NOT_YET, NOT_YET, NOT_YET), Workloads(NOT_YET, NOT_YET, NOT_YET)
)

T = TypeVar("T")


class Inspector:
    """The inspections of one cluster, one at a time.

    :param inspected: told of each that has ended.
    """

    def __init__(self, name: str, clock: Clock, inspected: Callable[[Inspection], None]) -> None:
        self._name = name
        self._clock = clock
        self._inspected = inspected
        self._last: Inspection | None = None
        self._due_at = 0.0
        self._roles: frozenset[str] = frozenset()
        self._failed = False
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether one is under way."""
        return self._task is not None and not self._task.done()

    def again(self) -> None:
        """Make the next one at once."""
        self._due_at = 0.0

    def begin(self, gateway: Gateway, data_plane: DataPlane, cluster: EKSCluster, classes: Iterable[FargateProfileClass]) -> float:
        """Begin one if it is due, and return the seconds until the next is. It is due early for another role."""
        now, present = self._clock.monotonic(), frozenset(cls.spec.pod_execution_role_arn for cls in classes)
        if self.running:
            return self._interval()
        if present - self._roles or now >= self._due_at:
            self._roles = present
            self._due_at = now + self._interval()
            self._task = asyncio.create_task(
                self._inspect(gateway, data_plane, cluster, sorted(present)), name=f"inspection of {self._name}"
            )
        return max(0.0, self._due_at - now)

    async def stop(self) -> None:
        """End the one that is under way."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _inspect(self, gateway: Gateway, data_plane: DataPlane, cluster: EKSCluster, role_arns: list[str]) -> None:
        self._failed = False
        try:
            found = await self._look(gateway, data_plane, cluster, role_arns)
        except Exception:
            log.exception("an inspection failed and is made again", extra={"fields": {"cluster": self._name}})
            self._failed = True
        else:
            self._last = found
            self._inspected(found)
        if self._failed:
            self._due_at = min(self._due_at, self._clock.monotonic() + INSPECTION_RETRY)

    async def _look(self, gateway: Gateway, data_plane: DataPlane, cluster: EKSCluster, role_arns: list[str]) -> Inspection:
        last = self._last or _NOTHING
        roles = {arn: await self._part(gateway.permissions(arn), last.roles.get(arn, _UNKNOWN)) for arn in role_arns}
        return Inspection(
            network=await self._part(gateway.egress(cluster), last.network),
            roles=roles,
            access=await self._part(gateway.access(cluster, role_arns), last.access),
            workloads=await data_plane.workloads(),
        )

    async def _part(self, reading: Awaitable[T], known: T) -> T:
        """What was known counts while AWS does not answer."""
        try:
            return await reading
        except AWSError as error:
            log.info("not inspected: %s: %s", error.failure.operation, error.failure.message, extra={"fields": {"cluster": self._name}})
            self._failed = True
            return known

    def _interval(self) -> float:
        return INSPECTION_INTERVAL * (1 - RESYNC_JITTER * random.random())  # noqa: S311 - no secret depends on it
