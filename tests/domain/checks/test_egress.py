from dataclasses import replace

import pytest

from fargateclaims.api.reasons import Reason
from fargateclaims.domain.checks.egress import check_egress
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.network import VPC, NATGateway, Network, Route, RouteTable, Subnet
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.unreadable import Unreadable
from support.builders import ARN
from support.class_checks import (
    CLUSTER,
    ENDPOINTS,
    ISOLATED,
    LOCAL,
    NETWORK,
    PRIVATE_TABLE,
    PUBLIC,
    PUBLIC_TABLE,
    TO_INTERNET,
    A,
    B,
    endpoint,
)

HIDDEN = Unreadable.without("ec2:DescribeThem")
NAT = NATGateway("nat-1", PUBLIC, "available")
INNER = "subnet-0dddddddd"


def found(network: Network = NETWORK, cluster: EKSCluster = CLUSTER, subnet_ids: tuple[str, ...] = (A, B)) -> Finding:
    return check_egress(ARN, subnet_ids, cluster, network)


def routed(*routes: Route) -> Network:
    return replace(NETWORK, route_tables=(replace(PRIVATE_TABLE, routes=(LOCAL, *routes)), PUBLIC_TABLE))


def default(target: str, **changes: object) -> Route:
    return replace(Route("0.0.0.0/0", target), **changes)  # type: ignore[arg-type]


def halves(target: str, other: str = "", **changes: object) -> tuple[Route, Route]:
    """A default route in two parts."""
    lower, upper = Route("0.0.0.0/1", target), Route("128.0.0.0/1", other or target)
    return replace(lower, **changes), replace(upper, **changes)  # type: ignore[arg-type]


def quarters(target: str) -> tuple[Route, ...]:
    return tuple(Route(f"{64 * number}.0.0.0/2", target) for number in range(4))


def nat(nat_gateway: NATGateway, *routes: Route) -> Network:
    """The default route leads to this NAT gateway; what it is in itself has these routes, unless it is in the public subnet."""
    inner = RouteTable("rtb-inner", main=False, subnet_ids=frozenset({INNER}), routes=(LOCAL, *routes))
    return replace(NETWORK, route_tables=(PRIVATE_TABLE, PUBLIC_TABLE, inner), nat_gateways=(nat_gateway,))


@pytest.mark.parametrize(
    ("network", "through"),
    [
        (NETWORK, "NAT gateway nat-1"),
        (routed(default("nat-0", active=False), default("nat-1")), "NAT gateway nat-1"),
        (nat(NATGateway("nat-1", "", "available")), "NAT gateway nat-1"),
        (routed(*halves("nat-1")), "NAT gateway nat-1"),
        (routed(*halves("nat-1"), default("nat-0", active=False)), "NAT gateway nat-1"),
        (routed(*quarters("nat-1"), Route("52.0.0.0/8", "nat-0"), Route("::/0", "eigw-1")), "NAT gateway nat-1"),
        (routed(*halves("nat-1", "tgw-1")), "what is behind rtb-private, which cannot be seen from here"),
        (nat(replace(NAT, subnet_id=INNER), *halves("igw-1")), "NAT gateway nat-1"),
        (ISOLATED, "VPC endpoints"),
        (routed(default("tgw-1")), "what is behind rtb-private, which cannot be seen from here"),
        (routed(default("pcx-1")), "what is behind rtb-private, which cannot be seen from here"),
        (routed(default("eni-1")), "what is behind rtb-private, which cannot be seen from here"),
        (routed(default("vpce-1")), "what is behind rtb-private, which cannot be seen from here"),
        (routed(default("")), "what is behind rtb-private, which cannot be seen from here"),
        (replace(NETWORK, nat_gateways=()), "what is behind rtb-private, which cannot be seen from here"),
        (nat(replace(NAT, subnet_id=INNER), default("vpce-1")), "what is behind rtb-private, which cannot be seen from here"),
        (nat(replace(NAT, subnet_id=INNER, public=False), default("tgw-1")), "what is behind rtb-private, which cannot be seen from here"),
        (nat(replace(NAT, subnet_id=INNER, public=False), default("nat-2")), "what is behind rtb-private, which cannot be seen from here"),
        (nat(NATGateway("nat-1", "", "available", public=False)), "what is behind rtb-private, which cannot be seen from here"),
    ],
)
def test_a_way_that_leads_out_or_may(network: Network, through: str) -> None:
    finding = found(network)
    assert (finding.level, finding.reason) == (Level.OK, Reason.USABLE)
    assert finding.message == f"the subnets reach what Fargate needs through {through}"


def test_what_cannot_be_judged_is_told() -> None:
    assert found(routed(default("tgw-1"))).details == ("rtb-private routes 0.0.0.0/0 to tgw-1, and whether that leads on cannot be seen",)
    several = "rtb-private routes 0.0.0.0/0 to more than one target, and whether that leads on cannot be seen"
    assert found(routed(*halves("nat-1", "tgw-1"))).details == (several,)


def test_parts_of_a_default_route_to_an_internet_gateway_are_a_matter_of_the_subnets() -> None:
    finding = found(routed(*halves("igw-9")))
    assert finding.message == "the subnets are public: rtb-private routes 0.0.0.0/1, 128.0.0.0/1 to igw-9: see SubnetsUsable"


@pytest.mark.parametrize(
    ("network", "why"),
    [
        (routed(), "rtb-private has no route for 0.0.0.0/0"),
        (routed(Route("::/0", "eigw-1")), "rtb-private has no route for 0.0.0.0/0, only one for IPv6"),
        (routed(Route("10.0.0.0/8", "tgw-1")), "rtb-private has no route for 0.0.0.0/0"),
        (routed(*halves("nat-1")[:1]), "rtb-private has no route for 0.0.0.0/0"),
        (routed(halves("nat-1")[0], halves("nat-1", active=False)[1]), "rtb-private has no route for 0.0.0.0/0"),
        (
            routed(*halves("nat-9", active=False), default("nat-1")),
            "rtb-private routes 0.0.0.0/1, 128.0.0.0/1 to nat-9, which does not exist any more",
        ),
        (routed(default("nat-1", active=False)), "rtb-private routes 0.0.0.0/0 to nat-1, which does not exist any more"),
        (nat(replace(NAT, state="failed")), "rtb-private routes 0.0.0.0/0 to nat-1, which is failed"),
        (nat(replace(NAT, state="pending")), "rtb-private routes 0.0.0.0/0 to nat-1, which is pending"),
        (
            nat(replace(NAT, subnet_id=A)),
            f"rtb-private routes 0.0.0.0/0 to nat-1, which is in {A}, where rtb-private has no route to an internet gateway",
        ),
        (
            nat(replace(NAT, subnet_id=INNER)),
            f"rtb-private routes 0.0.0.0/0 to nat-1, which is in {INNER}, where rtb-inner has no route to an internet gateway",
        ),
        (
            nat(replace(NAT, subnet_id=INNER), default("igw-1", active=False)),
            f"rtb-private routes 0.0.0.0/0 to nat-1, which is in {INNER}, where rtb-inner has no route to an internet gateway",
        ),
        (
            nat(replace(NAT, public=False)),
            "rtb-private routes 0.0.0.0/0 to nat-1, which is private: it leads to other networks, not to the internet",
        ),
    ],
)
def test_a_way_that_does_not_lead_out(network: Network, why: str) -> None:
    finding = found(network)
    assert (finding.level, finding.reason) == (Level.ERROR, Reason.NO_EGRESS)
    assert (
        finding.message == f"nothing leads out of {A}, {B}: {why}, and VPC endpoints are missing for ec2, ecr.api, ecr.dkr, s3, logs, sts"
    )


NAT_2 = NATGateway("nat-2", PUBLIC, "available")
CREATE = "aws ec2 create-route --region eu-west-1 --route-table-id rtb-private --destination-cidr-block 0.0.0.0/0 --nat-gateway-id"
REPLACE = CREATE.replace("create", "replace")


@pytest.mark.parametrize(
    ("network", "fix"),
    [
        (routed(), f"{CREATE} nat-1"),
        (replace(routed(), nat_gateways=HIDDEN), f"make a NAT gateway in a public subnet, then {CREATE} NAT_GATEWAY"),
        # An endpoint for S3 is there beside NAT gateways, too: it does not mean that all are to be there.
        (replace(routed(), endpoints=(endpoint("s3"),)), f"{CREATE} nat-1"),
        (replace(NETWORK, nat_gateways=(replace(NAT, state="deleted"), NAT_2)), f"{REPLACE} nat-2"),
        (replace(NETWORK, nat_gateways=(replace(NAT, state="deleted"), NAT_2), endpoints=ENDPOINTS[:2]), f"{REPLACE} nat-2"),
        (
            replace(NETWORK, nat_gateways=(replace(NAT, state="deleted"),)),
            f"make a NAT gateway in a public subnet, then {REPLACE} NAT_GATEWAY",
        ),
        (replace(NETWORK, nat_gateways=(replace(NAT, state="pending"), NAT_2)), "wait until nat-1 is available"),
        (routed(*halves("nat-9", active=False)), f"{REPLACE.replace('0.0.0.0/0', '0.0.0.0/1')} nat-1, and so for 128.0.0.0/1"),
    ],
)
def test_the_way_that_was_meant_is_mended(network: Network, fix: str) -> None:
    assert found(network).fix == fix


def test_a_nat_gateway_in_another_zone_is_a_detail() -> None:
    assert found().details == (f"subnet {B} in eu-west-1b goes through nat-1 in eu-west-1a",)


def test_public_subnets_are_a_matter_of_which_subnets_the_class_has() -> None:
    finding = found(subnet_ids=(A, PUBLIC))
    assert finding.level is Level.OK
    assert "rtb-public routes 0.0.0.0/0 to igw-9: see SubnetsUsable" in finding.details
    finding = found(subnet_ids=(PUBLIC,))
    assert (finding.level, finding.reason) == (Level.UNKNOWN, Reason.NOT_OBSERVED)


def test_without_subnets_there_is_nothing_to_look_at() -> None:
    finding = found(subnet_ids=())
    assert (finding.level, finding.reason) == (Level.UNKNOWN, Reason.NOT_OBSERVED)


def test_one_closed_subnet_among_open_ones_is_found() -> None:
    closed = RouteTable("rtb-closed", main=False, subnet_ids=frozenset({B}), routes=(LOCAL,))
    finding = found(replace(NETWORK, route_tables=(PRIVATE_TABLE, PUBLIC_TABLE, closed)))
    assert finding.level is Level.ERROR
    assert finding.message.startswith(f"nothing leads out of {B}: rtb-closed has no route for 0.0.0.0/0, and VPC endpoints are missing")


@pytest.mark.parametrize(
    ("vpc", "sentence"),
    [
        (
            VPC("vpc-1", (), dns_support=False, dns_hostnames=True),
            (
                "enableDnsSupport of VPC vpc-1 is off, and Fargate's nodes find the cluster by name; aws ec2 modify-vpc-attribute "
                """--region eu-west-1 --vpc-id vpc-1 --enable-dns-support '{"Value":true}'"""
            ),
        ),
        (
            VPC("vpc-1", (), dns_support=HIDDEN, dns_hostnames=False),
            (
                "enableDnsHostnames of VPC vpc-1 is off, and Fargate's nodes find the cluster by name; aws ec2 modify-vpc-attribute "
                """--region eu-west-1 --vpc-id vpc-1 --enable-dns-hostnames '{"Value":true}'"""
            ),
        ),
    ],
)
def test_a_vpc_that_resolves_no_names(vpc: VPC, sentence: str) -> None:
    finding = found(replace(NETWORK, vpc=vpc))
    assert (finding.level, finding.reason, finding.sentence) == (Level.ERROR, Reason.NO_EGRESS, sentence)


def test_a_closed_cluster_cannot_be_joined_from_subnets_without_a_way_out() -> None:
    closed = replace(CLUSTER, private_access=False)
    finding = found(ISOLATED, closed)
    assert finding.level is Level.ERROR
    assert finding.sentence == (
        f"nothing leads out of {A}, {B}: rtb-private has no route for 0.0.0.0/0, and cluster prod's private endpoint access is off, so "
        "Fargate's nodes cannot join it; aws eks update-cluster-config --name prod --region eu-west-1 "
        "--resources-vpc-config endpointPrivateAccess=true"
    )
    assert found(NETWORK, closed).level is Level.OK


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (replace(NETWORK, route_tables=HIDDEN), "whether the subnets lead to a NAT gateway cannot be seen"),
        (replace(NETWORK, nat_gateways=HIDDEN), "rtb-private routes 0.0.0.0/0 to nat-1, which cannot be looked at"),
        (replace(NETWORK, vpc=HIDDEN), "whether VPC vpc-1 resolves names cannot be seen"),
        (
            replace(NETWORK, vpc=VPC("vpc-1", (), dns_support=True, dns_hostnames=HIDDEN)),
            "whether enableDnsHostnames of VPC vpc-1 is on cannot be seen",
        ),
        (
            replace(ISOLATED, endpoints=HIDDEN),
            (
                f"nothing leads out of {A}, {B}: rtb-private has no route for 0.0.0.0/0; whether there are VPC endpoints "
                f"instead cannot be seen"
            ),
        ),
        (
            replace(ISOLATED, security_groups=HIDDEN),
            "whether the security groups of the VPC endpoints let in port 443 cannot be seen",
        ),
    ],
)
def test_what_may_not_be_read_stays_open_and_names_the_permission(network: Network, message: str) -> None:
    finding = found(network)
    assert (finding.level, finding.reason) == (Level.UNKNOWN, Reason.UNAUTHORIZED)
    assert finding.message == f"{message}: no permission ec2:DescribeThem"


@pytest.mark.parametrize(
    "network",
    [replace(NETWORK, subnets=HIDDEN), replace(NETWORK, security_groups=HIDDEN, endpoints=HIDDEN), replace(ISOLATED, subnets=HIDDEN)],
)
def test_what_the_answer_does_not_depend_on_may_be_unreadable(network: Network) -> None:
    assert found(network).level is Level.OK


def test_a_vpc_that_is_gone_and_a_subnet_without_a_table_are_not_errors() -> None:
    finding = found(replace(NETWORK, vpc=None))
    assert (finding.level, finding.reason) == (Level.UNKNOWN, Reason.NOT_OBSERVED)
    finding = found(replace(NETWORK, route_tables=()))
    assert finding.level is Level.UNKNOWN
    assert finding.message == f"no route table of subnet {A} can be seen"


def test_hundreds_of_subnets_make_a_short_text() -> None:
    ids = tuple(f"subnet-{number:04x}" for number in range(500))
    tables = tuple(RouteTable(f"rtb-{name}", main=False, subnet_ids=frozenset({name}), routes=(LOCAL,)) for name in ids)
    subnets = tuple(Subnet(name, "vpc-1", f"eu-west-1{'abc'[number % 3]}") for number, name in enumerate(ids))
    network = replace(NETWORK, subnets=subnets, route_tables=(*tables, PUBLIC_TABLE), endpoints=ENDPOINTS[:3])
    finding = found(network, subnet_ids=ids)
    assert finding.message.startswith("nothing leads out of subnet-0000, subnet-0001, subnet-0002 and 497 more: rtb-subnet-0000 has no")
    assert len("".join([finding.sentence, *finding.details])) < 8_000
    assert "--subnet-ids subnet-0000 subnet-0001 subnet-0002 --security" in finding.fix


def test_a_public_route_table_is_not_replaced() -> None:
    assert "rtb-public" not in found(replace(NETWORK, route_tables=(replace(PRIVATE_TABLE, routes=(TO_INTERNET,)),))).fix
