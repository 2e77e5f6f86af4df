"""What an engine summed to the hour keeps its busiest minute, and what was prepaid counts where it is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from costcheck.ledger import Ledger, open_ledger
from costcheck.records import BillBatch, Charge, Origin, Provenance, TokenUsage

HOUR = datetime(2026, 9, 1, 10, tzinfo=UTC)
USAGE = TokenUsage(
    x_source="litellm",
    x_bucket="2026-09",
    charge_period_start=HOUR,
    charge_period_end=HOUR + timedelta(hours=1),
    service_provider_name="openai",
    request_model="gpt-5.4",
    uncached_input_tokens=900,
    output_tokens=100,
    requests=50,
    x_peak_minute_tokens=100,
)
CHARGE = Charge(
    x_source="litellm",
    x_bucket="2026-09",
    charge_period_start=HOUR,
    charge_period_end=HOUR + timedelta(hours=1),
    service_provider_name="openai",
    service_name="OpenAI API",
    billed_cost=Decimal(0),
    billing_currency="USD",
    effective_cost=Decimal("1.50"),
)


def batch(*usage: TokenUsage, charges: tuple[Charge, ...] = ()) -> BillBatch:
    where = Provenance(source="test", source_url="", retrieved_on=date(2026, 11, 23), origin=Origin.CONSTRUCTED)
    return BillBatch(x_source="litellm", buckets=("2026-09",), usage=usage, charges=charges, provenance=where)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "ledger.duckdb") as opened:
        yield opened


def peaks(ledger: Ledger, *usage: TokenUsage) -> list[int | None]:
    ledger.replace(batch(*usage))
    return [row.peak_minute_requests for row in ledger.usage_by_hour()]


def test_a_stated_busiest_minute_has_its_share_of_the_requests(ledger: Ledger) -> None:
    assert peaks(ledger, USAGE) == [5]


def test_one_part_without_a_busiest_minute_leaves_the_hour_without(ledger: Ledger) -> None:
    assert peaks(ledger, USAGE, replace(USAGE, x_peak_minute_tokens=None)) == [None]


def test_the_busiest_minutes_of_parts_add_up_since_they_may_be_the_same(ledger: Ledger) -> None:
    minute = replace(USAGE, charge_period_end=HOUR + timedelta(minutes=1), x_peak_minute_tokens=None)
    assert peaks(ledger, USAGE, minute) == [55]


def test_a_charge_counts_at_its_effective_cost(ledger: Ledger) -> None:
    paid = replace(CHARGE, billed_cost=Decimal(2), effective_cost=None)
    ledger.replace(batch(charges=(CHARGE, paid)))
    assert [row.billed_cost for row in ledger.charges_by_month()] == [Decimal("3.5")]


def test_a_ledger_of_version_2_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    with open_ledger(path) as new:
        new.replace(batch(replace(USAGE, x_peak_minute_tokens=None)))
    with duckdb.connect(str(path)) as old:
        old.execute(
            "ALTER TABLE usage DROP COLUMN x_peak_minute_tokens; ALTER TABLE charges DROP COLUMN effective_cost; "
            "ALTER TABLE ingests DROP COLUMN rows_in"
        )
        old.execute("UPDATE costcheck_ledger SET schema_version = 2")
    with open_ledger(path, read_only=True) as opened:
        assert [row.requests for row in opened.usage_by_hour()] == [50]
    with open_ledger(path) as opened:
        assert peaks(opened, USAGE) == [5]
