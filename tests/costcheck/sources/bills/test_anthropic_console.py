"""CSV exports of Anthropic's console; every file here is constructed."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costcheck.errors import InputFileError, SourcePayloadError
from costcheck.ingest import recognise
from costcheck.records import BillBatch, ChargeCategory, Operation, Provenance, ServiceTier, TokenType
from costcheck.sources.bills import anthropic_console

Row = dict[str, str]
Read = Callable[..., BillBatch]


def usage(**changes: str) -> Row:
    row = {
        "usage_date_utc": "2026-09-05",
        "model_version": "claude-opus-5-5",
        "api_key": "app",
        "workspace": "Default",
        "usage_type": "standard",
        "context_window": "≤ 200k",
        "usage_input_tokens_no_cache": "100",
        "usage_input_tokens_cache_write_5m": "20",
        "usage_input_tokens_cache_write_1h": "5",
        "usage_input_tokens_cache_read": "400",
        "usage_output_tokens": "30",
        "web_search_count": "0",
        "inference_geo": "global",
        "speed": "",
    }
    return row | changes


def cost(**changes: str) -> Row:
    row = {
        "usage_date_utc": "2026-09-05",
        "model": "Claude Opus 5.5",
        "workspace": "Research",
        "api_key": "app",
        "usage_type": "message",
        "context_window": "≤ 200k",
        "token_type": "input_no_cache",
        "cost_usd": "0.19",
        "list_price_usd": "0.25",
        "cost_type": "token",
    }
    return row | changes


def write(path: Path, rows: tuple[Row, ...]) -> Path:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def read(tmp_path: Path, provenance: Provenance) -> Read:
    return lambda *rows: anthropic_console.read(write(tmp_path / "export.csv", rows), provenance)


def test_both_constructed_exports_are_recognised_and_give_what_they_say(
    payloads: Path, provenance: Provenance
) -> None:
    folder = payloads / "anthropic_console"
    tokens, cost = folder / "claude_api_tokens_2026_09.csv", folder / "claude_api_cost_2026_09.csv"
    assert [recognise(path).name for path in (tokens, cost)] == ["anthropic-console", "anthropic-console"]
    assert [row.input_tokens for row in anthropic_console.read(tokens, provenance).usage] == [63_257, 1000]
    charges = anthropic_console.read(cost, provenance).charges
    assert sum(charge.billed_cost for charge in charges) == Decimal("0.22")


def test_token_classes_are_disjoint_and_requests_are_not_counted(read: Read) -> None:
    (row,) = read(usage()).usage
    assert (row.uncached_input_tokens, row.cache_read_input_tokens, row.output_tokens) == (100, 400, 30)
    assert (row.cache_creation_5m_input_tokens, row.cache_creation_1h_input_tokens) == (20, 5)
    assert row.requests is None


@pytest.mark.parametrize(
    ("text", "start", "length"),
    [
        ("2026-09-05", datetime(2026, 9, 5, tzinfo=UTC), timedelta(days=1)),
        ("2026-09-05 02:00", datetime(2026, 9, 5, 2, tzinfo=UTC), timedelta(hours=1)),
    ],
)
def test_a_month_is_shown_by_the_day_and_a_day_by_the_hour(
    read: Read, text: str, start: datetime, length: timedelta
) -> None:
    (row,) = read(usage(usage_date_utc=text)).usage
    assert (row.charge_period_start, row.charge_period_end - row.charge_period_start) == (start, length)


def test_rows_by_the_minute_are_refused_because_a_full_hour_could_be_either(read: Read) -> None:
    with pytest.raises(InputFileError, match="by the minute"):
        read(usage(usage_date_utc="2026-09-05 02:00"), usage(usage_date_utc="2026-09-05 02:01"))


def test_costs_are_dollars_and_not_cents(read: Read) -> None:
    (charge,) = read(cost()).charges
    assert (charge.billed_cost, charge.list_cost) == (Decimal("0.19"), Decimal("0.25"))
    assert (charge.x_token_type, charge.x_operation) == (TokenType.UNCACHED_INPUT, Operation.CHAT)


def test_the_title_of_a_model_becomes_its_name_in_requests(read: Read) -> None:
    (charge,) = read(cost()).charges
    assert charge.x_gen_ai_request_model == "claude-opus-5-5"


def test_the_default_workspace_is_none_as_in_the_api(read: Read) -> None:
    assert [row.sub_account_id for row in read(usage(), usage(workspace="Research")).usage] == [None, "Research"]


def test_what_costs_more_than_the_list_price_is_kept_as_a_tag(read: Read) -> None:
    (row,) = read(usage(inference_geo="us", speed="fast")).usage
    assert row.tags == ("inference_geo:us", "speed:fast")


def test_priority_tier_is_told_from_standard(read: Read) -> None:
    (row,) = read(usage(usage_type="priority")).usage
    assert row.service_tier is ServiceTier.PRIORITY


def test_equal_rows_both_count_for_nothing_says_that_they_are_one(read: Read) -> None:
    assert len(read(cost(), cost()).charges) == 2


def test_a_search_is_a_tool_and_a_negative_cost_a_credit(read: Read) -> None:
    search, credit = read(cost(cost_type="web_search", token_type="", model=""), cost(cost_usd="-1")).charges
    assert (search.x_operation, search.x_gen_ai_request_model) == (Operation.TOOL, None)
    assert credit.charge_category is ChargeCategory.CREDIT


@pytest.mark.parametrize(
    "bad",
    [
        {"usage_date_utc": "05/09/2026"},
        {"usage_date_utc": "2026-02-30"},
        {"usage_output_tokens": ""},
        {"usage_output_tokens": "-1"},
        {"usage_type": "new"},
        {"model_version": ""},
    ],
)
def test_usage_that_cannot_be_right_is_quarantined(read: Read, bad: Row) -> None:
    batch = read(usage(), usage(**bad))
    assert (len(batch.usage), len(batch.quarantined)) == (1, 1)


@pytest.mark.parametrize(
    "bad",
    [
        {"cost_usd": ""},
        {"cost_usd": "1,5"},
        {"cost_type": "new"},
        {"token_type": "new"},
        {"usage_type": "new"},
        {"usage_date_utc": "2026-09-05 02:00"},
    ],
)
def test_a_cost_that_cannot_be_right_is_quarantined(read: Read, bad: Row) -> None:
    batch = read(cost(), cost(**bad))
    assert (len(batch.charges), len(batch.quarantined)) == (1, 1)


def test_an_unknown_value_is_told_with_those_that_are_accepted(read: Read) -> None:
    (used,) = read(usage(), usage(usage_type="turbo")).quarantined
    accepted = "(empty), standard, batch, priority, priority_on_demand, flex, flex_discount"
    assert used.reason == f"usage_type is 'turbo', not one of {accepted}"
    (paid,) = read(cost(), cost(cost_type="rent")).quarantined
    assert paid.reason == "cost_type is 'rent', not one of token, web_search, code_execution"


def test_a_comma_within_a_name_does_not_shift_the_numbers(tmp_path: Path, provenance: Provenance) -> None:
    path = write(tmp_path / "export.csv", (usage(), usage(api_key="Key, One")))
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(text.replace('"Key, One"', "Key, One"), encoding="utf-8")
    batch = anthropic_console.read(path, provenance)
    assert (len(batch.usage), len(batch.quarantined)) == (1, 1)


def test_a_missing_column_is_named(read: Read) -> None:
    older = {name: value for name, value in usage().items() if name != "usage_input_tokens_cache_write_1h"}
    with pytest.raises(InputFileError, match="no column usage_input_tokens_cache_write_1h"):
        read(older)


def test_a_file_of_which_nothing_can_be_read_is_refused(read: Read) -> None:
    with pytest.raises(SourcePayloadError, match="none of 1 rows"):
        read(usage(usage_type="new"))


def test_a_row_that_can_be_read_now_is_read_again(read: Read, provenance: Provenance) -> None:
    (row,) = read(usage(), usage(usage_type="new")).quarantined
    mended = replace(row, raw=row.raw.replace(b'"new"', b'"priority"'))
    assert [usage.service_tier for usage in anthropic_console.replay([mended], provenance).usage] == [
        ServiceTier.PRIORITY
    ]


def test_another_table_is_not_recognised(tmp_path: Path) -> None:
    assert not anthropic_console.recognises(write(tmp_path / "other.csv", ({"usage_date_utc": "x", "b": "2"},)))
