"""What EC2 says about the subnets of a class. What follows from it is decided in `domain/subnets.py`."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fargateclaims.api.fargateclass import SubnetsFrom, SubnetSource
from fargateclaims.aws.calls import Caller
from fargateclaims.aws.operations import Operation
from fargateclaims.aws.shapes import malformed, reading
from fargateclaims.domain.failure import AWSError, FailureClass
from fargateclaims.domain.observation import EKSCluster, SubnetFacts
from fargateclaims.domain.subnets import Route, RouteTable, Subnet, resolve_subnets

_PAGE_SIZE: Final = 100
"""What DescribeRouteTables allows at most; DescribeSubnets would allow 1,000."""
_MAX_PAGES: Final = 100
"""A VPC has at most some hundreds of subnets and route tables: more pages than this are a loop in the pagination."""

Filter = Mapping[str, object]


async def read_subnet_facts(caller: Caller, source: SubnetSource, cluster: EKSCluster) -> SubnetFacts:
    """Find out which subnets the profiles of a class get.

    A missing permission is a fact as well: `unreadable` names it, and given ids are used as they are. Raises AWSError for all else.
    """
    try:
        subnets = [_subnet(each) for each in await _pages(caller, "DescribeSubnets", "Subnets", _subnet_filters(source, cluster))]
        in_vpc = [_filter("vpc-id", [cluster.vpc_id])]
        tables = [_route_table(each) for each in await _pages(caller, "DescribeRouteTables", "RouteTables", in_vpc)]
    except AWSError as error:
        if error.failure.kind is not FailureClass.UNAUTHORIZED or error.failure.permission is None:
            raise
        return SubnetFacts(tuple(sorted(source.ids or ())), unreadable=f"no permission {error.failure.permission}")
    return resolve_subnets(source, cluster, subnets, tables)


async def _pages(caller: Caller, operation: Operation, key: str, filters: Sequence[Filter]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    parameters: dict[str, object] = {"Filters": filters, "MaxResults": _PAGE_SIZE}
    for _ in range(_MAX_PAGES):
        answer = await caller.read("ec2", operation, parameters)
        found.extend(answer.get(key, ()))
        if not answer.get("NextToken"):
            return found
        parameters["NextToken"] = answer["NextToken"]
    raise malformed(operation, f"the list did not end after {_MAX_PAGES} pages")


def _subnet_filters(source: SubnetSource, cluster: EKSCluster) -> list[Filter]:
    """By filter and not by the parameter SubnetIds: one id that does not exist would fail the whole call."""
    match source.from_:
        case SubnetsFrom.IDS:
            return [_filter("subnet-id", source.ids or ())]
        case SubnetsFrom.CLUSTER:
            return [_filter("subnet-id", cluster.subnet_ids)]
        case SubnetsFrom.TAGS:
            tags = [_filter(f"tag:{key}", [value]) for key, value in sorted((source.tags or {}).items())]
            return [_filter("vpc-id", [cluster.vpc_id]), *tags]


def _filter(name: str, values: Sequence[str]) -> Filter:
    # EC2 takes `*` and `?` in values for wildcards unless a backslash stands before them.
    return {"Name": name, "Values": [re.sub(r"([*?\\])", r"\\\1", value) for value in values]}


def _subnet(raw: Mapping[str, Any]) -> Subnet:
    with reading("DescribeSubnets"):
        return Subnet(raw["SubnetId"], raw.get("VpcId", ""), {tag["Key"]: tag["Value"] for tag in raw.get("Tags", ())})


def _route_table(raw: Mapping[str, Any]) -> RouteTable:
    with reading("DescribeRouteTables"):
        associations = raw.get("Associations", ())
        return RouteTable(
            id=raw["RouteTableId"],
            main=any(each.get("Main", False) for each in associations),
            subnet_ids=frozenset(each["SubnetId"] for each in associations if "SubnetId" in each),
            routes=tuple(Route(_destination(each), each.get("GatewayId", "")) for each in raw.get("Routes", ())),
        )


def _destination(route: Mapping[str, Any]) -> str:
    names = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    return next((str(route[name]) for name in names if route.get(name)), "a destination")
