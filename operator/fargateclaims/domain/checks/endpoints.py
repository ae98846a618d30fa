"""Whether the VPC endpoints are there that Fargate's nodes need where no NAT gateway leads out.

Source: the EKS user guide, "Deploy private clusters with limited internet access", and its considerations for Fargate.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses
from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.checks.texts import listed
from fargateclaims.domain.network import VPC, Network, SecurityGroup, Subnet, VPCEndpoint
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.unreadable import Unreadable

SERVICES: Final = ("ec2", "ecr.api", "ecr.dkr", "s3", "logs", "sts")
"""What Fargate's nodes call, by the last part of an endpoint service's name."""
_S3: Final = "s3"
_CHINA: Final = "aws-cn"
_NAMED_OTHERWISE_IN_CHINA: Final = frozenset({"ec2", "ecr.api", "ecr.dkr", "sts"})
"""There their names begin with cn. (aws/aws-cdk#9864)."""
_GATEWAY: Final = "gateway"
_AVAILABLE: Final = "available"
_HTTPS: Final = 443
_PROTOCOLS: Final = frozenset({"tcp", "6", "-1"})
_PREFIX_LIST: Final = "pl-"
_MAX_ARGUMENTS: Final = 20
"""So many ids are written into a command."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A service that the subnets reach through no endpoint.

    :param problem: a phrase that names the service, and the endpoint if there is one.
    :param missing: whether there is no endpoint at all.
    """

    service: str
    problem: str
    fix: str
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Isolated:
    """Subnets from which nothing else leads out.

    :param table_ids: the route table of each, by the subnet's id.
    """

    arn: ClusterARN
    cluster: EKSCluster
    network: Network
    table_ids: Mapping[str, str]

    @property
    def subnets(self) -> Sequence[Subnet]:
        """The subnets as far as they may be read, by id."""
        if isinstance(self.network.subnets, Unreadable):
            return ()
        return sorted((each for each in self.network.subnets if each.id in self.table_ids), key=lambda subnet: subnet.id)

    @property
    def blocks(self) -> tuple[str, ...]:
        """The IPv4 blocks that their pods are in: their own, else the VPC's; nothing if neither may be read."""
        subnets = self.subnets
        if len(subnets) == len(self.table_ids) and all(each.cidr_block for each in subnets):
            return tuple(sorted({each.cidr_block for each in subnets}))
        return self.network.vpc.cidr_blocks if isinstance(self.network.vpc, VPC) else ()


def gaps(isolated: Isolated, endpoints: Iterable[VPCEndpoint]) -> tuple[Gap, ...]:
    """What is missing or does not work, in the order of `SERVICES`; what may not be read counts as working."""
    found = sorted(endpoints, key=lambda endpoint: endpoint.id)
    return tuple(gap for service in SERVICES if (gap := _gap(isolated, service, _of_service(isolated.arn, service, found))) is not None)


def begun(arn: ClusterARN, endpoints: Iterable[VPCEndpoint]) -> bool:
    """Whether someone means to have these endpoints. One for S3 says nothing: it is there beside NAT gateways, too."""
    present = tuple(endpoints)
    return any(_of_service(arn, service, present) for service in SERVICES if service != _S3)


def make_endpoints(isolated: Isolated, services: Collection[str]) -> str:
    """The commands that make endpoints for the services."""
    by_interface = [service for service in SERVICES if service in services and service != _S3]
    commands = []
    if by_interface:
        names = [_service_name(isolated.arn, service) for service in by_interface]
        command = f"{_create(isolated)} --vpc-endpoint-type Interface --private-dns-enabled --subnet-ids {' '.join(_one_a_zone(isolated))}"
        command += f" --security-group-ids {isolated.cluster.security_group_id or 'SECURITY_GROUP'} --service-name"
        if len(names) == 1:
            commands.append(f"{command} {names[0]}")
        else:
            commands.append(f'for service in {" ".join(names)}; do {command} "$service"; done')
    if _S3 in services:
        tables = " ".join(sorted(set(isolated.table_ids.values()))[:_MAX_ARGUMENTS])
        commands.append(f"{_create(isolated)} --service-name {_service_name(isolated.arn, _S3)} --route-table-ids {tables}")
    return "; ".join(commands)


def _create(isolated: Isolated) -> str:
    return f"aws ec2 create-vpc-endpoint --region {isolated.arn.region} --vpc-id {isolated.cluster.vpc_id}"


def _one_a_zone(isolated: Isolated) -> list[str]:
    # EC2 refuses two subnets of one zone for an endpoint.
    by_zone = {each.zone or each.id: each.id for each in reversed(isolated.subnets)}
    return sorted(by_zone.values())[:_MAX_ARGUMENTS] or sorted(isolated.table_ids)[:1]


def _service_name(arn: ClusterARN, service: str) -> str:
    prefix = "cn." if arn.partition == _CHINA and service in _NAMED_OTHERWISE_IN_CHINA else ""
    return f"{prefix}com.amazonaws.{arn.region}.{service}"


def _of_service(arn: ClusterARN, service: str, endpoints: Sequence[VPCEndpoint]) -> list[VPCEndpoint]:
    # What comes before the region differs between partitions.
    return [each for each in endpoints if each.service.endswith(f".{arn.region}.{service}")]


def _gap(isolated: Isolated, service: str, present: Sequence[VPCEndpoint]) -> Gap | None:
    if not present:
        return Gap(service, f"there is none for {service}", make_endpoints(isolated, [service]), missing=True)
    gateways = [each for each in present if each.kind.lower() == _GATEWAY]
    answers = [_interface_gap(isolated, service, each) for each in present if each not in gateways]
    if gateways:
        answers.append(_gateway_gap(isolated, service, gateways))
    return None if None in answers else answers[0]


def _gateway_gap(isolated: Isolated, service: str, gateways: Sequence[VPCEndpoint]) -> Gap | None:
    """Gateway endpoints of one service complete each other: a route table leads to one of them."""
    led = frozenset[str]().union(*(each.route_table_ids for each in gateways if each.state == _AVAILABLE))
    missing = sorted({*isolated.table_ids.values()} - led)
    if not missing:
        return None
    tables = " ".join(missing[:_MAX_ARGUMENTS])
    return Gap(
        service,
        f"no route of {listed(missing)} leads to {gateways[0].id} for {service}, which is {gateways[0].state}",
        f"{_modify(isolated, gateways[0])} --add-route-table-ids {tables}",
    )


def _interface_gap(isolated: Isolated, service: str, endpoint: VPCEndpoint) -> Gap | None:
    what = f"{endpoint.id} for {service}"
    if endpoint.state != _AVAILABLE:
        return Gap(service, f"{what} is {endpoint.state}", f"wait for it, or make it anew: {make_endpoints(isolated, [service])}")
    if not endpoint.private_dns:
        return Gap(service, f"{what} has no private DNS name", f"{_modify(isolated, endpoint)} --private-dns-enabled")
    if not endpoint.subnet_ids:
        subnets = " ".join(_one_a_zone(isolated))
        return Gap(service, f"{what} is in no subnet", f"{_modify(isolated, endpoint)} --add-subnet-ids {subnets}")
    closed = _closed_to(isolated, endpoint)
    if closed is None:
        return None
    group = min(endpoint.security_group_ids)
    return Gap(
        service,
        f"the security group {group} of {what} does not let in port {_HTTPS} from {closed}",
        f"aws ec2 authorize-security-group-ingress --region {isolated.arn.region} --group-id {group} --protocol tcp --port {_HTTPS} "
        f"--cidr {closed}",
    )


def _modify(isolated: Isolated, endpoint: VPCEndpoint) -> str:
    return f"aws ec2 modify-vpc-endpoint --region {isolated.arn.region} --vpc-endpoint-id {endpoint.id}"


def _closed_to(isolated: Isolated, endpoint: VPCEndpoint) -> str | None:
    """A block of addresses that the endpoint's security groups keep out; None if there is none, or if that cannot be seen."""
    groups = isolated.network.security_groups
    if isinstance(groups, Unreadable):
        return None
    known = [each for each in groups if each.id in endpoint.security_group_ids]
    if not known or len({each.id for each in known}) < len(endpoint.security_group_ids):
        return None
    sources = _sources(known)
    # Fargate's nodes have the cluster security group. What is in a prefix list is not known here.
    if isolated.cluster.security_group_id in sources or any(source.startswith(_PREFIX_LIST) for source in sources):
        return None
    opened = list(collapse_addresses(filter(None, map(_block, sources))))
    for text in isolated.blocks:
        block = _block(text)
        if block is not None and not any(block.subnet_of(each) for each in opened):
            return text
    return None


def _sources(groups: Iterable[SecurityGroup]) -> frozenset[str]:
    rules = (rule for group in groups for rule in group.ingress if rule.protocol in _PROTOCOLS)
    return frozenset[str]().union(*(rule.sources for rule in rules if rule.ports is None or rule.ports[0] <= _HTTPS <= rule.ports[1]))


def _block(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        return None
