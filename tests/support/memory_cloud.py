"""AWS in memory, as the engine's ports see it: `FargateControlPlane` for each cluster, behind its account's and region's token bucket.

Implements `engine.ports.Cloud` and `Gateway`. Every call is written down, with its outcome.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from fargateclaims.api.arn import ClusterARN
from fargateclaims.aws.departure import NotPermitted
from fargateclaims.aws.errors import classify
from fargateclaims.aws.throttle import Lane, TokenBucket
from fargateclaims.clock import Clock
from fargateclaims.domain.access import FARGATE_ENTRY_TYPE, AccessEntry, Addon, ClusterAccess
from fargateclaims.domain.failure import AWSError
from fargateclaims.domain.iam import Role, RolePermissions
from fargateclaims.domain.network import Network
from fargateclaims.domain.observation import EKSCluster, Quotas
from fargateclaims.domain.profile import HealthProblem, Profile, ProfileSelector, ProfileSpec, ProfileState
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.engine.ports import Permit
from fargateclaims.simulator.eks import model
from fargateclaims.simulator.eks.errors import EKSError
from fargateclaims.simulator.eks.lifecycle import FargateControlPlane
from fargateclaims.simulator.eks.timings import Timings
from support.healthy import HEALTHY_PERMISSIONS, SUBNETS, healthy_access, healthy_network, healthy_role
from support.virtual_loop import START

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One call that reached AWS; `outcome` is ok or a FailureClass."""

    at: float
    cluster: str
    operation: str
    outcome: str


class MemoryCloud:
    """All clusters.

    :param latency: seconds from a call's departure to its effect, and the same again to its answer.
    :param per_second: calls a second for each account and region.
    """

    def __init__(self, clock: Clock, timings: Timings | None = None, latency: float = 0.0, per_second: float = 10.0) -> None:
        self._clock = clock
        self._timings = timings or Timings()
        self._per_second = per_second
        self._buckets: dict[tuple[str, str], TokenBucket] = {}
        self.latency = latency
        self.planes: dict[ClusterARN, FargateControlPlane] = {}
        self.clusters: dict[ClusterARN, EKSCluster] = {}
        self.calls: list[Call] = []
        self.identities: list[tuple[str | None, str | None]] = []
        self.quotas = Quotas()
        self.network = healthy_network()
        self.entries: dict[str, AccessEntry | None] = {}
        self.addons: list[tuple[str, str]] = []
        self.core_dns: Addon | Unreadable | None = healthy_access(()).core_dns
        self.role: Callable[[str], Role | Unreadable | None] = healthy_role
        self.before: Callable[[ClusterARN, str], Awaitable[None]] | None = None

    def add(self, arn: ClusterARN, **plane: Any) -> FargateControlPlane:
        """Make an EKS cluster."""
        made = FargateControlPlane(arn.name, arn.account, arn.region, clock=self._clock.monotonic, timings=self._timings, **plane)
        self.planes[arn] = made
        self.clusters[arn] = EKSCluster(arn.name, "ACTIVE", "1.33", "vpc-1", SUBNETS, "API")
        return made

    def gateway(self, arn: ClusterARN, assume_role_arn: str | None = None, external_id: str | None = None) -> "MemoryGateway":
        """See `Cloud.gateway`."""
        self.identities.append((assume_role_arn, external_id))
        return MemoryGateway(self, arn)

    def count(self, *operations: str) -> int:
        """How many calls of these operations were made; all, if none is named."""
        by_operation = Counter(call.operation for call in self.calls)
        return sum(by_operation[operation] for operation in operations) if operations else len(self.calls)

    async def send(self, arn: ClusterARN, operation: str, act: Callable[[FargateControlPlane], T], lane: Lane, permit: Permit | None) -> T:
        """Make one call."""
        pair = (arn.account, arn.region)
        if pair not in self._buckets:
            self._buckets[pair] = TokenBucket(self._clock, self._per_second)
        await self._buckets[pair].acquire(lane)
        if permit is not None and not permit():
            raise NotPermitted
        outcome = "ok"
        try:
            if self.before is not None:
                await self.before(arn, operation)
            await asyncio.sleep(self.latency)
            return act(self._plane(arn))
        except EKSError as error:
            response: Any = {
                "Error": {"Code": error.code, "Message": error.message},
                "ResponseMetadata": {"HTTPStatusCode": error.http_status},
            }
            failure = classify(ClientError(response, operation), operation)
            outcome = str(failure.kind)
            raise AWSError(failure) from None
        except AWSError as error:
            outcome = str(error.failure.kind)
            raise
        finally:
            self.calls.append(Call(self._clock.monotonic(), arn.name, operation, outcome))
            if self.latency:
                await asyncio.sleep(self.latency)

    def _plane(self, arn: ClusterARN) -> FargateControlPlane:
        if arn not in self.planes:
            raise EKSError("ResourceNotFoundException", f"No cluster found for name: {arn.name}.", 404)
        return self.planes[arn]


class MemoryGateway:
    """See `Gateway`."""

    def __init__(self, cloud: MemoryCloud, arn: ClusterARN) -> None:
        self._cloud = cloud
        self._arn = arn

    async def describe_cluster(self, *, urgent: bool = False) -> EKSCluster:
        """See `Gateway.describe_cluster`."""
        return await self._read("DescribeCluster", lambda _plane: self._cloud.clusters[self._arn], urgent=urgent)

    async def list_profiles(self, *, urgent: bool = False) -> tuple[str, ...]:
        """See `Gateway.list_profiles`."""
        return await self._read("ListFargateProfiles", lambda plane: tuple(plane.list()), urgent=urgent)

    async def describe_profile(self, name: str, *, urgent: bool = False) -> Profile:
        """See `Gateway.describe_profile`."""
        return await self._read("DescribeFargateProfile", lambda plane: to_domain(plane.describe(name)), urgent=urgent)

    async def create_profile(self, spec: ProfileSpec, permit: Permit) -> Profile:
        """See `Gateway.create_profile`."""
        selectors = [{"namespace": selector.namespace, "labels": dict(selector.labels)} for selector in spec.selectors]
        role, subnets, tags = spec.pod_execution_role_arn, spec.subnet_ids, dict(spec.tags)

        def create(plane: FargateControlPlane) -> Profile:
            return to_domain(plane.create(spec.name, pod_execution_role_arn=role, selectors=selectors, subnets=subnets, tags=tags))

        return await self._cloud.send(self._arn, "CreateFargateProfile", create, Lane.URGENT, permit)

    async def delete_profile(self, name: str, permit: Permit) -> Profile:
        """See `Gateway.delete_profile`."""
        return await self._cloud.send(self._arn, "DeleteFargateProfile", lambda plane: to_domain(plane.delete(name)), Lane.URGENT, permit)

    async def tag(self, arn: str, tags: Mapping[str, str], permit: Permit) -> None:
        """See `Gateway.tag`."""
        await self._cloud.send(self._arn, "TagResource", lambda plane: plane.tag(arn, dict(tags)), Lane.URGENT, permit)

    async def untag(self, arn: str, keys: Iterable[str], permit: Permit) -> None:
        """See `Gateway.untag`."""
        await self._cloud.send(self._arn, "UntagResource", lambda plane: plane.untag(arn, list(keys)), Lane.URGENT, permit)

    async def quotas(self) -> Quotas:
        """See `Gateway.quotas`."""
        return self._cloud.quotas

    async def subnets(self, cluster: EKSCluster, subnet_ids: Collection[str]) -> Network:  # noqa: ARG002 - the port's
        """See `Gateway.subnets`."""
        await self._read("DescribeSubnets", lambda _plane: None, urgent=False)
        return await self._read("DescribeRouteTables", lambda _plane: self._cloud.network, urgent=False)

    async def role(self, role_arn: str) -> Role | Unreadable | None:
        """See `Gateway.role`."""
        return await self._read("GetRole", lambda _plane: self._cloud.role(role_arn), urgent=False)

    async def egress(self, cluster: EKSCluster) -> Network:  # noqa: ARG002 - the port's
        """See `Gateway.egress`: one call of those that it costs."""
        return await self._cloud.send(self._arn, "DescribeVpcs", lambda _plane: self._cloud.network, Lane.BACKGROUND, None)

    async def permissions(self, role_arn: str) -> RolePermissions:  # noqa: ARG002 - the port's
        """See `Gateway.permissions`: one call of those that it costs."""
        return await self._cloud.send(self._arn, "ListAttachedRolePolicies", lambda _plane: HEALTHY_PERMISSIONS, Lane.BACKGROUND, None)

    async def access(self, cluster: EKSCluster, role_arns: Collection[str]) -> ClusterAccess:  # noqa: ARG002 - the port's
        """See `Gateway.access`: one call of those that it costs."""
        known = healthy_access(role_arns)
        found = replace(
            known,
            entries={**known.entries, **self._cloud.entries},
            core_dns=self._cloud.core_dns,
        )
        return await self._cloud.send(self._arn, "DescribeAccessEntry", lambda _plane: found, Lane.BACKGROUND, None)

    async def create_access_entry(self, role_arn: str, permit: Permit) -> AccessEntry:
        """See `Gateway.create_access_entry`."""
        entry = self._cloud.entries[role_arn] = AccessEntry(role_arn, FARGATE_ENTRY_TYPE)
        return await self._cloud.send(self._arn, "CreateAccessEntry", lambda _plane: entry, Lane.URGENT, permit)

    async def update_addon(self, name: str, configuration: str, permit: Permit) -> None:
        """See `Gateway.update_addon`."""
        addons = self._cloud.addons
        await self._cloud.send(self._arn, "UpdateAddon", lambda _plane: addons.append((name, configuration)), Lane.URGENT, permit)

    async def _read(self, operation: str, read: Callable[[FargateControlPlane], T], *, urgent: bool) -> T:
        return await self._cloud.send(self._arn, operation, read, Lane.URGENT if urgent else Lane.ROUTINE, None)


def to_domain(profile: model.Profile) -> Profile:
    """The simulator's profile as the gateway would read it."""
    return Profile(
        name=profile.name,
        arn=profile.arn,
        state=ProfileState(profile.status.value),
        pod_execution_role_arn=profile.pod_execution_role_arn,
        selectors=tuple(ProfileSelector(selector["namespace"], dict(selector.get("labels", {}))) for selector in profile.selectors),
        subnet_ids=profile.subnets,
        tags=dict(profile.tags),
        created_at=START + timedelta(seconds=profile.created_at),
        health=tuple(HealthProblem(issue.code, issue.message, issue.resource_ids) for issue in profile.issues),
    )
