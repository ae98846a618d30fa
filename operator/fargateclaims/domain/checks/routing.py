"""Which route table counts for a subnet, and where its routes lead."""

from collections.abc import Iterable
from typing import Final

from fargateclaims.domain.network import INTERNET_GATEWAY_PREFIX, Route, RouteTable

ANYWHERE: Final = "0.0.0.0/0"
"""The destination of the default route. IPv6 alone is not enough: the usual names of ECR have IPv4 addresses only."""


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


def default_route(table: RouteTable) -> Route | None:
    """The way of a table for all addresses that it has no other for: the one that works, if there is one."""
    found = [route for route in table.routes if route.destination == ANYWHERE]
    return min(found, key=lambda route: (not route.active, route.target), default=None)
