"""The facts about one healthy class and its cluster, and all that the checks find in them: a test breaks what it is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.fargateclass import SubnetsFrom, SubnetSource
from fargateclaims.domain.access import FARGATE_ENTRY_TYPE, AccessEntry, Addon, ClusterVersion
from fargateclaims.domain.checks.cluster import check_cluster
from fargateclaims.domain.checks.dns import check_dns
from fargateclaims.domain.checks.egress import check_egress
from fargateclaims.domain.checks.finding import Finding
from fargateclaims.domain.checks.mapping import check_mapping
from fargateclaims.domain.checks.role import check_role
from fargateclaims.domain.checks.subnets import check_subnets, resolve_subnets
from fargateclaims.domain.iam import Role, RoleReading
from fargateclaims.domain.network import VPC, IngressRule, NATGateway, Network, Route, RouteTable, SecurityGroup, Subnet, VPCEndpoint
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.profile import Profile
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.domain.workloads import AWSAuth, CoreDNS, Workloads
from support.builders import ARN, ROLE, make_profile

A, B, PUBLIC = "subnet-0aaaaaaaa", "subnet-0bbbbbbbb", "subnet-0cccccccc"
SOURCE_ARN = "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/*"
POLICY = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
DENIED = Unreadable.without("ec2:Describe")

LOCAL = Route("10.0.0.0/16", "local")
TO_NAT = Route("0.0.0.0/0", "nat-1")
TO_INTERNET = Route("0.0.0.0/0", "igw-9")
PRIVATE_TABLE = RouteTable("rtb-private", main=True, subnet_ids=frozenset(), routes=(LOCAL, TO_NAT))
PUBLIC_TABLE = RouteTable("rtb-public", main=False, subnet_ids=frozenset({PUBLIC}), routes=(LOCAL, TO_INTERNET))
ISOLATED_TABLE = replace(PRIVATE_TABLE, routes=(LOCAL,))

CLUSTER = EKSCluster("prod", "ACTIVE", "1.35", "vpc-1", (A, B, PUBLIC), "API", platform_version="eks.9", security_group_id="sg-cluster")
NETWORK = Network(
    vpc=VPC("vpc-1", ("10.0.0.0/16",), dns_support=True, dns_hostnames=True),
    subnets=(
        Subnet(A, "vpc-1", "eu-west-1a", 200, tags={"tier": "private"}, cidr_block="10.0.0.0/24"),
        Subnet(B, "vpc-1", "eu-west-1b", 200, tags={"tier": "private"}, cidr_block="10.0.1.0/24"),
        Subnet(PUBLIC, "vpc-1", "eu-west-1a", 200, tags={"tier": "public"}, cidr_block="10.0.2.0/24"),
    ),
    route_tables=(PRIVATE_TABLE, PUBLIC_TABLE),
    nat_gateways=(NATGateway("nat-1", PUBLIC, "available"),),
    endpoints=(),
    security_groups=(),
)


def trusting(**changes: Any) -> dict[str, Any]:
    """A trust policy of one statement; keywords are its elements."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "eks-fargate-pods.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"ArnLike": {"aws:SourceArn": SOURCE_ARN}},
    }
    return {"Version": "2012-10-17", "Statement": [statement | changes]}


READING = RoleReading(Role(ROLE, trusting(), frozenset({POLICY})), service_linked_role=True)


def endpoint(service: str, /, **changes: Any) -> VPCEndpoint:
    """A healthy VPC endpoint: a gateway for s3, an interface for all else."""
    name, number = f"com.amazonaws.eu-west-1.{service}", f"vpce-{service}"
    if service == "s3":
        return replace(VPCEndpoint(number, name, "Gateway", "available", route_table_ids=frozenset({"rtb-private"})), **changes)
    made = VPCEndpoint(number, name, "Interface", "available", True, frozenset({A}), frozenset(), frozenset({"sg-ends"}))  # noqa: FBT003
    return replace(made, **changes)


ENDPOINTS = tuple(endpoint(service) for service in ("ec2", "ecr.api", "ecr.dkr", "s3", "logs", "sts"))
OPEN_GROUP = SecurityGroup("sg-ends", (IngressRule("tcp", (443, 443), frozenset({"10.0.0.0/16"})),))
ISOLATED = replace(NETWORK, route_tables=(ISOLATED_TABLE, PUBLIC_TABLE), endpoints=ENDPOINTS, security_groups=(OPEN_GROUP,))
"""Without a NAT gateway, and with what AWS asks for instead."""


ENTRY = AccessEntry(ROLE, FARGATE_ENTRY_TYPE)
CORE_DNS = CoreDNS(None, {"k8s-app": "kube-dns"}, 2, 2)
WORKLOADS = Workloads(CORE_DNS, AWSAuth(""), 0)
ADDON = Addon("coredns", "ACTIVE", configuration='{"computeType":"Fargate"}')
DNS_PROFILE = make_profile("dns", namespace="kube-system", labels={"k8s-app": "kube-dns"})
VERSIONS = (ClusterVersion("1.35", "standard-support"), ClusterVersion("1.31", "extended-support"), ClusterVersion("1.23", "unsupported"))
FROM_CLUSTER = SubnetSource(from_=SubnetsFrom.CLUSTER)


@dataclass(frozen=True)
class World:
    """Whatever a class's checks look at."""

    source: SubnetSource = FROM_CLUSTER
    cluster: EKSCluster = CLUSTER
    versions: tuple[ClusterVersion, ...] | Unreadable = VERSIONS
    role_arn: str = ROLE
    reading: RoleReading = READING
    node_roles: Mapping[str, str] | Unreadable = field(default_factory=lambda: {"workers": "arn:aws:iam::111122223333:role/workers"})
    entry: AccessEntry | Unreadable | None = ENTRY
    network: Network = NETWORK
    workloads: Workloads | Unreadable = WORKLOADS
    addon: Addon | Unreadable | None = ADDON
    profiles: tuple[Profile, ...] = (DNS_PROFILE,)

    @property
    def findings(self) -> dict[ConditionType, Finding]:
        """What all the checks find."""
        subnets = resolve_subnets(self.source, self.cluster, self.network)
        aws_auth = self.workloads if isinstance(self.workloads, Unreadable) else self.workloads.aws_auth
        found = (
            check_cluster(ARN, self.cluster, self.versions),
            check_role(self.role_arn, ARN, self.reading, self.node_roles),
            check_mapping(self.role_arn, ARN, self.cluster, entry=self.entry, aws_auth=aws_auth, profiles=self.profiles),
            check_subnets(self.source, self.cluster, self.network),
            check_egress(ARN, subnets, self.cluster, self.network),
            check_dns(ARN, self.workloads, self.addon, self.profiles),
        )
        return {finding.condition: finding for finding in found}
