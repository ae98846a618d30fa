"""Where the default route of a subnet leads."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from fargateclaims.domain.checks.routing import ANYWHERE, Routing, default_route
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
    :param routed: whether there is a default route at all.
    """

    outcome: Outcome
    text: str
    table_id: str = ""
    nat: NATGateway | None = None
    routed: bool = True


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
            return Way(Outcome.BLOCKED, text, table.id, routed=False)
        leads = f"{table.id} routes {ANYWHERE} to {route.target or 'something unknown'}"
        if route.target.startswith(INTERNET_GATEWAY_PREFIX):
            return Way(Outcome.PUBLIC, f"{leads}: see SubnetsUsable", table.id)
        if not route.active:
            return Way(Outcome.BLOCKED, f"{leads}, which does not exist any more", table.id)
        if route.target.startswith(NAT_GATEWAY_PREFIX):
            return self._through_nat(table.id, leads, route.target)
        return Way(Outcome.UNCLEAR, f"{leads}, and whether that leads on cannot be seen", table.id)

    def _through_nat(self, table_id: str, leads: str, nat_id: str) -> Way:
        if isinstance(self._nats, Unreadable):
            return Way(Outcome.UNSEEN, f"{leads}, which cannot be looked at: {self._nats.why}", table_id)
        nat = self._nats.get(nat_id)
        if nat is None:
            return Way(Outcome.UNCLEAR, f"{leads}, which is not one of this VPC", table_id)
        outcome, what = self._beyond(nat)
        return Way(outcome, f"{leads}{what}", table_id, nat)

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
