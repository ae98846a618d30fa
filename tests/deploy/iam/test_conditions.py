"""What the policies let happen and what not, judged by `support.iam_policy`: AWS itself is not asked."""

import json
import re
from typing import Any

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.group import TAG_INSTALLATION
from fargateclaims.domain.checks.trust import FARGATE_PRINCIPAL, distrust
from support.iam_policy import PAGE, VALUES, actions, allows, document, documents

CLUSTER = "arn:aws:eks:eu-west-1:111122223333:cluster/prod"
OTHER_CLUSTER = "arn:aws:eks:eu-west-1:111122223333:cluster/staging"
PROFILE = "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/shop-a/1"
OTHER_PROFILE = "arn:aws:eks:eu-west-1:111122223333:fargateprofile/staging/shop-a/1"
POD_ROLE = "arn:aws:iam::111122223333:role/fargate-pod-execution"
ADMIN = "arn:aws:iam::111122223333:role/admin"
OWN_POLICY = "arn:aws:iam::111122223333:policy/team/pull"
FARGATE_POLICY = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
ENTRY = "arn:aws:eks:eu-west-1:111122223333:access-entry/prod/role/111122223333/fargate-pod-execution/1"
ADDON = "arn:aws:eks:eu-west-1:111122223333:addon/prod/coredns/1"
OTHER_ADDON = "arn:aws:eks:eu-west-1:111122223333:addon/prod/vpc-cni/1"
NODE_GROUP = "arn:aws:eks:eu-west-1:111122223333:nodegroup/prod/a/1"
LINKED_ROLE = "arn:aws:iam::111122223333:role/aws-service-role/eks-fargate.amazonaws.com/AWSServiceRoleForAmazonEKSForFargate"
ASKED = f"aws:RequestTag/{TAG_INSTALLATION}"
TAGGED = f"aws:ResourceTag/{TAG_INSTALLATION}"
OURS = "fargateclaims"
PASSED = "iam:PassedToService"
PRINCIPAL, ENTRY_TYPE = "eks:principalArn", "eks:accessEntryType"

NETWORK = ("NatGateways", "RouteTables", "SecurityGroups", "Subnets", "VpcAttribute", "VpcEndpoints", "Vpcs")

ALLOWED = [
    ("eks:DescribeCluster", CLUSTER, {}),
    ("eks:ListFargateProfiles", CLUSTER, {}),
    ("eks:DescribeFargateProfile", PROFILE, {}),
    ("eks:CreateFargateProfile", CLUSTER, {ASKED: OURS}),
    # With its tags, when it is created: of the profile or of the cluster, whichever EKS asks for. And when it is adopted.
    ("eks:TagResource", CLUSTER, {ASKED: OURS}),
    ("eks:TagResource", PROFILE, {ASKED: OURS}),
    ("eks:TagResource", PROFILE, {TAGGED: OURS}),
    ("eks:UntagResource", PROFILE, {TAGGED: OURS}),
    ("eks:DeleteFargateProfile", PROFILE, {TAGGED: OURS}),
    ("iam:PassRole", POD_ROLE, {PASSED: FARGATE_PRINCIPAL}),
    ("iam:GetRole", POD_ROLE, {}),
    ("iam:GetRole", LINKED_ROLE, {}),
    ("iam:CreateServiceLinkedRole", LINKED_ROLE, {"iam:AWSServiceName": "eks-fargate.amazonaws.com"}),
    ("iam:ListAttachedRolePolicies", POD_ROLE, {}),
    ("iam:ListRolePolicies", POD_ROLE, {}),
    ("iam:GetRolePolicy", POD_ROLE, {}),
    *((f"iam:{action}", policy, {}) for action in ("GetPolicy", "GetPolicyVersion") for policy in (OWN_POLICY, FARGATE_POLICY)),
    ("eks:ListNodegroups", CLUSTER, {}),
    ("eks:DescribeNodegroup", NODE_GROUP, {}),
    ("eks:DescribeAccessEntry", ENTRY, {}),
    ("eks:DescribeAddon", ADDON, {}),
    ("eks:DescribeClusterVersions", "*", {}),
    *((f"ec2:Describe{what}", "*", {"ec2:Region": "eu-west-1"}) for what in NETWORK),
    ("servicequotas:GetServiceQuota", "arn:aws:servicequotas:eu-west-1:111122223333:eks/L-33415657", {}),
]
REFUSED = [
    ("eks:DescribeCluster", OTHER_CLUSTER, {}),
    ("eks:CreateFargateProfile", CLUSTER, {}),
    ("eks:CreateFargateProfile", CLUSTER, {ASKED: "another"}),
    ("eks:CreateFargateProfile", OTHER_CLUSTER, {ASKED: OURS}),
    ("eks:DeleteFargateProfile", PROFILE, {}),
    ("eks:DeleteFargateProfile", PROFILE, {TAGGED: "another"}),
    ("eks:DeleteFargateProfile", OTHER_PROFILE, {TAGGED: OURS}),
    ("eks:TagResource", PROFILE, {}),
    ("eks:TagResource", PROFILE, {ASKED: "another"}),
    ("eks:TagResource", PROFILE, {ASKED: OURS, TAGGED: "another"}),
    ("eks:TagResource", CLUSTER, {}),
    ("eks:TagResource", CLUSTER, {ASKED: "another"}),
    ("eks:TagResource", OTHER_CLUSTER, {ASKED: OURS}),
    ("eks:UntagResource", CLUSTER, {TAGGED: OURS}),
    ("eks:UntagResource", PROFILE, {}),
    ("eks:UntagResource", PROFILE, {TAGGED: "another"}),
    ("iam:PassRole", POD_ROLE, {}),
    ("iam:PassRole", POD_ROLE, {PASSED: "ec2.amazonaws.com"}),
    ("iam:PassRole", ADMIN, {PASSED: FARGATE_PRINCIPAL}),
    ("iam:GetRole", ADMIN, {}),
    ("iam:CreateServiceLinkedRole", LINKED_ROLE, {"iam:AWSServiceName": "eks.amazonaws.com"}),
    ("iam:ListRolePolicies", ADMIN, {}),
    ("iam:GetPolicy", "arn:aws:iam::444455556666:policy/theirs", {}),
    ("eks:DescribeAddon", OTHER_ADDON, {}),
    ("eks:DescribeAccessEntry", ENTRY.replace("/prod/", "/staging/"), {}),
    ("eks:DescribeNodegroup", NODE_GROUP.replace("/prod/", "/staging/"), {}),
    ("eks:ListNodegroups", OTHER_CLUSTER, {}),
    ("eks:CreateAccessEntry", CLUSTER, {PRINCIPAL: POD_ROLE, ENTRY_TYPE: "FARGATE_LINUX"}),
    ("eks:UpdateAddon", ADDON, {}),
    ("ec2:DescribeSubnets", "*", {"ec2:Region": "us-east-1"}),
    ("servicequotas:GetServiceQuota", "arn:aws:servicequotas:eu-west-1:111122223333:ec2/L-1216C47A", {}),
]

MAY_REPAIR = [
    ("eks:CreateAccessEntry", CLUSTER, {PRINCIPAL: POD_ROLE, ENTRY_TYPE: "FARGATE_LINUX"}),
    ("eks:UpdateAddon", ADDON, {}),
]
MAY_NOT_REPAIR = [
    # A cluster's administrator would be made by an entry of type STANDARD and an access policy.
    ("eks:CreateAccessEntry", CLUSTER, {PRINCIPAL: POD_ROLE, ENTRY_TYPE: "STANDARD"}),
    ("eks:CreateAccessEntry", CLUSTER, {PRINCIPAL: ADMIN, ENTRY_TYPE: "FARGATE_LINUX"}),
    ("eks:CreateAccessEntry", OTHER_CLUSTER, {PRINCIPAL: POD_ROLE, ENTRY_TYPE: "FARGATE_LINUX"}),
    ("eks:AssociateAccessPolicy", CLUSTER, {PRINCIPAL: POD_ROLE}),
    ("eks:UpdateAddon", OTHER_ADDON, {}),
]
RIGHTS = {"operator-policy.json": (ALLOWED, REFUSED), "repairs-policy.json": (MAY_REPAIR, MAY_NOT_REPAIR)}


def short(value: object) -> str:
    return str(value).rpartition(":")[2]


def cases(which: int) -> list[Any]:
    return [
        pytest.param(name, *case, id=f"{name.partition('-')[0]}-{short(case[0])}-{short(case[1])}")
        for name, lists in RIGHTS.items()
        for case in lists[which]
    ]


@pytest.mark.parametrize(("name", "action", "resource", "context"), cases(0))
def test_the_operator_may(name: str, action: str, resource: str, context: dict[str, str]) -> None:
    assert allows(document(name), action, resource, context)


@pytest.mark.parametrize(("name", "action", "resource", "context"), cases(1))
def test_the_operator_may_not(name: str, action: str, resource: str, context: dict[str, str]) -> None:
    assert not allows(document(name), action, resource, context)


def test_the_pages_fallback_lets_profiles_be_created_as_ours_and_nothing_else() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    arn = "arn:aws:eks:eu-west-1:111122223333:/createfargateprofile"
    policy = {"Statement": [json.loads(block.replace("THE ARN OF THE MESSAGE", arn))]}
    assert allows(policy, "eks:TagResource", arn, {ASKED: OURS})
    assert not allows(policy, "eks:TagResource", arn)
    assert not allows(policy, "eks:TagResource", PROFILE, {ASKED: OURS})
    assert not allows(policy, "eks:UntagResource", arn, {ASKED: OURS})


@pytest.mark.parametrize("name", RIGHTS)
def test_every_statement_has_an_example(name: str) -> None:
    policy, (allowed, _) = document(name), RIGHTS[name]
    assert {action for action, _, _ in allowed} == actions(policy)
    for statement in policy["Statement"]:
        assert any(allows({"Statement": [statement]}, *case) for case in allowed), statement["Sid"]


@pytest.mark.parametrize("name", RIGHTS)
def test_no_condition_can_be_left_out(name: str) -> None:
    """Each does something: without it, a request that must be refused is allowed."""
    for statement in document(name)["Statement"]:
        for operator, pairs in statement.get("Condition", {}).items():
            for key in pairs:
                rest = {
                    other: {name: value for name, value in its.items() if (other, name) != (operator, key)}
                    for other, its in statement["Condition"].items()
                }
                alone = {"Statement": [{**statement, "Condition": rest}]}
                assert any(allows(alone, *case) for case in RIGHTS[name][1]), (statement["Sid"], key)


def test_one_policy_can_serve_all_clusters_of_an_account_and_region() -> None:
    policy = document("operator-policy.json", cluster="*")
    assert allows(policy, "eks:DescribeCluster", OTHER_CLUSTER)
    assert allows(policy, "eks:DeleteFargateProfile", OTHER_PROFILE, {TAGGED: OURS})


def test_only_fargate_for_this_clusters_profiles_gets_the_pod_execution_role() -> None:
    policy = document("trust-pod-execution.json")
    fargate = ("Service", FARGATE_PRINCIPAL)
    assert allows(policy, "sts:AssumeRole", context={"aws:SourceArn": PROFILE}, principal=fargate)
    assert not allows(policy, "sts:AssumeRole", context={"aws:SourceArn": OTHER_PROFILE}, principal=fargate)
    assert not allows(policy, "sts:AssumeRole", principal=fargate)
    assert not allows(policy, "sts:AssumeRole", context={"aws:SourceArn": PROFILE}, principal=("Service", "ec2.amazonaws.com"))
    # What the operator itself says of such a role.
    assert distrust(policy, ClusterARN.parse(CLUSTER)) is None


def test_only_the_operators_service_account_gets_its_role() -> None:
    irsa, provider = document("trust-irsa.json"), VALUES["oidc_provider"]
    token = {f"{provider}:aud": "sts.amazonaws.com", f"{provider}:sub": "system:serviceaccount:fargateclaims:fargateclaims"}
    principal = ("Federated", f"arn:aws:iam::999988887777:oidc-provider/{provider}")
    assert allows(irsa, "sts:AssumeRoleWithWebIdentity", context=token, principal=principal)
    assert not allows(
        irsa, "sts:AssumeRoleWithWebIdentity", context={**token, f"{provider}:sub": "system:serviceaccount:shop:x"}, principal=principal
    )
    pods, service = document("trust-pod-identity.json"), ("Service", "pods.eks.amazonaws.com")
    session = {
        "aws:SourceAccount": "999988887777",
        "aws:RequestTag/eks-cluster-name": "management",
        "aws:RequestTag/kubernetes-namespace": "fargateclaims",
        "aws:RequestTag/kubernetes-service-account": "fargateclaims",
    }
    assert allows(pods, "sts:AssumeRole", context=session, principal=service)
    for key in session:
        assert not allows(pods, "sts:AssumeRole", context={**session, key: "another"}, principal=service)


def test_a_role_in_another_account_is_for_the_operator_that_knows_the_external_id() -> None:
    policy, operator = document("trust-cross-account.json"), ("AWS", VALUES["operator_role_arn"])
    assert allows(policy, "sts:AssumeRole", context={"sts:ExternalId": VALUES["external_id"]}, principal=operator)
    assert not allows(policy, "sts:AssumeRole", principal=operator)
    assert not allows(policy, "sts:AssumeRole", context={"sts:ExternalId": "guessed"}, principal=operator)
    assert allows(policy, "sts:TagSession", principal=operator)
    theirs = document("assume-role-policy.json")
    assert allows(theirs, "sts:AssumeRole", VALUES["role_arn"])
    assert not allows(theirs, "sts:AssumeRole", ADMIN)


@pytest.mark.parametrize("name", documents())
def test_no_action_is_a_wildcard(name: str) -> None:
    assert [action for action in actions(document(name)) if "*" in action] == []
