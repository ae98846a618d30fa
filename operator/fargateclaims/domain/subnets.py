"""Which of a class's subnets Fargate can use: the private ones.

A subnet is private when its route table has no route to an internet gateway, IPv4 or IPv6 (EKS user guide, "AWS Fargate
considerations"). A route to a NAT gateway or to an egress-only internet gateway leaves it private.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fargateclaims.api.fargateclass import SubnetsFrom, SubnetSource
from fargateclaims.domain.observation import EKSCluster, SubnetFacts

INTERNET_GATEWAY_PREFIX: Final = "igw-"
"""Of the ids of internet gateways; egress-only ones have `eigw-`."""
_NAMED: Final = 3
"""So many subnets are named in a message; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet as EC2 describes it."""

    id: str
    vpc_id: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """One route: a CIDR block or prefix list, and the id of the gateway that it leads to."""

    destination: str
    gateway_id: str


@dataclass(frozen=True, slots=True)
class RouteTable:
    """A route table of the VPC. The main one is that of all subnets without one of their own."""

    id: str
    main: bool
    subnet_ids: frozenset[str]
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class _Public:
    """Why a subnet is not private."""

    subnet_id: str
    table_id: str
    route: Route

    def __str__(self) -> str:
        return f"{self.subnet_id} is public: {self.table_id} routes {self.route.destination} to {self.route.gateway_id}"


def resolve_subnets(source: SubnetSource, cluster: EKSCluster, subnets: Iterable[Subnet], tables: Iterable[RouteTable]) -> SubnetFacts:
    """Decide which subnets the profiles of a class get.

    :param subnets: those that exist among the ones in question: by id, among the cluster's, or with the tags.
    :param tables: the route tables of the cluster's VPC.
    """
    found = {subnet.id: subnet for subnet in subnets}
    routing = _Routing(tables)
    if source.from_ is SubnetsFrom.IDS:
        return _by_ids(source.ids or (), cluster, found, routing)
    if source.from_ is SubnetsFrom.TAGS:
        wanted = source.tags or {}
        candidates = [each.id for each in found.values() if each.vpc_id == cluster.vpc_id and wanted.items() <= each.tags.items()]
        nothing = f"no subnet of cluster {cluster.name}'s VPC {cluster.vpc_id} has the tags {_tags(wanted)}"
        no_private = f"no private subnet has the tags {_tags(wanted)}"
        remedy = "correct spec.subnets.tags, or tag private subnets"
    else:
        candidates = [subnet_id for subnet_id in cluster.subnet_ids if subnet_id in found]
        nothing = f"no subnet of cluster {cluster.name} exists any more"
        no_private = f"no subnet of cluster {cluster.name} is private"
        remedy = "name private subnets of its VPC by spec.subnets.ids or .tags"
    if not candidates:
        return SubnetFacts(problem=f"{nothing}; {remedy}")
    public = {subnet_id: why for subnet_id in sorted(candidates) if (why := routing.public(subnet_id))}
    private = tuple(sorted(set(candidates) - public.keys()))
    return (
        SubnetFacts(private) if private else SubnetFacts(problem=f"{no_private}: {_sentence([*map(str, public.values())], ', ')}; {remedy}")
    )


class _Routing:
    """Which route table counts for a subnet."""

    def __init__(self, tables: Iterable[RouteTable]) -> None:
        self._main: RouteTable | None = None
        self._explicit: dict[str, RouteTable] = {}
        for table in tables:
            self._explicit |= dict.fromkeys(table.subnet_ids, table)
            if table.main:
                self._main = table

    def public(self, subnet_id: str) -> _Public | None:
        table = self._explicit.get(subnet_id, self._main)
        if table is None:
            return None
        ways_out = (route for route in table.routes if route.gateway_id.startswith(INTERNET_GATEWAY_PREFIX))
        route = next(ways_out, None)
        return None if route is None else _Public(subnet_id, table.id, route)


def _by_ids(ids: Iterable[str], cluster: EKSCluster, found: Mapping[str, Subnet], routing: _Routing) -> SubnetFacts:
    wanted = tuple(sorted(set(ids)))
    problems = []
    for subnet_id in wanted:
        subnet = found.get(subnet_id)
        if subnet is None:
            problems.append(f"subnet {subnet_id} does not exist in the cluster's account and region; correct spec.subnets.ids")
        elif subnet.vpc_id != cluster.vpc_id:
            problems.append(
                f"subnet {subnet_id} is in {subnet.vpc_id}, cluster {cluster.name} in {cluster.vpc_id}; take it out of the class"
            )
        elif public := routing.public(subnet_id):
            problems.append(f"subnet {public}; take it out of the class or route it through a NAT gateway")
    return SubnetFacts(wanted, _sentence(problems, ". Also: "))


def _sentence(parts: Sequence[str], separator: str) -> str | None:
    if not parts:
        return None
    more = len(parts) - _NAMED
    return separator.join(parts[:_NAMED]) + (f"{separator}{more} more" if more > 0 else "")


def _tags(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(tags.items()))
