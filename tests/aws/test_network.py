from dataclasses import replace
from typing import Any

import pytest

from fargateclaims.aws.cloud import AWSCloud
from fargateclaims.domain.failure import AWSError, FailureClass
from fargateclaims.domain.network import VPC, IngressRule, NATGateway, Network, Route, RouteTable, SecurityGroup, Subnet, VPCEndpoint
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.unreadable import Unreadable
from support.canned_aws import ACCOUNT, Answer, Call, CannedAWS, refused
from support.ec2_answers import filters, paged, spelt
from support.eks_answers import PROD

CLUSTER = EKSCluster("prod", "ACTIVE", "1.35", "vpc-1", ("subnet-1", "subnet-2"), "API")
CALLS = [
    "DescribeSubnets",
    "DescribeRouteTables",
    "DescribeVpcs",
    "DescribeVpcEndpoints",
    "DescribeVpcAttribute",
    "DescribeVpcAttribute",
    "DescribeNatGateways",
]
LISTS = {
    "DescribeVpcs": "vpcSet",
    "DescribeSubnets": "subnetSet",
    "DescribeRouteTables": "routeTableSet",
    "DescribeNatGateways": "natGatewaySet",
    "DescribeVpcEndpoints": "vpcEndpointSet",
    "DescribeSecurityGroups": "securityGroupInfo",
}


def associated(block: str, state: str = "associated") -> dict[str, Any]:
    return {"CidrBlock": block, "CidrBlockState": {"State": state}}


def vpc(**changes: Any) -> dict[str, Any]:
    blocks = [associated("10.0.0.0/16"), associated("100.64.0.0/16"), associated("10.9.0.0/16", "disassociated")]
    return {"VpcId": "vpc-1", "OwnerId": ACCOUNT, "CidrBlock": "10.0.0.0/16", "CidrBlockAssociationSet": blocks} | changes


def subnet(name: str, vpc_id: str = "vpc-1", **changes: Any) -> dict[str, Any]:
    return {
        "SubnetId": name,
        "VpcId": vpc_id,
        "AvailabilityZone": "eu-west-1a",
        "AvailabilityZoneId": "euw1-az3",
        "AvailableIpAddressCount": 9,
        "CidrBlock": "10.0.1.0/24",
        **changes,
    }


def known(name: str, vpc_id: str = "vpc-1") -> Subnet:
    return Subnet(name, vpc_id, "eu-west-1a", 9, cidr_block="10.0.1.0/24", zone_id="euw1-az3")


def endpoint(name: str, kind: str = "Interface", **changes: Any) -> dict[str, Any]:
    return {"VpcEndpointId": name, "VpcEndpointType": kind, "ServiceName": "com.amazonaws.eu-west-1.sts", "State": "Available"} | changes


@pytest.fixture(autouse=True)
def _a_network(aws: CannedAWS) -> None:
    def attribute(call: Call) -> Answer:
        name = call.parameters["Attribute"]
        return Answer({name: {"value": name == "enableDnsSupport"}})

    for operation, key in LISTS.items():
        aws.will(operation, Answer({key: []}))
    aws.will("DescribeVpcs", Answer({"vpcSet": [spelt(vpc())]}))
    aws.will("DescribeVpcAttribute", attribute)


async def network(cloud: AWSCloud, *subnet_ids: str) -> Network:
    gateway = cloud.gateway(PROD)
    return (await gateway.subnets(CLUSTER, subnet_ids)).with_egress(await gateway.egress(CLUSTER))


def operations(aws: CannedAWS) -> list[str]:
    return [call.operation for call in aws.calls if call.operation != "GetCallerIdentity"]


async def test_the_vpc(aws: CannedAWS, cloud: AWSCloud) -> None:
    ipv6 = [{"Ipv6CidrBlock": "2001:db8::/56", "Ipv6CidrBlockState": {"State": "associated"}}]
    aws.will("DescribeVpcs", Answer({"vpcSet": [spelt(vpc(Ipv6CidrBlockAssociationSet=ipv6))]}))
    assert (await network(cloud)).vpc == VPC(
        "vpc-1", ("10.0.0.0/16", "100.64.0.0/16", "2001:db8::/56"), dns_support=True, dns_hostnames=False
    )


async def test_a_vpc_that_does_not_exist(aws: CannedAWS, cloud: AWSCloud) -> None:
    aws.will("DescribeVpcs", Answer({"vpcSet": []}))
    assert (await network(cloud)).vpc is None
    assert aws.count("DescribeVpcAttribute") == 0


async def test_subnets_of_the_vpc_and_of_elsewhere(aws: CannedAWS, cloud: AWSCloud) -> None:
    tagged = subnet("subnet-1", TagSet=[{"Key": "tier", "Value": "private"}], OutpostArn="arn:aws:outposts:x", AvailableIpAddressCount=0)
    native = subnet("subnet-2", Ipv6Native=True, AvailabilityZone="us-west-2-lax-1a", AvailabilityZoneId="", CidrBlock="")

    def answer(call: Call) -> Answer:
        by_id = "subnet-id" in filters(call)
        return Answer({"subnetSet": [spelt(each) for each in ([subnet("subnet-9", "vpc-9")] if by_id else [tagged, native])]})

    aws.will("DescribeSubnets", answer)
    found = (await network(cloud, "subnet-2", "subnet-9", "subnet-*")).subnets
    assert found == (
        replace(known("subnet-1"), free_addresses=0, on_outpost=True, tags={"tier": "private"}),
        Subnet("subnet-2", "vpc-1", "us-west-2-lax-1a", None),
        known("subnet-9", "vpc-9"),
    )
    asked = [filters(call) for call in aws.calls if call.operation == "DescribeSubnets"]
    assert asked == [{"vpc-id": ["vpc-1"]}, {"subnet-id": [r"subnet-\*", "subnet-9"]}]


async def test_subnets_that_are_all_in_the_vpc_are_asked_for_once(aws: CannedAWS, cloud: AWSCloud) -> None:
    aws.will("DescribeSubnets", paged("subnetSet", subnet("subnet-1"), subnet("subnet-2"), subnet("subnet-3")))
    assert (await network(cloud, "subnet-3", "subnet-1")).subnets == (known("subnet-1"), known("subnet-2"), known("subnet-3"))
    assert aws.count("DescribeSubnets") == 3, "one for each page"


async def test_more_subnets_than_a_filter_may_have(aws: CannedAWS, cloud: AWSCloud) -> None:
    await network(cloud, *(f"subnet-{number:03}" for number in range(401)))
    asked = [len(filters(call).get("subnet-id", [])) for call in aws.calls if call.operation == "DescribeSubnets"]
    assert asked == [0, 200, 200, 1]


async def test_route_tables(aws: CannedAWS, cloud: AWSCloud) -> None:
    routes = [
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
        {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-7", "State": "active"},
        {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "State": "active"},
        {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "blackhole"},
        {"DestinationCidrBlock": "10.1.0.0/16", "InstanceId": "i-1", "NetworkInterfaceId": "eni-1", "State": "active"},
    ]
    main = {"RouteTableId": "rtb-1", "AssociationSet": [{"Main": True}], "RouteSet": routes}
    other = {"RouteTableId": "rtb-2", "AssociationSet": [{"SubnetId": "subnet-1", "Main": False}], "RouteSet": []}
    aws.will("DescribeRouteTables", paged("routeTableSet", main, other))
    assert (await network(cloud)).route_tables == (
        RouteTable(
            "rtb-1",
            main=True,
            subnet_ids=frozenset(),
            routes=(
                Route("10.0.0.0/16", "local"),
                Route("::/0", "eigw-7"),
                Route("pl-1", "vpce-1"),
                Route("0.0.0.0/0", "nat-1", active=False),
                Route("10.1.0.0/16", "eni-1"),
            ),
        ),
        RouteTable("rtb-2", main=False, subnet_ids=frozenset({"subnet-1"}), routes=()),
    )
    asked = [call.parameters["MaxResults"] for call in aws.calls if call.operation == "DescribeRouteTables"]
    assert asked == ["100", "100"], "EC2 refuses more"


async def test_nat_gateways(aws: CannedAWS, cloud: AWSCloud) -> None:
    gateways = (
        {"NatGatewayId": "nat-1", "SubnetId": "subnet-1", "State": "available"},
        {"NatGatewayId": "nat-2", "State": "failed", "ConnectivityType": "private"},
    )
    aws.will("DescribeNatGateways", paged("natGatewaySet", *gateways))
    assert (await network(cloud)).nat_gateways == (
        NATGateway("nat-1", "subnet-1", "available"),
        NATGateway("nat-2", "", "failed", public=False),
    )
    assert filters(next(call for call in aws.calls if call.operation == "DescribeNatGateways")) == {"vpc-id": ["vpc-1"]}


async def test_endpoints_and_their_security_groups(aws: CannedAWS, cloud: AWSCloud) -> None:
    sts = endpoint("vpce-1", PrivateDnsEnabled=True, SubnetIdSet=["subnet-1"], GroupSet=[{"GroupId": "sg-2"}, {"GroupId": "sg-1"}])
    s3 = endpoint("vpce-2", "Gateway", ServiceName="com.amazonaws.eu-west-1.s3", RouteTableIdSet=["rtb-1"])
    resource = {"VpcEndpointId": "vpce-3", "VpcEndpointType": "Resource", "State": "PendingAcceptance"}
    aws.will("DescribeVpcEndpoints", paged("vpcEndpointSet", sts, s3, resource))
    https = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "IpRanges": [{"CidrIp": "10.0.0.0/16"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
        "PrefixListIds": [{"PrefixListId": "pl-1"}],
        "Groups": [{"GroupId": "sg-9"}],
    }
    groups = ({"GroupId": "sg-1", "IpPermissions": [https]}, {"GroupId": "sg-2", "IpPermissions": [{"IpProtocol": "-1"}]})
    aws.will("DescribeSecurityGroups", paged("securityGroupInfo", *groups))
    found = await network(cloud)
    assert found.endpoints == (
        VPCEndpoint(
            "vpce-1",
            "com.amazonaws.eu-west-1.sts",
            "Interface",
            "available",
            private_dns=True,
            subnet_ids=frozenset({"subnet-1"}),
            security_group_ids=frozenset({"sg-1", "sg-2"}),
        ),
        VPCEndpoint("vpce-2", "com.amazonaws.eu-west-1.s3", "Gateway", "available", route_table_ids=frozenset({"rtb-1"})),
        VPCEndpoint("vpce-3", "", "Resource", "pendingacceptance"),
    )
    assert found.security_groups == (
        SecurityGroup("sg-1", (IngressRule("tcp", (443, 443), frozenset({"10.0.0.0/16", "::/0", "pl-1", "sg-9"})),)),
        SecurityGroup("sg-2", (IngressRule("-1", None, frozenset()),)),
    )
    assert filters(next(call for call in aws.calls if call.operation == "DescribeSecurityGroups")) == {"group-id": ["sg-1", "sg-2"]}


async def test_a_reading_costs_seven_calls(aws: CannedAWS, cloud: AWSCloud) -> None:
    found = await network(cloud)
    assert operations(aws) == CALLS
    assert (found.endpoints, found.security_groups) == ((), ())


async def test_in_a_vpc_of_another_account_some_things_cannot_be_seen(aws: CannedAWS, cloud: AWSCloud) -> None:
    aws.will("DescribeVpcs", Answer({"vpcSet": [spelt(vpc(OwnerId="444455556666"))]}))
    aws.will("DescribeSubnets", Answer({"subnetSet": [spelt(subnet("subnet-1"))]}))
    found = await network(cloud)
    hidden = Unreadable("its VPC belongs to account 444455556666, which alone can see this")
    assert (found.nat_gateways, found.endpoints, found.security_groups) == (hidden, hidden, hidden)
    assert (found.subnets, found.route_tables) == ((known("subnet-1"),), ())
    assert {"DescribeNatGateways", "DescribeVpcEndpoints"}.isdisjoint(operations(aws))


@pytest.mark.parametrize(
    ("denied", "part"),
    [
        ("DescribeVpcs", "vpc"),
        ("DescribeSubnets", "subnets"),
        ("DescribeRouteTables", "route_tables"),
        ("DescribeNatGateways", "nat_gateways"),
        ("DescribeVpcEndpoints", "endpoints"),
        ("DescribeSecurityGroups", "security_groups"),
    ],
)
async def test_without_a_permission_it_is_named_and_all_else_is_read(aws: CannedAWS, cloud: AWSCloud, denied: str, part: str) -> None:
    aws.will("DescribeVpcEndpoints", Answer({"vpcEndpointSet": [spelt(endpoint("vpce-1", GroupSet=[{"GroupId": "sg-1"}]))]}))
    aws.will(denied, refused("UnauthorizedOperation", "You are not authorized to perform this operation.", 403))
    found = await network(cloud)
    missing = {name for name in Network.__slots__ if isinstance(getattr(found, name), Unreadable)}
    assert missing == {part} | ({"security_groups"} if part == "endpoints" else set())
    assert all(getattr(found, name) == Unreadable(f"no permission ec2:{denied}") for name in missing)


async def test_without_the_permission_for_attributes_the_vpc_is_known_all_the_same(aws: CannedAWS, cloud: AWSCloud) -> None:
    aws.will("DescribeVpcAttribute", refused("UnauthorizedOperation", "no", 403))
    missing = Unreadable("no permission ec2:DescribeVpcAttribute")
    assert (await network(cloud)).vpc == VPC("vpc-1", ("10.0.0.0/16", "100.64.0.0/16"), missing, missing)


@pytest.mark.parametrize(
    ("operation", "answer", "kind"),
    [
        ("DescribeSubnets", refused("InternalError", "no", 500), FailureClass.UNAVAILABLE),
        ("DescribeSubnets", refused("AuthFailure", "no", 401), FailureClass.UNAUTHORIZED),
        ("DescribeNatGateways", refused("RequestLimitExceeded", "no", 503), FailureClass.THROTTLED),
        ("DescribeVpcs", Answer({}), FailureClass.UNAVAILABLE),
        ("DescribeVpcs", Answer({"vpcSet": [{}]}), FailureClass.UNAVAILABLE),
        ("DescribeVpcAttribute", Answer({}), FailureClass.UNAVAILABLE),
        ("DescribeSubnets", Answer({"subnetSet": [{"vpcId": "vpc-1"}]}), FailureClass.UNAVAILABLE),
        ("DescribeRouteTables", Answer({"routeTableSet": [{}]}), FailureClass.UNAVAILABLE),
        ("DescribeNatGateways", Answer({"natGatewaySet": [{"natGatewayId": "nat-1"}]}), FailureClass.UNAVAILABLE),
        ("DescribeVpcEndpoints", Answer({"vpcEndpointSet": [{"vpcEndpointId": "vpce-1"}]}), FailureClass.UNAVAILABLE),
        ("DescribeSecurityGroups", Answer({"securityGroupInfo": [{"groupId": "sg-1", "ipPermissions": [{}]}]}), FailureClass.UNAVAILABLE),
        ("DescribeRouteTables", Answer({"routeTableSet": [], "nextToken": "again"}), FailureClass.UNAVAILABLE),
    ],
)
async def test_what_may_pass_by_itself_is_no_fact(
    aws: CannedAWS, cloud: AWSCloud, operation: str, answer: Answer, kind: FailureClass
) -> None:
    aws.will("DescribeVpcEndpoints", Answer({"vpcEndpointSet": [spelt(endpoint("vpce-1", GroupSet=[{"GroupId": "sg-1"}]))]}))
    aws.will(operation, answer)
    with pytest.raises(AWSError) as raised:
        await network(cloud)
    assert (raised.value.failure.kind, raised.value.failure.operation) == (kind, operation)
