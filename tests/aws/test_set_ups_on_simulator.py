"""The readings on the simulated AWS, over HTTP, as far as what the checks find in them."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from fargateclaims.api.conditions import ConditionType
from fargateclaims.aws.cloud import AWSCloud, ClusterGateway
from fargateclaims.domain.access import FARGATE_ENTRY_TYPE
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.failure import AWSError, FailureClass
from fargateclaims.domain.iam import RoleReading
from fargateclaims.domain.network import Network
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.simulator.eks.client import SimulatedEKS
from support.broken_set_ups import ACCOUNT, BREAKAGES, CLUSTER, REGION, SetUp
from support.builders import ARN
from support.canned_aws import Told
from support.class_checks import World
from support.eks_server import sign_in
from support.virtual_clock import VirtualClock


@pytest.fixture
def set_up(leaping_eks_process: SimulatedEKS, monkeypatch: pytest.MonkeyPatch) -> Iterator[SetUp]:
    leaping_eks_process.reset()
    made = SetUp.healthy(leaping_eks_process)
    sign_in(leaping_eks_process, made.seeded, monkeypatch)
    yield made
    made.close()


@pytest.fixture
def gateway(set_up: SetUp) -> Iterator[ClusterGateway]:
    assert str(ARN) == set_up.seeded.clusters[CLUSTER]
    cloud = AWSCloud(VirtualClock(), 1000, "test", Told())
    yield cloud.gateway(ARN)
    cloud.close()


async def read_network(gateway: ClusterGateway, cluster: EKSCluster, *subnet_ids: str) -> Network:
    return (await gateway.subnets(cluster, subnet_ids)).with_egress(await gateway.egress(cluster))


async def findings(gateway: ClusterGateway, role: str) -> dict[ConditionType, Finding]:
    """What the checks find, CoreDNS left aside: that is the cluster's own."""
    cluster = await gateway.describe_cluster()
    access = await gateway.access(cluster, {role})
    world = World(
        cluster=cluster,
        versions=access.versions,
        role_arn=role,
        reading=RoleReading.of(await gateway.role(role), await gateway.permissions(role)),
        node_roles=access.node_roles,
        entry=access.entries.get(role),
        network=await read_network(gateway, cluster),
        profiles=tuple([await gateway.describe_profile(name) for name in await gateway.list_profiles()]),
    )
    return {condition: finding for condition, finding in world.findings.items() if condition is not ConditionType.DNS_READY}


@pytest.mark.parametrize("change", [lambda _: None, SetUp.isolate], ids=["by a NAT gateway", "by endpoints"])
async def test_nothing_is_found_where_all_is_well(set_up: SetUp, gateway: ClusterGateway, change: Callable[[SetUp], None]) -> None:
    change(set_up)
    found = await findings(gateway, set_up.role)
    assert {condition: finding.sentence for condition, finding in found.items() if finding.level is not Level.OK} == {}


@pytest.mark.parametrize(("condition", "breakage"), BREAKAGES.values(), ids=BREAKAGES)
async def test_a_broken_set_up_is_found(
    set_up: SetUp, gateway: ClusterGateway, condition: ConditionType, breakage: Callable[[SetUp], None]
) -> None:
    breakage(set_up)
    found = await findings(gateway, set_up.role)
    amiss = {each: finding.level for each, finding in found.items() if finding.level is not Level.OK}
    assert amiss.pop(condition) in (Level.ERROR, Level.WARNING)
    # Without subnets there is no way out to be looked at.
    assert amiss in ({}, {ConditionType.EGRESS_AVAILABLE: Level.UNKNOWN})


async def test_without_a_permission_one_thing_is_unknown(set_up: SetUp, gateway: ClusterGateway) -> None:
    set_up.simulated.fault("access_denied", service="ec2", operation="DescribeRouteTables")
    cluster = await gateway.describe_cluster()
    network = await read_network(gateway, cluster)
    assert network.route_tables == Unreadable("no permission ec2:DescribeRouteTables")
    assert not isinstance(network.subnets, Unreadable)
    set_up.simulated.fault("access_denied", service="iam", operation="ListAttachedRolePolicies")
    set_up.simulated.fault("access_denied", service="eks", operation="DescribeAddon")
    assert (await findings(gateway, set_up.role))[ConditionType.ROLE_USABLE].level is Level.UNKNOWN
    assert (await gateway.access(cluster, ())).core_dns == Unreadable("no permission eks:DescribeAddon")


async def test_what_a_look_at_a_cluster_costs_at_rest(set_up: SetUp, gateway: ClusterGateway) -> None:
    cluster = await gateway.describe_cluster()

    async def look() -> None:
        await read_network(gateway, cluster, *set_up.seeded.spare_subnets)
        await gateway.role(set_up.role)
        await gateway.permissions(set_up.role)
        await gateway.access(cluster, {set_up.role})

    await look()
    set_up.simulated.clear_ledger()
    await look()
    made = Counter(call.operation for call in set_up.simulated.calls())
    assert made == {
        "DescribeVpcs": 1,
        "DescribeVpcAttribute": 2,
        "DescribeSubnets": 1,
        "DescribeRouteTables": 1,
        "DescribeNatGateways": 1,
        "DescribeVpcEndpoints": 1,
        "GetRole": 1,
        "ListAttachedRolePolicies": 1,
        "DescribeAccessEntry": 1,
        "ListNodegroups": 1,
        "DescribeAddon": 1,
    }


async def test_rights_of_a_role_without_fargates_policy(set_up: SetUp, gateway: ClusterGateway) -> None:
    set_up.detach_policy()
    iam = set_up.aws("iam")
    statement = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:%s"],"Resource":"*"}]}'
    iam.put_role_policy(RoleName=set_up.role_name, PolicyName="inline", PolicyDocument=statement % "Get*")
    arn = iam.create_policy(PolicyName="own", PolicyDocument=statement % "Batch*")["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=set_up.role_name, PolicyArn=arn)
    assert (await findings(gateway, set_up.role))[ConditionType.ROLE_USABLE].level is Level.OK


async def test_subnets_of_another_vpc_are_found(set_up: SetUp, gateway: ClusterGateway) -> None:
    ec2 = set_up.aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    elsewhere = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    network = await gateway.subnets(await gateway.describe_cluster(), [elsewhere, "subnet-absent"])
    assert not isinstance(network.subnets, Unreadable)
    assert {subnet.vpc_id for subnet in network.subnets if subnet.id == elsewhere} == {vpc}
    assert all(subnet.vpc_id == set_up.seeded.vpc_id for subnet in network.subnets if subnet.id != elsewhere)


async def test_what_is_repaired(set_up: SetUp, gateway: ClusterGateway) -> None:
    set_up.forget_role()
    made = await gateway.create_access_entry(set_up.role, lambda: True)
    assert (made.principal_arn, made.kind) == (set_up.role, FARGATE_ENTRY_TYPE)
    with pytest.raises(AWSError) as raised:
        await gateway.create_access_entry(set_up.role, lambda: True)
    assert raised.value.failure.kind is FailureClass.EXISTS

    set_up.run_core_dns_on_ec2()
    cluster = await gateway.describe_cluster()
    set_up.simulated.update_seconds(30)
    await gateway.update_addon("coredns", '{"computeType":"Fargate"}', lambda: True)
    addon = (await gateway.access(cluster, ())).core_dns
    assert addon is not None
    assert not isinstance(addon, Unreadable)
    assert (addon.status, addon.configuration) == ("UPDATING", '{"computeType":"Fargate"}')
    with pytest.raises(AWSError) as raised:
        await gateway.update_addon("coredns", "{}", lambda: True)
    assert raised.value.failure.kind is FailureClass.BUSY_CLUSTER
    set_up.simulated.advance(30)
    assert (await gateway.access(cluster, ())).core_dns == replace(addon, status="ACTIVE")


async def test_where_the_kubernetes_api_is(set_up: SetUp, gateway: ClusterGateway) -> None:
    set_up.simulated.kubernetes(CLUSTER, "https://127.0.0.1:6443", "Q0E=", account=ACCOUNT, region=REGION)
    cluster = await gateway.describe_cluster()
    assert (cluster.endpoint, cluster.certificate_authority) == ("https://127.0.0.1:6443", "Q0E=")
