"""Facts about a class and its cluster as chance has them, the strange ones too; a seed gives the same facts each time."""

import random
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Final, TypeVar

from fargateclaims.api.fargateclass import SubnetsFrom, SubnetSource
from fargateclaims.domain.access import AccessEntry, Addon, ClusterVersion
from fargateclaims.domain.iam import Role, RoleReading
from fargateclaims.domain.network import VPC, IngressRule, NATGateway, Network, Route, RouteTable, SecurityGroup, Subnet, VPCEndpoint
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.domain.workloads import AWSAuth, CoreDNS, Workloads
from support.builders import ROLE, make_profile
from support.class_checks import CLUSTER, FROM_CLUSTER, POLICY, PUBLIC, A, B, World, trusting

T = TypeVar("T")

HIDDEN: Final = Unreadable.without("ec2:DescribeThem")
_STRANGE: Final = ("", "x", "-", "∞", "a b", "[", "*")
_SUBNETS: Final = (A, B, PUBLIC, "subnet-0d")
_BLOCKS: Final = ("10.0.0.0/16", "10.0.0.0/24", "10.0.1.0/24", "0.0.0.0/0", "2001:db8::/32", "::/0", "pl-1", "sg-cluster", *_STRANGE)
_TARGETS: Final = ("local", "igw-9", "eigw-1", "nat-1", "nat-2", "nat-3", "tgw-1", "vpce-1", *_STRANGE)
_STATES: Final = ("available", "available", "available", "pending", "failed", *_STRANGE)
_SERVICES: Final = tuple(f"com.amazonaws.eu-west-1.{service}" for service in ("ec2", "ecr.api", "ecr.dkr", "s3", "logs", "sts"))
_SOURCES: Final = (
    FROM_CLUSTER,
    SubnetSource(from_=SubnetsFrom.IDS, ids=(A, "subnet-0gone")),
    SubnetSource(from_=SubnetsFrom.TAGS, tags={"tier": "private"}),
)


class Chance:
    """Makes facts."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)

    def world(self) -> World:
        """Whatever a class's checks look at."""
        cluster = replace(
            CLUSTER,
            status=self._one("ACTIVE", "ACTIVE", "UPDATING", *_STRANGE),
            authentication_mode=self._one("API", "CONFIG_MAP", "API_AND_CONFIG_MAP", *_STRANGE),
            version=self._one("1.35", "1.23", ""),
            on_outposts=self._rarely(),
            private_access=self._yes(),
            security_group_id=self._one("sg-cluster", ""),
        )
        return World(
            source=self._one(*_SOURCES),
            cluster=cluster,
            versions=self._readable(
                lambda: tuple(ClusterVersion(each, self._one("unsupported", "x")) for each in self._some("1.35", "1.23"))
            ),
            reading=RoleReading(self._readable(lambda: self._one(None, self._role())), self._readable(self._yes)),
            node_roles=self._readable(lambda: {each: self._one(ROLE, *_STRANGE) for each in self._some(*_STRANGE)}),
            entry=self._readable(lambda: self._one(None, AccessEntry(ROLE, self._one("FARGATE_LINUX", *_STRANGE)))),
            network=self.network(),
            workloads=self._readable(self._workloads),
            addon=self._readable(lambda: self._one(None, Addon("coredns", self._one(*_STRANGE), configuration=self._one(*_STRANGE)))),
            profiles=tuple(self._profile(name) for name in self._some("web", "dns")),
        )

    def network(self) -> Network:
        """A VPC with a few of everything."""
        return Network(
            vpc=self._readable(
                lambda: self._one(None, VPC("vpc-1", self._some(*_BLOCKS), self._readable(self._yes), self._readable(self._yes)))
            ),
            subnets=self._readable(lambda: tuple(map(self._subnet, self._some(*_SUBNETS)))),
            route_tables=self._readable(lambda: tuple(map(self._table, self._some("rtb-1", "rtb-2", "rtb-3")))),
            nat_gateways=self._readable(lambda: tuple(map(self._nat, self._some("nat-1", "nat-2")))),
            endpoints=self._readable(lambda: tuple(self._endpoint(f"vpce-{number}") for number in range(self._dice.randrange(9)))),
            security_groups=self._readable(lambda: tuple(map(self._group, self._some("sg-1", "sg-2")))),
        )

    def shuffled(self, facts: T) -> T:
        """The same facts in another order, also those that are fields of the facts."""
        if isinstance(facts, tuple):
            return tuple(self._dice.sample(facts, len(facts)))  # type: ignore[return-value]
        if isinstance(facts, World | Network):
            changed = {each.name: self.shuffled(getattr(facts, each.name)) for each in fields(facts) if each.name != "source"}
            return replace(facts, **changed)
        return facts

    def _subnet(self, name: str) -> Subnet:
        return Subnet(
            name,
            self._one("vpc-1", "vpc-1", "vpc-2"),
            self._one("eu-west-1a", "eu-west-1b", "us-west-2-lax-1a", *_STRANGE),
            self._one(None, 0, 15, 300),
            self._rarely(),
            {"tier": self._one("private", "public")},
            self._one(*_BLOCKS),
        )

    def _table(self, name: str) -> RouteTable:
        routes = [Route(self._one("0.0.0.0/0", *_BLOCKS), self._one(*_TARGETS), self._yes()) for _ in range(self._dice.randrange(4))]
        return RouteTable(name, self._yes(), frozenset(self._some(*_SUBNETS)), tuple(routes))

    def _nat(self, name: str) -> NATGateway:
        return NATGateway(name, self._one("", *_SUBNETS), self._one(*_STATES), self._yes())

    def _endpoint(self, name: str) -> VPCEndpoint:
        return VPCEndpoint(
            name,
            self._one(*_SERVICES, *_STRANGE),
            self._one("Interface", "Gateway", *_STRANGE),
            self._one(*_STATES),
            self._yes(),
            frozenset(self._some(*_SUBNETS)),
            frozenset(self._some("rtb-1", "rtb-2")),
            frozenset(self._some("sg-1", "sg-2", "sg-unknown")),
        )

    def _group(self, name: str) -> SecurityGroup:
        rules = [
            IngressRule(self._one("tcp", "-1", *_STRANGE), self._one(None, (443, 443), (-1, 70_000)), frozenset(self._some(*_BLOCKS)))
            for _ in range(self._dice.randrange(3))
        ]
        return SecurityGroup(name, tuple(rules))

    def _role(self) -> Role:
        trust = self._one({}, trusting(), trusting(Effect="Deny"), trusting(Condition=3), trusting(Principal=[{}]))
        actions = ("ecr:*", "*", "s3:Get*", *_STRANGE)
        return Role(
            ROLE,
            trust,
            self._readable(lambda: frozenset(self._some(POLICY, *_STRANGE))),
            self._readable(lambda: frozenset(self._some(*actions))),
        )

    def _workloads(self) -> Workloads:
        labels = self._one({"k8s-app": "kube-dns"}, {})
        core_dns = CoreDNS(self._one(None, "ec2", *_STRANGE), labels, self._one(-1, 0, 2), self._one(-1, 0, 1, 2))
        map_roles = self._one("- {rolearn: x", "null", "[]", *_STRANGE)
        return Workloads(
            self._readable(lambda: self._one(None, core_dns)),
            self._readable(lambda: self._one(None, AWSAuth(map_roles))),
            self._readable(lambda: self._one(0, 2)),
        )

    def _profile(self, name: str) -> Profile:
        labels = self._one({}, {"k8s-app": "kube-dns"})
        return make_profile(name, self._one(*ProfileState), namespace=self._one("shop", "kube-*"), labels=labels)

    def _readable(self, fact: Callable[[], T]) -> T | Unreadable:
        return HIDDEN if self._dice.random() < 0.15 else fact()

    def _one(self, *choices: T) -> T:
        return self._dice.choice(choices)

    def _some(self, *choices: str) -> tuple[str, ...]:
        return tuple(self._dice.sample(choices, self._dice.randrange(len(choices) + 1)))

    def _yes(self) -> bool:
        return self._dice.random() < 0.5

    def _rarely(self) -> bool:
        return self._dice.random() < 0.3
