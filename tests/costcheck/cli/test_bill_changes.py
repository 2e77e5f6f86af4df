"""What `bill pull` says of a month that it has read again."""

from decimal import Decimal

import pytest

from costcheck.cli.bill_changes import change_lines
from costcheck.ingest.storing import Replaced


@pytest.mark.parametrize(
    ("before", "now", "has_same_rows", "said"),
    [
        ({"USD": "13502.32"}, {"USD": "12152.07"}, False, "13,502.32 -> 12,152.07 USD"),
        ({"USD": "1"}, {"USD": "1"}, True, "unchanged"),
        ({"USD": "1"}, {"USD": "1.00"}, False, "the same amount, other rows"),
        ({}, {}, True, "unchanged"),
        ({}, {"USD": "1"}, False, "nothing -> 1.00 USD"),
        ({"EUR": "2", "USD": "1"}, {"EUR": "2", "USD": "3"}, False, "1.00 -> 3.00 USD"),
    ],
)
def test_a_month_that_was_read_again_says_what_changed_and_else_that_nothing_did(
    before: dict[str, str],
    now: dict[str, str],
    has_same_rows: bool,  # noqa: FBT001 - the case
    said: str,
) -> None:
    replaced = Replaced(
        x_bucket="2026-10",
        before={currency: Decimal(cost) for currency, cost in before.items()},
        now={currency: Decimal(cost) for currency, cost in now.items()},
        has_same_rows=has_same_rows,
    )
    assert list(change_lines([replaced])) == [f"2026-10: {said}"]
