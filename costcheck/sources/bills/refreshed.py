"""How long an export of a month may still be written again, and what that makes of its charges."""

from dataclasses import replace
from datetime import date, timedelta

from costcheck.records import BillBatch
from costcheck.sources.bills.windows import month_start

REFRESHED_FOR = timedelta(days=14)
"""AWS writes a month's export again until two weeks after its end, and others for less."""


def marked(batch: BillBatch, *, is_open: bool) -> BillBatch:
    """Return the batch, its charges estimates or not."""
    return replace(batch, charges=tuple(replace(row, x_estimated=is_open) for row in batch.charges))


def marked_by_month(batch: BillBatch, *, read_on: date) -> BillBatch:
    """Return what a file holds, charges of a month that may still be written again after this day as estimates."""
    return replace(
        batch,
        charges=tuple(
            replace(row, x_estimated=read_on < (month_start(row.charge_period_start, shift=1) + REFRESHED_FOR).date())
            for row in batch.charges
        ),
    )
