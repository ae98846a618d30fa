"""Kubernetes' quantities ("250m", "1.5Gi", "2e3") as exact numbers."""

import re
from fractions import Fraction
from math import ceil, floor
from typing import Final

from fargateclaims.domain.pods.words import kind_of, shown

_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_FORM: Final = re.compile(r"([+-]?)([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,4})|([A-Za-z]*))")
_SMALLEST: Final = Fraction(1, 10**9)
_LARGEST: Final = 2**63 - 1
_LONGEST: Final = 64
# Beyond these a number is zero or too large whatever stands before it, and 10**9999 is not worth computing.
_EXPONENTS: Final = range(-100, 101)


class QuantityError(ValueError):
    """A value is no quantity; the message says why, in a phrase that follows the value's place."""


def parse_quantity(value: object) -> Fraction:
    """Read a quantity as the API server does, exactly.

    As there, what is finer than one billionth is rounded away from zero, and numbers may stand without quotes.

    :raises QuantityError: it is none, or its size is beyond 2**63 - 1.
    """
    text = _text(value)
    found = _FORM.fullmatch(text)
    if found is None:
        raise QuantityError(f"{shown(text)} is no quantity: write a number, with a unit if need be, such as 250m, 0.5, 512Mi or 2Gi")
    sign, digits, exponent, suffix = found.groups()
    whole, _, decimals = digits.partition(".")
    number = Fraction(int(whole + decimals or "0"), 10 ** len(decimals)) * _scale(text, exponent, suffix or "")
    number = Fraction(ceil(number / _SMALLEST)) * _SMALLEST
    if number > _LARGEST:
        raise QuantityError(f"{shown(text)} is too large")
    return -number if sign == "-" else number


def _text(value: object) -> str:
    # YAML's true is an int to Python, and NaN and the infinities are floats.
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > _LARGEST:
            raise QuantityError("the number is too large")
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if not isinstance(value, str):
        raise QuantityError(f"a quantity is a text or a number, not {kind_of(value)}")
    if len(value) > _LONGEST:
        raise QuantityError(f"{shown(value)} is longer than any quantity ({_LONGEST} characters)")
    return value


def _scale(text: str, exponent: str | None, suffix: str) -> Fraction:
    if exponent is not None:
        if int(exponent) not in _EXPONENTS:
            raise QuantityError(f"{shown(text)} has an exponent beyond all use")
        return Fraction(10) ** int(exponent)
    if suffix in _BINARY:
        return Fraction(2 ** _BINARY[suffix])
    if suffix in _DECIMAL:
        return Fraction(10) ** _DECIMAL[suffix]
    units = ", ".join([*filter(None, _DECIMAL), *_BINARY])
    raise QuantityError(f"{shown(text)} has an unknown unit {shown(suffix)}; the units are {units}")


def format_cpu(vcpu: Fraction) -> str:
    """CPU as people write it: `2`, `1500m`; finer than a thousandth is rounded up."""
    thousandths = ceil(vcpu * 1000)
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def format_memory(size: Fraction) -> str:
    """Bytes in the largest unit that says it exactly (`512Mi`), else in MiB, rounded up."""
    whole = ceil(size)
    for unit in ("Ti", "Gi", "Mi"):
        if whole >= 2 ** _BINARY[unit] and whole % 2 ** _BINARY[unit] == 0:
            return f"{whole >> _BINARY[unit]}{unit}"
    return f"{ceil(Fraction(whole, 2**20))}Mi" if whole else "0"


def format_gib(size: Fraction) -> str:
    """Bytes in GiB with at most two decimals, rounded down: what is free is never overstated."""
    hundredths = floor(size * 100 / 2**30)
    return f"{hundredths / 100:g}Gi"
