"""Evidence as `decide` gathers it: from a real ledger, with nothing made up where there is none."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from costcheck.catalogue import OpenWeights, load_open_weights
from costcheck.cli.assemble import Assembly
from costcheck.cli.measured import longest_run, quarantined_share
from costcheck.cli.named import resolve_models
from costcheck.decision.decide import decide
from costcheck.decision.inputs import DecisionInputs, decode_inputs
from costcheck.errors import ConfigError, CurrencyError, EvidenceError
from costcheck.ledger import Ledger, open_ledger
from costcheck.ledger.overlaps import CHARGES_WAY_OUT
from costcheck.price_book import savings_plan_meter
from costcheck.records import (
    BillBatch,
    Charge,
    Operation,
    Origin,
    PricingCategory,
    Provenance,
    QuarantinedRow,
    ServiceTier,
    TokenUsage,
)
from costcheck.settings import ContractedDiscount, Match, PurchaseOption, SelfHosting, Settings, TokenPrice
from costcheck.sources.snapshot import read_snapshot
from costcheck.verdict import Verdict, encode
from tests.costcheck.decision.builders import AS_OF, DECLARED, compliance, settings, workload

ONE_TYPE = SelfHosting(instance_types=("g6.xlarge",))
FIRST = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "costcheck.duckdb") as opened:
        yield opened


def day(number: int, **changes: object) -> TokenUsage:
    """Return a day of 50,000 requests on gpt-5.4: 275 USD."""
    start = FIRST + timedelta(days=number)
    default = TokenUsage(
        x_source="test",
        x_bucket="b",
        charge_period_start=start,
        charge_period_end=start + timedelta(days=1),
        service_provider_name="openai",
        request_model="gpt-5.4",
        uncached_input_tokens=50_000_000,
        output_tokens=10_000_000,
        requests=50_000,
    )
    return replace(default, **changes)  # type: ignore[arg-type] # any field of the record


def charge(month: int, cost: str, **changes: object) -> Charge:
    default = Charge(
        x_source="test",
        x_bucket="b",
        charge_period_start=datetime(2026, month, 1, tzinfo=UTC),
        charge_period_end=datetime(2026, month + 1, 1, tzinfo=UTC),
        service_provider_name="openai",
        service_name="API",
        billed_cost=Decimal(cost),
        billing_currency="USD",
        x_gen_ai_request_model="gpt-5.4",
    )
    return replace(default, **changes)  # type: ignore[arg-type] # any field of the record


def fill(ledger: Ledger, usage: tuple[TokenUsage, ...] = (), charges: tuple[Charge, ...] = ()) -> None:
    provenance = Provenance(source="test", source_url="test", retrieved_on=AS_OF, origin=Origin.CONSTRUCTED)
    ledger.replace(BillBatch(x_source="test", buckets=("b",), usage=usage, charges=charges, provenance=provenance))


def gathered(ledger: Ledger, company: Settings | None = None, as_of: date = AS_OF) -> DecisionInputs:
    company = company or settings(self_hosting=ONE_TYPE)
    return Assembly(company, ledger, read_snapshot(), as_of=as_of, live=False).inputs(draws=100, seed=1)


THREE_MONTHS = tuple(day(number) for number in range(92))
CHARGES = (charge(5, "8525"), charge(6, "8250"), charge(7, "8525"))


def test_three_months_of_days_are_a_bill_and_a_demand(ledger: Ledger) -> None:
    fill(ledger, THREE_MONTHS, CHARGES)
    row = gathered(ledger)
    assert row.coverage.complete_months == (date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1))
    assert row.bill.addressable_monthly_cost_usd == Decimal(25300) / 3
    assert row.bill.residual_share == 0
    assert round(row.demands[0].monthly_requests) == round(50_000 * 365 / 12)


def test_what_was_gathered_replays_to_the_byte(ledger: Ledger) -> None:
    fill(ledger, THREE_MONTHS, CHARGES)
    row = gathered(ledger)
    again = decode_inputs(encode(row), "record")
    assert encode(again) == encode(row)
    assert encode(decide(again)) == encode(decide(row))


def test_one_month_is_too_short_and_no_crash(ledger: Ledger) -> None:
    fill(ledger, THREE_MONTHS[61:], CHARGES[2:])
    decision = decide(gathered(ledger))
    assert (decision.verdict, decision.rule) == (Verdict.STAY_ON_API, 3)


def test_less_than_a_month_is_too_short_and_no_crash(ledger: Ledger) -> None:
    fill(ledger, THREE_MONTHS[80:])
    assert decide(gathered(ledger)).rule == 3


def test_two_bills_of_the_same_amounts_without_tokens_are_seen(ledger: Ledger) -> None:
    fill(ledger, charges=CHARGES)
    invoice = tuple(replace(row, x_source="invoice", x_gen_ai_request_model=None) for row in CHARGES)
    provenance = Provenance(source="test", source_url="test", retrieved_on=AS_OF, origin=Origin.CONSTRUCTED)
    ledger.replace(BillBatch(x_source="invoice", buckets=("b",), charges=invoice, provenance=provenance))
    twice = f"openai/all charges in 3 months in invoice b and in test b{CHARGES_WAY_OUT}"
    assert gathered(ledger).coverage.counted_twice == (twice,)


def test_usage_that_is_there_twice_in_one_month_is_told_in_the_singular(ledger: Ledger) -> None:
    fill(ledger, charges=CHARGES[2:])
    invoice = tuple(replace(row, x_source="invoice", x_gen_ai_request_model=None) for row in CHARGES[2:])
    provenance = Provenance(source="test", source_url="test", retrieved_on=AS_OF, origin=Origin.CONSTRUCTED)
    ledger.replace(BillBatch(x_source="invoice", buckets=("b",), charges=invoice, provenance=provenance))
    twice = f"openai/all charges in 1 month in invoice b and in test b{CHARGES_WAY_OUT}"
    assert gathered(ledger).coverage.counted_twice == (twice,)


def test_an_invoice_and_its_correction_in_another_file_carry_no_verdict(ledger: Ledger) -> None:
    provenance = Provenance(source="invoice", source_url="test", retrieved_on=AS_OF, origin=Origin.CONSTRUCTED)
    for bucket, cost in (("file:a.csv", Decimal(100)), ("file:b.csv", Decimal(120))):
        rows = tuple(replace(row, x_source="invoice", x_bucket=bucket, billed_cost=cost) for row in CHARGES)
        ledger.replace(BillBatch(x_source="invoice", buckets=(bucket,), charges=rows, provenance=provenance))
    row = gathered(ledger)
    (pair,) = row.coverage.counted_twice
    assert pair.startswith(
        "openai/all charges in 3 months in invoice file:a.csv and in invoice file:b.csv; make one file"
    )
    decision = decide(row)
    assert (decision.verdict, decision.rule) == (Verdict.INSUFFICIENT_EVIDENCE, 1)
    assert pair in {finding.figure for finding in decision.findings}


@pytest.mark.parametrize(("source", "rule"), [("invoice", 1), ("focus", 0)])
def test_a_month_without_a_bill_is_a_finding_that_names_provider_and_month(
    ledger: Ledger, source: str, rule: int
) -> None:
    fill(ledger, THREE_MONTHS, CHARGES)
    provenance = Provenance(source="test", source_url="test", retrieved_on=AS_OF, origin=Origin.CONSTRUCTED)
    changes = {"x_source": source, "x_bucket": "file:a", "service_provider_name": "anthropic"}
    rows = tuple(charge(month, "0", **changes) for month in (5, 7))
    ledger.replace(BillBatch(x_source=source, buckets=("file:a",), charges=rows, provenance=provenance))
    found = [row for row in decide(gathered(ledger)).findings if row.figure == f"anthropic in {source}: 2026-06"]
    assert [row.rule for row in found] == [rule]


def test_bills_without_a_gap_write_nothing_of_gaps(ledger: Ledger) -> None:
    fill(ledger, THREE_MONTHS, CHARGES)
    assert b"missing_months" not in encode(gathered(ledger))


def test_invoices_alone_are_amounts_without_tokens(ledger: Ledger) -> None:
    fill(ledger, charges=CHARGES)
    row = gathered(ledger)
    assert row.coverage.complete_months == (date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1))
    decision = decide(row)
    assert (decision.verdict, decision.rule) == (Verdict.INSUFFICIENT_EVIDENCE, 1)


def half(month: int, first: int, last: int, cost: str) -> Charge:
    begin, end = (datetime(2026, month, day, tzinfo=UTC) for day in (first, last))
    return charge(month, cost, charge_period_start=begin, charge_period_end=end + timedelta(days=1))


@pytest.mark.parametrize(
    ("part", "months"),
    [(half(5, 16, 31, "100"), (6, 7)), (half(7, 1, 14, "100"), (5, 6))],
    ids=["begun late", "not whole yet"],
)
def test_a_month_of_which_a_part_is_invoiced_is_not_complete(
    ledger: Ledger, part: Charge, months: tuple[int, ...]
) -> None:
    whole = tuple(row for row in CHARGES if row.charge_period_start.month != part.charge_period_start.month)
    fill(ledger, charges=(*(replace(row, billed_cost=Decimal(900)) for row in whole), part))
    row = gathered(ledger)
    assert row.coverage.complete_months == tuple(date(2026, month, 1) for month in months)
    assert row.bill.addressable_monthly_cost_usd == 900
    assert decide(row).rule == 3


def test_part_of_a_month_alone_is_too_short_and_no_empty_ledger(ledger: Ledger) -> None:
    fill(ledger, charges=(half(7, 1, 14, "100"),))
    decision = decide(gathered(ledger))
    assert (decision.rule, decision.complete_months) == (3, 0)


def test_a_declared_workload_is_decided_beside_measured_ones_without_usage(ledger: Ledger) -> None:
    fill(ledger, charges=tuple(replace(row, billed_cost=Decimal(100)) for row in CHARGES))
    bound = workload("bound", match=Match(tags=("x",)), compliance=compliance(), declared_demand=DECLARED)
    decision = decide(gathered(ledger, settings(bound, workload(), self_hosting=ONE_TYPE)))
    assert (decision.verdict, decision.rule) == (Verdict.HYBRID, 2)
    assert [row.name for row in decision.workloads] == ["bound"]


def test_a_declared_workload_needs_no_ledger_rows(ledger: Ledger) -> None:
    bound = workload("bound", compliance=compliance(), declared_demand=DECLARED)
    decision = decide(gathered(ledger, settings(bound, self_hosting=ONE_TYPE)))
    assert (decision.verdict, decision.rule) == (Verdict.SELF_HOST, 2)


def test_one_workload_of_two_without_usage_is_an_error_with_its_name(ledger: Ledger) -> None:
    fill(ledger, THREE_MONTHS)
    silent = workload("silent", match=Match(request_models=("gpt-4o",)))
    with pytest.raises(EvidenceError, match="'silent' has no usage"):
        gathered(ledger, settings(silent, workload()))


def test_spend_that_no_workload_names_is_set_aside(ledger: Ledger) -> None:
    mini = tuple(day(number, request_model="gpt-5.4-mini", x_bucket="b") for number in range(92))
    fill(ledger, THREE_MONTHS + mini)
    row = gathered(ledger, settings(workload(match=Match(request_models=("gpt-5.4",))), self_hosting=ONE_TYPE))
    assert row.bill.addressable_monthly_cost_usd == Decimal(25300) / 3


def test_embeddings_are_no_demand(ledger: Ledger) -> None:
    other = tuple(day(number, operation=Operation.EMBEDDINGS, requests=1_000_000) for number in range(92))
    fill(ledger, THREE_MONTHS + other)
    assert round(gathered(ledger).demands[0].monthly_requests) == round(50_000 * 365 / 12)


def test_a_discount_that_was_entered_explains_the_bill(ledger: Ledger) -> None:
    fill(ledger, THREE_MONTHS, tuple(replace(row, billed_cost=row.billed_cost / 2) for row in CHARGES))
    assert gathered(ledger).bill.residual_share == 1
    discount = ContractedDiscount(service_provider_name="openai", discount_share=Decimal("0.5"), source="contract")
    row = gathered(ledger, settings(self_hosting=ONE_TYPE, contracted_discount=(discount,)))
    assert row.bill.residual_share == 0


def test_a_bill_in_another_currency_is_an_error(ledger: Ledger) -> None:
    fill(ledger, THREE_MONTHS, (charge(5, "8525", billing_currency="EUR"),))
    with pytest.raises(CurrencyError, match="EUR"):
        gathered(ledger)


def test_only_the_rows_that_can_be_used_go_into_the_record(ledger: Ledger) -> None:
    fill(ledger, THREE_MONTHS)
    kept = gathered(ledger).snapshot
    assert 0 < len(kept.unit_prices) < len(read_snapshot().unit_prices)
    assert not any(row.service_code == "anthropic" for row in kept.unit_prices)
    assert all(row.gpu_count > 0 for row in kept.instance_types)


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (("on_demand",), {"BoxUsage", "ComputeSavingsPlan1yr/No Upfront"}),
        (("on_demand", "spot"), {"BoxUsage", "ComputeSavingsPlan1yr/No Upfront", "SpotUsage"}),
        (("spot",), {"BoxUsage", "SpotUsage"}),
    ],
)
def test_a_price_of_an_instance_goes_into_the_record_only_where_hours_may_be_bought_so(
    ledger: Ledger, options: tuple[PurchaseOption, ...], kept: set[str]
) -> None:
    fill(ledger, THREE_MONTHS, CHARGES)
    listed = read_snapshot()
    (row,) = [price for price in listed.unit_prices if price.sku_meter == "BoxUsage:g6.xlarge"]
    spot = replace(row, sku_meter="SpotUsage:g6.xlarge", pricing_category=PricingCategory.DYNAMIC)
    plans = [
        replace(row, sku_meter=savings_plan_meter(payment, "g6.xlarge"), pricing_category=PricingCategory.COMMITTED)
        for payment in ("No Upfront", "All Upfront")
    ]
    snapshot = replace(listed, unit_prices=(*listed.unit_prices, spot, *plans))
    company = settings(self_hosting=SelfHosting(instance_types=("g6.xlarge",), purchase_options=options))
    inputs = Assembly(company, ledger, snapshot, as_of=AS_OF, live=False).inputs(draws=100, seed=1)
    meters = {price.sku_meter for price in inputs.snapshot.unit_prices if "g6.xlarge" in price.sku_meter}
    assert {meter.removesuffix("g6.xlarge").rstrip(":/") for meter in meters} == kept


def test_a_month_that_was_billed_in_part_between_whole_ones_is_a_problem_and_no_smaller_bill(ledger: Ledger) -> None:
    charges = [charge(month, "1900", x_source="invoice") for month in (4, 5, 6, 7)]
    cut = datetime(2026, 6, 20, tzinfo=UTC)
    charges[2] = charge(6, "900", x_source="invoice", charge_period_end=cut)
    provenance = Provenance(source="test", source_url="test", retrieved_on=AS_OF, origin=Origin.CONSTRUCTED)
    ledger.replace(BillBatch(x_source="invoice", buckets=("b",), charges=tuple(charges), provenance=provenance))
    inputs = gathered(ledger)
    assert inputs.coverage.partial_months == (date(2026, 6, 1),)
    decision = decide(inputs)
    assert (decision.verdict, decision.rule) == (Verdict.INSUFFICIENT_EVIDENCE, 1)
    assert any("billed in part" in row.message and row.figure == "2026-06" for row in decision.findings)


def test_usage_of_long_prompts_in_a_region_has_its_own_price(ledger: Ledger) -> None:
    def sonnet(*tags: str) -> tuple[TokenUsage, ...]:
        bought: dict[str, object] = {"service_provider_name": "anthropic", "request_model": "claude-sonnet-4-5"}
        bought |= {"x_source": "anthropic"}
        return tuple(day(number, **bought, tags=tags) for number in range(92))

    plain, dear = sonnet(), sonnet("context_window:200k-1M", "inference_geo:us")
    costs = []
    for usage in (plain, dear, plain + dear):
        where = Provenance(source="test", source_url="test", retrieved_on=AS_OF, origin=Origin.CONSTRUCTED)
        ledger.replace(BillBatch(x_source="anthropic", buckets=("b",), usage=usage, provenance=where))
        row = gathered(ledger)
        (demand,) = row.demands
        costs.append(row.bill.addressable_monthly_cost_usd)
    assert [(model.long_context, model.price_factor) for model in demand.models] == [
        (msgspec.UNSET, msgspec.UNSET),
        (True, Decimal("1.10")),
    ]
    assert costs[1] / costs[0] == Decimal("1.1") * cost_of("6", "22.5") / cost_of("3", "15")
    assert costs[2] == costs[0] + costs[1]


def cost_of(input_price: str, output_price: str) -> Decimal:
    usage = day(0)
    return usage.uncached_input_tokens * Decimal(input_price) + usage.output_tokens * Decimal(output_price)


def test_a_model_that_no_list_knows_is_priced_by_the_price_that_the_company_states(ledger: Ledger) -> None:
    tuned = "ft:gpt-4.1-mini-2025-04-14:acme::abc123"
    fill(ledger, tuple(replace(row, request_model=tuned) for row in THREE_MONTHS))
    stated = TokenPrice(
        service_provider_name="openai",
        request_model=tuned,
        input_usd_per_million=Decimal("2.5"),
        output_usd_per_million=Decimal(15),
        seen_on=AS_OF,
        source="OpenAI's price page",
    )
    without = gathered(ledger)
    row = gathered(ledger, settings(self_hosting=ONE_TYPE, token_price=(stated,)))
    assert without.bill.unpriced_models == (f"openai/{tuned}",)
    assert row.bill.unpriced_models == ()
    assert row.bill.addressable_monthly_cost_usd > 8000
    assert {price.sku_meter.split("/")[0] for price in row.snapshot.unit_prices} > {tuned}


def test_a_gap_is_the_longest_run_of_days_without_usage(ledger: Ledger) -> None:
    fill(ledger, THREE_MONTHS[:40] + THREE_MONTHS[49:60] + THREE_MONTHS[65:])
    assert gathered(ledger).coverage.gap_days == 9


def test_the_longest_run_is_counted_in_days() -> None:
    days = [date(2026, 7, number) for number in (1, 2, 3, 7, 8, 20)]
    assert longest_run(days) == 3
    assert longest_run([]) == 0


def test_an_invoiced_month_without_tokens_is_a_gap_of_tokens_and_not_of_the_bill(ledger: Ledger) -> None:
    invoiced = tuple(charge(month, "8250", x_source="invoice") for month in (5, 6, 7))
    usage = tuple(replace(row, x_source="invoice") for row in THREE_MONTHS[:31] + THREE_MONTHS[61:])
    provenance = Provenance(source="test", source_url="test", retrieved_on=AS_OF, origin=Origin.CONSTRUCTED)
    ledger.replace(
        BillBatch(x_source="invoice", buckets=("b",), usage=usage, charges=invoiced, provenance=provenance)
    )
    row = gathered(ledger)
    assert (row.coverage.gap_days, row.coverage.unbilled_gap_days) == (30, 0)
    assert row.bill.unmeasured == ("2026-06 openai gpt-5.4, 8,250.00 USD",)


def test_days_without_usage_of_one_provider_are_named_though_another_has_some(ledger: Ledger) -> None:
    other = tuple(replace(row, service_provider_name="anthropic") for row in THREE_MONTHS[:40] + THREE_MONTHS[60:70])
    fill(ledger, (*THREE_MONTHS, *other), CHARGES)
    row = gathered(ledger)
    assert row.coverage.gap_days == 0
    assert row.coverage.quiet == ("anthropic, 2026-06-10 to 2026-06-29", "anthropic, since 2026-07-10")


ODD = replace(THREE_MONTHS[3], request_model="gpt-9-odd")


@pytest.mark.parametrize(("cost", "is_negligible"), [("0.04", True), ("85", True), ("90", False)])
def test_a_model_nobody_can_price_is_set_aside_where_it_hardly_cost_anything(
    ledger: Ledger, cost: str, *, is_negligible: bool
) -> None:
    fill(ledger, (*THREE_MONTHS, ODD), (*CHARGES, charge(5, cost, x_gen_ai_request_model="gpt-9-odd")))
    row = gathered(ledger)
    assert (row.bill.negligible_models == ("openai/gpt-9-odd",)) is is_negligible
    assert (row.bill.unpriced_models == ()) is is_negligible
    decision = decide(row)
    assert (decision.verdict is Verdict.INSUFFICIENT_EVIDENCE) is not is_negligible
    assert any("openai/gpt-9-odd" in found.message for found in decision.findings)


def test_a_name_that_another_provider_bills_is_never_set_aside(ledger: Ledger) -> None:
    odd = replace(ODD, service_provider_name="somebody", request_model="gpt-5.4")
    fill(ledger, (*THREE_MONTHS, odd), (*CHARGES, charge(5, "0.04", service_provider_name="somebody")))
    row = gathered(ledger)
    assert row.bill.unpriced_models == ("somebody/gpt-5.4",)
    assert row.bill.addressable_monthly_cost_usd > 8000


def test_a_model_nobody_can_price_and_of_which_no_charge_is_known_may_cost_anything(ledger: Ledger) -> None:
    fill(ledger, (*THREE_MONTHS, ODD), CHARGES)
    assert gathered(ledger).bill.unpriced_models == ("openai/gpt-9-odd",)


def test_batches_before_their_price_is_listed_are_priced_and_said(ledger: Ledger) -> None:
    batched = tuple(replace(row, service_tier=ServiceTier.BATCH) for row in THREE_MONTHS)
    fill(ledger, batched, tuple(replace(row, billed_cost=row.billed_cost / 2) for row in CHARGES))
    row = gathered(ledger)
    assert row.bill.residual_share == 0
    found = [one.message for one in decide(row).findings if "known only from a later day" in one.message]
    assert [message.partition(" is known")[0] for message in found] == ["the price of openai/gpt-5.4 (batch)"]


def test_models_may_be_named_as_on_hugging_face() -> None:
    company = settings(workload(candidates=("openai/gpt-oss-20b",)))
    row = resolve_models(company, {"gpt-oss-20b": _weights()})
    assert row.workload[0].candidates == ("gpt-oss-20b",)


def test_an_unknown_candidate_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="gpt-oss-21b") as caught:
        resolve_models(settings(workload(candidates=("gpt-oss-21b",))), {"gpt-oss-20b": _weights()})
    assert "the nearest is 'gpt-oss-20b'" in caught.value.expected


def _weights() -> OpenWeights:

    return load_open_weights()["gpt-oss-20b"]


@pytest.mark.parametrize("key", ["instance_types", "refused_instance_types"])
def test_an_unknown_instance_type_names_the_nearest(ledger: Ledger, key: str) -> None:
    hosting = SelfHosting(instance_types=("g6.xlarg",)) if key == "instance_types" else None
    hosting = hosting or SelfHosting(refused_instance_types=("g6.xlarg",))
    with pytest.raises(ConfigError, match=f"self_hosting.{key} names 'g6.xlarg'") as caught:
        gathered(ledger, settings(self_hosting=hosting))
    assert "'g6.xlarge'" in caught.value.expected


def test_a_model_that_only_the_snapshot_knows_is_priced_by_it(ledger: Ledger) -> None:
    fill(ledger, tuple(day(number, request_model="gpt-9-2026-05-01") for number in range(92)))
    known = read_snapshot()
    newer = tuple(
        replace(row, sku_meter=row.sku_meter.replace("gpt-5.4/", "gpt-9/"))
        for row in known.unit_prices
        if row.service_code == "openai" and row.sku_meter.startswith("gpt-5.4/")
    )
    snapshot = replace(known, unit_prices=(*known.unit_prices, *newer))
    evidence = Assembly(settings(self_hosting=ONE_TYPE), ledger, snapshot, as_of=AS_OF, live=False)

    assert evidence.names["openai/gpt-9-2026-05-01"].model_id == "gpt-9"
    assert evidence.bill.unpriced_models == ()


def unread(source: str, count: int) -> tuple[QuarantinedRow, ...]:
    return tuple(
        QuarantinedRow(x_source=source, x_bucket="b", reason=f"odd {number}", raw=b"?") for number in range(count)
    )


def bucket(source: str, *, quarantined: int, rows_in: int | None, named: str = "b") -> BillBatch:
    provenance = Provenance(source=source, source_url="test", retrieved_on=AS_OF, origin=Origin.CONSTRUCTED)
    return BillBatch(
        x_source=source,
        buckets=(named,),
        usage=tuple(replace(day(number, x_source=source, request_model=named), x_bucket=named) for number in (0, 1)),
        quarantined=tuple(replace(row, x_bucket=named) for row in unread(source, quarantined)),
        provenance=provenance,
        rows_in=rows_in,
    )


def test_unread_rows_are_a_share_of_the_rows_that_came_in(ledger: Ledger) -> None:
    ledger.replace(bucket("focus", quarantined=2, rows_in=1000))
    ledger.replace(bucket("focus", quarantined=1, rows_in=200, named="c"))

    assert quarantined_share(ledger) == Decimal(3) / 1200


def test_where_nobody_noted_how_many_came_in_the_rows_of_the_ledger_are_all(ledger: Ledger) -> None:
    ledger.replace(bucket("focus", quarantined=2, rows_in=None))

    assert quarantined_share(ledger) == Decimal(2) / 4


def test_the_source_with_the_largest_share_counts(ledger: Ledger) -> None:
    ledger.replace(bucket("focus", quarantined=1, rows_in=1000))
    ledger.replace(bucket("litellm", quarantined=1, rows_in=10))

    assert quarantined_share(ledger) == Decimal(1) / 10


def test_lines_of_invoices_that_nobody_could_read_are_counted_apart(ledger: Ledger) -> None:
    fill(ledger, THREE_MONTHS, CHARGES)
    assert b"unread_invoice_rows" not in encode(gathered(ledger))
    provenance = Provenance(source="invoice", source_url="test", retrieved_on=AS_OF, origin=Origin.CONSTRUCTED)
    row = QuarantinedRow(x_source="invoice", x_bucket="i", reason="amount is '30.000'", raw=b"")
    ledger.replace(BillBatch(x_source="invoice", buckets=("i",), quarantined=(row,), provenance=provenance))
    assert gathered(ledger).coverage.unread_invoice_rows == 1


def test_a_model_as_a_person_writes_it_is_priced(ledger: Ledger) -> None:
    fill(ledger, tuple(replace(row, request_model="GPT 5.4") for row in THREE_MONTHS))
    row = gathered(ledger)
    assert row.names["openai/GPT 5.4"].model_id == "gpt-5.4"
    assert row.bill.unpriced_models == ()
    assert b"nearest_names" not in encode(row)


def test_a_model_nobody_can_price_goes_with_the_nearest_names(ledger: Ledger) -> None:
    fill(ledger, tuple(replace(row, request_model="gpt-5.4-ultra") for row in THREE_MONTHS))
    nearest = gathered(ledger).bill.nearest_names
    assert isinstance(nearest, dict)
    assert "gpt-5.4" in nearest["openai/gpt-5.4-ultra"]
