"""The price of a region: from the file that is built in, or from the person's own."""

import json
import os
from importlib import resources
from typing import Final

from fargateclaims.cli.plugin.errors import UsageError
from fargateclaims.cli.plugin.manifests import read_document
from fargateclaims.domain.pods.pricing import Price, PriceError, read_prices

_BY_DEFAULT: Final = "us-east-1"


def price_of(region: str | None, file: str | None) -> tuple[Price, str]:
    """The price that counts, and a note if nobody has said which region. Raises UsageError where there is none."""
    named = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    where = f"price file {file}" if file else "the built-in prices"
    try:
        known = read_prices(read_document(file) if file else _built_in())
    except PriceError as error:
        raise UsageError(f"{where}: {error}") from None
    price = known.get(named or _BY_DEFAULT)
    if price is None:
        regions = ", ".join(sorted(known)) or "none"
        raise UsageError(f"no price for region {named or _BY_DEFAULT} in {where} (there are: {regions}): give one with --prices FILE")
    return price, "" if named else f"no region was named, so the prices are those of {_BY_DEFAULT}: --region says another"


def _built_in() -> object:
    document: object = json.loads(resources.files("fargateclaims.domain.pods").joinpath("prices.json").read_text(encoding="utf-8"))
    return document
