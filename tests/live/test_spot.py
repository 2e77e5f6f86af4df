"""Spot prices still have a zone, a price and the time of its last change."""

from datetime import UTC, datetime

from costcheck.sources.prices.pull import PriceClients
from costcheck.sources.prices.spot import fetch_spot_price, fetch_spot_zones
from tests.live.checks import REGION


def test_every_zone_is_told_by_its_id(aws: PriceClients) -> None:
    zones = fetch_spot_zones(aws.ec2, REGION, ["g6.xlarge"], now=datetime.now(UTC))
    assert zones
    assert all(zone.zone_id.startswith("use1-az") for zone in zones)


def test_a_spot_price_is_that_of_the_dearest_zone_now(aws: PriceClients) -> None:
    now = datetime.now(UTC)
    assert fetch_spot_price(aws.ec2, REGION, "g6.xlarge", now=now).list_unit_price > 0
