"""The network of an EKS cluster, as EC2 describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from fargateclaims.domain.unreadable import Unreadable

INTERNET_GATEWAY_PREFIX: Final = "igw-"
"""Of the ids of internet gateways; egress-only ones have `eigw-`."""
NAT_GATEWAY_PREFIX: Final = "nat-"
"""Of the ids of NAT gateways."""


@dataclass(frozen=True, slots=True)
class VPC:
    """A VPC.

    :param cidr_blocks: all that are associated with it, IPv4 and IPv6, the primary one first.
    :param dns_support: the attribute enableDnsSupport.
    :param dns_hostnames: the attribute enableDnsHostnames.
    """

    id: str
    cidr_blocks: tuple[str, ...]
    dns_support: bool | Unreadable
    dns_hostnames: bool | Unreadable


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet.

    :param zone: the name of its zone, such as eu-west-1a; those of Local Zones and Wavelength are longer.
    :param free_addresses: free IPv4 addresses; None for a subnet with IPv6 alone.
    :param on_outpost: whether it is on AWS Outposts.
    :param cidr_block: its IPv4 addresses; empty if they are not known, or if it has none.
    :param zone_id: its zone's id, such as euw1-az1, which is the same in all accounts.
    """

    id: str
    vpc_id: str
    zone: str = ""
    free_addresses: int | None = None
    on_outpost: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    cidr_block: str = ""
    zone_id: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """One route.

    :param destination: a CIDR block or the id of a prefix list.
    :param target: the id of what it leads to (igw-, eigw-, nat-, tgw-, pcx-, vgw-, eni-, i-, lgw-, cagw-, vpce-…, or a core network's
        ARN), or `local`; empty if EC2 names nothing that is known here.
    :param active: whether what it leads to exists; EC2 calls the others blackholes.
    """

    destination: str
    target: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class RouteTable:
    """A route table of the VPC. The main one is that of all subnets without one of their own."""

    id: str
    main: bool
    subnet_ids: frozenset[str]
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class NATGateway:
    """A NAT gateway.

    :param subnet_id: where it is; empty for a regional one, which is in no subnet.
    :param state: as EC2 has it: pending, failed, available, deleting, deleted.
    :param public: whether it leads to the internet; a private one leads to other networks.
    """

    id: str
    subnet_id: str
    state: str
    public: bool = True


@dataclass(frozen=True, slots=True)
class VPCEndpoint:
    """A VPC endpoint.

    :param service: its full name, such as com.amazonaws.eu-west-1.ecr.api.
    :param kind: Interface, Gateway or another of EC2's types.
    :param state: as EC2 has it, in lower case: pendingacceptance, pending, available, …
    :param private_dns: whether the service's usual name leads to it; only for interface endpoints.
    :param subnet_ids: where an interface endpoint has its addresses.
    :param route_table_ids: which tables lead to a gateway endpoint.
    """

    id: str
    service: str
    kind: str
    state: str
    private_dns: bool = False
    subnet_ids: frozenset[str] = frozenset()
    route_table_ids: frozenset[str] = frozenset()
    security_group_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class IngressRule:
    """Who is let in by a security group.

    :param protocol: as EC2 has it: tcp, udp, icmp, a number, or -1 for all.
    :param ports: the first and the last one; None for all.
    :param sources: CIDR blocks, and ids of security groups and prefix lists.
    """

    protocol: str
    ports: tuple[int, int] | None
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group of the VPC."""

    id: str
    ingress: tuple[IngressRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """What is known of a cluster's VPC, each part as far as it may be read.

    :param vpc: None if it does not exist any more.
    :param subnets: those of the VPC, and those that classes name by id, wherever they are.
    """

    vpc: VPC | Unreadable | None
    subnets: tuple[Subnet, ...] | Unreadable
    route_tables: tuple[RouteTable, ...] | Unreadable
    nat_gateways: tuple[NATGateway, ...] | Unreadable
    endpoints: tuple[VPCEndpoint, ...] | Unreadable
    security_groups: tuple[SecurityGroup, ...] | Unreadable

    @classmethod
    def unreadable(cls, why: Unreadable) -> "Network":
        """One of which nothing is known."""
        return cls(why, why, why, why, why, why)

    def with_egress(self, other: "Network") -> "Network":
        """The same subnets and route tables, with all else as it is in `other`."""
        return replace(other, subnets=self.subnets, route_tables=self.route_tables)
