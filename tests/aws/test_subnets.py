from typing import Any

import pytest

from fargateclaims.api.fargateclass import SubnetsFrom, SubnetSource
from fargateclaims.aws.cloud import AWSCloud
from fargateclaims.domain.failure import AWSError, FailureClass
from fargateclaims.domain.observation import EKSCluster, SubnetFacts
from support.canned_aws import Answer, CannedAWS, refused
from support.ec2_answers import filters, paged, spelt
from support.eks_answers import PROD, ROLE

CLUSTER = EKSCluster("prod", "ACTIVE", "1.35", "vpc-1", ("subnet-1", "subnet-2"), "API")
FROM_CLUSTER = SubnetSource(from_=SubnetsFrom.CLUSTER)
IDS = SubnetSource(from_=SubnetsFrom.IDS, ids=("subnet-2", "subnet-1"))
TAGS = SubnetSource(from_=SubnetsFrom.TAGS, tags={"tier": "a*b?", "x": "\\"})


def subnet(name: str, **tags: str) -> dict[str, Any]:
    return {"SubnetId": name, "VpcId": "vpc-1", "TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def table(name: str, *routes: dict[str, str], main: bool = False, subnets: tuple[str, ...] = ()) -> dict[str, Any]:
    associations = [{"SubnetId": each, "Main": False} for each in subnets] + ([{"Main": True}] if main else [])
    return {"RouteTableId": name, "AssociationSet": associations, "RouteSet": list(routes)}


INTERNET = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-9"}
INTERNET_V6 = {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-9"}
EGRESS_ONLY = {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-7"}
NAT = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}


@pytest.fixture(autouse=True)
def _role(aws: CannedAWS) -> None:
    aws.will("GetRole", refused("AccessDenied", "no", 403))


async def facts(cloud: AWSCloud, source: SubnetSource) -> SubnetFacts:
    return (await cloud.gateway(PROD).class_facts(source, ROLE, CLUSTER)).subnets


async def test_subnets_and_tables_are_read_to_their_ends(aws: CannedAWS, cloud: AWSCloud) -> None:
    aws.will("DescribeSubnets", paged("subnetSet", *(subnet(f"subnet-{number}") for number in (1, 2, 3))))
    tables = (table("rtb-1", EGRESS_ONLY, NAT, main=True), table("rtb-2", INTERNET_V6, subnets=("subnet-2",)))
    aws.will("DescribeRouteTables", paged("routeTableSet", *tables))
    assert await facts(cloud, FROM_CLUSTER) == SubnetFacts(("subnet-1",))
    assert (aws.count("DescribeSubnets"), aws.count("DescribeRouteTables")) == (3, 2)


async def test_what_is_asked_for(aws: CannedAWS, cloud: AWSCloud) -> None:
    aws.will("DescribeSubnets", Answer({}))
    aws.will("DescribeRouteTables", Answer({}))
    for source in (FROM_CLUSTER, IDS, TAGS):
        assert (await facts(cloud, source)).problem is not None
    asked = [filters(call) for call in aws.calls if call.operation == "DescribeSubnets"]
    assert asked == [
        {"subnet-id": ["subnet-1", "subnet-2"]},
        {"subnet-id": ["subnet-2", "subnet-1"]},
        {"vpc-id": ["vpc-1"], "tag:tier": [r"a\*b\?"], "tag:x": [r"\\"]},
    ]
    assert filters(next(call for call in aws.calls if call.operation == "DescribeRouteTables")) == {"vpc-id": ["vpc-1"]}


async def test_a_public_subnet_is_a_problem(aws: CannedAWS, cloud: AWSCloud) -> None:
    aws.will("DescribeSubnets", Answer({"subnetSet": [spelt(subnet("subnet-1")), spelt(subnet("subnet-2"))]}))
    aws.will("DescribeRouteTables", Answer({"routeTableSet": [spelt(table("rtb-4", INTERNET, main=True))]}))
    found = await facts(cloud, IDS)
    assert found.ids == ("subnet-1", "subnet-2")
    assert found.problem is not None
    assert found.problem.startswith("subnet subnet-1 is public: rtb-4 routes 0.0.0.0/0 to igw-9; take it out of the class")


@pytest.mark.parametrize(("source", "ids"), [(FROM_CLUSTER, ()), (IDS, ("subnet-1", "subnet-2")), (TAGS, ())])
@pytest.mark.parametrize("denied", ["DescribeSubnets", "DescribeRouteTables"])
async def test_without_the_permission_it_is_named(
    aws: CannedAWS, cloud: AWSCloud, source: SubnetSource, ids: tuple[str, ...], denied: str
) -> None:
    aws.will("DescribeSubnets", Answer({}))
    aws.will(denied, refused("UnauthorizedOperation", "You are not authorized to perform this operation.", 403))
    assert await facts(cloud, source) == SubnetFacts(ids, unreadable=f"no permission ec2:{denied}")


@pytest.mark.parametrize(("code", "kind"), [("InternalError", FailureClass.UNAVAILABLE), ("AuthFailure", FailureClass.UNAUTHORIZED)])
async def test_what_may_pass_by_itself_is_no_fact(aws: CannedAWS, cloud: AWSCloud, code: str, kind: FailureClass) -> None:
    aws.will("DescribeSubnets", refused(code, "no", 500 if code == "InternalError" else 401))
    with pytest.raises(AWSError) as raised:
        await facts(cloud, FROM_CLUSTER)
    assert raised.value.failure.kind is kind
