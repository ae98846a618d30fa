"""Addresses for pods: each pod on Fargate has a network interface of its own in one of its profile's subnets."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final

# EC2 keeps the first four addresses of a subnet and its last one for itself.
_RESERVED_FIRST: Final = 4
_RESERVED_LAST: Final = 1


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet as EC2 describes it."""

    id: str
    zone: str
    network: IPv4Network


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pod runs."""

    subnet: Subnet
    address: IPv4Address


def free_place(subnets: Iterable[Subnet], taken: Collection[IPv4Address]) -> Place | None:
    """The lowest free address of the subnet with the fewest pods; None if all are full."""
    for subnet in sorted(subnets, key=lambda subnet: (sum(address in subnet.network for address in taken), subnet.id)):
        for number in range(_RESERVED_FIRST, subnet.network.num_addresses - _RESERVED_LAST):
            address = subnet.network[number]
            if address not in taken:
                return Place(subnet, address)
    return None


def host_name(address: IPv4Address, region: str) -> str:
    """The private DNS name that EC2 gives to an address; that of the region us-east-1 has another form."""
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return f"ip-{str(address).replace('.', '-')}.{domain}"


def address_in(name: str) -> str:
    """The address in a host's or a node's name."""
    return name.partition("ip-")[2].partition(".")[0].replace("-", ".")
