"""What live tests share: the region they ask about, and what holds for every bill, whatever is on it."""

from costcheck.records import BillBatch
from costcheck.sources.bills.windows import Window

REGION = "us-east-1"


def assert_sound(batch: BillBatch, window: Window) -> None:
    """Assert that every row was understood, lies in its month, and that charges are in US dollars."""
    assert batch.quarantined == (), [row.reason for row in batch.quarantined[:3]]
    assert batch.usage or batch.charges
    for usage in batch.usage:
        assert window.start <= usage.charge_period_start < usage.charge_period_end <= window.end
        assert min(usage.uncached_input_tokens, usage.cache_read_input_tokens, usage.output_tokens) >= 0
    for charge in batch.charges:
        assert window.start <= charge.charge_period_start < window.end
        assert charge.billing_currency == "USD"
        assert charge.billed_cost.is_finite()
