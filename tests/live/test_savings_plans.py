"""Rates of Savings Plans still have the fields that tell one price from another."""

from datetime import date

from costcheck.cli.prices_market import market_clients
from costcheck.sources.prices.pull import PriceClients
from costcheck.sources.prices.savings_plans import fetch_savings_plan_rates
from tests.live.checks import REGION


def test_a_g6_xlarge_has_one_rate_for_each_way_to_pay(aws: PriceClients, today: date) -> None:
    client = market_clients(aws, REGION).savings_plans
    rates = fetch_savings_plan_rates(client, REGION, ["g6.xlarge"], retrieved_on=today)
    assert [rate.sku_meter.split("/")[1] for rate in rates] == ["All Upfront", "No Upfront", "Partial Upfront"]
