"""What a month that was read again says now, beside what the ledger held of it."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from costcheck.cli.bill_text import shown_amount

if TYPE_CHECKING:
    from costcheck.ingest.storing import Replaced


def change_lines(replaced: Iterable["Replaced"]) -> Iterator[str]:
    """Yield a line for each month that was there before: `2026-10: 13,502.32 -> 12,152.07 USD`, or `unchanged`."""
    for bucket in replaced:
        changed = [
            f"{_amount(bucket.before, currency)} -> {_amount(bucket.now, currency)} {currency}"
            for currency in sorted({*bucket.before, *bucket.now})
            if bucket.before.get(currency) != bucket.now.get(currency)
        ]
        same = "unchanged" if bucket.has_same_rows else "the same amount, other rows"
        yield f"{bucket.x_bucket}: {', '.join(changed) or same}"


def _amount(costs: dict[str, Decimal], currency: str) -> str:
    return shown_amount(costs[currency]) if currency in costs else "nothing"
