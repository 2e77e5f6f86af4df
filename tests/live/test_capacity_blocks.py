"""Offerings of Capacity Blocks still have a fee, a duration and a count; there may be none."""

from datetime import UTC, datetime

from costcheck.sources.prices.capacity_blocks import fetch_capacity_blocks
from costcheck.sources.prices.market_questions import read_market_questions
from costcheck.sources.prices.pull import PriceClients
from tests.live.checks import REGION


def test_an_hour_of_a_block_costs_something(aws: PriceClients) -> None:
    blocks = fetch_capacity_blocks(aws.ec2, REGION, "p5.48xlarge", read_market_questions(), now=datetime.now(UTC))
    assert all(block.hourly_price > 0 for block in blocks)
