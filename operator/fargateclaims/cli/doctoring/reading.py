"""Reads all that doctor looks at, once, and changes nothing. What does not answer is a fact as well: nothing here fails as a whole."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Final, TypeVar

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.aws.cloud import AWSCloud, ClusterGateway
from fargateclaims.aws.errors import iam_action
from fargateclaims.aws.token import ClusterToken
from fargateclaims.clock import Clock
from fargateclaims.domain import no_access
from fargateclaims.domain.access import ClusterAccess
from fargateclaims.domain.doctor.sight import InCluster, Known, Sight
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.domain.iam import Role, RolePermissions
from fargateclaims.domain.network import Network
from fargateclaims.domain.no_access import Barrier, NoAccess
from fargateclaims.domain.observation import EKSCluster, Inspection, Quotas, active_arns
from fargateclaims.domain.pods.pod import Pod
from fargateclaims.domain.profile import Profile
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.domain.workloads import Workloads
from fargateclaims.kube.clusters import ClusterAPI, ClusterAPIs
from fargateclaims.kube.daemon_sets import daemon_sets
from fargateclaims.kube.pods import waiting_pods
from fargateclaims.kube.workloads import read_workloads

T = TypeVar("T")

_CALLS_PER_SECOND: Final = 10.0
_CLUSTERS_AT_ONCE: Final = 8
_AWS_LIMIT: Final = 60.0
"""Seconds for one part of what AWS says, tries included: a person waits for it, and all others are shown without it."""
_CLUSTER_LIMIT: Final = 60.0
"""The same for what a cluster's own API says."""
_TRIES: Final = 3
_PAUSE: Final = 1.0
"""Seconds before the second try; what AWS throttles is put off by the token bucket as well."""
_PASSING: Final = frozenset({FailureClass.THROTTLED, FailureClass.UNAVAILABLE})

_Way = tuple[ClusterARN, str | None, str | None]
"""A cluster, and how it is reached: the role to assume, and what to send with that."""
_refused: ContextVar[set[str]] = ContextVar("refused")
"""The operations that AWS has refused to whoever looks at the cluster that the present task is about."""


async def read_clusters(classes: Iterable[FargateProfileClass], clock: Clock) -> list[Sight]:
    """Look at the clusters of these classes: each once for all of its classes that reach it in the same way. Raises nothing."""
    ways: dict[_Way, list[FargateProfileClass]] = {}
    for cls in classes:
        ways.setdefault((cls.spec.cluster_arn, cls.spec.assume_role_arn, cls.spec.external_id), []).append(cls)
    cloud = AWSCloud(clock, _CALLS_PER_SECOND, "doctor", _note_refusals)
    tokens: dict[_Way, ClusterToken] = {}

    def token(*way: *_Way) -> ClusterToken:
        tokens[way] = cloud.token(*way)
        return tokens[way]

    apis = ClusterAPIs(token, clock)
    lane = asyncio.Semaphore(_CLUSTERS_AT_ONCE)

    async def read(way: _Way) -> Sight:
        async with lane:
            refused: set[str] = set()
            _refused.set(refused)
            known = await _Reader(way, cloud.gateway(*way), apis, clock).read(ways[way])
            principal = tokens[way].principal if way in tokens else ""
            return Sight(way[0], tuple(ways[way]), known, tuple(sorted(map(iam_action, refused))), principal)

    try:
        return await asyncio.gather(*(read(way) for way in sorted(ways, key=str)))
    finally:
        cloud.close()
        await apis.close()


def _note_refusals(operation: str, outcome: str, _seconds: float) -> None:
    if outcome == FailureClass.UNAUTHORIZED.value:
        _refused.get().add(operation)


class _Reader:
    """The readings of one cluster."""

    def __init__(self, way: _Way, gateway: ClusterGateway, apis: ClusterAPIs, clock: Clock) -> None:
        self._arn = way[0]
        self._way = way
        self._gateway = gateway
        self._apis = apis
        self._clock = clock

    async def read(self, classes: Sequence[FargateProfileClass]) -> Known | Failure:
        """All of them; why not, if EKS does not describe the cluster."""
        cluster = await self._tried(self._gateway.describe_cluster)
        if isinstance(cluster, Failure):
            return cluster
        role_arns = sorted({cls.spec.pod_execution_role_arn for cls in classes})
        subnet_ids = {subnet_id for cls in classes for subnet_id in cls.spec.subnets.ids or ()}
        async with asyncio.TaskGroup() as at_once:
            begin = at_once.create_task
            network = begin(self._part(lambda: self._gateway.subnets(cluster, subnet_ids), Network.unreadable))
            egress = begin(self._part(lambda: self._gateway.egress(cluster), Network.unreadable))
            access = begin(self._part(lambda: self._gateway.access(cluster, role_arns), lambda why: _no_access_known(role_arns, why)))
            roles = {arn: begin(self._role(arn)) for arn in role_arns}
            permissions = begin(self._permissions(role_arns))
            profiles = begin(self._part(self._profiles, lambda why: why))
            quotas = begin(self._part(self._gateway.quotas, lambda _: Quotas()))
            inside = begin(self._inside(cluster))
        seen = profiles.result()
        known = frozenset() if isinstance(seen, Unreadable) else active_arns(seen.values())
        return Known(
            cluster=cluster,
            network=network.result().with_egress(egress.result()),
            roles={arn: role.result() for arn, role in roles.items()},
            profiles=seen,
            quotas=quotas.result(),
            inspection=Inspection(egress.result(), permissions.result(), access.result(), inside.result().workloads, known),
            inside=inside.result(),
        )

    async def _role(self, role_arn: str) -> Role | Unreadable | None:
        return await self._part(lambda: self._gateway.role(role_arn), lambda why: why)

    async def _permissions(self, role_arns: Sequence[str]) -> dict[str, RolePermissions]:
        # One after the other: what they have in common is remembered.
        return {
            arn: await self._part(partial(self._gateway.permissions, arn), lambda why: RolePermissions(why, why, why)) for arn in role_arns
        }

    async def _profiles(self) -> dict[str, Profile] | Unreadable:
        names = await self._gateway.list_profiles()
        found = await asyncio.gather(*map(self._profile, names))
        return {profile.name: profile for profile in found if profile is not None}

    async def _profile(self, name: str) -> Profile | None:
        try:
            return await self._gateway.describe_profile(name)
        except AWSError as error:
            if error.failure.kind is not FailureClass.GONE:
                raise
            return None

    async def _inside(self, cluster: EKSCluster) -> InCluster:
        api = await self._apis.of(self._way[0], cluster, *self._way[1:])
        workloads = await self._asked(read_workloads(api), lambda why: Workloads(why, why, why))
        closed = _closed(workloads)
        if closed is not None:
            return InCluster(workloads, closed, closed)
        pods, sets = await asyncio.gather(self._asked(_pods(api), lambda why: why), self._asked(api.ask(daemon_sets), lambda why: why))
        return InCluster(workloads, pods, sets)

    async def _asked(self, reading: Awaitable[T], lost: Callable[[NoAccess], T]) -> T:
        """What the cluster's own API says; it has told already what keeps it from answering, but for being slow."""
        try:
            async with asyncio.timeout(_CLUSTER_LIMIT):
                return await reading
        except TimeoutError:
            return lost(no_access.failing(self._arn, f"no answer within {_CLUSTER_LIMIT:g} s"))

    async def _part(self, reading: Callable[[], Awaitable[T]], lost: Callable[[Unreadable], T]) -> T:
        """What AWS says, or what stands in its place."""
        found = await self._tried(reading)
        return lost(Unreadable.unanswered(found)) if isinstance(found, Failure) else found

    async def _tried(self, reading: Callable[[], Awaitable[T]]) -> T | Failure:
        failure = Failure(FailureClass.UNAVAILABLE, "Timeout", f"no answer within {_AWS_LIMIT:g} s", "AWS")
        try:
            async with asyncio.timeout(_AWS_LIMIT):
                for attempt in range(_TRIES):
                    if attempt:
                        await self._clock.sleep(_PAUSE * attempt)
                    try:
                        return await reading()
                    except AWSError as error:
                        failure = error.failure
                        if failure.kind not in _PASSING:
                            break
        except TimeoutError:
            pass
        return failure


async def _pods(api: ClusterAPI) -> tuple[Pod, ...] | NoAccess:
    found = await api.ask(lambda client: waiting_pods(client, None))
    return found if isinstance(found, NoAccess) else tuple(found)


def _closed(workloads: Workloads) -> NoAccess | None:
    """Why the API cannot be asked for anything at all; None if it can."""
    for part in (workloads.core_dns, workloads.aws_auth, workloads.other_nodes):
        if not isinstance(part, NoAccess) or part.barrier is Barrier.FORBIDDEN:
            return None
        last = part
    return last


def _no_access_known(role_arns: Iterable[str], why: Unreadable) -> ClusterAccess:
    return ClusterAccess(dict.fromkeys(role_arns, why), why, why, why)
