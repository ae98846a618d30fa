import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from fargateclaims.api.arn import ClusterARN

_PROD = "arn:aws:eks:eu-west-1:111122223333:cluster/prod"
_ADAPTER: TypeAdapter[ClusterARN] = TypeAdapter(ClusterARN)


def test_an_arn_has_four_parts() -> None:
    assert ClusterARN.parse(_PROD) == ClusterARN("aws", "eu-west-1", "111122223333", "prod")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "prod",
        "arn:aws:iam::111122223333:role/fargate-pods",
        "arn:gcp:eks:eu-west-1:111122223333:cluster/prod",
        "arn:aws:eks:eu-west-1:11112222333:cluster/prod",
        "arn:aws:eks::111122223333:cluster/prod",
        "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/a/b",
        "arn:aws:eks:eu-west-1:111122223333:cluster/",
        "arn:aws:eks:eu-west-1:111122223333:cluster/-prod",
        "arn:aws:eks:eu-west-1:111122223333:cluster/" + "x" * 101,
        _PROD + "\n",
        " " + _PROD,
        "arn:aws" + "-x" * 100 + ":eks:eu-west-1:111122223333:cluster/prod",
    ],
)
def test_refuses_what_names_no_cluster(text: str) -> None:
    with pytest.raises(ValueError, match="not the ARN of an EKS cluster"):
        ClusterARN.parse(text)
    with pytest.raises(ValidationError):
        _ADAPTER.validate_python(text)


@given(
    st.builds(
        ClusterARN,
        st.sampled_from(["aws", "aws-cn", "aws-us-gov", "aws-iso-b"]),
        st.from_regex(r"[a-z]{2}(-[a-z]{3,9}){1,2}-[1-9]", fullmatch=True),
        st.from_regex(r"[0-9]{12}", fullmatch=True).filter(str.isascii),
        st.from_regex(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}", fullmatch=True).filter(str.isascii),
    ),
)
def test_survives_the_round_trip(arn: ClusterARN) -> None:
    assert ClusterARN.parse(str(arn)) == arn
    assert _ADAPTER.validate_json(_ADAPTER.dump_json(arn)) == arn


def test_is_a_key_and_has_an_order() -> None:
    other = ClusterARN("aws", "us-east-1", "444455556666", "staging")
    assert {ClusterARN.parse(_PROD): 1}[ClusterARN.parse(_PROD)] == 1
    assert sorted([other, ClusterARN.parse(_PROD)]) == [ClusterARN.parse(_PROD), other]


@pytest.mark.parametrize("value", [None, 5, ["a"]])
def test_is_read_from_text_alone(value: object) -> None:
    with pytest.raises(ValidationError):
        _ADAPTER.validate_python(value)
