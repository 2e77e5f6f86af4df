"""Every price that some resource may need can be found, and leaves exactly one SKU; a spot price has a zone."""

from datetime import UTC, date, datetime

import pytest

from costcheck.gate.needs import NeededPrice, needs_of
from costcheck.gate.view import Side
from costcheck.records import PricingCategory
from costcheck.sources.prices.aws_price_list import fetch_meter_prices
from costcheck.sources.prices.pull import PriceClients
from costcheck.sources.prices.spot import fetch_spot_price
from tests.costcheck.gate.types.test_registry import CASES
from tests.live.checks import REGION


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


def test_a_spot_price_is_that_of_the_dearest_zone_now(aws: PriceClients) -> None:
    now = datetime.now(UTC)
    assert fetch_spot_price(aws.ec2, REGION, "g6.xlarge", now=now).list_unit_price > 0
