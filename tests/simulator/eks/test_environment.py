"""The checks of role and subnets against moto's IAM and EC2, over HTTP."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS

Create = Callable[..., Any]
Aws = Callable[..., Any]

FARGATE = {"Service": "eks-fargate-pods.amazonaws.com"}
PROFILE = "arn:aws:eks:us-east-1:123456789012:fargateprofile/c/a"


def refusal(create: Create, **otherwise: Any) -> str:
    with pytest.raises(ClientError) as refused:
        create(**otherwise)
    return str(refused.value.response["Error"]["Message"])


def statement(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": FARGATE, "Action": "sts:AssumeRole", **changes}


def condition(operator: str, key: str, value: Any) -> dict[str, Any]:
    return statement(Condition={operator: {key: value}})


GOOD = {
    "plain": [statement()],
    "alone, not in a list": statement(),
    "several services": [statement(Principal={"Service": ["ec2.amazonaws.com", "eks-fargate-pods.amazonaws.com"]})],
    "several actions": [statement(Action=["sts:TagSession", "sts:AssumeRole"])],
    "all actions": [statement(Action="sts:*")],
    "second statement": [statement(Principal={"AWS": "*"}), statement()],
    "source ARN": [condition("ArnLike", "aws:SourceArn", PROFILE.replace("/a", "/*"))],
    "any cluster": [condition("ArnLike", "aws:SourceArn", ["x", "arn:aws:eks:us-east-1:123456789012:fargateprofile/*"])],
    "source account": [condition("StringEquals", "aws:SourceAccount", "123456789012")],
}
BAD = {
    "another service": [statement(Principal={"Service": "eks.amazonaws.com"})],
    "denied": [statement(Effect="Deny")],
    "another action": [statement(Action="sts:TagSession")],
    "another cluster": [condition("ArnLike", "aws:SourceArn", PROFILE.replace("/c/a", "/other/*"))],
    "another region": [condition("ArnLike", "aws:SourceArn", PROFILE.replace("us-east-1", "us-east-2"))],
    "another account": [condition("StringEquals", "aws:SourceAccount", "999999999999")],
    "a condition of another kind": [condition("Bool", "aws:SecureTransport", "true")],
    "no statement": [],
}


def role_with(aws: Aws, seeded: Seeded, statements: Any) -> str:
    iam = aws("iam", seeded)
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return str(iam.create_role(RoleName="r", AssumeRolePolicyDocument=policy)["Role"]["Arn"])


@pytest.mark.parametrize("case", GOOD)
def test_roles_that_fargate_may_assume(aws: Aws, seeded: Seeded, create: Create, case: str) -> None:
    assert create(podExecutionRoleArn=role_with(aws, seeded, GOOD[case]))["status"] == "CREATING"


@pytest.mark.parametrize("case", BAD)
def test_roles_that_fargate_may_not_assume(aws: Aws, seeded: Seeded, create: Create, case: str) -> None:
    assert "Trust Policy" in refusal(create, podExecutionRoleArn=role_with(aws, seeded, BAD[case]))


def test_a_repaired_trust_policy_is_good_at_once(aws: Aws, seeded: Seeded, create: Create) -> None:
    iam = aws("iam", seeded)
    arn = seeded.misconfigured_role_arn
    assert "Trust Policy" in refusal(create, podExecutionRoleArn=arn)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement()]})
    iam.update_assume_role_policy(RoleName=arn.rpartition("/")[2], PolicyDocument=policy)
    assert create(podExecutionRoleArn=arn)["status"] == "CREATING"


def test_a_public_subnet_is_refused_by_name(seeded: Seeded, create: Create) -> None:
    public = seeded.public_subnets[0]
    text = f"Subnet {public} provided in Fargate Profile is not a private subnet"
    assert refusal(create, subnets=[seeded.private_subnets[0], public]) == text


@pytest.mark.parametrize("destination", [{"DestinationCidrBlock": "0.0.0.0/0"}, {"DestinationIpv6CidrBlock": "::/0"}])
def test_the_main_route_table_counts_where_a_subnet_has_none_of_its_own(
    aws: Aws, seeded: Seeded, create: Create, destination: dict[str, str]
) -> None:
    ec2 = aws("ec2", seeded)
    main = ec2.describe_route_tables(
        Filters=[{"Name": "vpc-id", "Values": [seeded.vpc_id]}, {"Name": "association.main", "Values": ["true"]}]
    )["RouteTables"][0]["RouteTableId"]
    gateway = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    subnet = seeded.private_subnets[0]
    change = ec2.replace_route if destination == {"DestinationCidrBlock": "0.0.0.0/0"} else ec2.create_route
    change(RouteTableId=main, GatewayId=gateway, **destination)
    assert "not a private subnet" in refusal(create, subnets=[subnet])
    own = ec2.create_route_table(VpcId=seeded.vpc_id)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=own, SubnetId=subnet)
    assert create(subnets=[subnet])["subnets"] == [subnet]


def test_a_subnet_that_does_not_exist_or_is_in_another_vpc(aws: Aws, seeded: Seeded, create: Create) -> None:
    ec2 = aws("ec2", seeded)
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    elsewhere = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    assert refusal(create, subnets=["subnet-absent"]) == "The subnet ID 'subnet-absent' does not exist"
    assert "does not belong to the cluster's VPC" in refusal(create, subnets=[elsewhere])


def test_a_zone_without_fargate(simulated: SimulatedEKS, aws: Aws) -> None:
    seeded = simulated.seed(["c"], region="ca-central-1")
    subnet = seeded.private_subnets[2]
    with pytest.raises(ClientError) as refused:
        aws("eks", seeded).create_fargate_profile(
            clusterName="c",
            fargateProfileName="a",
            podExecutionRoleArn=seeded.pod_execution_role_arn,
            selectors=[{"namespace": "n"}],
            subnets=[subnet],
        )
    text = f"Fargate Profile creation for the Availability Zone ca-central-1d for Subnet {subnet} is not supported"
    assert refused.value.response["Error"] == {"Code": "InvalidParameterException", "Message": text}


def test_which_zones_have_no_fargate_can_be_set(simulated: SimulatedEKS, create: Create) -> None:
    simulated.zones_without_fargate("us-east-1a", "us-east-1b")
    assert "Availability Zone us-east-1a" in refusal(create)


NO_ZONE = "Fargate Profile creation for the Availability Zone {zone} for Subnet {subnet} is not supported"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"zone": "us-east-1-bos-1a"}, NO_ZONE),
        ({"zone": "us-east-1-wl1-bos-wlz-1"}, NO_ZONE),
        ({"on_outpost": True}, "Subnet {subnet} provided in Fargate Profile is on an Outpost, which is not supported"),
    ],
)
def test_there_is_no_fargate_outside_of_the_regions_own_zones(
    simulated: SimulatedEKS, seeded: Seeded, create: Create, change: dict[str, Any], text: str
) -> None:
    subnet = seeded.spare_subnets[0]
    simulated.subnet(subnet, **change)
    assert refusal(create, subnets=[subnet]) == text.format(subnet=subnet, **change)
    simulated.subnet(subnet, zone="us-east-1a", on_outpost=False)
    assert create(subnets=[subnet])["subnets"] == [subnet]


def test_a_local_cluster_on_outposts_takes_no_profile(simulated: SimulatedEKS, eks: Any, create: Create) -> None:
    simulated.behave(on_outposts=True)
    assert eks.describe_cluster(name="c")["cluster"]["outpostConfig"]["outpostArns"]
    assert "local cluster on an Outpost" in refusal(create)
    simulated.behave(on_outposts=False)
    assert "outpostConfig" not in eks.describe_cluster(name="c")["cluster"]
    create()


def test_the_first_profile_brings_the_service_linked_role(simulated: SimulatedEKS, aws: Aws, seeded: Seeded, create: Create) -> None:
    iam = aws("iam", seeded)
    role = {"RoleName": "AWSServiceRoleForAmazonEKSForFargate"}
    made = iam.get_role(**role)["Role"]
    assert made["Path"] == "/aws-service-role/eks-fargate.amazonaws.com/"
    iam.delete_service_linked_role(**role)
    simulated.fault("access_denied", service="iam", operation="CreateServiceLinkedRole")
    assert "iam:CreateServiceLinkedRole" in refusal(create)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(**role)
    simulated.clear_faults()
    create()
    assert iam.get_role(**role)["Role"]["Arn"] == made["Arn"]
    iam.delete_service_linked_role(**role)
    assert iam.create_service_linked_role(AWSServiceName="eks-fargate.amazonaws.com")["Role"]["Arn"] == made["Arn"]


def test_a_seeded_account_lacks_nothing(aws: Aws, seeded: Seeded) -> None:
    iam, ec2 = aws("iam", seeded), aws("ec2", seeded)
    (policy,) = iam.list_attached_role_policies(RoleName="fargate-pod-execution")["AttachedPolicies"]
    assert policy["PolicyArn"] == "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
    version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)["PolicyVersion"]["Document"]
    assert "ecr:BatchGetImage" in document["Statement"][0]["Action"]
    assert [each["Arn"] for each in iam.list_policies(Scope="AWS")["Policies"]] == [policy["PolicyArn"]]
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        answer = ec2.describe_vpc_attribute(VpcId=seeded.vpc_id, Attribute=attribute)
        assert answer[attribute[0].upper() + attribute[1:]]["Value"] is True
    (gateway,) = ec2.describe_nat_gateways(Filter=[{"Name": "vpc-id", "Values": [seeded.vpc_id]}])["NatGateways"]
    assert (gateway["State"], gateway["SubnetId"] in seeded.public_subnets) == ("available", True)


def test_the_cluster_security_group_lets_its_own_in(eks: Any, aws: Aws, seeded: Seeded) -> None:
    group = eks.describe_cluster(name="c")["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
    (described,) = aws("ec2", seeded).describe_security_groups(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroups"]
    (rule,) = described["IpPermissions"]
    assert (described["VpcId"], rule["IpProtocol"], rule["UserIdGroupPairs"][0]["GroupId"]) == (seeded.vpc_id, "-1", group)


def test_with_the_role_of_nodes_a_create_fails(simulated: SimulatedEKS, eks: Any, seeded: Seeded, create: Create) -> None:
    role = seeded.pod_execution_role_arn
    eks.create_nodegroup(clusterName="c", nodegroupName="workers", subnets=seeded.private_subnets, nodeRole=role)
    create()
    simulated.finish()
    profile = eks.describe_fargate_profile(clusterName="c", fargateProfileName="a")["fargateProfile"]
    (issue,) = profile["health"]["issues"]
    assert (profile["status"], issue["code"], issue["resourceIds"]) == ("CREATE_FAILED", "PodExecutionRoleAlreadyInUse", [role])
