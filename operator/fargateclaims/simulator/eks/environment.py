"""What EKS checks in EC2 and IAM before it accepts a Fargate profile, against moto's EC2 and IAM.

The caller holds ``Simulation.moto_lock``.
"""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final
from uuid import uuid4

from moto.ec2.models import ec2_backends
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from fargateclaims.simulator.eks import errors
from fargateclaims.simulator.eks.cluster import SimulatedCluster

FARGATE_PRINCIPAL: Final = "eks-fargate-pods.amazonaws.com"
# Those of Local Zones and Wavelength have more to them, such as us-west-2-lax-1a.
ZONE_OF_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+[a-z]")
ROLE_ARN: Final = re.compile(r"arn:[a-z-]+:iam::(\d{12}):role/.+")
# The operators that AWS documents for a pod execution role's trust policy; with any other the condition does not hold.
_ARN_OPERATORS: Final = frozenset({"ArnLike", "ArnEquals", "StringLike"})


def vpc_of(subnet_ids: Sequence[str], account: str, region: str) -> str:
    """Return the VPC of a cluster's subnets; a cluster whose subnets moto does not know gets an id of no VPC."""
    subnets = subnets_of(account, region)
    vpcs = {subnets[subnet].vpc_id for subnet in subnet_ids if subnet in subnets}
    if len(vpcs) > 1:
        raise errors.invalid_parameter("Subnets specified must belong to the same VPC")
    return vpcs.pop() if vpcs else "vpc-00000000"


def cluster_security_group(cluster: str, vpc_id: str, account: str, region: str) -> str:
    """Make the security group that EKS gives a cluster's control plane and nodes, and return its id; they let each other in."""
    ec2 = ec2_backends[account][region]
    if vpc_id not in ec2.vpcs:
        return f"sg-{uuid4().hex[:17]}"
    name = f"eks-cluster-sg-{cluster}-{uuid4().int % 10**10}"
    # moto's own ways look through all groups for one of the same name.
    group = ec2.create_security_group(name, "EKS created security group", vpc_id, force=True)
    itself = {"GroupId": group.id, "UserId": account}
    group.add_ingress_rule(SecurityGroupRule(ec2, "-1", group.id, None, None, None, itself, is_egress=False))
    return str(group.id)


def fargate_subnets(
    asked: Sequence[str], cluster: SimulatedCluster, account: str, region: str, zones_without_fargate: Collection[str]
) -> list[str]:
    """Return the subnets of a new profile: those asked for, else the cluster's private ones.

    Raises:
        EKSError: One does not exist, is not private, is in another VPC, or in a zone without Fargate.

    """
    subnets = subnets_of(account, region)
    if not asked:
        chosen = [
            subnet
            for subnet in cluster.resources_vpc_config.get("subnetIds", [])
            if subnet in subnets and is_private(subnet, account, region)
        ]
        if not chosen:
            raise errors.invalid_parameter("No subnets provided for Fargate Profile, and the cluster has no private subnets")
        return chosen
    for subnet_id in asked:
        subnet = subnets.get(subnet_id)
        if subnet is None:
            raise errors.invalid_parameter(f"The subnet ID '{subnet_id}' does not exist")
        if subnet.vpc_id != cluster.vpc_id:
            raise errors.invalid_parameter(f"Subnet {subnet_id} does not belong to the cluster's VPC {cluster.vpc_id}")
        if subnet.availability_zone in zones_without_fargate or not ZONE_OF_REGION.fullmatch(subnet.availability_zone):
            raise errors.zone_not_supported(subnet.availability_zone, subnet_id)
        if is_on_outpost(subnet):
            raise errors.subnet_on_outpost(subnet_id)
        if not is_private(subnet_id, account, region):
            raise errors.subnet_not_private(subnet_id)
    return list(asked)


def is_private(subnet_id: str, account: str, region: str) -> bool:
    """Return whether the subnet's route table (its own, else the VPC's main one) has no route to an internet gateway."""
    ec2 = ec2_backends[account][region]
    vpc = subnets_of(account, region)[subnet_id].vpc_id
    tables = [table for table in ec2.route_tables.values() if table.vpc_id == vpc]
    own = [table for table in tables if any(link.get("SubnetId") == subnet_id for link in table.associations)]
    main = [table for table in tables if table.main_association_id]
    return not any((route.gateway_id or "").startswith("igw-") for table in (own or main) for route in table.routes)


def is_on_outpost(subnet: Any) -> bool:  # noqa: ANN401  (moto ships no types)
    """Return whether the admin API has put it there."""
    return bool(getattr(subnet, "outpost_arn", None))


def check_pod_execution_role(arn: str, cluster: str, profile: str, account: str, region: str) -> None:
    """Raise EKSError unless the role exists in the account and Fargate may assume it for this profile."""
    match = ROLE_ARN.fullmatch(arn)
    if not match:
        raise errors.invalid_parameter(f"Invalid Role Arn: '{arn}'")
    if match[1] != account:
        raise errors.invalid_parameter("Cross-account pass role is not allowed.")
    partition = get_partition(region)
    role = next((role for role in iam_backends[account][partition].roles.values() if role.arn == arn), None)
    source = f"arn:{partition}:eks:{region}:{account}:fargateprofile/{cluster}/{profile}"
    if role is None or not _trusts_fargate(role.assume_role_policy_document, source, account):
        raise errors.trust_policy()


def subnets_of(account: str, region: str) -> dict[str, Any]:
    """Return moto's subnets by id; it keeps them by zone."""
    return {name: subnet for zone in ec2_backends[account][region].subnets.values() for name, subnet in zone.items()}


def _trusts_fargate(policy: str, source_arn: str, account: str) -> bool:
    try:
        statements = _listed(json.loads(policy).get("Statement"))
    except (ValueError, AttributeError):
        return False
    return any(isinstance(statement, dict) and _allows(statement, source_arn, account) for statement in statements)


def _allows(statement: dict[str, Any], source_arn: str, account: str) -> bool:
    principal = statement.get("Principal")
    services = _listed(principal.get("Service")) if isinstance(principal, dict) else [FARGATE_PRINCIPAL] if principal == "*" else []
    actions = _listed(statement.get("Action"))
    return (
        statement.get("Effect") == "Allow"
        and FARGATE_PRINCIPAL in services
        and any(fnmatchcase("sts:assumerole", str(action).lower()) for action in actions)
        and _condition_holds(statement.get("Condition") or {}, source_arn, account)
    )


def _condition_holds(condition: dict[str, Any], source_arn: str, account: str) -> bool:
    """Return whether every condition holds for a call by Fargate; the ARN that Fargate sends goes on after the profile's name."""
    for operator, tests in condition.items():
        for key, wanted in tests.items():
            patterns = [str(pattern) for pattern in _listed(wanted)]
            if key.lower() == "aws:sourceaccount" and operator in {"StringEquals", "StringLike"}:
                held = account in patterns
            elif key.lower() == "aws:sourcearn" and operator in _ARN_OPERATORS:
                held = any(fnmatchcase(source_arn, pattern) or fnmatchcase(f"{source_arn}/uuid", pattern) for pattern in patterns)
            else:
                held = False
            if not held:
                return False
    return True


def _listed(value: object) -> Iterable[Any]:
    """Return an element of a policy as a list: IAM lets a single one stand alone."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
