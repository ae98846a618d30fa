"""Twelve set-ups that people get wrong, each found by the one condition that speaks of it, and a healthy one."""

from dataclasses import replace

import pytest

from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.fargateclass import SubnetsFrom, SubnetSource
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.iam import Role, RoleReading
from fargateclaims.domain.network import NATGateway, Subnet
from fargateclaims.domain.workloads import CoreDNS, Workloads
from support.builders import ROLE
from support.class_checks import (
    CLUSTER,
    ENDPOINTS,
    ISOLATED,
    NETWORK,
    POLICY,
    PUBLIC,
    World,
    trusting,
)

MARKED = Workloads(CoreDNS("ec2", {"k8s-app": "kube-dns"}, 2, 0), None, 0)
IN_LOS_ANGELES = Subnet("subnet-0d", "vpc-1", "us-west-2-lax-1a", 200)

BROKEN = {
    "the cluster failed": (
        World(cluster=replace(CLUSTER, status="FAILED")),
        ConditionType.CLUSTER_REACHABLE,
        "cluster prod is FAILED: EKS takes Fargate profiles when it is ACTIVE",
    ),
    "a cluster on Outposts": (
        World(cluster=replace(CLUSTER, on_outposts=True)),
        ConditionType.CLUSTER_REACHABLE,
        "cluster prod is a local cluster on AWS Outposts, where there is no Fargate; name a cluster in an AWS Region in a new class",
    ),
    "no such role": (
        World(reading=RoleReading(None, service_linked_role=True)),
        ConditionType.ROLE_USABLE,
        f"role {ROLE} does not exist; create it or correct spec.podExecutionRoleARN",
    ),
    "a role for EC2": (
        World(reading=RoleReading(Role(ROLE, trusting(Principal={"Service": "ec2.amazonaws.com"}), frozenset({POLICY})), True)),  # noqa: FBT003
        ConditionType.ROLE_USABLE,
        (
            f"role {ROLE} does not trust Fargate; let the service eks-fargate-pods.amazonaws.com do sts:AssumeRole in its trust policy, "
            'by the statement {"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},"Action":"sts:AssumeRole",'
            '"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/*"}}}'
        ),
    ),
    "a role without AWS's policy": (
        World(reading=RoleReading(Role(ROLE, trusting(), frozenset()), service_linked_role=True)),
        ConditionType.ROLE_USABLE,
        (
            f"role {ROLE} may not pull images from ECR: its policies lack ecr:GetAuthorizationToken, ecr:BatchCheckLayerAvailability, "
            "ecr:GetDownloadUrlForLayer, ecr:BatchGetImage; aws iam attach-role-policy --role-name fargate-pods "
            "--policy-arn arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
        ),
    ),
    "the role of a node group": (
        World(node_roles={"workers": ROLE}),
        ConditionType.ROLE_USABLE,
        (
            f"role {ROLE} is also that of node group workers, and Fargate needs another (PodExecutionRoleAlreadyInUse); "
            "make a role for Fargate alone, and put its ARN in spec.podExecutionRoleARN"
        ),
    ),
    "a lost access entry": (
        World(entry=None),
        ConditionType.ROLE_MAPPED,
        (
            f"cluster prod does not know role {ROLE}, so Fargate's nodes cannot join it: the role has no access entry; "
            f"aws eks create-access-entry --cluster-name prod --region eu-west-1 --principal-arn {ROLE} --type FARGATE_LINUX"
        ),
    ),
    "a public subnet": (
        World(source=SubnetSource(from_=SubnetsFrom.IDS, ids=("subnet-0aaaaaaaa", "subnet-0bbbbbbbb", PUBLIC)), network=ISOLATED),
        ConditionType.SUBNETS_USABLE,
        f"subnet {PUBLIC} is public: rtb-public routes 0.0.0.0/0 to igw-9; take it out of the class or route it through a NAT gateway",
    ),
    "a subnet in a Local Zone": (
        World(source=SubnetSource(from_=SubnetsFrom.IDS, ids=("subnet-0d",)), network=replace(NETWORK, subnets=(IN_LOS_ANGELES,))),
        ConditionType.SUBNETS_USABLE,
        "subnet subnet-0d is in us-west-2-lax-1a, and there is no Fargate in Local Zones and Wavelength Zones; take it out of the class",
    ),
    "a NAT gateway that failed": (
        World(network=replace(NETWORK, nat_gateways=(NATGateway("nat-1", PUBLIC, "failed"),))),
        ConditionType.EGRESS_AVAILABLE,
        (
            "nothing leads out of subnet-0aaaaaaaa, subnet-0bbbbbbbb: rtb-private routes 0.0.0.0/0 to nat-1, which is failed, and VPC "
            "endpoints are missing for ec2, ecr.api, ecr.dkr, s3, logs, sts; make a NAT gateway in a public subnet, then aws ec2 "
            "replace-route --region eu-west-1 --route-table-id rtb-private --destination-cidr-block 0.0.0.0/0 --nat-gateway-id NAT_GATEWAY"
        ),
    ),
    "an endpoint too few": (
        World(network=replace(ISOLATED, endpoints=ENDPOINTS[:-1])),
        ConditionType.EGRESS_AVAILABLE,
        (
            "nothing leads out of subnet-0aaaaaaaa, subnet-0bbbbbbbb: rtb-private has no route for 0.0.0.0/0, and VPC endpoints are "
            "missing for sts; aws ec2 create-vpc-endpoint --region eu-west-1 --vpc-id vpc-1 --vpc-endpoint-type Interface "
            "--private-dns-enabled --subnet-ids subnet-0aaaaaaaa subnet-0bbbbbbbb --security-group-ids sg-cluster "
            "--service-name com.amazonaws.eu-west-1.sts"
        ),
    ),
    "CoreDNS marked for EC2 nodes": (
        World(workloads=MARKED, addon=None),
        ConditionType.DNS_READY,
        (
            "CoreDNS is marked for EC2 nodes (annotation eks.amazonaws.com/compute-type: ec2), and cluster prod has none: its pods stay "
            "Pending; kubectl -n kube-system patch deployment coredns --type json -p "
            """'[{"op":"remove","path":"/spec/template/metadata/annotations/eks.amazonaws.com~1compute-type"}]'"""
        ),
    ),
}


def test_nothing_is_found_where_all_is_well() -> None:
    findings = World().findings
    assert {finding.level for finding in findings.values()} == {Level.OK}
    assert [finding.sentence for finding in findings.values()] == [
        "cluster prod is ACTIVE, Kubernetes 1.35, platform eks.9",
        f"role {ROLE} trusts eks-fargate-pods.amazonaws.com and may pull images from ECR",
        f"role {ROLE} has an access entry of type FARGATE_LINUX",
        "2 private subnets in 2 zones: subnet-0aaaaaaaa, subnet-0bbbbbbbb",
        "the subnets reach what Fargate needs through NAT gateway nat-1",
        "2 of 2 pods of CoreDNS are ready in cluster prod",
    ]


def test_nothing_is_found_without_a_way_to_the_internet_if_the_endpoints_are_there() -> None:
    findings = World(network=ISOLATED).findings
    assert {finding.level for finding in findings.values()} == {Level.OK}
    assert findings[ConditionType.EGRESS_AVAILABLE].message == "the subnets reach what Fargate needs through VPC endpoints"


@pytest.mark.parametrize(("world", "condition", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_broken_set_up_is_found_with_what_to_do(world: World, condition: ConditionType, sentence: str) -> None:
    finding = world.findings[condition]
    assert finding.level is Level.ERROR
    assert finding.sentence == sentence
    others = {kind: each.level for kind, each in world.findings.items() if kind is not condition}
    assert set(others.values()) <= {Level.OK, Level.WARNING}, others
