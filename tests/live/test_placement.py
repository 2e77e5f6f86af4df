"""Placement scores still go from 1 to 10, zone by zone."""

from datetime import date

from costcheck.sources.prices.placement import fetch_placement_scores
from costcheck.sources.prices.pull import PriceClients
from tests.live.checks import REGION


def test_three_types_are_scored_together(aws: PriceClients, today: date) -> None:
    names = ["g5.xlarge", "g6.xlarge", "g6e.xlarge"]
    assert fetch_placement_scores(aws.ec2, REGION, names, 1, retrieved_on=today)
