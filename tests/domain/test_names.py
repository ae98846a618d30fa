"""Generated profile names: what EKS takes, different for every claim, the newest first in EKS's order."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.domain.identity import Identity
from fargateclaims.domain.names import DEFAULT_TEMPLATE, NamesExhaustedError, stem, successor

EKS_TAKES = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")
A_LABEL_TAKES = re.compile(r"[0-9A-Za-z]([0-9A-Za-z_.-]{0,61}[0-9A-Za-z])?")
NAMESPACES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)
CLAIM_NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?)?", fullmatch=True)
TEMPLATES = st.from_regex(r"([0-9A-Za-z]|\{namespace\}|\{name\})([0-9A-Za-z_-]|\{namespace\}|\{name\}){0,80}", fullmatch=True)

LONG = st.lists(st.sampled_from(["a", "z", "0", "-a", "--9", "_b"]), min_size=60, max_size=80).map("".join).map("x{}".format)


def stem_of(name: str, namespace: str = "shop", *, template: str = DEFAULT_TEMPLATE, installation: str = "fargateclaims") -> str:
    return stem(template, Identity(installation, namespace, name))


def without_hash(made: str) -> str:
    readable, hashed = made.rsplit("-", 1)
    assert re.fullmatch(r"[0-9a-f]{8}", hashed)
    return readable


@pytest.mark.parametrize(
    ("template", "namespace", "name", "readable"),
    [
        ("{namespace}-{name}", "shop", "checkout", "shop-checkout"),
        ("fargate", "shop", "checkout", "fargate"),
        ("{name}_{name}", "shop", "x", "x_x"),
        ("{namespace}-{name}", "shop", "a.b", "shop-a-b"),
        ("eks", "shop", "x", "p-eks"),
        ("{namespace}-{name}", "eks", "x", "p-eks-x"),
        ("EKS-{name}", "shop", "x", "p-EKS-x"),
        ("eksotic-{name}", "shop", "x", "eksotic-x"),
        ("_-{name}", "shop", "x", "x"),
        ("--", "shop", "x", "p"),
        ("{name}-", "shop", "x", "x"),
    ],
)
def test_the_readable_part_follows_the_template_as_far_as_eks_takes_it(template: str, namespace: str, name: str, readable: str) -> None:
    assert without_hash(stem_of(name, namespace, template=template)) == readable


def test_a_stem_is_the_same_for_ever() -> None:
    # Profiles of an earlier release must be recognised as predecessors by their names.
    assert stem_of("checkout") == "shop-checkout-60fc29ca"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (stem_of("c", "a-b"), stem_of("b-c", "a")),
        (stem_of("x.y"), stem_of("x-y")),
        (stem_of("x", installation="one"), stem_of("x", installation="two")),
        (stem_of("x" * 60 + "a", "n" * 60), stem_of("x" * 60 + "b", "n" * 60)),
        (stem_of("a", template="all"), stem_of("b", template="all")),
    ],
)
def test_claims_that_read_alike_get_different_stems(one: str, other: str) -> None:
    assert one != other


@pytest.mark.parametrize(
    ("readable", "cut"),
    [
        ("x" * 49, "x" * 49),
        ("x" * 50, "x" * 49),
        ("x" * 49 + "-y", "x" * 48),
        ("x" * 48 + "-y", "x" * 47),
        ("x" * 48 + "_y", "x" * 48),
        ("x" * 45 + "----y", "x" * 44),
        ("x" + "-" * 60, "x"),
    ],
)
def test_a_long_name_is_cut_before_the_hash_and_not_left_with_a_dash(readable: str, cut: str) -> None:
    assert without_hash(stem_of("c", template=readable)) == cut


def test_a_name_may_be_as_long_as_a_label_s_value() -> None:
    assert len(f"{stem_of('y' * 63, 'x' * 63)}-9999") == 63


@given(LONG)
def test_a_name_sorts_before_one_of_the_same_claim_that_was_not_cut(template: str) -> None:
    made = stem_of("c", template=template)
    assert f"{made}-9999" < f"{template[:86].rstrip('-_')}-{made[-8:]}-0000"


@given(TEMPLATES, NAMESPACES, CLAIM_NAMES)
def test_eks_takes_every_generated_name_and_a_label_too(template: str, namespace: str, name: str) -> None:
    made = successor(stem_of(name, namespace, template=template), [])
    assert EKS_TAKES.fullmatch(made)
    assert A_LABEL_TAKES.fullmatch(made)
    assert not made.lower().startswith("eks-")
    assert made.endswith("-9999")


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ([], "s-9999"),
        (["s-9999"], "s-9998"),
        (["s-9999", "s-9997"], "s-9996"),
        (["s-9997"], "s-9996"),
        (["s-0001"], "s-0000"),
        (["s-0100", "other-0001", "s", "s-12", "s-00001", "s-0001-x", "x-s-0002", "S-0003", "s-000x"], "s-0099"),
    ],
)
def test_the_next_name_is_below_the_lowest_of_its_stem_and_sorts_first(taken: list[str], name: str) -> None:
    assert successor("s", taken) == name
    assert all(name < other for other in taken if re.fullmatch(r"s-\d{4}", other))


def test_a_stem_is_no_regular_expression() -> None:
    assert successor("a_b", ["axb-0001", "a_b-0009"]) == "a_b-0008"
    assert successor("a.b", ["axb-0001"]) == "a.b-9999"


def test_below_the_last_serial_there_is_no_name() -> None:
    with pytest.raises(NamesExhaustedError, match=r"no profile name is left below s-0000"):
        successor("s", ["s-9999", "s-0000"])
