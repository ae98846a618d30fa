"""What a size costs: prices by region, with their date and source. EKS Fargate has x86 alone, so there is one price a region."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

from fargateclaims.domain.pods.combinations import GIB, Combination
from fargateclaims.domain.pods.words import kind_of, shown

HOURS_A_MONTH: Final = 730
"""As AWS's own pricing calculator has it."""
ARCHITECTURE: Final = "x86_64"
_MOST: Final = Decimal(1000)


class PriceError(ValueError):
    """A price file cannot be used; the message says what is wrong where."""


@dataclass(frozen=True, slots=True)
class Price:
    """What AWS asks for in one region, in US dollars.

    :param storage_gb_hour: of ephemeral storage above 20 GB; None if it is not known.
    :param as_of: when that was so.
    """

    region: str
    vcpu_hour: Fraction
    gb_hour: Fraction
    storage_gb_hour: Fraction | None
    as_of: date
    source: str

    def hourly(self, combination: Combination, storage_billed: Fraction = Fraction(0)) -> Fraction:
        """US dollars for one hour of one pod.

        :param storage_billed: bytes of ephemeral storage above what is included; where its price is not known, it counts nothing.
        """
        storage = (self.storage_gb_hour or 0) * storage_billed / GIB
        return combination.vcpu * self.vcpu_hour + combination.memory * self.gb_hour + storage


def read_prices(document: object) -> dict[str, Price]:
    """Read a price file: prices by region. Raises PriceError.

    :param document: as a YAML or JSON parser returns it.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("prices"), list):
        raise PriceError("a price file has a list named prices")
    prices = [_price(entry, f"prices[{index}]") for index, entry in enumerate(document["prices"])]
    found = {price.region: price for price in prices}
    if len(found) != len(prices):
        raise PriceError("prices: a region stands there twice")
    return found


def _price(entry: object, place: str) -> Price:
    if not isinstance(entry, Mapping):
        raise PriceError(f"{place} must be a mapping, not {kind_of(entry)}")
    if entry.get("architecture", ARCHITECTURE) != ARCHITECTURE:
        raise PriceError(f"{place}.architecture must be {ARCHITECTURE}: EKS Fargate has no other (Arm is for ECS alone)")
    storage = entry.get("storageGBHour")
    return Price(
        region=_text(entry, "region", place),
        vcpu_hour=_amount(entry.get("vCPUHour"), f"{place}.vCPUHour"),
        gb_hour=_amount(entry.get("GBHour"), f"{place}.GBHour"),
        storage_gb_hour=None if storage is None else _amount(storage, f"{place}.storageGBHour"),
        as_of=_date(entry.get("asOf"), f"{place}.asOf"),
        source=_text(entry, "source", place),
    )


def _text(entry: Mapping[str, Any], key: str, place: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise PriceError(f"{place}.{key} must be a text, not {kind_of(value)}")
    return value


def _amount(value: object, place: str) -> Fraction:
    # Through the text: 0.04048 as a binary fraction is another number.
    try:
        amount = Decimal(str(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or not 0 <= amount <= _MOST:
        raise PriceError(f'{place} must be US dollars, such as "0.04048"')
    return Fraction(amount)


def _date(value: object, place: str) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        said = shown(value) if isinstance(value, str) else kind_of(value)
        raise PriceError(f"{place} must be a date such as 2026-11-22, not {said}") from None
