"""SubnetsUsable: which of a class's subnets Fargate can use, and how good they are."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.fargateclass import SubnetsFrom, SubnetSource
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.checks.routing import Routing
from fargateclaims.domain.checks.texts import counted, listed
from fargateclaims.domain.checks.verdicts import conclude, unseen
from fargateclaims.domain.checks.zones import unlisted
from fargateclaims.domain.network import Network, Subnet
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.unreadable import Unreadable

_CONDITION: Final = ConditionType.SUBNETS_USABLE
_finding = partial(Finding, _CONDITION)
_warning = partial(_finding, Level.WARNING, Reason.LIMITED)

_FEW_ADDRESSES: Final = 16
"""Each pod takes one address; with fewer a handful of pods, or one rolling update, may use them up."""
_ZONE_OF_REGION: Final = re.compile(r"[a-z]+(-[a-z]+)+-[0-9]+[a-z]")
"""An Availability Zone is its region and a letter; the names of Local Zones and Wavelength Zones go on."""
_NAMED_WHEN_FINE: Final = 5
_TAKE_OUT: Final = "take it out of the class"


@dataclass(frozen=True, slots=True)
class _Obstacle:
    """Why a subnet cannot be used.

    :param what: as a phrase about it, such as `is public: …`.
    """

    subnet_id: str
    reason: Reason
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.subnet_id} {self.what}"


def resolve_subnets(source: SubnetSource, cluster: EKSCluster, network: Network) -> tuple[str, ...]:
    """The subnets that the profiles of a class get, sorted: those given by id as they are, else the ones that Fargate can use.

    Nothing where EC2 may not be read, unless they are given by id.
    """
    if source.from_ is SubnetsFrom.IDS:
        return tuple(sorted(set(source.ids or ())))
    if isinstance(network.subnets, Unreadable) or isinstance(network.route_tables, Unreadable):
        return ()
    candidates = _candidates(source, cluster, network.subnets)
    left_out = _obstacles(source, candidates, cluster, Routing(network.route_tables)).keys()
    return tuple(sorted({each.id for each in candidates} - left_out))


def check_subnets(source: SubnetSource, cluster: EKSCluster, network: Network) -> Finding:
    """Decide whether the profiles of a class have subnets that Fargate can use.

    Of the cluster's subnets, and of those found by tags, the usable ones are taken; of those given by id each must be usable.
    """
    if isinstance(network.subnets, Unreadable):
        return unseen(_CONDITION, "whether the subnets are usable", network.subnets)
    tables = network.route_tables
    routing = Routing(() if isinstance(tables, Unreadable) else tables)
    if source.from_ is SubnetsFrom.IDS:
        problem = _given_problem(source.ids or (), cluster, network.subnets, routing)
    else:
        problem = _found_problem(source, cluster, network.subnets, routing)
    if problem is not None:
        return problem
    if isinstance(tables, Unreadable):
        return unseen(_CONDITION, "whether the subnets are private", tables)
    ids = resolve_subnets(source, cluster, network)
    used = [each for each in _by_id(network.subnets).values() if each.id in ids]
    healthy = _finding(Level.OK, Reason.USABLE, f"{counted(len(ids), 'private subnet')}{_in_zones(used)}: {listed(ids, _NAMED_WHEN_FINE)}")
    return conclude(healthy, [*_unlisted(used), *_addresses(used), *_zones(used)], _left_out(source, cluster, network.subnets, routing))


def each_subnet(source: SubnetSource, cluster: EKSCluster, network: Network) -> tuple[tuple[Subnet, str], ...]:
    """The subnets that come into question, each with a phrase on why it is not used, such as `is public: …`; empty if it is.

    First those that are used, each by zone and id.

    Nothing where EC2 may not be read; where its route tables may not, none is public as far as is known.
    """
    if isinstance(network.subnets, Unreadable):
        return ()
    known = _by_id(network.subnets)
    given = [known[subnet_id] for subnet_id in source.ids or () if subnet_id in known]
    chosen = {each.id: each for each in (*given, *_candidates(source, cluster, network.subnets))}
    tables = network.route_tables
    obstacles = _obstacles(source, chosen.values(), cluster, Routing(() if isinstance(tables, Unreadable) else tables))
    told = ((subnet, obstacles[subnet.id].what if subnet.id in obstacles else "") for subnet in chosen.values())
    return tuple(sorted(told, key=lambda each: (bool(each[1]), each[0].zone, each[0].id)))


def _given_problem(ids: Iterable[str], cluster: EKSCluster, subnets: Iterable[Subnet], routing: Routing) -> Finding | None:
    known, obstacles = _by_id(subnets), []
    for subnet_id in sorted(set(ids)):
        subnet = known.get(subnet_id)
        if subnet is None:
            missing = "does not exist in the cluster's account and region"
            obstacles.append(_Obstacle(subnet_id, Reason.NO_SUBNETS, missing, "correct spec.subnets.ids"))
        elif obstacle := _obstacle(subnet, cluster, routing):
            obstacles.append(obstacle)
    if not obstacles:
        return None
    first, *others = obstacles
    also = f" (and {listed([each.subnet_id for each in others])} cannot be used, either)" if others else ""
    return conclude(
        _finding(Level.ERROR, first.reason, f"subnet {first}{also}", first.fix), (), (f"subnet {each}; {each.fix}" for each in others)
    )


def _found_problem(source: SubnetSource, cluster: EKSCluster, subnets: Iterable[Subnet], routing: Routing) -> Finding | None:
    candidates = _candidates(source, cluster, subnets)
    obstacles = _obstacles(source, candidates, cluster, routing)
    if len(obstacles) < len({each.id for each in candidates}):
        return None
    by_tags = source.from_ is SubnetsFrom.TAGS
    remedy = (
        "correct spec.subnets.tags, or tag private subnets" if by_tags else "name private subnets of its VPC by spec.subnets.ids or .tags"
    )
    tags = f"has the tags {', '.join(f'{key}={value}' for key, value in sorted((source.tags or {}).items()))}"
    if not obstacles:
        nothing = f"no subnet of cluster {cluster.name}'s VPC {cluster.vpc_id} {tags}" if by_tags else None
        return _finding(Level.ERROR, Reason.NO_SUBNETS, nothing or f"no subnet of cluster {cluster.name} exists any more", remedy)
    all_public = {each.reason for each in obstacles.values()} == {Reason.PUBLIC_SUBNET}
    kind = "private" if all_public else "usable"
    none = f"no {kind} subnet {tags}" if by_tags else f"no subnet of cluster {cluster.name} is {kind}"
    told = [str(obstacles[subnet_id]) for subnet_id in sorted(obstacles)]
    # Most VPCs have public subnets: what matters is why the others cannot be used.
    reason = Reason.PUBLIC_SUBNET if all_public else Reason.SUBNET_UNSUPPORTED
    return conclude(_finding(Level.ERROR, reason, f"{none}: {listed(told)}", remedy), (), told)


def _left_out(source: SubnetSource, cluster: EKSCluster, subnets: Iterable[Subnet], routing: Routing) -> Iterable[str]:
    obstacles = _obstacles(source, _candidates(source, cluster, subnets), cluster, routing)
    return (f"left out: subnet {obstacles[subnet_id]}" for subnet_id in sorted(obstacles))


def _candidates(source: SubnetSource, cluster: EKSCluster, subnets: Iterable[Subnet]) -> Sequence[Subnet]:
    """What there is to choose from; nothing where ids are given."""
    match source.from_:
        case SubnetsFrom.TAGS:
            wanted = (source.tags or {}).items()
            return [each for each in subnets if each.vpc_id == cluster.vpc_id and wanted <= each.tags.items()]
        case SubnetsFrom.CLUSTER:
            return [each for each in subnets if each.id in cluster.subnet_ids]
        case SubnetsFrom.IDS:
            return []


def _obstacles(source: SubnetSource, subnets: Iterable[Subnet], cluster: EKSCluster, routing: Routing) -> Mapping[str, _Obstacle]:
    """Why subnets are not used: Fargate cannot, or there are others of which that is more certain."""
    usable, obstacles = {}, {}
    for subnet in subnets:
        obstacle = _obstacle(subnet, cluster, routing)
        if obstacle is None:
            usable[subnet.id] = subnet
        else:
            obstacles[subnet.id] = obstacle
    doubtful = {
        each.id: _Obstacle(each.id, Reason.SUBNET_UNSUPPORTED, why, _TAKE_OUT) for each in usable.values() if (why := unlisted(each))
    }
    # AWS's list may have grown since: it never takes the last subnet, nor one that people have named.
    return obstacles if source.from_ is SubnetsFrom.IDS or len(doubtful) == len(usable) else obstacles | doubtful


def _obstacle(subnet: Subnet, cluster: EKSCluster, routing: Routing) -> _Obstacle | None:
    """Why Fargate cannot use a subnet (EKS user guide, "AWS Fargate considerations")."""
    obstacle = partial(_Obstacle, subnet.id)
    if subnet.vpc_id != cluster.vpc_id:
        where = f"is in {subnet.vpc_id}, cluster {cluster.name} in {cluster.vpc_id}"
        return obstacle(Reason.NO_SUBNETS, where, _TAKE_OUT)
    if subnet.on_outpost:
        return obstacle(Reason.SUBNET_UNSUPPORTED, "is on AWS Outposts, where there is no Fargate", _TAKE_OUT)
    if subnet.zone and not _ZONE_OF_REGION.fullmatch(subnet.zone):
        zone = f"is in {subnet.zone}, and there is no Fargate in Local Zones and Wavelength Zones"
        return obstacle(Reason.SUBNET_UNSUPPORTED, zone, _TAKE_OUT)
    public = routing.public(subnet.id)
    if public is not None:
        return obstacle(Reason.PUBLIC_SUBNET, public, f"{_TAKE_OUT} or route it through a NAT gateway")
    return None


def _unlisted(used: Sequence[Subnet]) -> Iterable[Finding]:
    return (_warning(f"subnet {each.id} {why}", f"{_TAKE_OUT} if EKS refuses it") for each in used if (why := unlisted(each)))


def _addresses(used: Sequence[Subnet]) -> Iterable[Finding]:
    free = {each.id: each.free_addresses for each in used if each.free_addresses is not None}
    low = sorted(subnet_id for subnet_id, number in free.items() if number < _FEW_ADDRESSES)
    if not low:
        return
    remedy = "add subnets to the class, such as in a secondary CIDR block of the VPC: aws ec2 associate-vpc-cidr-block"
    # The numbers change with each pod: they are details, so that the message stays while nothing else changes.
    details = tuple(f"subnet {subnet_id} has {counted(free[subnet_id], 'free address', 'free addresses')}" for subnet_id in low)
    if len(free) == len(used) and not any(free.values()):
        nothing = f"no free address is left for pods in {listed(low)}"
        yield _finding(Level.ERROR, Reason.SUBNET_UNSUPPORTED, nothing, remedy, details)
    else:
        yield _warning(f"fewer than {_FEW_ADDRESSES} addresses are free for pods in {listed(low)}", remedy, details)


def _zones(used: Sequence[Subnet]) -> Iterable[Finding]:
    zones = {each.zone for each in used}
    if len(zones) == 1 and "" not in zones:
        yield _warning(f"all subnets are in zone {zones.pop()}, so pods do not outlive its failure", "add a private subnet in another zone")


def _in_zones(used: Sequence[Subnet]) -> str:
    zones = {each.zone for each in used if each.zone}
    return f" in {counted(len(zones), 'zone')}" if zones else ""


def _by_id(subnets: Iterable[Subnet]) -> Mapping[str, Subnet]:
    return {subnet.id: subnet for subnet in subnets}
