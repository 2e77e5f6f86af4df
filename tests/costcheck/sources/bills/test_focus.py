"""FOCUS exports in CSV and in Parquet; every line here is constructed unless its file says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from costcheck.errors import CurrencyError, InputFileError, SourcePayloadError
from costcheck.ledger import open_ledger
from costcheck.ledger.focus import export
from costcheck.records import BillBatch, ChargeCategory, Operation, Provenance, ServiceTier, TokenType, TokenUsage
from costcheck.sources.bills import engine_read
from costcheck.sources.bills import focus as source
from costcheck.sources.bills.registry import FILES
from tests.costcheck.sources.bills.focus_rows import FOCUS_TYPES, Row, focus, write_csv, write_parquet

Read = Callable[[list[Row]], BillBatch]
OTHER = "a service that is no language model's"


def as_parquet(provenance: Provenance, tmp_path: Path, rows: list[Row]) -> BillBatch:
    return source.read(write_parquet(tmp_path / "focus.parquet", rows, FOCUS_TYPES), provenance)


def as_csv(provenance: Provenance, tmp_path: Path, rows: list[Row]) -> BillBatch:
    return source.read(write_csv(tmp_path / "focus.csv", rows), provenance)


@pytest.fixture
def read(provenance: Provenance, tmp_path: Path) -> Read:
    return partial(as_csv, provenance, tmp_path)


@pytest.fixture(params=[as_csv, as_parquet])
def read_both(request: pytest.FixtureRequest, provenance: Provenance, tmp_path: Path) -> Read:
    return partial(request.param, provenance, tmp_path)


def only(batch: BillBatch) -> TokenUsage:
    (row,) = batch.usage
    return row


def aside(batch: BillBatch) -> dict[str, int]:
    return {row.reason: row.row_count for row in batch.set_aside}


CACHED = focus(SkuMeter="Cached Input Tokens", ConsumedQuantity="400000", BilledCost="0.10", EffectiveCost="0.10")
OUTPUT = focus(SkuMeter="Output Tokens", ConsumedQuantity="150000", BilledCost="2.25", EffectiveCost="2.25")


def test_the_classes_of_one_hour_become_one_row_of_usage(read_both: Read) -> None:
    row = only(read_both([focus(), CACHED, OUTPUT]))
    assert (row.uncached_input_tokens, row.cache_read_input_tokens, row.output_tokens) == (
        1_000_000,
        400_000,
        150_000,
    )
    assert (row.service_provider_name, row.request_model, row.sub_account_id) == ("openai", "gpt-5.4", "proj_1")
    assert (row.charge_period_start, row.charge_period_end) == (
        datetime(2026, 11, 20, 9, tzinfo=UTC),
        datetime(2026, 11, 20, 10, tzinfo=UTC),
    )
    assert row.tags == ("team:search",)


def test_amounts_of_a_day_are_summed_digit_for_digit(read_both: Read) -> None:
    later = {"ChargePeriodStart": "2026-11-20T22:00:00Z", "ChargePeriodEnd": "2026-11-20T23:00:00Z"}
    batch = read_both([focus(BilledCost="0.1"), focus(BilledCost="0.2", **later)])
    (charge,) = batch.charges
    assert charge.billed_cost == Decimal("0.3")
    assert charge.charge_period_end - charge.charge_period_start == timedelta(days=1)
    assert charge.x_token_type is TokenType.UNCACHED_INPUT
    assert len(batch.usage) == 2


@pytest.mark.parametrize(
    ("start", "end", "hour"),
    [
        ("2026-11-20T09:00Z", "2026-11-20T10:00Z", 9),
        ("2026-11-20 09:00", "2026-11-20 10:00", 9),
        ("2026-11-20T09:00-05:00", "2026-11-20T10:00-0500", 14),
        ("2026-11-20T09:00+01", "2026-11-20T10:00+01", 8),
        ("2026-11-20T09:00:00.5-05:00", "2026-11-20T10:00:00.5-05:00", 14),
    ],
)
def test_a_time_may_leave_its_seconds_out_as_microsofts_exports_do(
    read: Read, start: str, end: str, hour: int
) -> None:
    batch = read([focus(ChargePeriodStart=start, ChargePeriodEnd=end)])
    assert batch.quarantined == ()
    assert only(batch).charge_period_start == datetime(2026, 11, 20, hour, tzinfo=UTC)


@pytest.mark.parametrize("start", ["2026-11-20T09", "2026-11-20T09:0Z", "2026-11-20T09:00:", "2026-11-20T25:00Z"])
def test_half_a_time_is_quarantined(read: Read, start: str) -> None:
    batch = read([focus(), focus(ChargePeriodStart=start)])
    assert [row.reason for row in batch.quarantined] == ["the charge period is no time"]


def test_a_line_of_a_day_keeps_its_day(read_both: Read) -> None:
    row = only(read_both([focus(ChargePeriodStart="2026-11-20T00:00:00Z", ChargePeriodEnd="2026-11-21T00:00:00Z")]))
    assert row.charge_period_end - row.charge_period_start == timedelta(days=1)


@pytest.mark.parametrize(
    ("unit", "quantity", "tokens"),
    [
        ("Tokens", "1200", 1200),
        ("1K tokens", "1.2", 1200),
        ("1000 Tokens", "1.2", 1200),
        ("1M tokens", "0.0012", 1200),
        ("1000000 Tokens", "0.0012", 1200),
        ("1,000,000 tokens", "0.0012", 1200),
    ],
)
def test_the_unit_tells_how_many_tokens_a_quantity_is(read: Read, unit: str, quantity: str, tokens: int) -> None:
    assert only(read([focus(ConsumedUnit=unit, ConsumedQuantity=quantity)])).uncached_input_tokens == tokens


def test_where_consumption_is_told_in_other_units_the_priced_quantity_counts(read_both: Read) -> None:
    row = focus(ConsumedUnit="Units", ConsumedQuantity="7", PricingUnit="1K tokens", PricingQuantity="1.2")
    assert only(read_both([row])).uncached_input_tokens == 1200


def test_an_unknown_unit_of_tokens_is_quarantined_and_not_scaled(read: Read) -> None:
    batch = read([focus(), focus(ConsumedUnit="Mtok", PricingUnit="Mtok")])
    (bad,) = batch.quarantined
    assert "'Mtok'" in bad.reason
    assert only(batch).uncached_input_tokens == 1_000_000


def test_a_part_of_a_token_is_quarantined(read_both: Read) -> None:
    batch = read_both([focus(), focus(SkuMeter="Output Tokens", ConsumedQuantity="1.5")])
    assert "no whole number of tokens" in batch.quarantined[0].reason


def test_a_meter_that_counts_no_tokens_is_a_charge_without_usage(read: Read) -> None:
    batch = read([focus(SkuMeter="Web search calls", SkuId="ws", ConsumedUnit="Calls", PricingUnit="1000 Calls")])
    assert batch.usage == ()
    (charge,) = batch.charges
    assert (charge.x_gen_ai_request_model, charge.x_operation) == (None, Operation.TOOL)


def test_tokens_whose_class_is_not_told_are_a_charge_without_usage(read: Read) -> None:
    batch = read([focus(SkuMeter="Tokens")])
    assert (len(batch.usage), len(batch.charges)) == (0, 1)


@pytest.mark.parametrize(
    ("changes", "model"),
    [
        ({"SkuPriceDetails": '{"Model": "gpt-5.4-mini"}'}, "gpt-5.4-mini"),
        ({"SkuId": "G95FST5FTYV3JSRX", "SkuMeter": "gpt-5.4-input-tokens"}, "gpt-5.4"),
        (
            {"SkuId": "0f1e2d3c-1234-1234-1234-123456789abc", "SkuMeter": "claude-opus-5-5 Input Tokens"},
            "claude-opus-5-5",
        ),
        ({"x_GenAiRequestModel": "my-model", "x_TokenType": "uncached_input_tokens"}, "my-model"),
    ],
)
def test_the_model_is_found_where_it_is_told(read: Read, changes: dict[str, str], model: str) -> None:
    assert only(read([focus(**changes)])).request_model == model


@pytest.mark.parametrize(
    ("meter", "field"),
    [
        ("CachedInputTokens", "cache_read_input_tokens"),
        ("cache_write_tokens", "cache_creation_5m_input_tokens"),
        ("Cache Write 1h Tokens", "cache_creation_1h_input_tokens"),
        ("Prompt tokens", "uncached_input_tokens"),
        ("completion-tokens", "output_tokens"),
    ],
)
def test_the_words_of_a_meter_tell_the_class(read: Read, meter: str, field: str) -> None:
    assert getattr(only(read([focus(SkuMeter=meter)])), field) == 1_000_000


def test_batch_is_another_tier(read: Read) -> None:
    assert only(read([focus(SkuMeter="Batch Input Tokens")])).service_tier is ServiceTier.BATCH


def test_a_usage_type_of_bedrock_is_read_by_its_grammar(read_both: Read) -> None:
    row = focus(
        ProviderName="AWS",
        ServiceName="Claude Opus 5.5 (Amazon Bedrock Edition)",
        ServiceCategory="Other",
        ServiceSubcategory="",
        SkuId="G95FST5FTYV3JSRX",
        SkuMeter="USW2-MP:USW2_OutputTokenCount-Units",
        ConsumedUnit="Units",
        ConsumedQuantity="0.000858",
        PricingUnit="Units",
        PricingQuantity="0.000858",
    )
    usage = only(read_both([row]))
    assert (usage.request_model, usage.output_tokens) == ("anthropic.claude-opus-5-5", 858)
    assert usage.service_provider_name == "aws"


def test_other_services_of_the_company_are_set_aside_and_counted(read: Read) -> None:
    compute = focus(ServiceName="Amazon EC2", ServiceCategory="Compute", ServiceSubcategory="", ProviderName="AWS")
    speech = focus(
        ServiceName="Amazon Polly",
        ServiceSubcategory="",
        ProviderName="AWS",
        ConsumedUnit="Characters",
        PricingUnit="x",
    )
    batch = read([focus(), compute, compute, speech])
    assert aside(batch) == {f"{OTHER}: 'Amazon EC2' (Compute)": 2, f"{OTHER}: Amazon Polly": 1}
    assert len(batch.charges) == 1


def test_a_whole_companys_recorded_bill_without_models_is_set_aside_whole(
    payloads: Path, provenance: Provenance
) -> None:
    batch = source.read(payloads / "focus" / "focus_1_0_sample_first300.csv", provenance)
    assert batch.is_empty
    assert sum(aside(batch).values()) == 300


def test_a_sellers_currency_called_token_is_no_token_of_a_model(payloads: Path, provenance: Provenance) -> None:
    batch = source.read(payloads / "focus" / "virtual_currency_pricing_model_a1.csv", provenance)
    assert batch.is_empty
    assert aside(batch) == {f"{OTHER}: 'ACMECORP SERVICE'": 1}


def test_a_credit_that_names_no_service_is_set_aside_with_its_amount(read_both: Read) -> None:
    promotion = focus(
        ChargeCategory="Credit",
        BilledCost="-1000.50",
        EffectiveCost="-1000.50",
        ServiceName="AWS Promotional Credit",
        ServiceCategory="Other",
        ServiceSubcategory="",
        ProviderName="AWS",
    )
    batch = read_both([focus(), promotion, promotion])
    assert aside(batch) == {f"{OTHER}: 'AWS Promotional Credit' (Other), Credit of -2,001 USD": 2}


def test_a_credit_of_another_service_is_told_by_its_name_alone(read: Read) -> None:
    disk = focus(
        ChargeCategory="Credit",
        BilledCost="-70",
        ServiceName="Amazon S3",
        ServiceCategory="Storage",
        ServiceSubcategory="",
    )
    assert aside(read([focus(), disk])) == {f"{OTHER}: 'Amazon S3' (Storage)": 1}


@pytest.mark.parametrize(
    ("day", "estimated"), [(date(2026, 11, 21), True), (date(2026, 12, 14), True), (date(2026, 12, 15), False)]
)
def test_a_file_of_a_month_that_may_still_be_written_again_holds_estimates(
    tmp_path: Path, provenance: Provenance, day: date, *, estimated: bool
) -> None:
    path = write_csv(tmp_path / "focus.csv", [focus()])
    batch = source.read(path, replace(provenance, retrieved_on=day))
    assert [row.x_estimated for row in batch.charges] == [estimated]


def test_files_of_two_versions_are_read_each_by_its_own_columns(tmp_path: Path, provenance: Provenance) -> None:
    october = focus(ChargePeriodStart="2026-10-20T09:00:00Z", ChargePeriodEnd="2026-10-20T10:00:00Z")
    older = {("ChargeDescription" if name == "SkuMeter" else name): value for name, value in october.items()}
    paths = [write_csv(tmp_path / "a.csv", [older]), write_csv(tmp_path / "b.csv", [focus()])]
    batch = source.read_delivery(paths, provenance)
    assert [row.uncached_input_tokens for row in batch.usage] == [1_000_000, 1_000_000]
    assert not batch.quarantined


def test_credits_taxes_and_purchases_are_kept_apart(read: Read) -> None:
    rows = [
        focus(),
        focus(ChargeCategory="Credit", BilledCost="-1.00", EffectiveCost="-1.00", SkuMeter="", ConsumedUnit=""),
        focus(ChargeCategory="Tax", BilledCost="0.50", EffectiveCost="0.50", SkuMeter="", ConsumedUnit=""),
        focus(ChargeCategory="Purchase", BilledCost="100", EffectiveCost="0", SkuMeter="", ConsumedUnit=""),
    ]
    by_category = {row.charge_category: row.billed_cost for row in read(rows).charges}
    assert by_category == {
        ChargeCategory.USAGE: Decimal("2.5"),
        ChargeCategory.CREDIT: Decimal(-1),
        ChargeCategory.TAX: Decimal("0.5"),
        ChargeCategory.PURCHASE: Decimal(100),
    }


def test_the_invoice_and_the_effective_cost_are_both_kept(read_both: Read) -> None:
    (charge,) = read_both([focus(BilledCost="0", EffectiveCost="2.00", ListCost="2.50")]).charges
    assert (charge.billed_cost, charge.effective_cost, charge.list_cost) == (Decimal(0), Decimal(2), Decimal("2.5"))


@pytest.mark.parametrize(
    ("billed", "effective", "listed", "known"),
    [
        ("2.50", "2.50", "0", None),
        ("0", "2.50", "0.00", None),
        ("0", "0", "0", Decimal(0)),
        ("2.50", "2.50", "3", Decimal(3)),
        ("-1", "-1", "0", Decimal(0)),
    ],
)
def test_a_list_cost_of_zero_beside_a_cost_is_not_known(
    read: Read, billed: str, effective: str, listed: str, known: Decimal | None
) -> None:
    (charge,) = read([focus(BilledCost=billed, EffectiveCost=effective, ListCost=listed)]).charges
    assert charge.list_cost == known


def test_one_line_without_a_list_cost_leaves_that_of_their_sum_unknown(read: Read) -> None:
    (charge,) = read([focus(ListCost="3"), focus(ListCost="0")]).charges
    assert (charge.billed_cost, charge.list_cost) == (Decimal("5.00"), None)


def test_a_correction_takes_back_tokens_and_their_cost_in_the_same_place(read_both: Read) -> None:
    back = focus(
        ChargeClass="Correction",
        BilledCost="-0.50",
        EffectiveCost="-0.50",
        ConsumedQuantity="-200000",
        PricingQuantity="-0.2",
    )
    batch = read_both([back, focus()])
    assert only(batch).uncached_input_tokens == 800_000
    assert [(row.charge_category, row.billed_cost, row.consumed_quantity) for row in batch.charges] == [
        (ChargeCategory.USAGE, Decimal("2.0"), Decimal(800_000))
    ]


def test_a_correction_that_adds_tokens_adds_their_cost_in_the_same_place(read_both: Read) -> None:
    batch = read_both([focus(ChargeClass="Correction"), focus()])
    assert only(batch).uncached_input_tokens == 2_000_000
    assert [(row.charge_category, row.billed_cost) for row in batch.charges] == [(ChargeCategory.USAGE, Decimal(5))]


def test_a_refund_without_tokens_is_an_adjustment(read_both: Read) -> None:
    refund = focus(
        ChargeClass="Correction", BilledCost="-1", EffectiveCost="-1", ConsumedQuantity="", PricingQuantity=""
    )
    batch = read_both([focus(), refund])
    assert {row.charge_category: row.billed_cost for row in batch.charges} == {
        ChargeCategory.USAGE: Decimal("2.5"),
        ChargeCategory.ADJUSTMENT: -1,
    }


def test_a_correction_of_usage_that_is_not_there_is_quarantined(read: Read) -> None:
    back = focus(ChargeClass="Correction", ConsumedQuantity="-200000", BilledCost="-0.50", SkuId="gpt-9")
    batch = read([focus(), back])
    assert "takes back 200000 tokens of 0" in batch.quarantined[0].reason
    assert len(batch.charges) == 1


def test_lines_without_tokens_that_cost_something_are_named(read_both: Read) -> None:
    capacity = focus(ConsumedUnit="Hours", PricingUnit="Hours", SkuMeter="Provisioned units", BilledCost="1234.5")
    (note,) = read_both([focus(), capacity, capacity]).notes
    assert note.startswith(
        "2 of 3 lines of usage count no tokens, 2,469.00 of 2,471.50 USD: Provisioned units (2,469.00)"
    )


@pytest.mark.parametrize(("cost", "is_told"), [("0.99", True), ("0.98", False)])
def test_a_few_lines_without_tokens_are_not_worth_a_word(read: Read, cost: str, *, is_told: bool) -> None:
    guardrail = focus(ConsumedUnit="Units", PricingUnit="Units", SkuMeter="Guardrail", BilledCost=cost)
    assert bool(read([focus(BilledCost="98.01"), guardrail]).notes) == is_told


def test_what_the_quarantined_lines_cost_is_told(read_both: Read) -> None:
    part = focus(ConsumedQuantity="0.0005", ConsumedUnit="1K tokens", BilledCost="3.10")
    (note,) = read_both([focus(), part]).notes
    assert note == "the quarantined lines that have a cost come to 3.10 USD"


def test_an_export_whose_service_has_another_name_is_refused(tmp_path: Path, provenance: Provenance) -> None:
    row = {("Service" if name == "ServiceName" else name): value for name, value in focus().items()}
    path = write_csv(tmp_path / "focus.csv", [row])
    assert source.recognises(path)
    with pytest.raises(InputFileError, match=r"no column ServiceName \(the nearest is service"):
        source.read(path, provenance)


def test_an_export_without_effective_costs_says_what_that_means(tmp_path: Path, provenance: Provenance) -> None:
    row = {name: value for name, value in focus().items() if name != "EffectiveCost"}
    (note,) = source.read(write_csv(tmp_path / "focus.csv", [row]), provenance).notes
    assert note.startswith("there is no column EffectiveCost: ")


def test_another_currency_stops_the_import(read: Read) -> None:
    with pytest.raises(CurrencyError, match="'EUR'"):
        read([focus(), focus(BillingCurrency="EUR")])


def test_another_currency_of_another_service_does_not(read: Read) -> None:
    other = focus(ServiceName="Disk", ServiceCategory="Storage", ServiceSubcategory="", BillingCurrency="EUR")
    assert len(read([focus(), other]).charges) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"BilledCost": "$10,000.00 "}, "the billed cost is no number"),
        ({"BilledCost": ""}, "the billed cost is no number"),
        ({"ListCost": "much"}, "an amount or a quantity is no number"),
        ({"ConsumedQuantity": "many"}, "an amount or a quantity is no number"),
        ({"ChargePeriodStart": "11/1/25"}, "the charge period is no time"),
        ({"ChargePeriodEnd": "2026-11-20T09:00:00Z"}, "the charge period ends before it begins"),
    ],
)
def test_a_line_that_cannot_be_read_is_quarantined_by_itself(
    provenance: Provenance, tmp_path: Path, changes: dict[str, str], reason: str
) -> None:
    batch = as_csv(provenance, tmp_path, [focus(), focus(**changes)])
    assert [row.reason for row in batch.quarantined] == [reason]
    assert only(batch).uncached_input_tokens == 1_000_000


def test_an_unknown_charge_category_is_quarantined_as_often_as_it_stands_there(read: Read) -> None:
    batch = read([focus(), focus(ChargeCategory="Gift"), focus(ChargeCategory="Gift")])
    assert [row.reason for row in batch.quarantined] == ["the charge category is 'Gift'"] * 2


def test_every_line_is_kept_or_set_aside_or_quarantined(read_both: Read) -> None:
    rows = [
        focus(),
        CACHED,
        OUTPUT,
        focus(ServiceName="Disk", ServiceCategory="Storage", ServiceSubcategory=""),
        focus(ChargeCategory="Gift"),
        focus(BilledCost="0", EffectiveCost="0", ConsumedQuantity="0", SkuId="gpt-0"),
    ]
    batch = read_both(rows)
    assert len(batch.charges) + sum(aside(batch).values()) + len(batch.quarantined) == len(rows)
    assert aside(batch)["no cost and no tokens"] == 1


def test_lines_of_which_none_can_be_read_are_an_error(read: Read) -> None:
    with pytest.raises(SourcePayloadError, match="none of 1 rows"):
        read([focus(ChargeCategory="Gift")])


def test_more_unreadable_lines_than_slips_explain_are_an_error(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_read, "MOST_UNREADABLE_ROWS", 1)
    with pytest.raises(SourcePayloadError, match="cannot be read"):
        read([focus(), focus(ChargeCategory="Gift"), focus(ChargeCategory="Gift")])


VERSIONS: dict[str, tuple[set[str], Row]] = {
    "1.0": ({"ServiceSubcategory", "SkuMeter", "SkuPriceDetails"}, {"ChargeDescription": "gpt-5.4 Input Tokens"}),
    "1.1": (set(), {"PublisherName": "OpenAI"}),
    "1.2": (set(), {"PricingCurrency": "USD", "SubAccountType": "Project"}),
    "1.3": (set(), {"ServiceProviderName": "OpenAI", "HostProviderName": "OpenAI"}),
    "1.4": ({"ProviderName"}, {"ServiceProviderName": "OpenAI", "HostProviderName": "OpenAI"}),
}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_is_read_by_its_column_names(read: Read, version: str) -> None:
    gone, added = VERSIONS[version]
    row = {name: value for name, value in (focus() | added).items() if name not in gone}
    usage = only(read([row]))
    assert (usage.service_provider_name, usage.request_model, usage.uncached_input_tokens) == (
        "openai",
        "gpt-5.4",
        1_000_000,
    )


def test_the_constructed_export_gives_what_it_says(payloads: Path, provenance: Provenance) -> None:
    batch = source.read(payloads / "focus" / "constructed_ai_tokens_1_2.csv", provenance)
    assert sum(row.billed_cost for row in batch.charges) == Decimal("5.45")
    row = only(batch)
    assert (row.input_tokens, row.output_tokens) == (2_000_000, 150_000)


@pytest.mark.parametrize("name", ["bill.csv", "bill.parquet"])
def test_what_the_ledger_exports_comes_back(provenance: Provenance, tmp_path: Path, name: str) -> None:
    rows = [focus(), CACHED, OUTPUT, focus(ChargeCategory="Credit", BilledCost="-1", EffectiveCost="-1", SkuMeter="")]
    first = as_csv(provenance, tmp_path, rows)
    with open_ledger(tmp_path / "ledger.duckdb") as ledger:
        ledger.replace(first)
        export(ledger._connection, tmp_path / name)
    again = source.read(tmp_path / name, provenance)

    def told(batch: BillBatch) -> set[tuple[object, ...]]:
        return {
            (row.billed_cost, row.effective_cost, row.charge_category, row.x_token_type, row.consumed_quantity)
            for row in batch.charges
            if row.charge_category is ChargeCategory.USAGE
        }

    assert told(again) == told(first)
    assert only(again).input_tokens == only(first).input_tokens
    assert sum(row.billed_cost for row in again.charges) == sum(row.billed_cost for row in first.charges)


def test_a_file_without_a_needed_column_names_it(tmp_path: Path, provenance: Provenance) -> None:
    row = {name: value for name, value in focus().items() if name != "BilledCost"}
    path = write_csv(tmp_path / "focus.csv", [row])
    assert not source.recognises(path)
    with pytest.raises(InputFileError, match="no column BilledCost"):
        source.read(path, provenance)


def test_an_export_is_told_from_every_other_kind_of_file(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "focus.csv", [focus()])
    assert [found.name for found in FILES if found.load().recognises(path)] == ["focus"]
