"""CSV exports of OpenAI's console; every file here is constructed."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costcheck.errors import CurrencyError, InputFileError, SourcePayloadError
from costcheck.ingest import recognise
from costcheck.ledger import open_ledger
from costcheck.records import BillBatch, Operation, Provenance, ServiceTier, TokenType
from costcheck.sources.bills import openai_console

DAY = 1_790_553_600  # 2026-09-28 00:00 UTC
TIMES = {
    "start_time": str(DAY),
    "end_time": str(DAY + 86_400),
    "start_time_iso": "2026-09-28T00:00:00+00:00",
    "end_time_iso": "2026-09-29T00:00:00+00:00",
}
Row = dict[str, str]
Read = Callable[..., BillBatch]


def usage(**changes: str) -> Row:
    row = {
        "project_id": "proj_a",
        "num_model_requests": "10.0",
        "user_id": "user-a",
        "api_key_id": "key_1",
        "model": "gpt-5.4",
        "batch": "FALSE",
        "service_tier": "default",
        "input_tokens": "1000.0",
        "output_tokens": "50.0",
        "input_cached_tokens": "400.0",
    }
    return TIMES | row | changes


def cost(**changes: str) -> Row:
    row = {"amount_value": "0.5", "amount_currency": "usd", "line_item": "gpt-5.4, input", "project_id": "proj_a"}
    return TIMES | row | {"user_email": "someone@example.com"} | changes


def write(path: Path, rows: tuple[Row, ...]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def read(tmp_path: Path, provenance: Provenance) -> Read:
    return lambda *rows: openai_console.read(write(tmp_path / "export.csv", rows), provenance)


def test_both_constructed_exports_are_recognised_and_give_what_they_say(
    payloads: Path, provenance: Provenance
) -> None:
    folder = payloads / "openai_console"
    used, cost = folder / "completions_usage.csv", folder / "costs.csv"
    assert [recognise(path).name for path in (used, cost)] == ["openai-console", "openai-console"]
    batch = openai_console.read(used, provenance)
    assert [(row.requests, row.input_tokens) for row in batch.usage] == [(10, 59_200), (8, 46_264), (1, 5_783)]
    charges = openai_console.read(cost, provenance).charges
    assert [charge.billed_cost for charge in charges] == [Decimal("0.00383598"), Decimal("0.5")]
    assert [charge.x_gen_ai_request_model for charge in charges] == [None, "gpt-5.4"]


def test_counts_written_with_a_point_are_whole_and_input_includes_cached(read: Read) -> None:
    (row,) = read(usage()).usage
    assert (row.uncached_input_tokens, row.cache_read_input_tokens, row.output_tokens) == (600, 400, 50)
    assert row.charge_period_start == datetime(2026, 9, 28, tzinfo=UTC)
    assert row.charge_period_end - row.charge_period_start == timedelta(days=1)


def test_rows_of_the_same_group_all_count(read: Read) -> None:
    batch = read(usage(), usage(), usage(num_model_requests="1"))
    assert ([row.requests for row in batch.usage], batch.quarantined) == ([10, 10, 1], ())


def test_a_period_without_usage_is_set_aside(read: Read) -> None:
    batch = read(usage(), TIMES | dict.fromkeys(set(usage()) - set(TIMES), ""))
    assert [(row.reason, row.row_count) for row in batch.set_aside] == [(openai_console.EMPTY, 1)]


def test_a_whole_export_without_usage_is_no_zero(read: Read) -> None:
    with pytest.raises(InputFileError, match="only the columns"):
        read(TIMES)


@pytest.mark.parametrize(
    ("batch", "tier", "known"),
    [
        ("TRUE", "default", ServiceTier.BATCH),
        ("", "", ServiceTier.STANDARD),
        ("false", "priority", ServiceTier.PRIORITY),
    ],
)
def test_batch_and_tier_are_read(read: Read, batch: str, tier: str, known: ServiceTier) -> None:
    (row,) = read(usage(batch=batch, service_tier=tier)).usage
    assert row.service_tier is known


@pytest.mark.parametrize(
    "bad",
    [
        {"input_tokens": ""},
        {"input_tokens": "1000.5"},
        {"input_tokens": "-1"},
        {"input_tokens": "1e400"},
        {"input_cached_tokens": "5000"},
        {"batch": "perhaps"},
        {"service_tier": "new"},
        {"model": ""},
        {"start_time_iso": "2026-09-28T00:00:00+02:00"},
        {"start_time": "soon"},
    ],
)
def test_a_row_that_cannot_be_right_is_quarantined(read: Read, bad: Row) -> None:
    batch = read(usage(), usage(**bad))
    assert (len(batch.usage), len(batch.quarantined)) == (1, 1)


def test_an_export_that_is_not_grouped_by_model_is_refused(read: Read) -> None:
    with pytest.raises(SourcePayloadError, match="name no model"):
        read(usage(model=""))


def test_what_an_unknown_export_lacks_is_named(read: Read) -> None:
    embeddings = {name: value for name, value in usage().items() if name != "output_tokens"}
    with pytest.raises(InputFileError, match="no column output_tokens"):
        read(embeddings)


def test_a_cost_is_in_dollars_and_exact(read: Read) -> None:
    (charge,) = read(cost(amount_value="0.003835980000000000000000000000")).charges
    assert charge.billed_cost == Decimal("0.00383598")
    assert (charge.x_token_type, charge.x_operation) == (TokenType.UNCACHED_INPUT, Operation.CHAT)


@pytest.mark.parametrize(
    ("line_item", "operation"),
    [
        ("text-embedding-3-small, input", Operation.EMBEDDINGS),
        ("gpt-realtime, audio input", Operation.OTHER),
        ("gpt-4o-transcribe, input", Operation.AUDIO),
        ("web search tool calls", Operation.OTHER),
    ],
)
def test_costs_of_other_things_than_chat_are_not_chat(read: Read, line_item: str, operation: Operation) -> None:
    (charge,) = read(cost(line_item=line_item)).charges
    assert charge.x_operation is operation


def test_another_currency_stops_the_read(read: Read) -> None:
    with pytest.raises(CurrencyError, match="eur"):
        read(cost(amount_currency="eur"))


def test_an_address_is_not_kept_in_the_quarantine(read: Read) -> None:
    batch = read(cost(), cost(amount_value="much"))
    assert b"example.com" not in batch.quarantined[0].raw
    assert b"much" in batch.quarantined[0].raw


def test_a_second_download_of_the_same_file_replaces_the_first(tmp_path: Path, provenance: Provenance) -> None:
    with open_ledger(tmp_path / "ledger.duckdb") as ledger:
        for name in ("costs.csv", "costs (1).csv"):
            ledger.replace(openai_console.read(write(tmp_path / name, (cost(),)), provenance))
        assert [charge.billed_cost for charge in ledger.charges_by_month()] == [Decimal("0.5")]


def test_a_row_that_can_be_read_now_is_read_again(read: Read, provenance: Provenance) -> None:
    (row,) = read(usage(), usage(service_tier="new")).quarantined
    mended = replace(row, raw=row.raw.replace(b'"new"', b'"priority"'))
    assert [usage.service_tier for usage in openai_console.replay([mended], provenance).usage] == [
        ServiceTier.PRIORITY
    ]


def test_another_table_is_not_recognised(tmp_path: Path) -> None:
    assert not openai_console.recognises(write(tmp_path / "other.csv", ({"start_time": "1", "cost": "2"},)))
    assert not openai_console.recognises(tmp_path / "nothing.csv")


def test_a_file_that_is_no_text_is_an_input_error(tmp_path: Path, provenance: Provenance) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(b"start_time\n\xff\xfe")
    with pytest.raises(InputFileError, match="cannot be read"):
        openai_console.read(path, provenance)
