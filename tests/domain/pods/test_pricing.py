"""Prices: the file that is built in, and what is wrong with others."""

import json
from datetime import date
from fractions import Fraction
from importlib import resources
from typing import Any

import pytest

from fargateclaims.domain.pods.combinations import COMBINATIONS, GIB, Combination
from fargateclaims.domain.pods.pricing import PriceError, read_prices

ENTRY: dict[str, Any] = {"region": "x", "vCPUHour": "0.04", "GBHour": "0.004", "asOf": "2026-11-01", "source": "us"}
BUILT_IN = read_prices(json.loads(resources.files("fargateclaims.domain.pods").joinpath("prices.json").read_text()))


def test_the_prices_that_are_built_in_have_a_source_and_a_date() -> None:
    assert "us-east-1" in BUILT_IN
    for price in BUILT_IN.values():
        assert price.source.startswith("https://")
        assert date(2026, 1, 1) <= price.as_of
        assert Fraction("0.03") < price.vcpu_hour < Fraction("0.1")
        assert 8 < price.vcpu_hour / price.gb_hour < 10, "in every region a vCPU costs about nine times a GB"


def test_an_hour_is_exact() -> None:
    price = BUILT_IN["us-east-1"]
    assert price.hourly(Combination(Fraction(2), Fraction(9))) == Fraction("0.120965")
    assert price.hourly(COMBINATIONS[0], Fraction(95 * GIB)) == Fraction("0.0123425") + 95 * Fraction("0.000111")


def test_storage_without_a_price_counts_nothing() -> None:
    price = read_prices({"prices": [ENTRY]})["x"]
    assert price.storage_gb_hour is None
    assert price.hourly(COMBINATIONS[0], Fraction(95 * GIB)) == price.hourly(COMBINATIONS[0])


def test_numbers_and_dates_may_stand_without_quotes() -> None:
    price = read_prices(
        {"prices": [{**ENTRY, "vCPUHour": 0.04048, "storageGBHour": 0, "asOf": date(2026, 11, 1), "architecture": "x86_64"}]}
    )["x"]
    assert price.vcpu_hour == Fraction("0.04048")
    assert price.storage_gb_hour == 0
    assert price.as_of == date(2026, 11, 1)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "a price file has a list named prices"),
        ([], "a price file has a list named prices"),
        ({"prices": {}}, "a price file has a list named prices"),
        ({"prices": ["x"]}, "prices[0] must be a mapping, not a text"),
        ({"prices": [ENTRY, ENTRY]}, "prices: a region stands there twice"),
        ({"prices": [{**ENTRY, "region": 1}]}, "prices[0].region must be a text, not a number"),
        ({"prices": [{**ENTRY, "vCPUHour": "-1"}]}, 'prices[0].vCPUHour must be US dollars, such as "0.04048"'),
        ({"prices": [{**ENTRY, "vCPUHour": "NaN"}]}, 'prices[0].vCPUHour must be US dollars, such as "0.04048"'),
        ({"prices": [{**ENTRY, "GBHour": True}]}, 'prices[0].GBHour must be US dollars, such as "0.04048"'),
        ({"prices": [{**ENTRY, "GBHour": "1e999999"}]}, 'prices[0].GBHour must be US dollars, such as "0.04048"'),
        ({"prices": [{**ENTRY, "storageGBHour": "cheap"}]}, 'prices[0].storageGBHour must be US dollars, such as "0.04048"'),
        ({"prices": [{**ENTRY, "asOf": "yesterday"}]}, 'prices[0].asOf must be a date such as 2026-11-22, not "yesterday"'),
        ({"prices": [{**ENTRY, "asOf": None}]}, "prices[0].asOf must be a date such as 2026-11-22, not nothing"),
        (
            {"prices": [{**ENTRY, "architecture": "arm64"}]},
            "prices[0].architecture must be x86_64: EKS Fargate has no other (Arm is for ECS alone)",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(document: object, message: str) -> None:
    with pytest.raises(PriceError) as caught:
        read_prices(document)
    assert str(caught.value) == message
