from dataclasses import replace

import pytest

from fargateclaims.api.fargateclass import SubnetsFrom, SubnetSource
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.checks.subnets import check_subnets, each_subnet, resolve_subnets
from fargateclaims.domain.network import Network, Route, RouteTable, Subnet
from fargateclaims.domain.unreadable import Unreadable
from support.class_checks import CLUSTER, FROM_CLUSTER, LOCAL, NETWORK, PRIVATE_TABLE, PUBLIC, PUBLIC_TABLE, TO_INTERNET, TO_NAT, A, B

INTERNET_V6 = Route("::/0", "igw-9")
EGRESS_ONLY = Route("::/0", "eigw-7")
EMPTY = Subnet("subnet-0f", "vpc-1", "eu-west-1c", 0)
UNKNOWN = Subnet("subnet-0g", "vpc-1")
ELSEWHERE = Subnet("subnet-0e", "vpc-2", "eu-west-1a", 200, tags={"tier": "private"})
DOUBTFUL = Subnet("subnet-0d", "vpc-1", "ca-central-1d", 200, tags={"tier": "private"}, zone_id="cac1-az4")
NO_FARGATE = "is in ca-central-1d (cac1-az4), where by AWS's list of 2023-06-15 there is no Fargate"
LONELY = "all subnets are in zone ca-central-1d, so pods do not outlive its failure; add a private subnet in another zone"
NO_SUBNETS = Unreadable.without("ec2:DescribeSubnets")
NO_TABLES = Unreadable.without("ec2:DescribeRouteTables")
WITHOUT_TABLES = replace(NETWORK, route_tables=NO_TABLES)
WITHOUT_SUBNETS = replace(NETWORK, subnets=NO_SUBNETS)


def ids(*names: str) -> SubnetSource:
    return SubnetSource(from_=SubnetsFrom.IDS, ids=names)


def tags(**wanted: str) -> SubnetSource:
    return SubnetSource(from_=SubnetsFrom.TAGS, tags=wanted)


def subnets(*extra: Subnet, **changes: object) -> Network:
    """The healthy network with further subnets; keywords are changes of its two private ones."""
    assert isinstance(NETWORK.subnets, tuple)
    a, b, public = NETWORK.subnets
    return replace(NETWORK, subnets=(replace(a, **changes), replace(b, **changes), public, *extra))  # type: ignore[arg-type]


def found(source: SubnetSource = FROM_CLUSTER, network: Network = NETWORK) -> Finding:
    return check_subnets(source, CLUSTER, network)


@pytest.mark.parametrize(
    ("source", "network", "usable"),
    [
        (FROM_CLUSTER, NETWORK, (A, B)),
        (ids(B, A), NETWORK, (A, B)),
        (ids(B, B), NETWORK, (B,)),
        (tags(tier="private"), subnets(ELSEWHERE), (A, B)),
        # Given by id they are used as they are: EKS says what is wrong with them.
        (ids(PUBLIC, "subnet-0gone"), NETWORK, (PUBLIC, "subnet-0gone")),
        (ids(B, A), WITHOUT_SUBNETS, (A, B)),
        (ids(B, A), WITHOUT_TABLES, (A, B)),
        (FROM_CLUSTER, WITHOUT_SUBNETS, ()),
        (FROM_CLUSTER, WITHOUT_TABLES, ()),
        (tags(tier="private"), WITHOUT_TABLES, ()),
        (tags(tier="public"), NETWORK, ()),
        (tags(tier="private"), subnets(zone="us-west-2-lax-1a"), ()),
        # Addresses come and go: a subnet is not dropped for having none just now.
        (FROM_CLUSTER, subnets(free_addresses=0), (A, B)),
    ],
)
def test_the_usable_ones_are_used_in_order(source: SubnetSource, network: Network, usable: tuple[str, ...]) -> None:
    assert resolve_subnets(source, CLUSTER, network) == usable


@pytest.mark.parametrize(
    ("routes", "private"),
    [
        ((LOCAL,), True),
        ((LOCAL, TO_NAT), True),
        ((LOCAL, EGRESS_ONLY), True),
        ((LOCAL, TO_INTERNET), False),
        ((LOCAL, INTERNET_V6), False),
        ((LOCAL, replace(TO_INTERNET, active=False)), False),
        ((TO_NAT, Route("pl-1", "igw-9")), False),
        ((), True),
    ],
)
@pytest.mark.parametrize("explicit", [True, False])
def test_private_means_no_route_to_an_internet_gateway(routes: tuple[Route, ...], private: bool, explicit: bool) -> None:  # noqa: FBT001
    table = RouteTable("rtb-1", main=not explicit, subnet_ids=frozenset({A} if explicit else ()), routes=routes)
    network = replace(NETWORK, route_tables=(PRIVATE_TABLE if explicit else PUBLIC_TABLE, table))
    assert (found(ids(A), network).reason is not Reason.PUBLIC_SUBNET) is private


def test_an_explicit_table_wins_over_an_open_main_one() -> None:
    closed = RouteTable("rtb-2", main=False, subnet_ids=frozenset({A}), routes=(TO_NAT,))
    network = replace(NETWORK, route_tables=(replace(PRIVATE_TABLE, routes=(TO_INTERNET,)), closed))
    assert resolve_subnets(FROM_CLUSTER, CLUSTER, network) == (A,)


@pytest.mark.parametrize("zone", ["eu-west-1a", "us-gov-west-1b", "us-iso-east-1c", "ap-southeast-12a", "eusc-de-east-1a", ""])
def test_a_zone_of_the_region(zone: str) -> None:
    # All in one zone is worth a warning, unless it is not known which.
    assert found(ids(A, B), subnets(zone=zone)).level is (Level.WARNING if zone else Level.OK)


@pytest.mark.parametrize("zone", ["us-west-2-lax-1a", "us-east-1-wl1-bos-wlz-1", "eu-central-1-ham-1a", "eu-west-1"])
def test_local_and_wavelength_zones(zone: str) -> None:
    finding = found(ids(A, B), subnets(zone=zone))
    assert (finding.level, finding.reason) == (Level.ERROR, Reason.SUBNET_UNSUPPORTED)
    assert finding.message == (
        f"subnet {A} is in {zone}, and there is no Fargate in Local Zones and Wavelength Zones (and {B} cannot be used, either)"
    )


@pytest.mark.parametrize(
    ("source", "network", "reason", "sentence"),
    [
        (
            ids("subnet-0gone"),
            NETWORK,
            Reason.NO_SUBNETS,
            "subnet subnet-0gone does not exist in the cluster's account and region; correct spec.subnets.ids",
        ),
        (
            ids("subnet-0e"),
            subnets(ELSEWHERE),
            Reason.NO_SUBNETS,
            "subnet subnet-0e is in vpc-2, cluster prod in vpc-1; take it out of the class",
        ),
        (
            ids("subnet-0e"),
            replace(subnets(ELSEWHERE), route_tables=NO_TABLES),
            Reason.NO_SUBNETS,
            "subnet subnet-0e is in vpc-2, cluster prod in vpc-1; take it out of the class",
        ),
        (
            ids(A),
            subnets(on_outpost=True),
            Reason.SUBNET_UNSUPPORTED,
            f"subnet {A} is on AWS Outposts, where there is no Fargate; take it out of the class",
        ),
        (
            tags(tier="none"),
            NETWORK,
            Reason.NO_SUBNETS,
            "no subnet of cluster prod's VPC vpc-1 has the tags tier=none; correct spec.subnets.tags, or tag private subnets",
        ),
        (
            tags(tier="public"),
            NETWORK,
            Reason.PUBLIC_SUBNET,
            (
                f"no private subnet has the tags tier=public: {PUBLIC} is public: rtb-public routes 0.0.0.0/0 to igw-9; "
                "correct spec.subnets.tags, or tag private subnets"
            ),
        ),
        (
            FROM_CLUSTER,
            replace(NETWORK, subnets=()),
            Reason.NO_SUBNETS,
            "no subnet of cluster prod exists any more; name private subnets of its VPC by spec.subnets.ids or .tags",
        ),
        (
            FROM_CLUSTER,
            subnets(on_outpost=True),
            Reason.SUBNET_UNSUPPORTED,
            (
                f"no subnet of cluster prod is usable: {A} is on AWS Outposts, where there is no Fargate, {B} is on AWS "
                f"Outposts, where there "
                f"is no Fargate, {PUBLIC} is public: rtb-public routes 0.0.0.0/0 to igw-9; name private subnets of its VPC by "
                "spec.subnets.ids or .tags"
            ),
        ),
        (
            FROM_CLUSTER,
            replace(NETWORK, route_tables=(replace(PRIVATE_TABLE, routes=(TO_INTERNET, INTERNET_V6)),)),
            Reason.PUBLIC_SUBNET,
            (
                f"no subnet of cluster prod is private: {A} is public: rtb-private routes 0.0.0.0/0 to igw-9, {B} is public: "
                f"rtb-private routes "
                f"0.0.0.0/0 to igw-9, {PUBLIC} is public: rtb-private routes 0.0.0.0/0 to igw-9; name private subnets of its VPC by "
                "spec.subnets.ids or .tags"
            ),
        ),
        (
            FROM_CLUSTER,
            subnets(free_addresses=0),
            Reason.SUBNET_UNSUPPORTED,
            (
                f"no free address is left for pods in {A}, {B}; add subnets to the class, such as in a secondary CIDR block of the VPC: "
                "aws ec2 associate-vpc-cidr-block"
            ),
        ),
    ],
)
def test_what_holds_creates(source: SubnetSource, network: Network, reason: Reason, sentence: str) -> None:
    finding = found(source, network)
    assert (finding.level, finding.reason, finding.sentence) == (Level.ERROR, reason, sentence)


@pytest.mark.parametrize(
    ("source", "network", "message"),
    [
        (ids(A), NETWORK, "all subnets are in zone eu-west-1a, so pods do not outlive its failure"),
        (FROM_CLUSTER, subnets(free_addresses=15), f"fewer than 16 addresses are free for pods in {A}, {B}"),
        (
            ids(A, "subnet-0f"),
            subnets(Subnet("subnet-0f", "vpc-1", "eu-west-1c", 0)),
            "fewer than 16 addresses are free for pods in subnet-0f",
        ),
        # One whose addresses are not known may have some.
        (
            ids("subnet-0f", "subnet-0g"),
            subnets(EMPTY, UNKNOWN),
            "fewer than 16",
        ),
    ],
)
def test_what_works_with_a_limit(source: SubnetSource, network: Network, message: str) -> None:
    finding = found(source, network)
    assert (finding.level, finding.reason) == (Level.WARNING, Reason.LIMITED)
    assert finding.message.startswith(message)


def test_how_many_addresses_are_free_is_a_detail_since_it_changes_with_each_pod() -> None:
    finding = found(FROM_CLUSTER, subnets(free_addresses=1))
    assert finding.details[:2] == (f"subnet {A} has 1 free address", f"subnet {B} has 1 free address")
    assert finding.message == found(FROM_CLUSTER, subnets(free_addresses=2)).message


def test_sixteen_free_addresses_are_no_reason_to_worry() -> None:
    assert found(FROM_CLUSTER, subnets(free_addresses=16)).level is Level.OK
    assert found(FROM_CLUSTER, subnets(free_addresses=None)).level is Level.OK


def test_those_that_are_left_out_are_named() -> None:
    assert found().details == (f"left out: subnet {PUBLIC} is public: rtb-public routes 0.0.0.0/0 to igw-9",)


def test_a_zone_that_is_not_listed_is_left_out_where_there_are_others() -> None:
    source, network = tags(tier="private"), subnets(DOUBTFUL)
    assert resolve_subnets(source, CLUSTER, network) == (A, B)
    finding = found(source, network)
    assert (finding.level, finding.details) == (Level.OK, (f"left out: subnet subnet-0d {NO_FARGATE}",))
    assert each_subnet(source, CLUSTER, network)[-1] == (DOUBTFUL, NO_FARGATE)


@pytest.mark.parametrize(
    ("source", "network", "others"),
    [
        (tags(tier="private"), replace(NETWORK, subnets=(DOUBTFUL,)), (LONELY,)),
        # One that cannot be used at all does not count.
        (tags(tier="private"), replace(NETWORK, subnets=(replace(DOUBTFUL, id="subnet-0l", on_outpost=True), DOUBTFUL)), (LONELY,)),
        (ids("subnet-0d", A), subnets(DOUBTFUL), ()),
    ],
)
def test_the_last_subnet_and_one_that_is_named_are_used_wherever_they_are(
    source: SubnetSource, network: Network, others: tuple[str, ...]
) -> None:
    assert "subnet-0d" in resolve_subnets(source, CLUSTER, network)
    assert (DOUBTFUL, "") in each_subnet(source, CLUSTER, network)
    finding = found(source, network)
    assert (finding.level, finding.reason) == (Level.WARNING, Reason.LIMITED)
    assert finding.sentence == f"subnet subnet-0d {NO_FARGATE}; take it out of the class if EKS refuses it"
    assert finding.details[: len(others)] == others


@pytest.mark.parametrize("source", [FROM_CLUSTER, ids(A), tags(tier="private")])
@pytest.mark.parametrize(("network", "permission"), [(WITHOUT_SUBNETS, "ec2:DescribeSubnets"), (WITHOUT_TABLES, "ec2:DescribeRouteTables")])
def test_what_may_not_be_read_stays_open_and_names_the_permission(source: SubnetSource, network: Network, permission: str) -> None:
    finding = found(source, network)
    assert (finding.level, finding.reason) == (Level.UNKNOWN, Reason.UNAUTHORIZED)
    assert finding.message.endswith(f"no permission {permission}")


def test_hundreds_of_subnets_make_a_short_text() -> None:
    many = tuple(Subnet(f"subnet-{number:04x}", "vpc-1", "eu-west-1-lax-1a", tags={"tier": "many"}) for number in range(500))
    finding = found(tags(tier="many"), subnets(*many))
    assert finding.message.endswith("and 497 more")
    assert len("".join([finding.sentence, *finding.details])) < 5_000
    fine = tuple(replace(subnet, zone="eu-west-1a") for subnet in many)
    message = found(tags(tier="many"), subnets(*fine, *(replace(subnet, id=f"{subnet.id}b", zone="eu-west-1b") for subnet in fine))).message
    assert message.startswith("1000 private subnets in 2 zones: subnet-0000, ")
    assert message.endswith(" and 995 more")


@pytest.mark.parametrize(
    ("source", "network", "told"),
    [
        (FROM_CLUSTER, NETWORK, {A: "", B: "", PUBLIC: "is public: rtb-public routes 0.0.0.0/0 to igw-9"}),
        (ids(PUBLIC, B, "subnet-0gone"), NETWORK, {B: "", PUBLIC: "is public: rtb-public routes 0.0.0.0/0 to igw-9"}),
        (tags(tier="private"), subnets(ELSEWHERE), {A: "", B: ""}),
        (FROM_CLUSTER, WITHOUT_TABLES, {A: "", PUBLIC: "", B: ""}),
        (FROM_CLUSTER, WITHOUT_SUBNETS, {}),
    ],
)
def test_why_each_subnet_cannot_be_used(source: SubnetSource, network: Network, told: dict[str, str]) -> None:
    found = each_subnet(source, CLUSTER, network)
    assert [(subnet.id, why) for subnet, why in found] == list(told.items())
