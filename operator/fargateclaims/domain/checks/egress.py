"""EgressAvailable: whether Fargate's nodes in a class's subnets reach what they need: images, the cluster, AWS's APIs."""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.checks.endpoints import Gap, Isolated, begun, gaps, make_endpoints
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.checks.routing import ANYWHERE, Routing
from fargateclaims.domain.checks.texts import listed
from fargateclaims.domain.checks.verdicts import conclude, unseen
from fargateclaims.domain.checks.ways import Outcome, Way, Ways
from fargateclaims.domain.network import Network, VPCEndpoint
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.unreadable import Unreadable

_CONDITION: Final = ConditionType.EGRESS_AVAILABLE
_finding = partial(Finding, _CONDITION)
_error = partial(_finding, Level.ERROR, Reason.NO_EGRESS)

_PENDING: Final = "pending"
_DNS_ATTRIBUTES: Final = (
    ("dns_support", "enableDnsSupport", "enable-dns-support"),
    ("dns_hostnames", "enableDnsHostnames", "enable-dns-hostnames"),
)
"""Of a VPC: here, at EC2, and as the AWS CLI has them."""


def check_egress(arn: ClusterARN, subnet_ids: Collection[str], cluster: EKSCluster, network: Network) -> Finding:
    """Decide by the default route of each subnet, and where none leads out by the VPC endpoints.

    Source: EKS user guide, "Deploy private clusters with limited internet access".

    :param subnet_ids: what the class's subnets resolve to.
    """
    if not subnet_ids:
        return _finding(Level.UNKNOWN, Reason.NOT_OBSERVED, "the class has no usable subnets to look at: see SubnetsUsable")
    names = list(_names(arn, cluster, network))
    if isinstance(network.route_tables, Unreadable):
        routes = unseen(_CONDITION, "whether the subnets lead to a NAT gateway", network.route_tables)
        return conclude(routes, [routes, *names])
    out = Ways(Routing(network.route_tables), network.nat_gateways)
    ways = {subnet_id: out.of(subnet_id) for subnet_id in sorted(set(subnet_ids))}
    judged = {subnet_id: way for subnet_id, way in ways.items() if way.outcome is not Outcome.PUBLIC}
    if not judged:
        return _finding(Level.UNKNOWN, Reason.NOT_OBSERVED, f"the subnets are public: {next(iter(ways.values())).text}")
    problems = [*_closed(arn, cluster, network, out, _with(Outcome.BLOCKED, ways)), *_unseen(_with(Outcome.UNSEEN, ways), network), *names]
    details = [*_texts(_with(Outcome.UNCLEAR, ways)), *_texts(_with(Outcome.PUBLIC, ways)), *_detours(network, judged)]
    return conclude(_healthy(judged), problems, details)


def _with(outcome: Outcome, ways: Mapping[str, Way]) -> Mapping[str, Way]:
    return {subnet_id: way for subnet_id, way in ways.items() if way.outcome is outcome}


def _texts(ways: Mapping[str, Way]) -> Iterable[str]:
    return dict.fromkeys(way.text for way in ways.values())


def _healthy(ways: Mapping[str, Way]) -> Finding:
    nats = sorted({way.nat.id for way in ways.values() if way.nat is not None and way.outcome is Outcome.LEADS})
    parts = [f"NAT gateway {listed(nats)}"] if nats else []
    if _with(Outcome.BLOCKED, ways):
        parts.append("VPC endpoints")
    if unclear := _with(Outcome.UNCLEAR, ways):
        parts.append(f"what is behind {listed(sorted({way.table_id for way in unclear.values()}))}, which cannot be seen from here")
    return _finding(Level.OK, Reason.USABLE, f"the subnets reach what Fargate needs through {' and '.join(parts)}")


def _detours(network: Network, ways: Mapping[str, Way]) -> Iterable[str]:
    """NAT gateways in other zones: what goes through them costs more, and ends with the other zone."""
    zones = {} if isinstance(network.subnets, Unreadable) else {each.id: each.zone for each in network.subnets}
    for subnet_id, way in ways.items():
        if way.nat is None or way.outcome is not Outcome.LEADS:
            continue
        here, there = zones.get(subnet_id), zones.get(way.nat.subnet_id)
        if here and there and here != there:
            yield f"subnet {subnet_id} in {here} goes through {way.nat.id} in {there}"


def _unseen(ways: Mapping[str, Way], network: Network) -> Iterable[Finding]:
    parts = (network.route_tables, network.nat_gateways)
    reason = next((part.reason for part in parts if isinstance(part, Unreadable)), Reason.UNAUTHORIZED)
    return (_finding(Level.UNKNOWN, reason, text) for text in _texts(ways))


def _closed(arn: ClusterARN, cluster: EKSCluster, network: Network, out: Ways, ways: Mapping[str, Way]) -> Iterable[Finding]:
    """What is wrong where no default route leads out."""
    if not ways:
        return
    texts = list(_texts(ways))
    who = f"nothing leads out of {listed(list(ways))}: {texts[0]}"
    if isinstance(network.endpoints, Unreadable):
        message = f"{who}; whether there are VPC endpoints instead cannot be seen: {network.endpoints.why}"
        yield _finding(Level.UNKNOWN, network.endpoints.reason, message, details=tuple(texts[1:]))
        return
    isolated = Isolated(arn, cluster, network, {subnet_id: way.table_id for subnet_id, way in ways.items()})
    found = gaps(isolated, network.endpoints)
    if found:
        fix = _fix(isolated, next(iter(ways.values())), out, network.endpoints, found)
        told = (*texts[1:], *(f"{gap.problem}; {gap.fix}" for gap in found if not gap.missing))
        yield _error(f"{who}, and {_described(found)}", fix, told)
    elif isinstance(network.security_groups, Unreadable):
        yield unseen(_CONDITION, "whether the security groups of the VPC endpoints let in port 443", network.security_groups)
    if not cluster.private_access:
        yield _error(
            f"{who}, and cluster {cluster.name}'s private endpoint access is off, so Fargate's nodes cannot join it",
            f"aws eks update-cluster-config --name {cluster.name} --region {arn.region} --resources-vpc-config endpointPrivateAccess=true",
        )


def _described(found: Iterable[Gap]) -> str:
    missing = [gap.service for gap in found if gap.missing]
    if missing:
        return f"VPC endpoints are missing for {', '.join(missing)}"
    return f"of the VPC endpoints {next(iter(found)).problem}"


def _fix(isolated: Isolated, way: Way, out: Ways, endpoints: Iterable[VPCEndpoint], found: Iterable[Gap]) -> str:
    """The way that people have begun is mended: endpoints where there are some and no route, else the route."""
    if not way.destinations and begun(isolated.arn, endpoints):
        missing = [gap.service for gap in found if gap.missing]
        return make_endpoints(isolated, missing) if missing else next(iter(found)).fix
    if way.nat is not None and way.nat.state == _PENDING:
        return f"wait until {way.nat.id} is available"
    nat = out.working_nat()
    destination, *others = way.destinations or (ANYWHERE,)
    return (
        f"{'' if nat else 'make a NAT gateway in a public subnet, then '}aws ec2 {'replace' if way.destinations else 'create'}-route "
        f"--region {isolated.arn.region} --route-table-id {way.table_id} --destination-cidr-block {destination} "
        f"--nat-gateway-id {nat or 'NAT_GATEWAY'}{f', and so for {listed(others)}' if others else ''}"
    )


def _names(arn: ClusterARN, cluster: EKSCluster, network: Network) -> Iterable[Finding]:
    """Whether the VPC resolves names, which the cluster's private endpoint and private names of VPC endpoints need."""
    vpc = network.vpc
    if vpc is None:
        yield _finding(Level.UNKNOWN, Reason.NOT_OBSERVED, f"VPC {cluster.vpc_id} cannot be found")
        return
    if isinstance(vpc, Unreadable):
        yield unseen(_CONDITION, f"whether VPC {cluster.vpc_id} resolves names", vpc)
        return
    for attribute, name, option in _DNS_ATTRIBUTES:
        value = getattr(vpc, attribute)
        if isinstance(value, Unreadable):
            yield unseen(_CONDITION, f"whether {name} of VPC {vpc.id} is on", value)
        elif not value:
            yield _error(
                f"{name} of VPC {vpc.id} is off, and Fargate's nodes find the cluster by name",
                f"""aws ec2 modify-vpc-attribute --region {arn.region} --vpc-id {vpc.id} --{option} '{{"Value":true}}'""",
            )
