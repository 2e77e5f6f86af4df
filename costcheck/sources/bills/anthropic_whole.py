"""Whether Anthropic's analytics answered in full, as far as rows without buckets of time can show it."""

from collections.abc import Iterable
from datetime import UTC, date

from costcheck.errors import SourcePayloadError
from costcheck.records import BillBatch, Charge, Operation, ServiceTier, TokenUsage

MOST_DAYS_APART = 3
"""Costs come a day or two after the usage; and a day may be free."""


def refuse_cut(batch: BillBatch, *, in_part_alone: int = 0) -> None:
    """Do nothing unless an answer was cut: many days have costs of tokens and no tokens, or the other way round.

    Seats of an enterprise use tokens that nobody is charged for, and the priority tier has no costs in some reports:
    tokens without a cost count where they have a key or a workspace, and another tier. A row in quarantine may have
    been all of its day.

    Args:
        batch: What was read.
        in_part_alone: Rows of what ran in the US that the whole lacks, though it was asked for later.

    Raises:
        SourcePayloadError: One of the answers was cut.
    """
    if in_part_alone > len(batch.quarantined):
        raise _cut(batch, "usage", f"{in_part_alone} rows that it has when it is asked for the US alone")
    used = _days(batch.usage)
    charged = _days(row for row in batch.charges if row.x_operation is Operation.CHAT and row.billed_cost > 0)
    if not used or not charged:
        return
    most = MOST_DAYS_APART + len(batch.quarantined)
    billable = _days(
        row
        for row in batch.usage
        if row.service_tier is not ServiceTier.PRIORITY and (row.x_api_key_id or row.sub_account_id)
    )
    for what, lacking in (("usage", charged - used), ("cost", billable - charged)):
        if len(lacking) > most:
            other = "cost" if what == "usage" else "usage"
            days = f"{len(lacking)} days of which analytics/{other} has tokens, {min(lacking)} to {max(lacking)}"
            raise _cut(batch, what, days)


def _cut(batch: BillBatch, what: str, lacking: str) -> SourcePayloadError:
    return SourcePayloadError(
        f"analytics/{what} answered for {', '.join(batch.buckets)} without {lacking}",
        expected="an answer that is whole",
        action="run it again; if it repeats, check any proxy in between, or read that month with `costcheck bill "
        "pull anthropic-legacy`, whose answers show every hour; nothing of this month was kept",
    )


def _days(rows: Iterable[TokenUsage | Charge]) -> set[date]:
    return {row.charge_period_start.astimezone(UTC).date() for row in rows}
