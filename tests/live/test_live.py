"""Every price that some resource may need can be found, and leaves exactly one SKU."""

from datetime import date

import pytest

from costcheck.gate.needs import NeededPrice, needs_of
from costcheck.gate.view import Side
from costcheck.records import PricingCategory
from costcheck.sources.prices.aws_price_list import fetch_meter_prices
from costcheck.sources.prices.pull import PriceClients
from tests.costcheck.gate.types.test_registry import CASES


def needed() -> list[NeededPrice]:
    """Return each meter of each type in the registry once, as the cases of the unit tests need them."""
    found = {price for case in CASES for price in needs_of(Side((case.resource, *case.others), {})).prices}
    standard = [price for price in found if price.category is PricingCategory.STANDARD]
    return sorted(standard, key=lambda price: (price.meter.service_code, price.meter.sku_meter))


@pytest.mark.parametrize("price", needed(), ids=lambda price: f"{price.meter.service_code} {price.meter.sku_meter}")
def test_every_meter_of_the_registry_leaves_exactly_one_sku(
    price: NeededPrice, aws: PriceClients, today: date
) -> None:
    assert fetch_meter_prices(aws.pricing, price.region_id, price.meter, retrieved_on=today)
