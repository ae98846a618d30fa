"""The checks that hold nothing, made in the background: a pass never waits for them, and they let all other calls go first."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Final, Protocol, TypeVar

from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.clock import Clock
from fargateclaims.domain.access import ClusterAccess
from fargateclaims.domain.checks.advice import occasions
from fargateclaims.domain.failure import AWSError
from fargateclaims.domain.iam import RolePermissions
from fargateclaims.domain.network import Network
from fargateclaims.domain.no_access import NoAccess
from fargateclaims.domain.observation import Inspection, Observation, active_arns
from fargateclaims.domain.unreadable import NOT_YET, Unreadable
from fargateclaims.domain.workloads import Workloads
from fargateclaims.engine.ports import DataPlane, Gateway
from fargateclaims.timing import INSPECTION_INTERVAL, INSPECTION_RETRY, RESYNC_JITTER

log = logging.getLogger(__name__)

_UNKNOWN: Final = RolePermissions(NOT_YET, NOT_YET, NOT_YET)
_NOTHING: Final = Inspection(
    Network.unreadable(NOT_YET), {}, ClusterAccess({}, NOT_YET, NOT_YET, NOT_YET), Workloads(NOT_YET, NOT_YET, NOT_YET), frozenset()
)

_EARLY: Final = 3
"""So many inspections in a row are made before their time, each after twice the wait: what is still wrong then will be so for longer."""

T = TypeVar("T")


class Inspected(Protocol):
    """See `Inspector`."""

    def __call__(self, inspection: Inspection, *, complete: bool) -> bool:
        """An inspection has ended. Returns whether something is wrong, so that somebody may be about to mend it."""


class Inspector:
    """The inspections of one cluster, one at a time.

    :param inspected: told of what is known after each that has ended, and whether all of it could be looked at.
    """

    def __init__(self, name: str, clock: Clock, inspected: Inspected) -> None:
        self._name = name
        self._clock = clock
        self._inspected = inspected
        self._last = _NOTHING
        self._due_at = 0.0
        self._occasions: frozenset[tuple[str, str]] = frozenset()
        self._failed = False
        self._early = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether one is under way."""
        return self._task is not None and not self._task.done()

    def again(self, after: float = 0.0) -> None:
        """Make the next one after so many seconds at the latest: something has changed, or somebody has asked."""
        self._early = 0
        self._due_at = min(self._due_at, self._clock.monotonic() + after)

    def begin(self, gateway: Gateway, data_plane: DataPlane, seen: Observation, classes: Sequence[FargateProfileClass]) -> float:
        """Begin one if it is due, and return the seconds until the next is. It is due early for what there was no reason to look at.

        :param seen: whose cluster and profiles are known.
        """
        assert seen.cluster is not None
        now, present = self._clock.monotonic(), occasions(classes, (seen.profiles or {}).values())
        if self.running:
            return self._interval()
        if present - self._occasions:
            self.again()
        if now >= self._due_at:
            self._occasions = present
            self._due_at = now + self._interval()
            roles = sorted({cls.spec.pod_execution_role_arn for cls in classes})
            inspection = self._inspect(gateway, data_plane, seen, roles)
            self._task = asyncio.create_task(inspection, name=f"inspection of {self._name}")
        return max(0.0, self._due_at - now)

    async def stop(self) -> None:
        """End the one that is under way."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _inspect(self, gateway: Gateway, data_plane: DataPlane, seen: Observation, role_arns: list[str]) -> None:
        self._failed = False
        try:
            self._last = await self._look(gateway, data_plane, seen, role_arns)
        except Exception:
            log.exception("an inspection failed and is made again", extra={"fields": {"cluster": self._name}})
            self._failed = True
        if self._inspected(self._last, complete=not self._failed) or self._failed:
            self._hasten()
        else:
            self._early = 0

    def _hasten(self) -> None:
        if self._early < _EARLY:
            self._due_at = min(self._due_at, self._clock.monotonic() + INSPECTION_RETRY * 2**self._early)
            self._early += 1

    async def _look(self, gateway: Gateway, data_plane: DataPlane, seen: Observation, role_arns: list[str]) -> Inspection:
        last, cluster = self._last, seen.cluster
        assert cluster is not None
        roles = {arn: await self._part(gateway.permissions(arn), last.roles.get(arn, _UNKNOWN)) for arn in role_arns}
        roles_failed, self._failed = self._failed, False
        access = await self._part(gateway.access(cluster, role_arns), last.access)
        workloads = await self._workloads(data_plane, last.workloads)
        stale, self._failed = self._failed, self._failed or roles_failed
        return Inspection(
            network=await self._part(gateway.egress(cluster), last.network),
            roles=roles,
            access=access,
            workloads=workloads,
            # What was kept from an earlier look says nothing of profiles that have come since.
            profile_arns=last.profile_arns if stale else active_arns((seen.profiles or {}).values()),
        )

    async def _workloads(self, data_plane: DataPlane, known: Workloads) -> Workloads:
        """What was seen counts while the cluster's own API does not answer."""
        found = await data_plane.workloads()
        parts = {name: getattr(found, name) for name in ("core_dns", "aws_auth", "other_nodes")}
        for name, part in parts.items():
            before = getattr(known, name)
            if isinstance(part, NoAccess) and not part.lasting and not isinstance(before, Unreadable):
                self._failed = True
                parts[name] = before
        return Workloads(**parts)

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
