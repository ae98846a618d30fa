"""EKS's rules for names, selectors and tags, by tables."""

import pytest

from fargateclaims.simulator.eks.errors import EKSError
from fargateclaims.simulator.eks.model import Quotas
from fargateclaims.simulator.eks.validation import (
    check_cluster_name,
    check_name,
    check_new_tags,
    check_selectors,
    merged_tags,
    remaining_tags,
)


@pytest.mark.parametrize("name", ["a", "A-b_c", "0", "x" * 100, "ekscellent"])
def test_names_that_eks_takes(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("eks-a", "The fargate profile name starts with the reserved prefix: 'eks-'."),
        ("x" * 101, "The Fargate profile name parameter should not be greater than 100 characters."),
        ("-a", "The Fargate profile name parameter should match the pattern ^[0-9A-Za-z][A-Za-z0-9_-]*$."),
        ("a.b", "The Fargate profile name parameter should match the pattern ^[0-9A-Za-z][A-Za-z0-9_-]*$."),
        ("a\n", "The Fargate profile name parameter should match the pattern ^[0-9A-Za-z][A-Za-z0-9_-]*$."),
        ("", "The Fargate profile name parameter is required."),
        (None, "The Fargate profile name parameter is required."),
        (7, "The Fargate profile name parameter is required."),
    ],
)
def test_names_that_eks_refuses(name: object, text: str) -> None:
    with pytest.raises(EKSError) as refused:
        check_name(name)
    assert (refused.value.code, refused.value.message) == ("InvalidParameterException", text)


@pytest.mark.parametrize("name", ["", "-a", "a.b", "x" * 101, None])
def test_cluster_names_that_eks_refuses(name: object) -> None:
    with pytest.raises(EKSError):
        check_cluster_name(name)


LABELS = {f"k{i}": "v" for i in range(6)}


@pytest.mark.parametrize(
    ("selectors", "text"),
    [
        ([], "Fargate Profile requires at least one selector."),
        (None, "Fargate Profile requires at least one selector."),
        ([{}], "Fargate Profile must have at least one selector with at least one namespace value."),
        ([{"namespace": ""}], "Fargate Profile must have at least one selector with at least one namespace value."),
        (["default"], "Fargate Profile must have at least one selector with at least one namespace value."),
        ([{"namespace": "a", "labels": LABELS}], "Request contains Selector with more than 5 Label pairs"),
        ([{"namespace": "a"}] * 6, "Request contains more than 5 selectors"),
    ],
)
def test_selectors_that_eks_refuses(selectors: object, text: str) -> None:
    with pytest.raises(EKSError) as refused:
        check_selectors(selectors, Quotas())
    assert (refused.value.code, refused.value.message) == ("InvalidParameterException", text)


def test_raised_quotas_allow_more() -> None:
    check_selectors([{"namespace": "a*", "labels": LABELS}] * 6, Quotas(selectors=6, labels=6))


BAD_TAGS = [{"aws:x": "1"}, {"": "1"}, {"k" * 129: "1"}, {"k": "v" * 257}, {"k": 1}, {str(i): "" for i in range(51)}]


@pytest.mark.parametrize("tags", BAD_TAGS)
def test_tags_that_eks_refuses_have_a_type_per_operation(tags: dict[str, str]) -> None:
    with pytest.raises(EKSError) as at_create:
        check_new_tags(tags)
    assert at_create.value.code == "InvalidParameterException"
    with pytest.raises(EKSError) as at_tagging:
        merged_tags({}, tags)
    assert at_tagging.value.code == "BadRequestException"


def test_the_limit_of_tags_holds_for_old_and_new_together() -> None:
    with pytest.raises(EKSError):
        merged_tags({str(i): "" for i in range(50)}, {"one more": ""})
    assert len(merged_tags({str(i): "" for i in range(50)}, {"0": "changed"})) == 50


def test_tagging_needs_something_to_do() -> None:
    with pytest.raises(EKSError) as without_tags:
        merged_tags({}, {})
    with pytest.raises(EKSError) as without_keys:
        remaining_tags({}, [])
    assert without_tags.value.code == without_keys.value.code == "BadRequestException"
