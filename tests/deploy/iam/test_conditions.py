"""What the policies let happen and what not, judged by `support.iam_policy`: AWS itself is not asked."""

import json
import re

import pytest

from fargateclaims.api.group import TAG_INSTALLATION
from fargateclaims.domain.roles import FARGATE_PRINCIPAL, judge_trust_policy
from support.iam_policy import PAGE, VALUES, actions, allows, document, documents

CLUSTER = "arn:aws:eks:eu-west-1:111122223333:cluster/prod"
OTHER_CLUSTER = "arn:aws:eks:eu-west-1:111122223333:cluster/staging"
PROFILE = "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/shop-a/1"
OTHER_PROFILE = "arn:aws:eks:eu-west-1:111122223333:fargateprofile/staging/shop-a/1"
POD_ROLE = "arn:aws:iam::111122223333:role/fargate-pod-execution"
ADMIN = "arn:aws:iam::111122223333:role/admin"
LINKED_ROLE = "arn:aws:iam::111122223333:role/aws-service-role/eks-fargate.amazonaws.com/AWSServiceRoleForAmazonEKSForFargate"
ASKED = f"aws:RequestTag/{TAG_INSTALLATION}"
TAGGED = f"aws:ResourceTag/{TAG_INSTALLATION}"
OURS = "fargateclaims"
PASSED = "iam:PassedToService"

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
    ("ec2:DescribeSubnets", "*", {"ec2:Region": "eu-west-1"}),
    ("ec2:DescribeRouteTables", "*", {"ec2:Region": "eu-west-1"}),
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
    ("ec2:DescribeSubnets", "*", {"ec2:Region": "us-east-1"}),
    ("servicequotas:GetServiceQuota", "arn:aws:servicequotas:eu-west-1:111122223333:ec2/L-1216C47A", {}),
]


def short(value: object) -> str:
    return str(value).rpartition(":")[2]


@pytest.mark.parametrize(("action", "resource", "context"), ALLOWED, ids=short)
def test_the_operator_may(action: str, resource: str, context: dict[str, str]) -> None:
    assert allows(document("operator-policy.json"), action, resource, context)


@pytest.mark.parametrize(("action", "resource", "context"), REFUSED, ids=short)
def test_the_operator_may_not(action: str, resource: str, context: dict[str, str]) -> None:
    assert not allows(document("operator-policy.json"), action, resource, context)


def test_the_pages_fallback_lets_profiles_be_created_as_ours_and_nothing_else() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    arn = "arn:aws:eks:eu-west-1:111122223333:/createfargateprofile"
    policy = {"Statement": [json.loads(block.replace("THE ARN OF THE MESSAGE", arn))]}
    assert allows(policy, "eks:TagResource", arn, {ASKED: OURS})
    assert not allows(policy, "eks:TagResource", arn)
    assert not allows(policy, "eks:TagResource", PROFILE, {ASKED: OURS})
    assert not allows(policy, "eks:UntagResource", arn, {ASKED: OURS})


def test_every_statement_has_an_example() -> None:
    policy = document("operator-policy.json")
    assert {action for action, _, _ in ALLOWED} == actions(policy)
    for statement in policy["Statement"]:
        assert any(allows({"Statement": [statement]}, *case) for case in ALLOWED), statement["Sid"]


def test_no_condition_can_be_left_out() -> None:
    """Each does something: without it, a request that must be refused is allowed."""
    for statement in document("operator-policy.json")["Statement"]:
        for operator, pairs in statement.get("Condition", {}).items():
            for key in pairs:
                rest = {
                    other: {name: value for name, value in its.items() if (other, name) != (operator, key)}
                    for other, its in statement["Condition"].items()
                }
                assert any(allows({"Statement": [{**statement, "Condition": rest}]}, *case) for case in REFUSED), (statement["Sid"], key)


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
    assert judge_trust_policy(POD_ROLE, policy).problem is None


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
