"""AWS's public price files still have the shape that is read here; no key is needed, only the network and room."""

from contextlib import ExitStack
from datetime import UTC, date, datetime

import pytest

from costcheck.meters import METERS, on_demand_meter
from costcheck.records import PricingCategory
from costcheck.sources.prices.aws_price_list import select_prices
from costcheck.sources.prices.public_csv import read_items
from costcheck.sources.prices.public_download import PublicHost
from costcheck.sources.prices.public_files import PublicRequest, fetch_public_snapshot
from costcheck.sources.prices.public_offers import Opened, downloads
from costcheck.sources.prices.token_prices import TokenPrices
from costcheck.sources.snapshot import read_snapshot
from tests.live.checks import REGION

SMALL = sorted({meter.service_code for meter in METERS} - {"AmazonEC2"})


def opened(stack: ExitStack, offer: str, today: date) -> Opened:
    host = stack.enter_context(PublicHost())
    return stack.enter_context(downloads(host, today=today, progress=lambda *_: None)(offer, REGION))


@pytest.mark.parametrize("offer", SMALL)
def test_every_meter_has_exactly_one_sku_in_the_file_of_its_offer(offer: str, today: date) -> None:
    meters = [meter for meter in METERS if meter.service_code == offer]
    with ExitStack() as stack:
        file = opened(stack, offer, today)
        items = read_items(file.file, meters, REGION)

    for meter in meters:
        assert len({row.sku_id for row in select_prices(items, REGION, meter, file.provenance)}) == 1


def test_a_whole_snapshot_is_had_without_an_account() -> None:
    """It downloads several hundred MB."""
    request = PublicRequest(
        region_id=REGION,
        instance_types=("g6e.12xlarge", "p5.48xlarge"),
        only_priced=False,
        bundled=read_snapshot(),
        token_prices=TokenPrices(unit_prices=(), refused=()),
        fetch_advice=None,
        discounts=None,
        now=datetime.now(UTC),
    )
    with PublicHost() as host:
        offers = downloads(host, today=request.now.date(), progress=lambda *_: None)
        snapshot = fetch_public_snapshot(offers, request, lambda *_: None, lambda _: None).prices

    rates = {row.sku_meter: row.list_unit_price for row in snapshot.unit_prices}
    on_demand = rates[on_demand_meter("g6e.12xlarge").sku_meter]
    planned = [row for row in snapshot.unit_prices if row.pricing_category is PricingCategory.COMMITTED]
    assert planned
    assert all(0 < row.list_unit_price < on_demand for row in planned if row.sku_meter.endswith("/g6e.12xlarge"))
