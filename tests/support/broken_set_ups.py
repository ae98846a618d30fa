"""What people get wrong around an EKS cluster, done to a simulated one with the calls that they would make."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from fargateclaims.api.conditions import ConditionType
from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS
from support.eks_server import aws_client

ACCOUNT, REGION, CLUSTER = "111122223333", "eu-west-1", "prod"
SERVICES: Final = ("ec2", "ecr.api", "ecr.dkr", "s3", "logs", "sts")
TRUST: Final = {"Effect": "Allow", "Principal": {"Service": "eks-fargate-pods.amazonaws.com"}, "Action": "sts:AssumeRole"}


@dataclass
class SetUp:
    """A healthy cluster, its first profile included, and what breaks it."""

    simulated: SimulatedEKS
    seeded: Seeded
    clients: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def healthy(cls, simulated: SimulatedEKS) -> Self:
        made = cls(simulated, simulated.seed([CLUSTER], account=ACCOUNT, region=REGION))
        made.trust(Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:eks:{REGION}:{ACCOUNT}:fargateprofile/{CLUSTER}/*"}})
        simulated.place(CLUSTER, [{"name": "first"}], account=ACCOUNT, region=REGION)
        return made

    def aws(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = aws_client(service, self.simulated, self.seeded)
        return self.clients[service]

    def close(self) -> None:
        for client in self.clients.values():
            client.close()

    @property
    def role(self) -> str:
        return self.seeded.pod_execution_role_arn

    @property
    def role_name(self) -> str:
        return self.role.rpartition("/")[2]

    @property
    def private_table(self) -> str:
        """The VPC's main one."""
        filters = [{"Name": "vpc-id", "Values": [self.seeded.vpc_id]}, {"Name": "association.main", "Values": ["true"]}]
        return str(self.aws("ec2").describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"])

    # The pod execution role.

    def trust(self, **changes: Any) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST | changes]})
        self.aws("iam").update_assume_role_policy(RoleName=self.role_name, PolicyDocument=document)

    def trust_ec2_alone(self) -> None:
        self.trust(Principal={"Service": "ec2.amazonaws.com"})

    def detach_policy(self) -> None:
        iam = self.aws("iam")
        for policy in iam.list_attached_role_policies(RoleName=self.role_name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=self.role_name, PolicyArn=policy["PolicyArn"])

    def delete_role(self) -> None:
        self.detach_policy()
        self.aws("iam").delete_role(RoleName=self.role_name)

    def give_role_to_nodes(self) -> None:
        self.aws("eks").create_nodegroup(
            clusterName=CLUSTER, nodegroupName="workers", subnets=self.seeded.private_subnets, nodeRole=self.role
        )

    # The cluster.

    def move_to_outposts(self) -> None:
        self.simulated.behave(on_outposts=True)

    def let_the_version_age(self) -> None:
        self.simulated.behave(version="1.29")

    def forget_role(self) -> None:
        self.aws("eks").delete_access_entry(clusterName=CLUSTER, principalArn=self.role)

    def run_core_dns_on_ec2(self) -> None:
        self.aws("eks").create_addon(clusterName=CLUSTER, addonName="coredns", configurationValues='{"computeType":"ec2"}')

    # The subnets.

    def open_all_to_internet(self) -> None:
        for subnet in self.seeded.private_subnets:
            self.simulated.open_to_internet(subnet, account=ACCOUNT, region=REGION)

    def move_subnets(self, **change: Any) -> None:
        for subnet in self.seeded.private_subnets:
            self.simulated.subnet(subnet, account=ACCOUNT, region=REGION, **change)

    def move_subnets_to_an_outpost(self) -> None:
        self.move_subnets(on_outpost=True)

    def move_subnets_to_a_local_zone(self) -> None:
        self.move_subnets(zone="eu-west-1-dub-1a")

    def use_all_addresses(self) -> None:
        self.move_subnets(free_addresses=0)

    # The way out.

    def close_nat_route(self) -> None:
        self.aws("ec2").delete_route(RouteTableId=self.private_table, DestinationCidrBlock="0.0.0.0/0")

    def delete_nat_gateway(self) -> None:
        ec2 = self.aws("ec2")
        for gateway in ec2.describe_nat_gateways()["NatGateways"]:
            ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])

    def isolate(self, *without: str) -> None:
        """Endpoints in the place of the NAT gateway, for all services but some."""
        self.close_nat_route()
        ec2 = self.aws("ec2")
        group = ec2.create_security_group(GroupName="endpoints", Description="endpoints", VpcId=self.seeded.vpc_id)["GroupId"]
        https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[https])
        for service in (service for service in SERVICES if service not in without):
            name = f"com.amazonaws.{REGION}.{service}"
            if service == "s3":
                ec2.create_vpc_endpoint(VpcId=self.seeded.vpc_id, ServiceName=name, RouteTableIds=[self.private_table])
                continue
            ec2.create_vpc_endpoint(
                VpcId=self.seeded.vpc_id,
                ServiceName=name,
                VpcEndpointType="Interface",
                PrivateDnsEnabled=True,
                SubnetIds=self.seeded.private_subnets,
                SecurityGroupIds=[group],
            )

    def isolate_without_sts(self) -> None:
        self.isolate("sts")

    def isolate_behind_a_closed_group(self) -> None:
        self.isolate()
        ec2 = self.aws("ec2")
        named = [{"Name": "group-name", "Values": ["endpoints"]}]
        (group,) = ec2.describe_security_groups(Filters=named)["SecurityGroups"]
        ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])

    def isolate_without_private_access(self) -> None:
        self.isolate()
        self.aws("eks").update_cluster_config(
            name=CLUSTER, resourcesVpcConfig={"endpointPrivateAccess": False, "endpointPublicAccess": True}
        )

    def isolate_without_dns(self) -> None:
        self.isolate()
        self.aws("ec2").modify_vpc_attribute(VpcId=self.seeded.vpc_id, EnableDnsHostnames={"Value": False})
        self.aws("ec2").modify_vpc_attribute(VpcId=self.seeded.vpc_id, EnableDnsSupport={"Value": False})


BREAKAGES: Final[Mapping[str, tuple[ConditionType, Callable[[SetUp], None]]]] = {
    "cluster on Outposts": (ConditionType.CLUSTER_REACHABLE, SetUp.move_to_outposts),
    "version out of support": (ConditionType.CLUSTER_REACHABLE, SetUp.let_the_version_age),
    "trust policy": (ConditionType.ROLE_USABLE, SetUp.trust_ec2_alone),
    "policy detached": (ConditionType.ROLE_USABLE, SetUp.detach_policy),
    "role deleted": (ConditionType.ROLE_USABLE, SetUp.delete_role),
    "role of a node group": (ConditionType.ROLE_USABLE, SetUp.give_role_to_nodes),
    "access entry deleted": (ConditionType.ROLE_MAPPED, SetUp.forget_role),
    "subnets open to the internet": (ConditionType.SUBNETS_USABLE, SetUp.open_all_to_internet),
    "subnets on an Outpost": (ConditionType.SUBNETS_USABLE, SetUp.move_subnets_to_an_outpost),
    "subnets in a Local Zone": (ConditionType.SUBNETS_USABLE, SetUp.move_subnets_to_a_local_zone),
    "no address free": (ConditionType.SUBNETS_USABLE, SetUp.use_all_addresses),
    "no route out": (ConditionType.EGRESS_AVAILABLE, SetUp.close_nat_route),
    "NAT gateway deleted": (ConditionType.EGRESS_AVAILABLE, SetUp.delete_nat_gateway),
    "endpoint missing": (ConditionType.EGRESS_AVAILABLE, SetUp.isolate_without_sts),
    "endpoints' group closed": (ConditionType.EGRESS_AVAILABLE, SetUp.isolate_behind_a_closed_group),
    "private access off": (ConditionType.EGRESS_AVAILABLE, SetUp.isolate_without_private_access),
    "DNS of the VPC off": (ConditionType.EGRESS_AVAILABLE, SetUp.isolate_without_dns),
}
"""The condition that is about it, and what breaks it."""
