"""What must be known of the classes of one cluster before a profile is made: their subnets and roles, read with everything else.

One reading of the VPC serves all classes of the cluster, one of a role all classes with that role. What EC2 or IAM did not tell is asked
again sooner than at the next resync, that alone and each time later; until then, what was known counts.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.fargateclass import FargateProfileClass, SubnetSource
from fargateclaims.clock import Clock
from fargateclaims.domain.backoff import unjittered
from fargateclaims.domain.checks.holding import class_facts
from fargateclaims.domain.failure import AWSError
from fargateclaims.domain.iam import Role
from fargateclaims.domain.network import Network
from fargateclaims.domain.observation import ClassFacts, EKSCluster, Inspection
from fargateclaims.domain.unreadable import NOT_YET, Unreadable
from fargateclaims.engine.ports import Gateway
from fargateclaims.timing import CLASS_RECHECK, SLOW_RECHECK

_Source = tuple[SubnetSource, str]
_NEVER = math.inf
_NETWORK: Final = ""
"""Stands for the network beside the ARNs of roles."""


class ClassReader:
    """The AWS side of the classes of one cluster."""

    def __init__(self, arn: ClusterARN, clock: Clock) -> None:
        self._arn = arn
        self._clock = clock
        # By name, each as it was when it was last looked at.
        self._sources: dict[str, _Source] = {}
        self._network = Network.unreadable(NOT_YET)
        self._asked_for: frozenset[str] = frozenset()
        self._roles: dict[str, Role | Unreadable | None] = {}
        # What did not answer, how often in a row, and when it is asked again.
        self._unanswered: frozenset[str] = frozenset()
        self._failures = 0
        self._due_at = _NEVER

    @property
    def due_at(self) -> float:
        """When to look again at what could not be looked at, by the monotonic clock; infinity if there is nothing."""
        return self._due_at

    def lacks(self, classes: Iterable[FargateProfileClass]) -> bool:
        """Whether a class has not been looked at as it now is, or could not be when that was last tried, which is a while ago."""
        return self._is_due() or any(self._sources.get(cls.metadata.name) != _source(cls) for cls in classes)

    def forget(self) -> None:
        """The cluster is gone, and with it what was known of its classes."""
        self._sources.clear()
        self._unanswered, self._failures, self._due_at = frozenset(), 0, _NEVER

    async def read(self, gateway: Gateway, cluster: EKSCluster, classes: Iterable[FargateProfileClass], *, again: bool) -> None:
        """Look at the classes that are new or have changed, or at all of them. Raises nothing."""
        wanted = {cls.metadata.name: _source(cls) for cls in classes}
        self._sources = {name: source for name, source in self._sources.items() if name in wanted}
        parts = {part for name, source in wanted.items() if again or self._sources.get(name) != source for part in (_NETWORK, source[1])}
        await self._read(gateway, cluster, wanted, parts | (self._unanswered if self._is_due() else set()))

    async def read_due(self, gateway: Gateway, cluster: EKSCluster) -> None:
        """Ask again for what was not answered, if that is due. Raises nothing."""
        if self._is_due():
            await self._read(gateway, cluster, self._sources, self._unanswered)

    def facts(self, cluster: EKSCluster, inspection: Inspection | None) -> dict[str, ClassFacts]:
        """What is known of each class that was looked at, by name."""
        return {name: self._judge(cluster, source, inspection) for name, source in self._sources.items()}

    def network(self, inspection: Inspection | None) -> Network:
        """What is known of the cluster's network."""
        return self._network if inspection is None else self._network.with_egress(inspection.network)

    async def _read(self, gateway: Gateway, cluster: EKSCluster, sources: Mapping[str, _Source], parts: Collection[str]) -> None:
        """Read these parts of what the classes need: the ARNs of roles, and _NETWORK."""
        needed = frozenset(role_arn for _, role_arn in sources.values()) | ({_NETWORK} if sources else set())
        asked = needed.intersection(parts)
        failed = {part for part in sorted(asked) if await self._fails(gateway, cluster, sources, part)}
        # Not before all was read: what is known may be asked for meanwhile.
        self._sources = dict(sources)
        self._roles = {arn: role for arn, role in self._roles.items() if arn in needed}
        unanswered = (self._unanswered & needed) - asked | failed
        if not unanswered:
            self._failures, self._due_at = 0, _NEVER
        elif failed:
            self._failures = self._failures + 1 if failed <= self._unanswered else 1
            wait = unjittered(self._failures, timedelta(seconds=CLASS_RECHECK), timedelta(seconds=SLOW_RECHECK))
            self._due_at = self._clock.monotonic() + wait.total_seconds()
        self._unanswered = unanswered

    async def _fails(self, gateway: Gateway, cluster: EKSCluster, sources: Mapping[str, _Source], part: str) -> bool:
        return await (self._read_network(gateway, cluster, sources.values()) if part == _NETWORK else self._read_role(gateway, part))

    async def _read_network(self, gateway: Gateway, cluster: EKSCluster, sources: Iterable[_Source]) -> bool:
        """Returns whether that failed."""
        ids = frozenset(subnet_id for source, _ in sources for subnet_id in source.ids or ())
        try:
            self._network, self._asked_for = await gateway.subnets(cluster, ids), ids
        except AWSError as error:
            if not ids <= self._asked_for or isinstance(self._network.subnets, Unreadable):
                self._network, self._asked_for = Network.unreadable(Unreadable.unanswered(error.failure)), ids
            return True
        return False

    async def _read_role(self, gateway: Gateway, role_arn: str) -> bool:
        """Returns whether that failed."""
        try:
            self._roles[role_arn] = await gateway.role(role_arn)
        except AWSError as error:
            self._roles.setdefault(role_arn, Unreadable.unanswered(error.failure))
            return True
        return False

    def _judge(self, cluster: EKSCluster, source: _Source, inspection: Inspection | None) -> ClassFacts:
        subnets, role_arn = source
        return class_facts(self._arn, subnets, role_arn, cluster, network=self._network, role=self._roles[role_arn], inspection=inspection)

    def _is_due(self) -> bool:
        return self._due_at <= self._clock.monotonic()


def _source(cls: FargateProfileClass) -> _Source:
    return cls.spec.subnets, cls.spec.pod_execution_role_arn
