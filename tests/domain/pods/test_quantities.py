"""Kubernetes quantities as exact numbers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.domain.pods.quantities import QuantityError, format_cpu, format_gib, format_memory, parse_quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("1", 1),
        ("+1", 1),
        ("-1", -1),
        ("250m", Fraction(1, 4)),
        ("0.5", Fraction(1, 2)),
        (".5", Fraction(1, 2)),
        ("5.", 5),
        ("100u", Fraction(1, 10_000)),
        ("1n", Fraction(1, 10**9)),
        ("0.1n", Fraction(1, 10**9)),
        ("-0.1n", Fraction(-1, 10**9)),
        ("1k", 1000),
        ("1M", 10**6),
        ("1G", 10**9),
        ("1T", 10**12),
        ("1P", 10**15),
        ("1E", 10**18),
        ("1Ki", 2**10),
        ("1Mi", 2**20),
        ("1.5Gi", 3 * 2**29),
        ("1Ti", 2**40),
        ("1Pi", 2**50),
        ("1Ei", 2**60),
        ("1e3", 1000),
        ("1E3", 1000),
        ("12e-1", Fraction(6, 5)),
        ("1e-9999", None),
        (2, 2),
        (0.1, Fraction(1, 10)),
        (1e-05, Fraction(1, 10**5)),
        (9223372036854775807, 2**63 - 1),
    ],
)
def test_reads_every_form(text: object, number: Fraction | None) -> None:
    if number is None:
        with pytest.raises(QuantityError, match="exponent"):
            parse_quantity(text)
    else:
        assert parse_quantity(text) == number


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "no quantity"),
        ("m", "no quantity"),
        (".", "no quantity"),
        ("1 Gi", "no quantity"),
        (" 1", "no quantity"),
        ("1\n", "no quantity"),
        ("1,5", "no quantity"),
        ("0x10", 'unknown unit "x10"|no quantity'),
        ("٣", "no quantity"),
        ("1GB", 'unknown unit "GB"; the units are n, u, m, k, M,'),
        ("1mi", 'unknown unit "mi"'),
        ("1K", 'unknown unit "K"'),
        ("1e", 'unknown unit "e"'),
        ("1e99999999999", "no quantity"),
        ("1e101", "exponent"),
        ("9Ei", "too large"),
        ("9223372036854775808", "too large"),
        pytest.param(10**5000, "too large", id="5000 digits"),
        ("1" * 100, "longer than any quantity"),
        (True, "not true or false"),
        (None, "not nothing"),
        ([], "not a list"),
        ({}, "not a mapping"),
        (float("nan"), "no quantity"),
        (float("inf"), "no quantity"),
        ("\x1b[31m", r"\\x1b\[31m.* no quantity"),
    ],
)
def test_refuses_what_is_none_and_says_why(value: object, why: str) -> None:
    with pytest.raises(QuantityError, match=why):
        parse_quantity(value)


@given(st.text() | st.integers() | st.floats() | st.from_regex(r"[+-]?[0-9.]{1,8}([eE][+-]?[0-9]{1,6}|[a-zA-Z]{0,2})", fullmatch=True))
def test_whatever_comes_is_read_or_refused(value: object) -> None:
    try:
        said = str(parse_quantity(value))
    except QuantityError as error:
        said = str(error)
    assert said.isprintable()


@given(st.integers(0, 2**40), st.sampled_from(["", "Ki", "Mi", "k", "m", "n"]))
def test_a_larger_number_of_the_same_unit_is_larger(number: int, unit: str) -> None:
    if number * {"Ki": 2**10, "Mi": 2**20, "k": 1000}.get(unit, 1) < 2**62:
        assert parse_quantity(f"{number}{unit}") < parse_quantity(f"{number + 1}{unit}")


@pytest.mark.parametrize(("vcpu", "text"), [("0", "0"), ("0.25", "250m"), ("2", "2"), ("1.5", "1500m"), ("0.0001", "1m")])
def test_cpu_as_people_write_it(vcpu: str, text: str) -> None:
    assert format_cpu(Fraction(vcpu)) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0"), (2**30, "1Gi"), (3 * 2**29, "1536Mi"), (2**40, "1Ti"), (2**20, "1Mi"), (1, "1Mi"), (10**9, "954Mi")],
)
def test_memory_as_people_write_it(size: int, text: str) -> None:
    assert format_memory(Fraction(size)) == text
    assert parse_quantity(text) >= size


def test_what_is_free_is_never_overstated() -> None:
    assert format_gib(Fraction(2**30 - 1)) == "0.99Gi"
    assert format_gib(Fraction(3 * 2**29)) == "1.5Gi"
