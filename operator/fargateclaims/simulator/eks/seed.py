"""Clusters to play with: a VPC with private and public subnets, roles, credentials, and clusters in them, in an account and region.

The private subnets reach the internet through a NAT gateway. Nothing is amiss but what is said to be.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from moto.ec2.models import ec2_backends
from moto.utilities.utils import get_partition

from fargateclaims.simulator.eks.backend import FargateEKSBackend, backend_of
from fargateclaims.simulator.eks.environment import FARGATE_PRINCIPAL
from fargateclaims.simulator.eks.errors import EKSError
from fargateclaims.simulator.eks.iam import ensure_service_linked_role, iam_of, pod_execution_policy

VPC_NAME: Final = "fargateclaims-simulator"
VPC_CIDR: Final = "10.0.0.0/16"
PRIVATE_SUBNETS: Final = 3
PUBLIC_SUBNETS: Final = 2
SPARE_SUBNETS: Final = 1
"""Private ones that no cluster names, to be played with."""
POD_ROLE: Final = "fargate-pod-execution"
MISCONFIGURED_ROLE: Final = "fargate-pod-execution-misconfigured"
OPERATOR_ROLE: Final = "fargateclaims-operator"
CLUSTER_ROLE: Final = "eks-cluster"
USER: Final = "simulator"


@dataclass(frozen=True, slots=True)
class Account:
    """What ``seed`` makes once in an account and region; a second call finds it again."""

    account: str
    region: str
    vpc_id: str
    private_subnets: list[str]
    public_subnets: list[str]
    spare_subnets: list[str]
    pod_execution_role_arn: str
    misconfigured_role_arn: str
    operator_role_arn: str
    cluster_role_arn: str
    access_key_id: str
    secret_access_key: str


def seed_account(account: str, region: str) -> Account:
    """Make a network, roles and a user with a key. The caller holds ``Simulation.moto_lock``.

    Raises:
        EKSError: There is no such region.

    """
    backend_of(account, region)
    vpc_id, private, public, spare = _network(account, region)
    iam = iam_of(account, region)
    policy = pod_execution_policy(account, region)
    ensure_service_linked_role(account, region)
    root = f"arn:{get_partition(region)}:iam::{account}:root"
    key_id, secret = _access_key(iam, region)
    return Account(
        account=account,
        region=region,
        vpc_id=vpc_id,
        private_subnets=private,
        public_subnets=public,
        spare_subnets=spare,
        pod_execution_role_arn=_role(iam, POD_ROLE, {"Service": FARGATE_PRINCIPAL}, policy),
        misconfigured_role_arn=_role(iam, MISCONFIGURED_ROLE, {"Service": "ec2.amazonaws.com"}, policy),
        operator_role_arn=_role(iam, OPERATOR_ROLE, {"AWS": root}),
        cluster_role_arn=_role(iam, CLUSTER_ROLE, {"Service": "eks.amazonaws.com"}),
        access_key_id=key_id,
        secret_access_key=secret,
    )


def seed_clusters(where: Account, names: Sequence[str], authentication_mode: str) -> dict[str, str]:
    """Make the clusters that do not exist yet and return the ARN of each, by name."""
    backend: FargateEKSBackend = backend_of(where.account, where.region)
    for name in names:
        if name not in backend.simulated:
            backend.add_cluster(
                name=name,
                role_arn=where.cluster_role_arn,
                resources_vpc_config={"subnetIds": [*where.private_subnets, *where.public_subnets], "endpointPrivateAccess": True},
                access_config={"authenticationMode": authentication_mode},
            )
    return {name: backend.simulated[name].arn for name in names}


def open_to_internet(subnet_id: str, account: str, region: str) -> None:
    """Move a private subnet to the route table of the public ones, as somebody may do at any time.

    Raises:
        EKSError: The account has no such network or subnet.

    """
    ec2 = ec2_backends[account][region]
    tables = [table for table in ec2.route_tables.values() if any((route.gateway_id or "").startswith("igw-") for route in table.routes)]
    if not tables or not any(subnet_id in zone for zone in ec2.subnets.values()):
        raise EKSError("NotFound", f"account {account} has no subnet {subnet_id} in a seeded network of {region}", 404)
    ec2.associate_route_table(tables[0].id, subnet_id=subnet_id)


def _network(account: str, region: str) -> tuple[str, list[str], list[str], list[str]]:
    ec2 = ec2_backends[account][region]
    known = ec2.describe_vpcs(filters={"tag:Name": [VPC_NAME]})
    vpc = known[0] if known else ec2.create_vpc(VPC_CIDR, tags=[{"Key": "Name", "Value": VPC_NAME}])
    subnets = [subnet for zone in ec2.subnets.values() for subnet in zone.values() if subnet.vpc_id == vpc.id]
    if not subnets:
        zones = [zone.name for zone in ec2.describe_availability_zones()]
        subnets = [
            ec2.create_subnet(vpc.id, f"10.0.{number}.0/24", availability_zone=zones[number % len(zones)])
            for number in range(PRIVATE_SUBNETS + PUBLIC_SUBNETS + SPARE_SUBNETS)
        ]
        gateway = ec2.create_internet_gateway()
        ec2.attach_internet_gateway(gateway.id, vpc.id)
        table = ec2.create_route_table(vpc.id)
        ec2.create_route(table.id, "0.0.0.0/0", gateway_id=gateway.id)
        public_subnets = subnets[PRIVATE_SUBNETS : PRIVATE_SUBNETS + PUBLIC_SUBNETS]
        for subnet in public_subnets:
            ec2.associate_route_table(table.id, subnet_id=subnet.id)
        nat = ec2.create_nat_gateway(public_subnets[0].id, str(ec2.allocate_address("vpc").allocation_id))
        # The private ones have no table of their own: that of the VPC counts for them.
        main = next(each for each in ec2.route_tables.values() if each.vpc_id == vpc.id and each.main_association_id)
        ec2.create_route(main.id, "0.0.0.0/0", nat_gateway_id=nat.id)
        ec2.modify_vpc_attribute(vpc.id, "enable_dns_hostnames", "true")
    ids = [subnet.id for subnet in sorted(subnets, key=lambda subnet: subnet.cidr)]
    private, public = ids[:PRIVATE_SUBNETS], ids[PRIVATE_SUBNETS : PRIVATE_SUBNETS + PUBLIC_SUBNETS]
    return vpc.id, private, public, ids[PRIVATE_SUBNETS + PUBLIC_SUBNETS :]


def _role(iam: Any, name: str, principal: dict[str, str], policy_arn: str | None = None) -> str:  # noqa: ANN401  (moto ships no types)
    for role in iam.roles.values():
        if role.name == name:
            return str(role.arn)
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = iam.create_role(name, policy, "/", None, "", [], "3600")
    if policy_arn is not None:
        iam.attach_role_policy(policy_arn, name)
    return str(made.arn)


def _access_key(iam: Any, region: str) -> tuple[str, str]:  # noqa: ANN401  (moto ships no types)
    if USER not in iam.users:
        iam.create_user(region, USER)
        iam.create_access_key(USER)
    key = iam.list_access_keys(USER)[0]
    return str(key.access_key_id), str(key.secret_access_key)
