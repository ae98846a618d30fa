"""Where the default route of a subnet leads."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from fargateclaims.domain.checks.routing import ANYWHERE, DefaultRoute, Routing, default_route
from fargateclaims.domain.checks.texts import listed
from fargateclaims.domain.network import INTERNET_GATEWAY_PREFIX, NAT_GATEWAY_PREFIX, NATGateway, RouteTable
from fargateclaims.domain.unreadable import Unreadable

_AVAILABLE: Final = "available"
_ANYWHERE_IPV6: Final = "::/0"


class Outcome(Enum):
    """Whether a way leads out."""

    LEADS = auto()
    """To the internet, through a NAT gateway."""
    UNCLEAR = auto()
    """To something behind which nothing can be seen from here, such as a transit gateway: people make such ways on purpose."""
    PUBLIC = auto()
    """To an internet gateway: that is a matter of which subnets the class may have, see `subnets`."""
    BLOCKED = auto()
    UNSEEN = auto()
    """It may not be looked at."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where the default route of a route table leads.

    :param text: a sentence without a full stop.
    :param table_id: empty if there is no table.
    :param nat: the NAT gateway that it leads to, if it is known.
    :param destinations: of the default route, see `DefaultRoute`; empty if there is none.
    """

    outcome: Outcome
    text: str
    table_id: str = ""
    nat: NATGateway | None = None
    destinations: tuple[str, ...] = ()


class Ways:
    """The ways out of a VPC."""

    def __init__(self, routing: Routing, nat_gateways: Iterable[NATGateway] | Unreadable) -> None:
        self._routing = routing
        self._nats = nat_gateways if isinstance(nat_gateways, Unreadable) else {each.id: each for each in nat_gateways}
        self._known: dict[str, Way] = {}

    def of(self, subnet_id: str) -> Way:
        """The way out of a subnet."""
        table = self._routing.table(subnet_id)
        if table is None:
            return Way(Outcome.UNSEEN, f"no route table of subnet {subnet_id} can be seen")
        if table.id not in self._known:
            self._known[table.id] = self._way(table)
        return self._known[table.id]

    def working_nat(self) -> str | None:
        """A NAT gateway of the VPC that leads to the internet, if there is one."""
        if isinstance(self._nats, Unreadable):
            return None
        return min((nat_id for nat_id, nat in self._nats.items() if self._beyond(nat)[0] is Outcome.LEADS), default=None)

    def _way(self, table: RouteTable) -> Way:
        route = default_route(table)
        if route is None:
            only_ipv6 = any(each.destination == _ANYWHERE_IPV6 and each.active for each in table.routes)
            text = f"{table.id} has no route for {ANYWHERE}{', only one for IPv6' if only_ipv6 else ''}"
            return Way(Outcome.BLOCKED, text, table.id)
        outcome, text, nat = self._through(route)
        leads = f"{table.id} routes {listed(route.destinations)} to {route.target or 'something unknown'}"
        return Way(outcome, f"{leads}{text}", table.id, nat, route.destinations)

    def _through(self, route: DefaultRoute) -> tuple[Outcome, str, NATGateway | None]:
        """What becomes of what is sent there, a phrase about it, and the NAT gateway that it leads to, if it is known."""
        if route.target.startswith(INTERNET_GATEWAY_PREFIX):
            return Outcome.PUBLIC, ": see SubnetsUsable", None
        if not route.active:
            return Outcome.BLOCKED, ", which does not exist any more", None
        if route.target.startswith(NAT_GATEWAY_PREFIX):
            return self._through_nat(route.target)
        return Outcome.UNCLEAR, ", and whether that leads on cannot be seen", None

    def _through_nat(self, nat_id: str) -> tuple[Outcome, str, NATGateway | None]:
        if isinstance(self._nats, Unreadable):
            return Outcome.UNSEEN, f", which cannot be looked at: {self._nats.why}", None
        nat = self._nats.get(nat_id)
        return (Outcome.UNCLEAR, ", which is not one of this VPC", None) if nat is None else (*self._beyond(nat), nat)

    def _beyond(self, nat: NATGateway) -> tuple[Outcome, str]:
        """What becomes of what a NAT gateway is sent, and a phrase about it."""
        if nat.state != _AVAILABLE:
            return Outcome.BLOCKED, f", which is {nat.state}"
        if not nat.subnet_id:
            return (Outcome.LEADS, "") if nat.public else (Outcome.UNCLEAR, ", which is private")
        table = self._routing.table(nat.subnet_id)
        if table is None:
            return Outcome.UNCLEAR, f", the route table of whose subnet {nat.subnet_id} cannot be seen"
        route = default_route(table)
        target = route.target if route is not None and route.active else ""
        to_internet, to_nat = target.startswith(INTERNET_GATEWAY_PREFIX), target.startswith(NAT_GATEWAY_PREFIX)
        if nat.public:
            if to_internet:
                return Outcome.LEADS, ""
            if not target or to_nat:
                return Outcome.BLOCKED, f", which is in {nat.subnet_id}, where {table.id} has no route to an internet gateway"
        elif not target or to_internet:
            return Outcome.BLOCKED, ", which is private: it leads to other networks, not to the internet"
        return Outcome.UNCLEAR, f", from where {table.id} leads to {target}, and whether that leads on cannot be seen"
