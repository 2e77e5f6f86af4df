"""AWS's file of interruptions still has its shape; no key is needed."""

from datetime import date

from costcheck.sources.prices.spot_advisor import fetch_advice, normalise_advice
from tests.live.checks import REGION


def test_a_g6_xlarge_has_a_band(today: date) -> None:
    assert normalise_advice(fetch_advice(retrieved_on=today), REGION, ["g6.xlarge"])
