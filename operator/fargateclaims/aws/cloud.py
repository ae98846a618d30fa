"""AWS as the engine sees it: a gateway for each cluster, over sessions, threads and limits that the clusters share."""

from collections.abc import Collection
from dataclasses import dataclass

from fargateclaims.api.arn import ClusterARN
from fargateclaims.aws.access import create_access_entry, read_access, update_addon
from fargateclaims.aws.calls import AccountRegion, Caller, Observe
from fargateclaims.aws.departure import Permit
from fargateclaims.aws.eks import EKSGateway
from fargateclaims.aws.limits import THREADS_PER_ACCOUNT_REGION
from fargateclaims.aws.memory import AccountMemory
from fargateclaims.aws.network import read_egress, read_subnets
from fargateclaims.aws.quotas import QuotaReader
from fargateclaims.aws.roles import read_permissions, read_role
from fargateclaims.aws.sessions import Identity, Sessions
from fargateclaims.aws.threads import DaemonThreads
from fargateclaims.aws.throttle import TokenBucket
from fargateclaims.aws.token import ClusterToken
from fargateclaims.clock import Clock
from fargateclaims.domain.access import AccessEntry, ClusterAccess
from fargateclaims.domain.iam import Role, RolePermissions
from fargateclaims.domain.network import Network
from fargateclaims.domain.observation import EKSCluster, Quotas
from fargateclaims.domain.unreadable import Unreadable


class ClusterGateway(EKSGateway):
    """All that is asked of AWS for one cluster."""

    def __init__(self, caller: Caller, cluster_name: str, quotas: QuotaReader, memory: AccountMemory) -> None:
        super().__init__(caller, cluster_name)
        self._quotas = quotas
        self._memory = memory

    async def quotas(self) -> Quotas:
        """Return the quotas of the cluster's account and region; None each where they cannot be read. Raises nothing."""
        return await self._quotas.read(self._caller)

    async def subnets(self, cluster: EKSCluster, subnet_ids: Collection[str]) -> Network:
        """Return the subnets of the cluster's VPC, and those in `subnet_ids` wherever they are; see `read_subnets`."""
        return await read_subnets(self._caller, cluster.vpc_id, subnet_ids)

    async def role(self, role_arn: str) -> Role | Unreadable | None:
        """Return a pod execution role, None if there is none; see `read_role`."""
        return await read_role(self._caller, role_arn)

    async def egress(self, cluster: EKSCluster) -> Network:
        """Return what else there is in the cluster's VPC; see `read_egress`. In the background."""
        return await read_egress(self._caller.in_background(), cluster.vpc_id)

    async def permissions(self, role_arn: str) -> RolePermissions:
        """Return what a pod execution role may do; see `read_permissions`. In the background."""
        return await read_permissions(self._caller.in_background(), self._memory, role_arn)

    async def access(self, cluster: EKSCluster, role_arns: Collection[str]) -> ClusterAccess:
        """Return what EKS says of the cluster beside DescribeCluster; see `read_access`. In the background."""
        return await read_access(self._caller.in_background(), self._memory, cluster, role_arns)

    async def create_access_entry(self, role_arn: str, permit: Permit) -> AccessEntry:
        """Let the nodes of a pod execution role into the cluster; see `aws.access.create_access_entry`."""
        return await create_access_entry(self._caller, self._cluster, role_arn, permit)

    async def update_addon(self, name: str, configuration: str, permit: Permit) -> None:
        """Begin to give an add-on another configuration; see `aws.access.update_addon`."""
        await update_addon(self._caller, self._cluster, name, configuration, permit)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What clusters of one account and region have in common."""

    calls: AccountRegion
    quotas: QuotaReader
    memory: AccountMemory


class AWSCloud:
    """The way to AWS. Lives on one event loop.

    :param calls_per_second: the most calls that may leave for one account and region.
    :param installation: the installation id, shown in the names of assumed roles' sessions.
    :param observe: told of each call: operation, outcome, seconds.
    """

    def __init__(self, clock: Clock, calls_per_second: float, installation: str, observe: Observe) -> None:
        self._clock = clock
        self._calls_per_second = calls_per_second
        self._observe = observe
        self._sessions = Sessions(clock, installation)
        self._shared: dict[tuple[str, str], _Shared] = {}

    def gateway(self, arn: ClusterARN, assume_role_arn: str | None = None, external_id: str | None = None) -> ClusterGateway:
        """Return the gateway of one cluster; it is light, and no call is made yet.

        The account of the credentials is verified against the ARN before the first call, and whenever they are renewed.
        """
        shared = self._shared_by(arn.account, arn.region)
        caller = Caller(shared.calls, Identity(arn.region, assume_role_arn, external_id))
        return ClusterGateway(caller, arn.name, shared.quotas, shared.memory)

    def token(self, arn: ClusterARN, assume_role_arn: str | None = None, external_id: str | None = None) -> ClusterToken:
        """Return the token source of one identity for the cluster's own Kubernetes API; none is made yet."""
        caller = Caller(self._shared_by(arn.account, arn.region).calls, Identity(arn.region, assume_role_arn, external_id))
        return ClusterToken(caller, arn.name, self._clock)

    def close(self) -> None:
        """Begin no further call. Calls that hang are not waited for, and do not keep the process from ending."""
        for shared in self._shared.values():
            shared.calls.close()
        self._sessions.close()

    def _shared_by(self, account: str, region: str) -> _Shared:
        if (account, region) not in self._shared:
            calls = AccountRegion(
                account=account,
                clock=self._clock,
                sessions=self._sessions,
                bucket=TokenBucket(self._clock, self._calls_per_second),
                threads=DaemonThreads(f"aws-{account}-{region}", THREADS_PER_ACCOUNT_REGION),
                beside=DaemonThreads(f"aws-{account}-{region}-beside", THREADS_PER_ACCOUNT_REGION),
                observe=self._observe,
            )
            self._shared[account, region] = _Shared(calls, QuotaReader(self._clock), AccountMemory.empty(self._clock))
        return self._shared[account, region]
