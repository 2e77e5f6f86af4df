"""Spot prices zone by zone: the newest row of each, and no row is no price."""

from datetime import timedelta
from decimal import Decimal

import pytest
from botocore.stub import ANY

from costcheck.errors import SourcePayloadError
from costcheck.sources.prices.spot import TYPES_A_CALL, dearest_zone_prices, fetch_spot_zones
from tests.costcheck.sources.prices.market_stubs import NOW, REGION, Stub, spot_row

HOUR = timedelta(hours=1)
METHOD = "describe_spot_price_history"


def test_each_zone_has_its_newest_price_however_the_rows_are_ordered(stub: Stub) -> None:
    client, stubber = stub("ec2")
    rows = [spot_row("a", "0.90", at=NOW - HOUR), spot_row("b", "0.35", at=NOW - 9 * HOUR), spot_row("a", "0.30")]
    stubber.add_response(METHOD, {"SpotPriceHistory": rows})
    zones = fetch_spot_zones(client, REGION, ["g6.xlarge"], now=NOW)
    assert {zone.zone_id: zone.list_unit_price for zone in zones} == {
        "use1-az-a": Decimal("0.3"),
        "use1-az-b": Decimal("0.35"),
    }
    assert {zone.observed_at for zone in zones} == {NOW, NOW - 9 * HOUR}


def test_the_price_of_a_type_is_that_of_its_dearest_zone_and_no_other_type_s(stub: Stub) -> None:
    client, stubber = stub("ec2")
    rows = [spot_row("a", "0.30"), spot_row("b", "0.35"), spot_row("a", "9.00", name="p5.48xlarge")]
    stubber.add_response(METHOD, {"SpotPriceHistory": rows})
    prices = dearest_zone_prices(fetch_spot_zones(client, REGION, ["g6.xlarge", "p5.48xlarge"], now=NOW))
    assert [(row.sku_meter, row.list_unit_price) for row in prices] == [
        ("SpotUsage:g6.xlarge", Decimal("0.35")),
        ("SpotUsage:p5.48xlarge", Decimal(9)),
    ]


def test_a_type_without_rows_has_no_price(stub: Stub) -> None:
    client, stubber = stub("ec2")
    stubber.add_response(METHOD, {"SpotPriceHistory": [spot_row("a", "0.30")]})
    zones = fetch_spot_zones(client, REGION, ["g6.xlarge", "p5e.48xlarge"], now=NOW)
    assert [row.sku_meter for row in dearest_zone_prices(zones)] == ["SpotUsage:g6.xlarge"]


def test_an_empty_middle_page_ends_nothing(stub: Stub) -> None:
    client, stubber = stub("ec2")
    stubber.add_response(METHOD, {"SpotPriceHistory": [spot_row("a", "0.30")], "NextToken": "1"})
    stubber.add_response(METHOD, {"SpotPriceHistory": [], "NextToken": "2"})
    stubber.add_response(METHOD, {"SpotPriceHistory": [spot_row("b", "0.35")], "NextToken": ""})
    assert len(fetch_spot_zones(client, REGION, ["g6.xlarge"], now=NOW)) == 2


def test_a_repeated_token_is_an_error_and_no_endless_loop(stub: Stub) -> None:
    client, stubber = stub("ec2")
    for _ in range(2):
        stubber.add_response(METHOD, {"SpotPriceHistory": [spot_row("a", "0.30")], "NextToken": "same"})
    with pytest.raises(SourcePayloadError, match="same"):
        fetch_spot_zones(client, REGION, ["g6.xlarge"], now=NOW)


def test_windows_prices_do_not_count(stub: Stub) -> None:
    client, stubber = stub("ec2")
    stubber.add_response(METHOD, {"SpotPriceHistory": [spot_row("a", "0.30", ProductDescription="Windows")]})
    assert fetch_spot_zones(client, REGION, ["g6.xlarge"], now=NOW) == ()


@pytest.mark.parametrize("usd", ["0.00", "-1", "n/a"])
def test_a_price_that_is_none_is_an_error(stub: Stub, usd: str) -> None:
    client, stubber = stub("ec2")
    stubber.add_response(METHOD, {"SpotPriceHistory": [spot_row("a", usd)]})
    with pytest.raises(SourcePayloadError, match=r"g6\.xlarge"):
        fetch_spot_zones(client, REGION, ["g6.xlarge"], now=NOW)


def test_a_row_without_a_zone_is_an_error(stub: Stub) -> None:
    client, stubber = stub("ec2")
    row = spot_row("a", "0.30")
    del row["AvailabilityZone"], row["AvailabilityZoneId"]
    stubber.add_response(METHOD, {"SpotPriceHistory": [row]})
    with pytest.raises(SourcePayloadError, match="zone"):
        fetch_spot_zones(client, REGION, ["g6.xlarge"], now=NOW)


def test_many_types_are_asked_for_in_several_calls(stub: Stub) -> None:
    client, stubber = stub("ec2")
    names = [f"g6.{number}xlarge" for number in range(TYPES_A_CALL + 1)]
    for part in (names[:TYPES_A_CALL], names[TYPES_A_CALL:]):
        asked = {"InstanceTypes": part, "ProductDescriptions": ANY, "StartTime": NOW, "EndTime": NOW}
        stubber.add_response(METHOD, {"SpotPriceHistory": [spot_row("a", "0.3", name=part[-1])]}, asked)
    assert len(fetch_spot_zones(client, REGION, names, now=NOW)) == 2
