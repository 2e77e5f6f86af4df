"""What an account owns can be asked for; it may be nothing."""

from datetime import date

from costcheck.cli.prices_market import market_clients
from costcheck.sources.prices.commitments import (
    fetch_capacity_reservations,
    fetch_reserved_instances,
    fetch_savings_plans,
)
from costcheck.sources.prices.pull import PriceClients
from tests.live.checks import REGION


def test_all_that_is_owned_has_an_id(aws: PriceClients, today: date) -> None:
    owned = (
        *fetch_savings_plans(market_clients(aws, REGION).savings_plans, retrieved_on=today),
        *fetch_reserved_instances(aws.ec2, REGION, retrieved_on=today),
        *fetch_capacity_reservations(aws.ec2, REGION, retrieved_on=today),
    )
    assert all(row.commitment_id for row in owned)
