"""The AWS price list still has one row for each price that we ask for."""

from datetime import date

import pytest

from costcheck.meters import METERS, Meter, on_demand_meter
from costcheck.sources.prices.aws_price_list import (
    fetch_meter_prices,
    fetch_on_demand_price,
    fetch_price_list,
)
from costcheck.sources.prices.pull import PriceClients
from tests.live.checks import REGION


def test_p5_48xlarge_has_exactly_one_sku_and_no_capacity_block_beside_it(aws: PriceClients) -> None:
    assert len(fetch_price_list(aws.pricing, REGION, on_demand_meter("p5.48xlarge"))) == 1


def test_p5_48xlarge_costs_more_than_nothing(aws: PriceClients, today: date) -> None:
    price = fetch_on_demand_price(aws.pricing, REGION, "p5.48xlarge", retrieved_on=today)

    assert price.list_unit_price > 0
    assert price.sku_id


@pytest.mark.parametrize("meter", METERS, ids=lambda meter: f"{meter.service_code} {meter.sku_meter}")
def test_every_meter_has_exactly_one_sku_with_a_price(meter: Meter, aws: PriceClients, today: date) -> None:
    tiers = fetch_meter_prices(aws.pricing, REGION, meter, retrieved_on=today)

    assert len({row.sku_id for row in tiers}) == 1
    assert any(row.list_unit_price > 0 for row in tiers)
