"""What must be known of the classes of one cluster before a profile is made: their subnets and roles, read with everything else.

One reading of the VPC serves all classes of the cluster, one of a role all classes with that role. What EC2 or IAM did not tell is asked
again sooner than at the next resync; until then, what was known counts.
"""

import math
from collections.abc import Iterable, Mapping

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.fargateclass import FargateProfileClass, SubnetSource
from fargateclaims.clock import Clock
from fargateclaims.domain.checks.holding import class_facts
from fargateclaims.domain.failure import AWSError
from fargateclaims.domain.iam import Role
from fargateclaims.domain.network import Network
from fargateclaims.domain.observation import ClassFacts, EKSCluster, Inspection
from fargateclaims.domain.unreadable import NOT_YET, Unreadable
from fargateclaims.engine.ports import Gateway
from fargateclaims.timing import CLASS_RECHECK

_Source = tuple[SubnetSource, str]
_NEVER = math.inf


class ClassReader:
    """The AWS side of the classes of one cluster."""

    def __init__(self, arn: ClusterARN, clock: Clock) -> None:
        self._arn = arn
        self._clock = clock
        # By name: as it was when it was last looked at, and when that is to be done again.
        self._tried: dict[str, tuple[_Source, float]] = {}
        self._network = Network.unreadable(NOT_YET)
        self._asked_for: frozenset[str] = frozenset()
        self._roles: dict[str, Role | Unreadable | None] = {}

    @property
    def due_at(self) -> float:
        """When to look again at what could not be looked at, by the monotonic clock; infinity if there is nothing."""
        return min((due for _, due in self._tried.values()), default=_NEVER)

    def lacks(self, classes: Iterable[FargateProfileClass]) -> bool:
        """Whether a class has not been looked at as it now is, nor tried to a moment ago."""
        return any(self._is_due(cls.metadata.name, _source(cls)) for cls in classes)

    def forget(self) -> None:
        """The cluster is gone, and with it what was known of its classes."""
        self._tried.clear()

    async def read(self, gateway: Gateway, cluster: EKSCluster, classes: Iterable[FargateProfileClass], *, again: bool) -> None:
        """Look at the classes that are new or have changed, or at all of them. Raises nothing."""
        wanted = {cls.metadata.name: _source(cls) for cls in classes}
        self._tried = {name: tried for name, tried in self._tried.items() if name in wanted}
        await self._read(gateway, cluster, {name: source for name, source in wanted.items() if again or self._is_due(name, source)})

    async def read_due(self, gateway: Gateway, cluster: EKSCluster) -> None:
        """Look again at what could not be looked at, if that is due. Raises nothing."""
        now = self._clock.monotonic()
        await self._read(gateway, cluster, {name: source for name, (source, due) in self._tried.items() if due <= now})

    def facts(self, cluster: EKSCluster, inspection: Inspection | None) -> dict[str, ClassFacts]:
        """What is known of each class that was looked at, by name."""
        return {name: self._judge(cluster, source, inspection) for name, (source, _) in self._tried.items()}

    def network(self, inspection: Inspection | None) -> Network:
        """What is known of the cluster's network."""
        return self._network if inspection is None else self._network.with_egress(inspection.network)

    async def _read(self, gateway: Gateway, cluster: EKSCluster, wanted: Mapping[str, _Source]) -> None:
        if not wanted:
            return
        sources = {**{name: source for name, (source, _) in self._tried.items()}, **wanted}
        network_failed = await self._read_network(gateway, cluster, sources.values())
        roles_failed = {arn for arn in sorted({arn for _, arn in wanted.values()}) if await self._read_role(gateway, arn)}
        again = self._clock.monotonic() + CLASS_RECHECK
        for name, source in wanted.items():
            self._tried[name] = source, again if network_failed or source[1] in roles_failed else _NEVER
        self._roles = {arn: self._roles[arn] for arn in {arn for _, arn in sources.values()} if arn in self._roles}

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

    def _is_due(self, name: str, source: _Source) -> bool:
        tried, due = self._tried.get(name, (None, _NEVER))
        return tried != source or due <= self._clock.monotonic()


def _source(cls: FargateProfileClass) -> _Source:
    return cls.spec.subnets, cls.spec.pod_execution_role_arn
