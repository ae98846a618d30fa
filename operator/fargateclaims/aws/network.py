"""What EC2 says about the network of a cluster. What follows from it is decided in `domain/checks/`."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fargateclaims.aws.answers import all_pages, readable
from fargateclaims.aws.calls import Caller
from fargateclaims.aws.operations import Operation
from fargateclaims.aws.shapes import reading
from fargateclaims.domain.network import VPC, IngressRule, NATGateway, Network, Route, RouteTable, SecurityGroup, Subnet, VPCEndpoint
from fargateclaims.domain.unreadable import NOT_YET, Unreadable

_PAGE_SIZE: Final = 1000
"""What EC2 allows at most, but for route tables."""
_ROUTE_TABLES_PAGE_SIZE: Final = 100
_VALUES_PER_FILTER: Final = 200
"""EC2 refuses a call with more."""
_ASSOCIATED: Final = "associated"
_NO_PORT: Final = -1
_DESTINATIONS: Final = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
_TARGETS: Final = (
    "GatewayId",
    "NatGatewayId",
    "EgressOnlyInternetGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "CarrierGatewayId",
    "LocalGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
    "NetworkInterfaceId",
    "InstanceId",
)
"""A route has one of them; that to an instance names its network interface, too."""

Raw = Mapping[str, Any]


async def read_subnets(caller: Caller, vpc_id: str, subnet_ids: Collection[str]) -> Network:
    """Find out which subnets a cluster's VPC has, and where they lead; the rest is NOT_YET. One reading serves all classes of the cluster.

    It costs two calls; one more if some of `subnet_ids` are not in the VPC, one more for each thousand subnets or hundred route tables.

    :param subnet_ids: those that classes name, wherever they are; ones that do not exist are not in the answer.

    Raises AWSError where EC2 does not answer; a missing permission is a fact.
    """
    return replace(
        Network.unreadable(NOT_YET),
        subnets=await readable(_subnets(caller, vpc_id, subnet_ids)),
        route_tables=await readable(_route_tables(caller, vpc_id)),
    )


async def read_egress(caller: Caller, vpc_id: str) -> Network:
    """Find out what `read_subnets` leaves out, and nothing else.

    It costs five calls; one more if there are interface endpoints, for their security groups, and for each thousand of anything.

    Raises AWSError where EC2 does not answer; a missing permission is a fact.
    """
    vpc = await readable(_described_vpc(caller, vpc_id))
    hidden = _hidden(caller, vpc)
    endpoints = await readable(_endpoints(caller, vpc_id)) if hidden is None else hidden
    return replace(
        Network.unreadable(NOT_YET),
        vpc=await _vpc(caller, vpc) if isinstance(vpc, Mapping) else vpc,
        nat_gateways=await readable(_nat_gateways(caller, vpc_id)) if hidden is None else hidden,
        endpoints=endpoints,
        security_groups=endpoints if isinstance(endpoints, Unreadable) else await readable(_security_groups(caller, endpoints)),
    )


def _hidden(caller: Caller, vpc: Raw | Unreadable | None) -> Unreadable | None:
    """Return why parts of the VPC cannot be seen: an account that a subnet is shared with sees no NAT gateways and no endpoints.

    The answers to it are empty, not refused (VPC user guide, "Responsibilities and permissions for owners and participants").
    """
    owner = vpc.get("OwnerId") if isinstance(vpc, Mapping) else None
    if owner is None or owner == caller.account_region.account:
        return None
    return Unreadable(f"its VPC belongs to account {owner}, which alone can see this")


async def _described_vpc(caller: Caller, vpc_id: str) -> Raw | None:
    found = await _listed(caller, "DescribeVpcs", "Vpcs", [_filter("vpc-id", [vpc_id])])
    return found[0] if found else None


async def _vpc(caller: Caller, raw: Raw) -> VPC:
    with reading("DescribeVpcs"):
        vpc_id = raw["VpcId"]
        primary = raw["CidrBlock"]
        others = [each["CidrBlock"] for each in raw.get("CidrBlockAssociationSet", ()) if each["CidrBlockState"]["State"] == _ASSOCIATED]
        ipv6 = [
            each["Ipv6CidrBlock"]
            for each in raw.get("Ipv6CidrBlockAssociationSet", ())
            if each["Ipv6CidrBlockState"]["State"] == _ASSOCIATED
        ]
    return VPC(
        id=vpc_id,
        cidr_blocks=tuple(dict.fromkeys([primary, *others, *ipv6])),
        dns_support=await readable(_attribute(caller, vpc_id, "enableDnsSupport")),
        dns_hostnames=await readable(_attribute(caller, vpc_id, "enableDnsHostnames")),
    )


async def _attribute(caller: Caller, vpc_id: str, name: str) -> bool:
    answer = await caller.read("ec2", "DescribeVpcAttribute", {"VpcId": vpc_id, "Attribute": name})
    with reading("DescribeVpcAttribute"):
        value: bool = answer[f"{name[0].upper()}{name[1:]}"]["Value"]
        return value


async def _subnets(caller: Caller, vpc_id: str, wanted: Collection[str]) -> tuple[Subnet, ...]:
    """By filter and not by the parameter SubnetIds: one id that does not exist would fail the whole call."""
    found = [_subnet(raw) for raw in await _listed(caller, "DescribeSubnets", "Subnets", [_filter("vpc-id", [vpc_id])])]
    elsewhere = sorted(set(wanted) - {subnet.id for subnet in found})
    for ids in _batches(elsewhere):
        found += [_subnet(raw) for raw in await _listed(caller, "DescribeSubnets", "Subnets", [_filter("subnet-id", ids)])]
    return tuple(found)


async def _route_tables(caller: Caller, vpc_id: str) -> tuple[RouteTable, ...]:
    found = await _listed(caller, "DescribeRouteTables", "RouteTables", [_filter("vpc-id", [vpc_id])], _ROUTE_TABLES_PAGE_SIZE)
    return tuple(_route_table(raw) for raw in found)


async def _nat_gateways(caller: Caller, vpc_id: str) -> tuple[NATGateway, ...]:
    found = await _listed(caller, "DescribeNatGateways", "NatGateways", [_filter("vpc-id", [vpc_id])])
    return tuple(_nat_gateway(raw) for raw in found)


async def _endpoints(caller: Caller, vpc_id: str) -> tuple[VPCEndpoint, ...]:
    return tuple(_endpoint(raw) for raw in await _listed(caller, "DescribeVpcEndpoints", "VpcEndpoints", [_filter("vpc-id", [vpc_id])]))


async def _security_groups(caller: Caller, endpoints: Sequence[VPCEndpoint]) -> tuple[SecurityGroup, ...]:
    wanted = sorted(frozenset[str]().union(*(endpoint.security_group_ids for endpoint in endpoints)))
    found: list[SecurityGroup] = []
    for ids in _batches(wanted):
        groups = await _listed(caller, "DescribeSecurityGroups", "SecurityGroups", [_filter("group-id", ids)])
        found += [_security_group(raw) for raw in groups]
    return tuple(found)


async def _listed(caller: Caller, operation: Operation, key: str, filters: Sequence[Raw], page_size: int = _PAGE_SIZE) -> list[Raw]:
    async def ask(page: Mapping[str, object]) -> Raw:
        # DescribeNatGateways has the parameter in the singular; botocore takes either.
        return await caller.read("ec2", operation, {"Filters": filters, "MaxResults": page_size, **page})

    return await all_pages(operation, key, ask, "NextToken")


def _filter(name: str, values: Sequence[str]) -> Raw:
    # EC2 takes `*` and `?` in values for wildcards unless a backslash stands before them.
    return {"Name": name, "Values": [re.sub(r"([*?\\])", r"\\\1", value) for value in values]}


def _batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _VALUES_PER_FILTER):
        yield values[start : start + _VALUES_PER_FILTER]


def _subnet(raw: Raw) -> Subnet:
    with reading("DescribeSubnets"):
        return Subnet(
            id=raw["SubnetId"],
            vpc_id=raw["VpcId"],
            zone=raw.get("AvailabilityZone", ""),
            free_addresses=None if raw.get("Ipv6Native", False) else raw.get("AvailableIpAddressCount"),
            on_outpost=bool(raw.get("OutpostArn")),
            tags={tag["Key"]: tag["Value"] for tag in raw.get("Tags", ())},
            cidr_block=raw.get("CidrBlock", ""),
            zone_id=raw.get("AvailabilityZoneId", ""),
        )


def _route_table(raw: Raw) -> RouteTable:
    with reading("DescribeRouteTables"):
        associations = raw.get("Associations", ())
        return RouteTable(
            id=raw["RouteTableId"],
            main=any(each.get("Main", False) for each in associations),
            subnet_ids=frozenset(each["SubnetId"] for each in associations if "SubnetId" in each),
            routes=tuple(_route(each) for each in raw.get("Routes", ())),
        )


def _route(raw: Raw) -> Route:
    destination = next((str(raw[name]) for name in _DESTINATIONS if raw.get(name)), "a destination")
    target = next((str(raw[name]) for name in _TARGETS if raw.get(name)), "")
    return Route(destination, target, raw.get("State", "active") == "active")


def _nat_gateway(raw: Raw) -> NATGateway:
    with reading("DescribeNatGateways"):
        return NATGateway(
            id=raw["NatGatewayId"],
            # One for the whole VPC has none.
            subnet_id=raw.get("SubnetId", ""),
            state=raw["State"],
            public=raw.get("ConnectivityType", "public") == "public",
        )


def _endpoint(raw: Raw) -> VPCEndpoint:
    with reading("DescribeVpcEndpoints"):
        return VPCEndpoint(
            id=raw["VpcEndpointId"],
            # Those that lead to a resource or a service network have none.
            service=raw.get("ServiceName", ""),
            # What it is if nothing else was said when it was made (EC2 API reference, CreateVpcEndpoint).
            kind=raw.get("VpcEndpointType", "Gateway"),
            state=raw["State"].lower(),
            private_dns=raw.get("PrivateDnsEnabled", False),
            subnet_ids=frozenset(raw.get("SubnetIds", ())),
            route_table_ids=frozenset(raw.get("RouteTableIds", ())),
            security_group_ids=frozenset(each["GroupId"] for each in raw.get("Groups", ())),
        )


def _security_group(raw: Raw) -> SecurityGroup:
    with reading("DescribeSecurityGroups"):
        return SecurityGroup(raw["GroupId"], tuple(_ingress_rule(each) for each in raw.get("IpPermissions", ())))


def _ingress_rule(raw: Raw) -> IngressRule:
    first, last = raw.get("FromPort", _NO_PORT), raw.get("ToPort", _NO_PORT)
    sources = [
        *(each["CidrIp"] for each in raw.get("IpRanges", ())),
        *(each["CidrIpv6"] for each in raw.get("Ipv6Ranges", ())),
        *(each["PrefixListId"] for each in raw.get("PrefixListIds", ())),
        *(each["GroupId"] for each in raw.get("UserIdGroupPairs", ())),
    ]
    return IngressRule(raw["IpProtocol"], None if _NO_PORT in (first, last) else (first, last), frozenset(sources))
