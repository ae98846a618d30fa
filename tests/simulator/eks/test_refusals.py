"""EKS's refusals over HTTP: code, text and status of each, by table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS

Create = Callable[..., Any]


@dataclass
class Stage:
    """What a row of the table can set and call."""

    eks: Any
    simulated: SimulatedEKS
    seeded: Seeded
    create: Create
    active: Create

    def delete(self, name: str) -> Any:
        return self.eks.delete_fargate_profile(clusterName="c", fargateProfileName=name)

    def deny(self, action: str) -> None:
        service, _, operation = action.partition(":")
        self.simulated.fault("access_denied", service=service, operation=operation)


@pytest.fixture
def stage(eks: Any, simulated: SimulatedEKS, seeded: Seeded, create: Create, active: Create) -> Stage:
    return Stage(eks, simulated, seeded, create, active)


IN_USE = ("ResourceInUseException", 409)
PARAMETER = ("InvalidParameterException", 400)
REQUEST = ("InvalidRequestException", 400)
NOT_FOUND = ("ResourceNotFoundException", 404)
ACCOUNT = "arn:aws:iam::123456789012"
MANY_LABELS = {f"k{number}": "v" for number in range(6)}

# Name: (what comes before, what is refused, code and status, text); None for a text that AWS does not publish.
Row = tuple[Callable[[Stage], object], Callable[[Stage], object], tuple[str, int], str | None]


def nothing(_: Stage) -> None:
    pass


def deleting(stage: Stage) -> None:
    stage.active("B")
    stage.active("A")
    stage.delete("A")


def two(stage: Stage) -> None:
    stage.active("B")
    stage.create("A")


TABLE: dict[str, Row] = {
    "busy, create": (
        lambda s: s.create("A"),
        lambda s: s.create("B"),
        IN_USE,
        "Cannot create Fargate Profile B because cluster c currently has Fargate profile A in status CREATING",
    ),
    "busy deleting, create": (
        deleting,
        lambda s: s.create("D"),
        IN_USE,
        "Cannot create Fargate Profile D because cluster c currently has Fargate profile A in status DELETING",
    ),
    "busy, delete": (
        deleting,
        lambda s: s.delete("B"),
        IN_USE,
        "Cannot Delete Fargate Profile B because cluster c currently has Fargate profile A in status DELETING",
    ),
    "busy creating, delete": (
        two,
        lambda s: s.delete("B"),
        IN_USE,
        "Cannot Delete Fargate Profile B because cluster c currently has Fargate profile A in status CREATING",
    ),
    "hidden update, delete": (
        lambda s: (s.active("P"), s.simulated.behave(hidden_update_seconds=600)),
        lambda s: s.delete("P"),
        IN_USE,
        "Cannot Delete Fargate Profile P because cluster c currently has an update in progress",
    ),
    "hidden update, create": (
        lambda s: s.simulated.behave(hidden_update_seconds=600),
        lambda s: s.create("P"),
        IN_USE,
        "Cannot create Fargate Profile P because cluster c currently has an update in progress",
    ),
    "duplicate name": (
        lambda s: s.active("a"),
        lambda s: s.create("a"),
        IN_USE,
        "A Fargate Profile already exists with this name in this cluster.",
    ),
    "trust policy": (
        nothing,
        lambda s: s.create(podExecutionRoleArn=s.seeded.misconfigured_role_arn),
        PARAMETER,
        "Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal",
    ),
    "role that does not exist": (
        nothing,
        lambda s: s.create(podExecutionRoleArn="arn:aws:iam::123456789012:role/absent"),
        PARAMETER,
        "Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal",
    ),
    "role of another account": (
        nothing,
        lambda s: s.create(podExecutionRoleArn="arn:aws:iam::999999999999:role/r"),
        PARAMETER,
        "Cross-account pass role is not allowed.",
    ),
    "no role's ARN": (nothing, lambda s: s.create(podExecutionRoleArn="role"), PARAMETER, "Invalid Role Arn: 'role'"),
    "reserved name": (
        nothing,
        lambda s: s.create("eks-a"),
        PARAMETER,
        "The fargate profile name starts with the reserved prefix: 'eks-'.",
    ),
    "name too long": (
        nothing,
        lambda s: s.create("x" * 101),
        PARAMETER,
        "The Fargate profile name parameter should not be greater than 100 characters.",
    ),
    "service-linked role": (
        lambda s: s.deny("iam:GetRole"),
        lambda s: s.create(),
        REQUEST,
        "Failed to validate if SLR: AWSServiceRoleForAmazonEKSForFargate already exists due to missing permissions for 'iam:GetRole'",
    ),
    "EC2 rights, subnets": (
        lambda s: s.deny("ec2:DescribeSubnets"),
        lambda s: s.create(),
        REQUEST,
        'Missing permissions for "ec2:DescribeSubnets"',
    ),
    "EC2 rights, route tables": (
        lambda s: s.deny("ec2:DescribeRouteTables"),
        lambda s: s.create(),
        REQUEST,
        'Missing permissions for "ec2:DescribeRouteTables"',
    ),
    "pass role": (
        lambda s: s.deny("iam:PassRole"),
        lambda s: s.create(),
        ("AccessDeniedException", 403),
        f"User: {ACCOUNT}:user/simulator is not authorized to perform: iam:PassRole on resource: {ACCOUNT}:role/fargate-pod-execution",
    ),
    "cluster not active": (
        lambda s: s.simulated.behave(status="CREATING"),
        lambda s: s.create(),
        REQUEST,
        "Cluster 'c' is not in ACTIVE status",
    ),
    "no selector": (nothing, lambda s: s.create(selectors=[]), PARAMETER, "Fargate Profile requires at least one selector."),
    "no namespace": (
        nothing,
        lambda s: s.create(selectors=[{"labels": {"a": "b"}}]),
        PARAMETER,
        "Fargate Profile must have at least one selector with at least one namespace value.",
    ),
    "more than 5 labels": (
        nothing,
        lambda s: s.create(selectors=[{"namespace": "n", "labels": MANY_LABELS}]),
        PARAMETER,
        "Request contains Selector with more than 5 Label pairs",
    ),
    "more than 5 selectors": (nothing, lambda s: s.create(selectors=[{"namespace": "n"}] * 6), PARAMETER, None),
    "profile limit": (
        lambda s: s.simulated.place("c", [{"name": f"p{number}"} for number in range(10)]),
        lambda s: s.create(),
        ("ResourceLimitExceededException", 400),
        None,
    ),
    "too many tags": (nothing, lambda s: s.create(tags={str(number): "" for number in range(51)}), PARAMETER, None),
    "profile missing, describe": (
        nothing,
        lambda s: s.eks.describe_fargate_profile(clusterName="c", fargateProfileName="P"),
        NOT_FOUND,
        "No Fargate Profile found with name: P.",
    ),
    "profile missing, delete": (nothing, lambda s: s.delete("P"), NOT_FOUND, "No Fargate Profile found with name: P."),
    "cluster missing, list": (
        nothing,
        lambda s: s.eks.list_fargate_profiles(clusterName="C"),
        NOT_FOUND,
        "No cluster found for name: C.",
    ),
    "cluster missing, create": (nothing, lambda s: s.create(clusterName="C"), NOT_FOUND, "No cluster found for name: C."),
    "cluster missing, describe": (
        nothing,
        lambda s: s.eks.describe_fargate_profile(clusterName="C", fargateProfileName="P"),
        NOT_FOUND,
        "No cluster found for name: C.",
    ),
    "cluster exists": (
        nothing,
        lambda s: s.eks.create_cluster(name="c", roleArn=s.seeded.cluster_role_arn, resourcesVpcConfig={}),
        IN_USE,
        "Cluster already exists with name: c",
    ),
    "addon missing": (
        nothing,
        lambda s: s.eks.describe_addon(clusterName="c", addonName="coredns"),
        NOT_FOUND,
        "No addon: coredns found in cluster: c",
    ),
    "addon configuration": (
        nothing,
        lambda s: s.eks.create_addon(clusterName="c", addonName="coredns", configurationValues="{"),
        PARAMETER,
        None,
    ),
    "access entry missing": (
        nothing,
        lambda s: s.eks.describe_access_entry(clusterName="c", principalArn="arn:aws:iam::123456789012:role/r"),
        NOT_FOUND,
        None,
    ),
    "access entries by CONFIG_MAP": (
        lambda s: s.eks.update_cluster_config(name="c", accessConfig={"authenticationMode": "CONFIG_MAP"}),
        lambda s: s.eks.list_access_entries(clusterName="c"),
        REQUEST,
        "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
    ),
    "update missing": (nothing, lambda s: s.eks.describe_update(name="c", updateId="u"), NOT_FOUND, None),
}


@pytest.mark.parametrize("case", TABLE)
def test_refusal(stage: Stage, case: str) -> None:
    prepare, refused_call, (code, status), text = TABLE[case]
    prepare(stage)
    before = stage.simulated.profiles("c")
    with pytest.raises(ClientError) as refused:
        refused_call(stage)
    error = refused.value.response["Error"]
    assert (error["Code"], refused.value.response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert error["Message"] == text or (text is None and error["Message"])
    assert stage.simulated.profiles("c") == before
    recorded = stage.simulated.calls(service="eks")[-1]
    assert (recorded.status, recorded.error, recorded.message, recorded.changed) == (status, code, error["Message"], False)
