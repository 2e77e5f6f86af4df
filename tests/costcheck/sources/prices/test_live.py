"""The prices of one plan, fetched now, through real clients that answer from recorded shapes."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from costcheck.errors import PriceNotFoundError
from costcheck.gate.needs import NeededPrice, needs_of
from costcheck.gate.pricing import spot_meter
from costcheck.gate.view import Side
from costcheck.meters import on_demand_meter
from costcheck.records import PricingCategory
from costcheck.sources.prices.live import with_live_prices
from costcheck.sources.prices.pull import PriceClients
from costcheck.sources.prices.spot import fetch_spot_price
from tests.costcheck.gate.plans import NODE_GROUP, book, create, pool, preview, read

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
Stub = Callable[[str], tuple[Any, Stubber]]
ON_DEMAND = NeededPrice(
    meter=on_demand_meter("p5.48xlarge"), region_id="us-east-1", category=PricingCategory.STANDARD
)


def change(zone: str, usd: str, minutes_ago: int = 0) -> dict[str, Any]:
    return {
        "AvailabilityZone": zone, "InstanceType": "g6.xlarge", "ProductDescription": "Linux/UNIX", "SpotPrice": usd,
        "Timestamp": NOW - timedelta(minutes=minutes_ago),
    }  # fmt: skip


def test_the_newest_price_of_each_zone_counts_and_the_dearest_zone_is_the_price(stub: Stub) -> None:
    client, stubber = stub("ec2")
    history = [change("us-east-1a", "0.30"), change("us-east-1a", "0.90", 60), change("us-east-1b", "0.35", 5)]
    stubber.add_response("describe_spot_price_history", {"SpotPriceHistory": history})

    price = fetch_spot_price(client, "us-east-1", "g6.xlarge", now=NOW)

    assert price.list_unit_price == Decimal("0.35")
    assert (price.sku_meter, price.pricing_category) == ("SpotUsage:g6.xlarge", PricingCategory.DYNAMIC)


def test_no_zone_with_a_price_is_no_price(stub: Stub) -> None:
    client, stubber = stub("ec2")
    stubber.add_response("describe_spot_price_history", {"SpotPriceHistory": []})

    with pytest.raises(PriceNotFoundError, match="no zone of us-east-1"):
        fetch_spot_price(client, "us-east-1", "g6.xlarge", now=NOW)


def test_a_fresh_price_takes_the_place_of_the_old_one(stub: Stub, item: Callable[..., str]) -> None:
    client, stubber = stub("pricing")
    stubber.add_response("get_products", {"PriceList": [item()], "FormatVersion": "aws_v1"})
    clients = PriceClients(pricing=client, ec2=client, quotas=client)

    fresh = with_live_prices(book().snapshot, [ON_DEMAND], [], lambda _: clients, now=NOW)

    (row,) = [row for row in fresh.unit_prices if row.sku_meter == "BoxUsage:p5.48xlarge"]
    assert (row.sku_id, row.provenance.retrieved_on) == ("SKU1", NOW.date())
    assert len(fresh.unit_prices) == len(book().snapshot.unit_prices)


def test_what_aws_does_not_have_is_left_out_so_that_the_gate_names_it(stub: Stub) -> None:
    client, stubber = stub("pricing")
    stubber.add_response("get_products", {"PriceList": [], "FormatVersion": "aws_v1"})
    clients = PriceClients(pricing=client, ec2=client, quotas=client)

    fresh = with_live_prices(book().snapshot, [ON_DEMAND], [], lambda _: clients, now=NOW)

    assert not [row for row in fresh.unit_prices if row.sku_meter == "BoxUsage:p5.48xlarge"]


def test_a_price_in_a_unit_that_is_not_known_here_is_left_out_and_the_others_are_not(
    stub: Stub, item: Callable[..., str]
) -> None:
    client, stubber = stub("pricing")
    for unit, region in (("Fortnights", "us-east-1"), ("Hrs", "us-west-2")):
        row = item(unit=unit, regionCode=region)
        stubber.add_response("get_products", {"PriceList": [row], "FormatVersion": "aws_v1"})
    clients = PriceClients(pricing=client, ec2=client, quotas=client)
    other = replace(ON_DEMAND, region_id="us-west-2")
    rows = with_live_prices(book().snapshot, [ON_DEMAND, other], [], lambda _: clients, now=NOW).unit_prices
    assert [row.region_id for row in rows if row.sku_meter == "BoxUsage:p5.48xlarge"] == ["us-west-2"]


def test_the_tokens_of_an_agent_are_not_asked_of_aws() -> None:
    token = "aws:bedrock/agentAgent:AgentAgent"  # noqa: S105 - a type
    plan = read(preview(create(token, "helper", {"foundationModel": "amazon.nova-pro-v1:0", "region": "us-east-1"})))
    assert needs_of(Side(plan.after, {})).prices == frozenset()


def test_a_spot_price_is_asked_of_ec2_and_not_of_the_price_list(stub: Stub) -> None:
    client, stubber = stub("ec2")
    asked = {"InstanceTypes": ["g6.xlarge"], "ProductDescriptions": ANY, "StartTime": NOW, "EndTime": NOW}
    stubber.add_response("describe_spot_price_history", {"SpotPriceHistory": [change("us-east-1a", "0.31")]}, asked)
    spot = replace(ON_DEMAND, meter=spot_meter("g6.xlarge"), category=PricingCategory.DYNAMIC)
    clients = PriceClients(pricing=client, ec2=client, quotas=client)

    fresh = with_live_prices(book().snapshot, [spot], [], lambda _: clients, now=NOW)

    assert [row.list_unit_price for row in fresh.unit_prices if row.sku_meter == "SpotUsage:g6.xlarge"] == [
        Decimal("0.31")
    ]


def test_a_type_that_ec2_does_not_know_gets_no_facts(stub: Stub) -> None:
    client, stubber = stub("ec2")
    stubber.add_client_error("describe_instance_types", "InvalidInstanceType", "no such type")
    clients = PriceClients(pricing=client, ec2=client, quotas=client)

    fresh = with_live_prices(book().snapshot, [], [("us-east-1", "zz9.large")], lambda _: clients, now=NOW)

    assert fresh.instance_types == book().snapshot.instance_types


def test_a_plan_needs_each_price_once_and_under_three_calls_a_type() -> None:
    kinds = ("p5.48xlarge", "g6.xlarge", "m6i.large")
    steps = [create(NODE_GROUP, f"{kind}-{n}", pool(1, kind)) for kind in kinds for n in range(9)]
    plan = read(preview(*json.loads(json.dumps(steps))))

    needs = needs_of(Side(plan.after, {}))

    assert sorted(price.meter.sku_meter for price in needs.prices) == [
        "BoxUsage:g6.xlarge", "BoxUsage:m6i.large", "BoxUsage:p5.48xlarge", "EBS:VolumeUsage.gp3",
    ]  # fmt: skip
    assert len(needs.instance_types) == len(kinds)
    assert len(needs.prices) + len(needs.instance_types) < 3 * len(kinds)
