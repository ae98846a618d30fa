"""The gateway on the simulated EKS: what canned answers cannot show, that the parts fit together."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.fargateclass import SubnetsFrom, SubnetSource
from fargateclaims.api.reasons import Reason
from fargateclaims.aws.cloud import AWSCloud, ClusterGateway
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.checks.role import check_role
from fargateclaims.domain.checks.subnets import check_subnets, resolve_subnets
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.domain.iam import RoleReading
from fargateclaims.domain.profile import ProfileSelector, ProfileSpec, ProfileState
from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS
from support.canned_aws import Told
from support.eks_server import LEAPING_CREATE_S, LEAPING_DELETE_S, sign_in
from support.virtual_clock import VirtualClock

FROM_CLUSTER = SubnetSource(from_=SubnetsFrom.CLUSTER)


@pytest.fixture
def simulated(leaping_eks_process: SimulatedEKS) -> SimulatedEKS:
    leaping_eks_process.reset()
    return leaping_eks_process


@pytest.fixture
def seeded(simulated: SimulatedEKS, monkeypatch: pytest.MonkeyPatch) -> Seeded:
    seeded = simulated.seed(["prod"])
    sign_in(simulated, seeded, monkeypatch)
    return seeded


@pytest.fixture
def live() -> Iterator[AWSCloud]:
    cloud = AWSCloud(VirtualClock(), 1000, "test", Told())
    yield cloud
    cloud.close()


@pytest.fixture
def gateway(live: AWSCloud, seeded: Seeded) -> ClusterGateway:
    return live.gateway(ClusterARN.parse(seeded.clusters["prod"]))


@pytest.fixture
def spec(seeded: Seeded) -> ProfileSpec:
    selectors = (ProfileSelector("shop", {"app": "web"}), ProfileSelector("shop-*"))
    return ProfileSpec("shop", seeded.pod_execution_role_arn, selectors, tuple(seeded.private_subnets), {"owner": "platform"})


def yes() -> bool:
    return True


async def failure_of(awaitable: Awaitable[object]) -> Failure:
    with pytest.raises(AWSError) as raised:
        await awaitable
    return raised.value.failure


async def test_a_profile_from_create_to_gone(simulated: SimulatedEKS, gateway: ClusterGateway, spec: ProfileSpec) -> None:
    created = await gateway.create_profile(spec, yes)
    assert (created.name, created.state, created.moving) == ("shop", ProfileState.CREATING, True)
    busy = await failure_of(gateway.create_profile(replace(spec, name="other"), yes))
    assert (busy.kind, busy.blocker) == (FailureClass.BUSY_PROFILE, ("shop", ProfileState.CREATING))

    simulated.advance(LEAPING_CREATE_S)
    active = await gateway.describe_profile("shop")
    assert (active.state, active.arn, active.tags) == (ProfileState.ACTIVE, created.arn, spec.tags)
    assert {selector.key for selector in active.selectors} == {selector.key for selector in spec.selectors}
    assert set(active.subnet_ids) == set(spec.subnet_ids)
    assert await gateway.list_profiles() == ("shop",)
    assert (await failure_of(gateway.create_profile(spec, yes))).kind is FailureClass.EXISTS

    await gateway.tag(active.arn, {"team": "a"}, yes)
    await gateway.untag(active.arn, ["owner"], yes)
    assert (await gateway.describe_profile("shop")).tags == {"team": "a"}

    assert (await gateway.delete_profile("shop", yes)).state is ProfileState.DELETING
    simulated.advance(LEAPING_DELETE_S)
    assert (await failure_of(gateway.describe_profile("shop"))).kind is FailureClass.GONE
    assert (await failure_of(gateway.delete_profile("shop", yes))).kind is FailureClass.GONE
    assert await gateway.list_profiles() == ()


async def test_more_profiles_than_a_page(simulated: SimulatedEKS, gateway: ClusterGateway) -> None:
    names = [f"p-{number:03}" for number in range(230)]
    simulated.place("prod", [{"name": name} for name in names])
    assert await gateway.list_profiles() == tuple(names)


async def test_a_profile_gets_no_subnet_in_a_zone_without_fargate(
    simulated: SimulatedEKS, live: AWSCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeded = simulated.seed(["prod"], region="ca-central-1")
    sign_in(simulated, seeded, monkeypatch)
    gateway = live.gateway(ClusterARN.parse(seeded.clusters["prod"]))
    cluster = await gateway.describe_cluster()
    network = await gateway.subnets(cluster, ())
    chosen = resolve_subnets(FROM_CLUSTER, cluster, network)
    assert set(chosen) == set(seeded.private_subnets[:2])
    spec = ProfileSpec("shop", seeded.pod_execution_role_arn, (ProfileSelector("shop"),), tuple(seeded.private_subnets), {})
    refused = await failure_of(gateway.create_profile(spec, yes))
    assert (refused.kind, seeded.private_subnets[2] in refused.message) == (FailureClass.INVALID, True)
    assert (await gateway.create_profile(replace(spec, subnet_ids=chosen), yes)).subnet_ids == chosen


async def test_a_cluster_that_does_not_exist(live: AWSCloud, seeded: Seeded, spec: ProfileSpec) -> None:
    gateway = live.gateway(replace(ClusterARN.parse(seeded.clusters["prod"]), name="gone"))
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "DescribeCluster": gateway.describe_cluster,
        "ListFargateProfiles": gateway.list_profiles,
        "DescribeFargateProfile": lambda: gateway.describe_profile("shop"),
        "CreateFargateProfile": lambda: gateway.create_profile(spec, yes),
        "DeleteFargateProfile": lambda: gateway.delete_profile("shop", yes),
    }
    for operation, call in calls.items():
        failure = await failure_of(call())
        assert (failure.kind, failure.operation) == (FailureClass.CLUSTER_GONE, operation)


async def test_what_eks_refuses(seeded: Seeded, gateway: ClusterGateway, spec: ProfileSpec) -> None:
    public = replace(spec, subnet_ids=tuple(seeded.public_subnets))
    assert (await failure_of(gateway.create_profile(public, yes))).kind is FailureClass.INVALID
    untrusted = replace(spec, pod_execution_role_arn=seeded.misconfigured_role_arn)
    assert (await failure_of(gateway.create_profile(untrusted, yes))).kind is FailureClass.PROPAGATING


async def test_the_quota_is_full(simulated: SimulatedEKS, gateway: ClusterGateway, spec: ProfileSpec) -> None:
    simulated.quotas(profiles=1)
    simulated.place("prod", [{"name": "first"}])
    assert (await failure_of(gateway.create_profile(spec, yes))).kind is FailureClass.QUOTA_EXCEEDED
    assert (await gateway.quotas()).profiles_per_cluster == 1


async def test_a_cluster_at_work_behind_its_status(simulated: SimulatedEKS, gateway: ClusterGateway, spec: ProfileSpec) -> None:
    simulated.behave(hidden_update_seconds=900)
    assert (await failure_of(gateway.create_profile(spec, yes))).kind is FailureClass.BUSY_CLUSTER
    assert (await gateway.describe_cluster()).status == "ACTIVE"


async def test_the_facts_of_a_class(seeded: Seeded, gateway: ClusterGateway) -> None:
    cluster = await gateway.describe_cluster()
    assert cluster.vpc_id == seeded.vpc_id
    private = tuple(sorted(seeded.private_subnets))
    network = await gateway.subnets(cluster, ())
    assert resolve_subnets(FROM_CLUSTER, cluster, network) == private
    assert check_subnets(FROM_CLUSTER, cluster, network).level is Level.OK
    public = check_subnets(SubnetSource(from_=SubnetsFrom.IDS, ids=tuple(seeded.public_subnets)), cluster, network)
    assert (public.level, public.reason) == (Level.ERROR, Reason.PUBLIC_SUBNET)
    assert min(seeded.public_subnets) in public.message
    for role_arn, level in ((seeded.pod_execution_role_arn, Level.OK), (seeded.misconfigured_role_arn, Level.ERROR)):
        reading = RoleReading.of(await gateway.role(role_arn), await gateway.permissions(role_arn))
        assert check_role(role_arn, ClusterARN.parse(seeded.clusters["prod"]), reading, {}).level is level


async def test_a_cluster_in_another_account(simulated: SimulatedEKS, live: AWSCloud, seeded: Seeded) -> None:
    there = simulated.seed(["prod"], account="444455556666")
    arn = ClusterARN.parse(there.clusters["prod"])
    assert (await live.gateway(arn, there.operator_role_arn).describe_cluster()).name == "prod"
    wrong = await failure_of(live.gateway(arn).describe_cluster())
    assert wrong.kind is FailureClass.WRONG_ACCOUNT
    assert {call.operation for call in simulated.calls(account=seeded.account)} <= {"GetCallerIdentity", "AssumeRole"}
