"""Dumps of Google's billing export; every row here is constructed."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from costcheck.errors import CurrencyError, InputFileError, SourcePayloadError
from costcheck.ingest import recognise
from costcheck.records import BillBatch, ChargeCategory, Provenance
from costcheck.sources.bills import google

Row = dict[str, Any]
INPUT = "Gemini 2.5 Flash GA Text Input - Predictions"


def row(**changes: object) -> Row:
    return {
        "service": {"id": "C7E2-9256-1C43", "description": "Vertex AI"},
        "sku": {"id": "FDAB-647C-5A22", "description": INPUT},
        "usage_start_time": "2026-11-20T09:00:00Z",
        "usage_end_time": "2026-11-20T10:00:00Z",
        "project": {"id": "prod-1"},
        "labels": [],
        "cost": 0.3,
        "currency": "USD",
        "usage": {"amount": 1000.0, "unit": "requests"},
        "credits": [],
        "cost_type": "regular",
        "export_time": "2026-11-20T14:11:00Z",
    } | changes


def flat(**changes: object) -> Row:
    return {
        "service.id": "C7E2-9256-1C43",
        "sku.description": INPUT,
        "usage_start_time": "2026-11-20 09:00:00 UTC",
        "usage_end_time": "2026-11-20 10:00:00 UTC",
        "project.id": "prod-1",
        "labels": "",
        "cost": "0.3",
        "currency": "USD",
        "usage.amount": "1000",
        "usage.unit": "requests",
        "credits": "[]",
        "cost_type": "regular",
        "export_time": "2026-11-20 14:11:00 UTC",
    } | changes


def sku(description: str) -> Row:
    return {"id": "X", "description": description}


def write_json(path: Path, rows: Sequence[Row]) -> None:
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list({name: None for each in rows for name in each}))
        writer.writeheader()
        writer.writerows(rows)


def write_parquet(path: Path, rows: Sequence[Row]) -> None:
    source = path.with_suffix(".jsonl")
    write_json(source, rows)
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM read_json('{source}')) TO '{path}' (FORMAT parquet)")
    source.unlink()


@pytest.fixture
def read(tmp_path: Path, provenance: Provenance) -> Callable[..., BillBatch]:
    def from_rows(*rows: Row) -> BillBatch:
        path = tmp_path / "export.jsonl"
        write_json(path, rows)
        return google.read(path, provenance)

    return from_rows


def net(batch: BillBatch) -> Decimal:
    return sum((charge.billed_cost for charge in batch.charges), Decimal(0))


def test_a_constructed_export_gives_what_it_says(payloads: Path, provenance: Provenance) -> None:
    batch = google.read(payloads / "google" / "export.jsonl", provenance)
    assert net(batch) == Decimal("0.3709")
    assert sum(usage.uncached_input_tokens for usage in batch.usage) == 1_065_040
    assert sum(usage.output_tokens for usage in batch.usage) == 28_366 + 120_000
    assert [(aside.reason, aside.row_count) for aside in batch.set_aside] == [(google.OTHER_SERVICE, 1)]


@pytest.mark.parametrize(
    ("name", "write", "rows"),
    [
        ("a.jsonl", write_json, [row()]),
        ("a.parquet", write_parquet, [row(credits=[{"type": "PROMOTION", "amount": -0.1}])]),
        ("a.csv", write_csv, [flat()]),
        ("a.csv", write_csv, [{name.replace(".", "_"): value for name, value in flat().items()}]),
        (
            "a.csv",
            write_csv,
            [{name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in row().items()}],
        ),
        ("a.json", lambda path, rows: path.write_text(json.dumps(rows)), [row(), row(cost=0)]),
    ],
)
def test_nested_flat_and_quoted_columns_are_the_same(
    tmp_path: Path, provenance: Provenance, name: str, write: Callable[[Path, Sequence[Row]], None], rows: list[Row]
) -> None:
    path = tmp_path / name
    write(path, rows)
    batch = google.read(path, provenance)
    assert google.recognises(path)
    assert batch.quarantined == ()
    assert batch.usage[0].uncached_input_tokens == 1000 * len(rows)
    assert (batch.charges[0].billed_cost, batch.charges[0].sub_account_id) == (Decimal("0.3"), "prod-1")
    assert batch.usage[0].charge_period_start == datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_a_dump_is_recognised_by_its_columns(payloads: Path) -> None:
    assert recognise(payloads / "google" / "export.jsonl").name == "google"


def test_credits_are_charges_of_their_own_and_the_net_is_their_sum(read: Callable[..., BillBatch]) -> None:
    given = [{"type": "PROMOTION", "amount": -0.1}, {"type": "FREE_TIER", "amount": -0.05}]
    batch = read(row(credits=given))
    assert [(charge.charge_category, charge.billed_cost) for charge in batch.charges] == [
        (ChargeCategory.USAGE, Decimal("0.3")),
        (ChargeCategory.CREDIT, Decimal("-0.1")),
        (ChargeCategory.CREDIT, Decimal("-0.05")),
    ]
    assert net(batch) == Decimal("0.15")
    assert batch.charges[1].service_name == "Vertex AI: credit PROMOTION"


@pytest.mark.parametrize(
    "kind", ["DISCOUNT", "SUSTAINED_USAGE_DISCOUNT", "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", "SUBSCRIPTION_BENEFIT"]
)
def test_a_discount_that_lasts_lowers_the_cost_of_the_usage(read: Callable[..., BillBatch], kind: str) -> None:
    given = [{"type": kind, "amount": -0.1}, {"type": "PROMOTION", "amount": -0.05}]
    batch = read(row(credits=given))
    assert [(charge.charge_category, charge.billed_cost) for charge in batch.charges] == [
        (ChargeCategory.USAGE, Decimal("0.2")),
        (ChargeCategory.CREDIT, Decimal("-0.05")),
    ]
    assert len(batch.usage) == 1


@pytest.mark.parametrize("unit", ["requests", "count"])
def test_requests_and_count_are_tokens(read: Callable[..., BillBatch], unit: str) -> None:
    assert read(row(usage={"amount": 1000, "unit": unit})).usage[0].uncached_input_tokens == 1000


@pytest.mark.parametrize(
    ("description", "unit"),
    [
        ("Gemini 3 Flash Text Input Caching Storage", "h"),
        (INPUT, "h"),
        (INPUT, "characters"),
        ("Veo Generation 720p with Audio", "count"),
        ("Quantum Text Input - Predictions", "count"),
    ],
)
def test_what_is_no_token_or_not_understood_is_money_under_its_own_name(
    read: Callable[..., BillBatch], description: str, unit: str
) -> None:
    batch = read(row(sku=sku(description), usage={"amount": 5, "unit": unit}))
    assert batch.usage == ()
    assert [(charge.billed_cost, charge.service_name) for charge in batch.charges] == [
        (Decimal("0.3"), f"Vertex AI: {description}")
    ]


def test_provisioned_throughput_is_a_purchase(read: Callable[..., BillBatch]) -> None:
    batch = read(row(usage={"amount": 1, "unit": "mo"}))
    assert (batch.usage, batch.charges[0].charge_category) == ((), ChargeCategory.PURCHASE)


@pytest.mark.parametrize(
    ("cost_type", "category"),
    [
        ("tax", ChargeCategory.TAX),
        ("adjustment", ChargeCategory.ADJUSTMENT),
        ("rounding_error", ChargeCategory.ADJUSTMENT),
    ],
)
def test_taxes_and_corrections_are_told_apart_and_count_no_tokens(
    read: Callable[..., BillBatch], cost_type: str, category: ChargeCategory
) -> None:
    batch = read(row(cost_type=cost_type))
    assert (batch.usage, batch.charges[0].charge_category) == ((), category)


def test_without_an_end_a_row_is_an_hour_as_the_export_counts(read: Callable[..., BillBatch]) -> None:
    without = row()
    del without["usage_end_time"]
    assert read(without).usage[0].charge_period_end == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_a_tax_needs_no_usage(read: Callable[..., BillBatch]) -> None:
    assert read(row(cost_type="tax", usage={})).charges[0].charge_category is ChargeCategory.TAX


def test_a_late_row_of_the_same_hour_adds_to_it(read: Callable[..., BillBatch]) -> None:
    batch = read(row(), row(export_time="2026-11-22T00:00:00Z"))
    assert (len(batch.usage), batch.usage[0].uncached_input_tokens) == (1, 2000)
    assert net(batch) == Decimal("0.6")


def test_a_row_that_was_dumped_twice_counts_once(read: Callable[..., BillBatch]) -> None:
    batch = read(row(), row())
    assert net(batch) == Decimal("0.3")
    assert [(aside.reason, aside.row_count) for aside in batch.set_aside] == [("the same row a second time", 1)]


def test_every_row_of_the_file_is_counted(read: Callable[..., BillBatch]) -> None:
    other = row(service={"id": "6F81-5844-456A"})
    batch = read(row(), row(export_time="2026-11-22T00:00:00Z"), row(), other, row(cost="much"))
    assert batch.rows_in == 5


def test_rows_that_differ_in_a_label_alone_are_two(read: Callable[..., BillBatch]) -> None:
    assert net(read(row(), row(labels=[{"key": "team", "value": "a"}]))) == Decimal("0.6")


def test_another_currency_stops_the_read(read: Callable[..., BillBatch]) -> None:
    with pytest.raises(CurrencyError, match="'KRW'"):
        read(row(currency="KRW"))


def test_the_currency_of_another_service_does_not(read: Callable[..., BillBatch]) -> None:
    other = row(service={"id": "6F81-5844-456A"}, currency="KRW")
    assert len(read(row(), other).usage) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"cost": "much"},
        {"cost": None},
        {"usage": {"unit": "requests"}},
        {"usage_start_time": "yesterday"},
        {"usage_end_time": "2026-11-20T08:00:00Z"},
        {"service": {}},
        {"sku": {"description": " "}},
        {"currency": ""},
        {"cost_type": "gift"},
        {"credits": [{"type": "PROMOTION"}]},
        {"credits": "many"},
    ],
)
def test_a_row_that_cannot_be_right_is_quarantined(read: Callable[..., BillBatch], changes: Row) -> None:
    batch = read(row(), row(**changes))
    assert (net(batch), len(batch.quarantined)) == (Decimal("0.3"), 1)
    assert batch.quarantined[0].reason


def test_a_part_of_a_token_is_quarantined_with_its_charge(read: Callable[..., BillBatch]) -> None:
    part = row(usage={"amount": 7.5, "unit": "requests"}, usage_start_time="2026-11-20T08:00:00Z")
    batch = read(row(), part)
    assert (net(batch), batch.usage[0].uncached_input_tokens) == (Decimal("0.3"), 1000)
    assert [each.reason for each in batch.quarantined] == ["usage.amount is 7.500000 requests"]


def test_a_part_of_an_hour_is_no_part_of_a_token(read: Callable[..., BillBatch]) -> None:
    batch = read(row(usage={"amount": 7.5, "unit": "h"}))
    assert (net(batch), batch.usage, batch.quarantined) == (Decimal("0.3"), (), ())


def test_a_file_of_which_nothing_can_be_read_is_an_error(read: Callable[..., BillBatch]) -> None:
    with pytest.raises(SourcePayloadError, match="none of 1 rows"):
        read(row(cost="much"))


def test_a_dump_without_credits_is_refused_since_its_net_is_not_known(read: Callable[..., BillBatch]) -> None:
    without = row()
    del without["credits"]
    with pytest.raises(InputFileError, match="no column credits"):
        read(without)


REQUIRED = frozenset(
    {"service.id", "sku.description", "usage_start_time", "cost", "currency", "usage.amount", "usage.unit", "credits"}
)
OPTIONAL = frozenset({"usage_end_time", "project.id", "labels", "cost_type", "export_time"})


def test_many_compressed_files_are_read_within_the_memory_that_the_kit_takes(
    tmp_path: Path, provenance: Provenance
) -> None:
    write_csv(tmp_path / "a.csv", [flat()])
    files = []
    for number in range(40):
        files.append(tmp_path / f"{number:02}.csv.gz")
        files[-1].write_bytes(
            gzip.compress((tmp_path / "a.csv").read_bytes().replace(b"prod-1", b"prod-%d" % number))
        )
    batch = google.read_delivery(files, provenance)
    assert sum(row.uncached_input_tokens for row in batch.usage) == 40_000
