"""The facts of a cluster on which everything is as it should be."""

from collections.abc import Collection

from fargateclaims.domain.access import FARGATE_ENTRY_TYPE, AccessEntry, Addon, ClusterAccess, ClusterVersion
from fargateclaims.domain.iam import Role, RolePermissions
from fargateclaims.domain.network import VPC, NATGateway, Network, Route, RouteTable, Subnet
from fargateclaims.domain.observation import Inspection
from fargateclaims.domain.unreadable import NOT_YET
from fargateclaims.domain.workloads import CoreDNS, Workloads

SUBNETS = ("subnet-0aaaaaaaa", "subnet-0bbbbbbbb")
ROLE = "arn:aws:iam::111122223333:role/fargate-pods"
_PUBLIC = "subnet-0eeeeeeee"
_LOCAL = Route("10.0.0.0/16", "local")
HEALTHY_PERMISSIONS = RolePermissions(
    frozenset({"arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"}), frozenset(), service_linked_role=True
)


def healthy_network(region: str = "eu-west-1") -> Network:
    """Two private subnets in two zones behind a NAT gateway."""
    private = (Subnet(name, "vpc-1", f"{region}{zone}", 200) for name, zone in zip(SUBNETS, "ab", strict=True))
    return Network(
        vpc=VPC("vpc-1", ("10.0.0.0/16",), dns_support=True, dns_hostnames=True),
        subnets=(*private, Subnet(_PUBLIC, "vpc-1", f"{region}a", 200)),
        route_tables=(
            RouteTable("rtb-1", main=True, subnet_ids=frozenset(), routes=(_LOCAL, Route("0.0.0.0/0", "nat-1"))),
            RouteTable("rtb-2", main=False, subnet_ids=frozenset({_PUBLIC}), routes=(_LOCAL, Route("0.0.0.0/0", "igw-1"))),
        ),
        nat_gateways=(NATGateway("nat-1", _PUBLIC, "available"),),
        endpoints=(),
        security_groups=(),
    )


def healthy_role(role_arn: str) -> Role:
    """A role that trusts Fargate."""
    statement = {"Effect": "Allow", "Principal": {"Service": "eks-fargate-pods.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return Role(role_arn, {"Statement": [statement]}, NOT_YET, NOT_YET)


def healthy_access(role_arns: Collection[str]) -> ClusterAccess:
    """A cluster that knows these roles."""
    return ClusterAccess(
        entries={arn: AccessEntry(arn, FARGATE_ENTRY_TYPE) for arn in role_arns},
        node_roles={},
        core_dns=Addon("coredns", "ACTIVE", configuration='{"computeType":"Fargate"}'),
        versions=(ClusterVersion("1.33", "standard-support"),),
    )


def healthy_workloads() -> Workloads:
    """CoreDNS runs, on nodes that are not Fargate's."""
    return Workloads(CoreDNS(None, {"k8s-app": "kube-dns"}, 2, 2), None, 2)


def healthy_inspection(role_arn: str = ROLE) -> Inspection:
    """All of it, as it is looked at in the background."""
    return Inspection(healthy_network(), {role_arn: HEALTHY_PERMISSIONS}, healthy_access([role_arn]), healthy_workloads(), frozenset())
