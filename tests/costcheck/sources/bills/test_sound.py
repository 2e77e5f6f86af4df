"""What no source may hand on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from costcheck.errors import SourcePayloadError
from costcheck.records import Charge, Provenance, TokenUsage
from costcheck.sources.bills.rows import BatchBuilder
from costcheck.sources.bills.sound import MOST_TOKENS, refuse_unsound

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
USAGE = TokenUsage(
    x_source="s",
    x_bucket="2026-10",
    charge_period_start=NOON,
    charge_period_end=NOON + timedelta(hours=1),
    service_provider_name="openai",
    request_model="gpt-5.4",
    uncached_input_tokens=1,
    output_tokens=MOST_TOKENS,
)
CHARGE = Charge(
    x_source="s",
    x_bucket="2026-10",
    charge_period_start=NOON,
    charge_period_end=NOON + timedelta(hours=1),
    service_provider_name="openai",
    service_name="API",
    billed_cost=Decimal("-0.1"),
    billing_currency="USD",
)


@pytest.mark.parametrize(
    "record", [USAGE, CHARGE, replace(CHARGE, billed_cost=Decimal("999999999999.9"), consumed_quantity=Decimal(-1))]
)
def test_what_can_be_right_is_let_through(record: TokenUsage | Charge) -> None:
    refuse_unsound(record)


@pytest.mark.parametrize(
    ("record", "seen"),
    [
        (replace(USAGE, output_tokens=-1), "output_tokens is -1"),
        (replace(USAGE, requests=MOST_TOKENS + 1), "requests is 9223372036854775808"),
        (replace(USAGE, request_model=""), "a model without a name"),
        (replace(USAGE, charge_period_end=NOON), "a period from"),
        (replace(USAGE, charge_period_start=NOON.replace(tzinfo=None)), "a period from"),
        (replace(CHARGE, charge_period_start=NOON.astimezone(timezone(timedelta(hours=1)))), "a period from"),
        (replace(CHARGE, billed_cost=Decimal("NaN")), "billed_cost is NaN"),
        (replace(CHARGE, consumed_quantity=Decimal("Infinity")), "consumed_quantity is Infinity"),
        (replace(CHARGE, billed_cost=Decimal(-1000000000000)), "billed_cost is -1000000000000"),
        (replace(CHARGE, consumed_quantity=Decimal("1e26")), "consumed_quantity is 1E+26"),
    ],
)
def test_what_cannot_be_right_is_refused_by_name(record: TokenUsage | Charge, seen: str) -> None:
    with pytest.raises(SourcePayloadError) as caught:
        refuse_unsound(record)
    assert seen in caught.value.seen


def test_a_row_of_which_one_record_cannot_be_right_is_quarantined_as_a_whole(provenance: Provenance) -> None:
    builder = BatchBuilder("s")
    builder.read("2026-10", b"good", lambda: (1, USAGE))
    builder.read("2026-10", b"bad", lambda: (2, (USAGE, replace(CHARGE, billed_cost=Decimal("NaN")))))
    batch = builder.batch(("2026-10",), provenance)
    assert (len(batch.usage), len(batch.charges)) == (1, 0)
    assert [row.raw for row in batch.quarantined] == [b"bad"]
