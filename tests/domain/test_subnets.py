import dataclasses

import pytest

from fargateclaims.api.fargateclass import SubnetsFrom, SubnetSource
from fargateclaims.domain.observation import EKSCluster, SubnetFacts
from fargateclaims.domain.subnets import Route, RouteTable, Subnet, resolve_subnets

CLUSTER = EKSCluster("prod", "ACTIVE", "1.35", "vpc-1", ("subnet-a", "subnet-b", "subnet-pub"), "API")
LOCAL = Route("10.0.0.0/16", "local")
NAT = Route("0.0.0.0/0", "")
INTERNET = Route("0.0.0.0/0", "igw-9")
INTERNET_V6 = Route("::/0", "igw-9")
EGRESS_ONLY = Route("::/0", "eigw-7")

A, B, PUBLIC = (Subnet(f"subnet-{name}", "vpc-1", {"tier": tier}) for name, tier in (("a", "private"), ("b", "private"), ("pub", "public")))
ELSEWHERE = Subnet("subnet-x", "vpc-2", {"tier": "private"})
MAIN = RouteTable("rtb-main", main=True, subnet_ids=frozenset(), routes=(LOCAL, NAT))
OPEN = RouteTable("rtb-4", main=False, subnet_ids=frozenset({"subnet-pub"}), routes=(LOCAL, INTERNET))
TABLES = (MAIN, OPEN)

FROM_CLUSTER = SubnetSource(from_=SubnetsFrom.CLUSTER)


def ids(*names: str) -> SubnetSource:
    return SubnetSource(from_=SubnetsFrom.IDS, ids=names)


def tags(**wanted: str) -> SubnetSource:
    return SubnetSource(from_=SubnetsFrom.TAGS, tags=wanted)


@pytest.mark.parametrize(
    ("source", "usable"),
    [
        (FROM_CLUSTER, ("subnet-a", "subnet-b")),
        (ids("subnet-b", "subnet-a"), ("subnet-a", "subnet-b")),
        (ids("subnet-b", "subnet-b"), ("subnet-b",)),
        (tags(tier="private"), ("subnet-a", "subnet-b")),
    ],
)
def test_the_private_ones_are_used_in_order(source: SubnetSource, usable: tuple[str, ...]) -> None:
    assert resolve_subnets(source, CLUSTER, (PUBLIC, B, A, ELSEWHERE), TABLES) == SubnetFacts(usable)


@pytest.mark.parametrize(
    ("routes", "private"),
    [
        ((LOCAL,), True),
        ((LOCAL, NAT), True),
        ((LOCAL, EGRESS_ONLY), True),
        ((LOCAL, INTERNET), False),
        ((LOCAL, INTERNET_V6), False),
        ((NAT, Route("pl-1", "igw-9")), False),
        ((), True),
    ],
)
@pytest.mark.parametrize("explicit", [True, False])
def test_private_means_no_route_to_an_internet_gateway(routes: tuple[Route, ...], private: bool, explicit: bool) -> None:  # noqa: FBT001
    table = RouteTable("rtb-1", main=not explicit, subnet_ids=frozenset({"subnet-a"} if explicit else ()), routes=routes)
    others = (MAIN,) if explicit else (OPEN,)
    facts = resolve_subnets(ids("subnet-a"), CLUSTER, (A,), (*others, table))
    assert (facts.problem is None) is private


def test_an_explicit_table_wins_over_an_open_main_one() -> None:
    closed = RouteTable("rtb-2", main=False, subnet_ids=frozenset({"subnet-a"}), routes=(NAT,))
    tables = (dataclasses.replace(MAIN, routes=(INTERNET,)), closed)
    assert resolve_subnets(FROM_CLUSTER, CLUSTER, (A, B), tables).ids == ("subnet-a",)


@pytest.mark.parametrize(
    ("source", "found", "problem"),
    [
        (
            ids("subnet-pub"),
            (PUBLIC,),
            "subnet subnet-pub is public: rtb-4 routes 0.0.0.0/0 to igw-9; take it out of the class or route it through a NAT gateway",
        ),
        (
            ids("subnet-a", "subnet-gone"),
            (A,),
            "subnet subnet-gone does not exist in the cluster's account and region; correct spec.subnets.ids",
        ),
        (ids("subnet-x"), (ELSEWHERE,), "subnet subnet-x is in vpc-2, cluster prod in vpc-1; take it out of the class"),
        (
            tags(tier="none"),
            (A, B),
            "no subnet of cluster prod's VPC vpc-1 has the tags tier=none; correct spec.subnets.tags, or tag private subnets",
        ),
        (
            tags(tier="public"),
            (PUBLIC,),
            (
                "no private subnet has the tags tier=public: subnet-pub is public: rtb-4 routes 0.0.0.0/0 to igw-9; "
                "correct spec.subnets.tags, or tag private subnets"
            ),
        ),
        (FROM_CLUSTER, (), "no subnet of cluster prod exists any more; name private subnets of its VPC by spec.subnets.ids or .tags"),
    ],
)
def test_a_problem_says_what_where_and_what_to_do(source: SubnetSource, found: tuple[Subnet, ...], problem: str) -> None:
    assert resolve_subnets(source, CLUSTER, found, TABLES).problem == problem


def test_given_ids_stay_known_although_there_is_a_problem() -> None:
    assert resolve_subnets(ids("subnet-pub", "subnet-a"), CLUSTER, (A, PUBLIC), TABLES).ids == ("subnet-a", "subnet-pub")


def test_many_problems_are_counted_after_the_first_ones() -> None:
    many = tuple(f"subnet-{number}" for number in range(7))
    problem = resolve_subnets(ids(*many), CLUSTER, (), TABLES).problem
    assert problem is not None
    assert problem.count("does not exist") == 3
    assert problem.endswith("4 more")


def test_a_cluster_with_public_subnets_only() -> None:
    facts = resolve_subnets(FROM_CLUSTER, CLUSTER, (PUBLIC,), TABLES)
    assert facts.ids == ()
    assert facts.problem is not None
    assert "subnet-pub is public: rtb-4" in facts.problem
