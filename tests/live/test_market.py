"""Everything that a pull asks beside list prices is answered by a real account, or has a reason."""

from datetime import UTC, datetime

from costcheck.cli.prices_market import pulled_market
from costcheck.market import Subject
from costcheck.sources.prices.pull import PriceClients
from tests.live.checks import REGION

NAMES = ("g5.xlarge", "g6.xlarge", "g6e.xlarge", "p5.48xlarge")


def test_spot_savings_plans_versions_and_fees_have_prices(aws: PriceClients) -> None:
    market = pulled_market(
        aws,
        REGION,
        NAMES,
        named=True,
        advisor="live",
        discounts=(),
        now=datetime.now(UTC),
        progress=lambda _what, _done, _total: None,
    )
    meters = {row.sku_meter for row in market.unit_prices}
    assert {row.subject for row in market.facts.asked if not row.about} == set(Subject)
    assert [row for row in market.facts.unknown() if not row.about] == []
    assert {"SpotUsage:g6.xlarge", "EKS-Auto:g6.xlarge-management-hours"} <= meters
    assert any(meter.startswith("ComputeSavingsPlan1yr/No Upfront/") for meter in meters)
