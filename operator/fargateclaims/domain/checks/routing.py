"""Which route table counts for a subnet, and where its routes lead."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses
from typing import Final

from fargateclaims.domain.network import INTERNET_GATEWAY_PREFIX, RouteTable

ANYWHERE: Final = "0.0.0.0/0"
"""The destination of the default route. IPv6 alone is not enough: the usual names of ECR have IPv4 addresses only."""
_WIDE: Final = tuple(f"/{length}" for length in range(9))
"""What a part of a default route ends with. A table may have a thousand narrower routes: those lead to networks, not to everything else."""


@dataclass(frozen=True, slots=True)
class DefaultRoute:
    """Where a route table sends what it has no narrower route for.

    :param destinations: 0.0.0.0/0, or what it is split into, such as 0.0.0.0/1 and 128.0.0.0/1, the widest first.
    :param target: as a route has it; words where the parts lead to more than one.
    :param active: whether that exists.
    """

    destinations: tuple[str, ...]
    target: str
    active: bool = True


class Routing:
    """The route tables of a VPC."""

    def __init__(self, tables: Iterable[RouteTable]) -> None:
        self._main: RouteTable | None = None
        self._explicit: dict[str, RouteTable] = {}
        for table in sorted(tables, key=lambda table: table.id):
            self._explicit |= dict.fromkeys(table.subnet_ids, table)
            if table.main:
                self._main = table

    def table(self, subnet_id: str) -> RouteTable | None:
        """The table of a subnet: its own, else the VPC's main one."""
        return self._explicit.get(subnet_id, self._main)

    def public(self, subnet_id: str) -> str | None:
        """Why a subnet is public, as a phrase about it; None if it is private.

        It is private when its table has no route to an internet gateway, IPv4 or IPv6 (EKS user guide, "AWS Fargate considerations"). A
        route to a NAT gateway or to an egress-only internet gateway leaves it private.
        """
        table = self.table(subnet_id)
        if table is None:
            return None
        out = [(route.destination, route.target) for route in table.routes if route.target.startswith(INTERNET_GATEWAY_PREFIX)]
        if not out:
            return None
        destination, gateway = min(out)
        return f"is public: {table.id} routes {destination} to {gateway}"


def default_route(table: RouteTable) -> DefaultRoute | None:
    """The way of a table for all addresses that it has no narrower one for. Where the narrower ones are all addresses, they are the way."""
    blocks: dict[tuple[bool, str], list[IPv4Network]] = {}
    for route in (each for each in table.routes if each.destination.endswith(_WIDE)):
        with suppress(ValueError):  # IPv6
            blocks.setdefault((not route.active, route.target), []).append(IPv4Network(route.destination))
    whole = [(-min(each.prefixlen for each in parts), *way) for way, parts in blocks.items() if _is_everything(parts)]
    if whole:
        _, blackhole, target = min(whole)
        parts = sorted(blocks[blackhole, target], key=lambda each: each.prefixlen)
        split = parts[0].prefixlen > 0
        return DefaultRoute(tuple(str(each) for each in parts) if split else (ANYWHERE,), target, not blackhole)
    if _is_everything(each for (blackhole, _), parts in blocks.items() if not blackhole for each in parts):
        return DefaultRoute((ANYWHERE,), "more than one target")
    return None


def _is_everything(blocks: Iterable[IPv4Network]) -> bool:
    return [str(each) for each in collapse_addresses(blocks)] == [ANYWHERE]
