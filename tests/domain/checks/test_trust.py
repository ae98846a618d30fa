from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.checks.trust import FARGATE_PRINCIPAL, distrust
from support.builders import ARN
from support.class_checks import SOURCE_ARN, trusting

DENY = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}


def condition(**operators: Any) -> dict[str, Any]:
    return trusting(Condition=operators)


def arn(operator: str, *values: str) -> dict[str, Any]:
    return condition(**{operator: {"aws:SourceArn": list(values)}})


def account(operator: str, value: object) -> dict[str, Any]:
    return condition(**{operator: {"aws:SourceAccount": value}})


def denying(**changes: Any) -> dict[str, Any]:
    return {"Statement": [*trusting()["Statement"], DENY | changes]}


OTHER_ARN = "arn:aws:eks:eu-west-1:111122223333:fargateprofile/staging/*"
ONE_PROFILE = "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/web/*"


@pytest.mark.parametrize(
    "policy",
    [
        trusting(),
        trusting(Principal={"Service": ["eks.amazonaws.com", FARGATE_PRINCIPAL]}),
        trusting(Principal="*"),
        trusting(Principal={"AWS": "*"}),
        trusting(Principal={"Service": ["ec2.amazonaws.com", "*"]}),
        trusting(Action=["sts:TagSession", "sts:AssumeRole"]),
        trusting(Action="sts:*"),
        trusting(Action="STS:assumerole"),
        trusting(Condition=None),
        {"Statement": trusting()["Statement"][0]},
        {"Statement": [{"Effect": "Allow", "NotPrincipal": {"Service": "ec2.amazonaws.com"}, "NotAction": "sts:TagSession"}]},
        arn("ArnLike", OTHER_ARN, SOURCE_ARN),
        arn("ArnEquals", SOURCE_ARN),
        arn("StringLike", "arn:aws:eks:*:111122223333:fargateprofile/*"),
        arn("StringLike", "*"),
        arn("ForAnyValue:ArnLike", SOURCE_ARN),
        arn("ArnLikeIfExists", SOURCE_ARN),
        arn("arnlike", SOURCE_ARN),
        condition(ArnLike={"AWS:sourcearn": SOURCE_ARN}),
        # For one profile alone: whether that is the one to come is not known.
        arn("ArnLike", ONE_PROFILE),
        arn("StringEquals", "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/web/uuid"),
        arn("ArnNotLike", OTHER_ARN),
        arn("ArnNotEquals", ONE_PROFILE),
        arn("StringNotEquals", SOURCE_ARN),
        account("StringEquals", "111122223333"),
        account("StringLike", ["9*", "1111*"]),
        account("StringEquals", 111122223333),
        account("StringNotEquals", "999900001111"),
        # What cannot be decided.
        arn("ArnLike", "arn:aws:eks:eu-west-1:${aws:PrincipalAccount}:fargateprofile/staging/*"),
        condition(StringEquals={"aws:SourceOrgID": "o-1"}),
        condition(Bool={"aws:SecureTransport": "true"}),
        condition(NumericLessThan={"aws:SourceArn": "3"}),
        trusting(Condition="nonsense"),
        trusting(Condition={"ArnLike": "nonsense"}),
        denying(Principal={"Service": "ec2.amazonaws.com"}),
        denying(Principal={"AWS": "*"}),
        denying(Action="sts:TagSession"),
        denying(NotPrincipal={"AWS": "arn:aws:iam::111122223333:root"}, Principal=None),
        denying(Condition={"ArnLike": {"aws:SourceArn": OTHER_ARN}}),
        denying(Condition={"ArnLike": {"aws:SourceArn": ONE_PROFILE}}),
        denying(Condition={"StringNotEquals": {"aws:SourceAccount": "111122223333"}}),
        denying(Condition={"Bool": {"aws:PrincipalIsAWSService": "false"}}),
    ],
)
def test_fargate_may_assume_the_role_as_far_as_can_be_told(policy: dict[str, Any]) -> None:
    assert distrust(policy, ARN) is None


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"Statement": []},
        {"Statement": "nonsense"},
        {"Statement": [None, 3]},
        trusting(Effect="Deny"),
        trusting(Principal={"Service": "ec2.amazonaws.com"}),
        trusting(Principal={"AWS": "arn:aws:iam::111122223333:root"}),
        trusting(Principal=None),
        trusting(Principal=["*"]),
        trusting(Action="sts:AssumeRoleWithWebIdentity"),
        trusting(Action=None),
        {"Statement": [{"Effect": "Allow", "NotPrincipal": {"Service": FARGATE_PRINCIPAL}, "Action": "*"}]},
        {"Statement": [{"Effect": "Allow", "Principal": "*", "NotAction": "sts:Assume*"}]},
        {"Statement": [{"Effect": "Allow", "Principal": "*"}]},
    ],
)
def test_a_policy_that_does_not_name_fargate(policy: dict[str, Any]) -> None:
    found = distrust(policy, ARN)
    assert found is not None
    # trusting(Effect="Deny") both denies and does not allow.
    assert found.problem in ("does not trust Fargate", "denies Fargate sts:AssumeRole in its trust policy")
    assert FARGATE_PRINCIPAL in found.fix


@pytest.mark.parametrize(
    "policy",
    [
        arn("ArnLike", OTHER_ARN),
        arn("ArnEquals", "arn:aws:eks:eu-central-1:111122223333:fargateprofile/prod/*"),
        arn("StringLike", "arn:aws:eks:eu-west-1:999900001111:fargateprofile/prod/*"),
        arn("ArnLike", "arn:aws:eks:eu-west-1:111122223333:cluster/prod"),
        # StringEquals takes the asterisk as it stands: the commonest mistake here.
        arn("StringEquals", SOURCE_ARN),
        arn("ArnNotLike", SOURCE_ARN),
        arn("StringNotLike", "arn:aws:eks:*"),
        account("StringEquals", "999900001111"),
        account("StringNotEquals", ["111122223333", "999900001111"]),
        condition(ArnLike={"aws:SourceArn": SOURCE_ARN}, StringEquals={"aws:SourceAccount": "999900001111"}),
    ],
)
def test_a_condition_that_no_profile_of_the_cluster_meets(policy: dict[str, Any]) -> None:
    found = distrust(policy, ARN)
    assert found is not None
    assert found.problem.startswith("trusts Fargate, but for no profile of cluster prod: none meets {")
    assert found.fix == f'make the condition of its trust policy {{"ArnLike":{{"aws:SourceArn":"{SOURCE_ARN}"}}}}'


@pytest.mark.parametrize(
    "policy",
    [
        denying(),
        denying(Principal={"Service": FARGATE_PRINCIPAL}),
        denying(Action="*"),
        denying(Action=["sts:*"]),
        denying(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:eks:*"}}),
        denying(Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}),
        denying(Condition={"StringNotEquals": {"aws:SourceAccount": "999900001111"}}),
    ],
)
def test_a_denial_outweighs_what_is_allowed(policy: dict[str, Any]) -> None:
    found = distrust(policy, ARN)
    assert found is not None
    assert found.problem == "denies Fargate sts:AssumeRole in its trust policy"


def test_one_statement_that_lets_fargate_in_is_enough() -> None:
    policy = {"Statement": [*arn("ArnLike", OTHER_ARN)["Statement"], *trusting()["Statement"]]}
    assert distrust(policy, ARN) is None


def test_each_partition_has_its_own_arns() -> None:
    beijing = ClusterARN.parse("arn:aws-cn:eks:cn-north-1:111122223333:cluster/prod")
    assert distrust(arn("ArnLike", "arn:aws-cn:eks:cn-north-1:111122223333:fargateprofile/prod/*"), beijing) is None
    assert distrust(trusting(), beijing) is not None


def test_a_long_condition_is_cut_short() -> None:
    found = distrust(arn("ArnLike", *(f"{OTHER_ARN}{number}" for number in range(500))), ARN)
    assert found is not None
    assert len(found.problem) < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["*", "Allow", "Deny", "sts:*", FARGATE_PRINCIPAL, SOURCE_ARN, "${x}", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Effect", "Principal", "Service", "AWS", "Action", "NotAction", "Condition", "ArnLike", "aws:SourceArn"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_document_is_too_strange(statement: object) -> None:
    distrust({"Statement": statement}, ARN)
