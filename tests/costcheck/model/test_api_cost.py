"""What the same demand costs on an API, by hand."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from costcheck.decision.inputs import DecisionInputs
from costcheck.errors import PriceNotFoundError
from costcheck.model.api_cost import ApiVariant, ModelName, api_variants, list_cost, token_lines
from costcheck.records import ServiceTier
from costcheck.settings import ManagedQuote, Workload
from costcheck.verdict import OptionKind
from tests.costcheck.decision.builders import AS_OF, CANDIDATE, bill, demand, inputs, reconciliation, usage, workload

# Per million tokens on 2026-08-01: gpt-5.4 2.50 in, 0.25 cached, 15 out; gpt-5.4-mini 0.75 in, 4.50 out.
TODAY = Decimal(22000)  # 4,000,000 requests x (1,000 x 2.50 + 200 x 15) / 1,000,000


def variants(
    one: Workload | None = None,
    row: DecisionInputs | None = None,
    quotes: tuple[ManagedQuote, ...] = (),
    **changes: Any,  # noqa: ANN401 - any field of the demand
) -> dict[str, ApiVariant]:
    row = row or inputs()
    found = api_variants(one or workload(), demand(**changes), row.market, row.models, quotes)
    return {variant.label: variant for variant in found}


def test_today_is_usage_times_price() -> None:
    (today,) = variants().values()
    assert (today.kind, today.monthly_cost_usd) == (OptionKind.API_TODAY, TODAY)
    assert [line.monthly_cost_usd for line in today.lines] == [Decimal(10000), Decimal(12000)]
    assert not today.replaces_model


def test_a_contracted_price_holds_for_the_provider_that_bills() -> None:
    row = inputs(bill=bill(reconciliations=(replace(reconciliation(), contracted_factor=Decimal("0.9")),)))
    assert variants(row=row)["gpt-5.4 as today"].monthly_cost_usd == TODAY * Decimal("0.9")


def test_a_reseller_filed_under_the_maker_keeps_its_own_contract() -> None:
    row = inputs(
        bill=bill(
            reconciliations=(
                replace(reconciliation(), service_provider_name="azure", contracted_factor=Decimal("0.8")),
            )
        ),
        names={"azure/gpt-5.4": ModelName(service_code="openai", model_id="gpt-5.4")},
    )
    lines = token_lines(row.market, usage(Decimal(1000), service_provider_name="azure"))
    assert sum(line.monthly_cost_usd for line in lines) == Decimal("5.5") * Decimal("0.8")


def test_the_list_price_knows_no_contract() -> None:
    row = inputs(bill=bill(reconciliations=(replace(reconciliation(), contracted_factor=Decimal("0.9")),)))
    assert list_cost(row.market, usage(Decimal(4_000_000))) == TODAY


def test_a_cheaper_model_must_be_shown_to_be_good_enough() -> None:
    cheaper = variants(workload(cheaper_request_model="gpt-5.4-mini"))["gpt-5.4-mini instead"]
    assert cheaper.monthly_cost_usd == 4 * (750 + 900)
    assert cheaper.replaces_model
    assert cheaper.needs


def test_a_cheaper_model_that_nobody_prices_is_no_option() -> None:
    assert len(variants(workload(cheaper_request_model="gpt-unheard-of"))) == 1


def test_batch_is_an_option_for_batch_only_and_only_where_it_has_a_price() -> None:
    batch = workload(latency_class="batch")
    assert len(variants(batch)) == 1  # the price list shows no batch prices before October
    later = inputs(as_of=AS_OF.replace(month=11))
    assert variants(batch, later)["gpt-5.4 through the batch API"].monthly_cost_usd == TODAY / 2
    assert len(variants(workload(), later)) == 1


def test_caching_moves_tokens_to_the_cached_price_and_no_further_than_there_are() -> None:
    half = variants(workload(cacheable_input_share=Decimal("0.5")))
    assert half["gpt-5.4 with prompt caching of 50% of the input"].monthly_cost_usd == 5000 + 500 + 12000
    whole = variants(workload(cacheable_input_share=Decimal(1)))
    assert whole["gpt-5.4 with prompt caching of 100% of the input"].monthly_cost_usd == 1000 + 12000


def test_caching_that_is_there_already_is_no_change() -> None:
    assert len(variants(workload(cacheable_input_share=Decimal("0.5")), cached_input_share=0.5)) == 1


def test_the_same_weights_on_a_managed_api_are_options_unless_the_weights_are_your_own() -> None:
    published = variants(workload(weights="published"))
    managed = published["gpt-oss-20b on aws"]
    assert managed.kind is OptionKind.MANAGED_OPEN_WEIGHTS
    assert managed.in_region
    assert not published["gpt-oss-20b on groq"].in_region
    assert all(
        variant.replaces_model for variant in published.values() if variant.kind is OptionKind.MANAGED_OPEN_WEIGHTS
    )
    assert len(variants()) == 1


def test_a_managed_api_gets_the_cached_share_that_servers_get() -> None:
    plain = variants(workload(weights="published"))["gpt-oss-20b on groq"]
    cached = variants(workload(weights="published", cacheable_input_share=Decimal("0.5")))["gpt-oss-20b on groq"]
    assert len(cached.lines) == len(plain.lines) + 1
    assert cached.monthly_cost_usd <= plain.monthly_cost_usd


def test_a_quote_is_an_option_for_its_model() -> None:
    quote = ManagedQuote(name="P", model=CANDIDATE, monthly_cost_usd=Decimal(100), quoted_on=AS_OF, source="offer")
    other = ManagedQuote(name="Q", model="another", monthly_cost_usd=Decimal(1), quoted_on=AS_OF, source="offer")
    found = variants(quotes=(quote, other))
    assert found["gpt-oss-20b by P"].monthly_cost_usd == 100
    assert len(found) == 2


def test_a_model_that_nobody_prices_is_an_error_with_its_name() -> None:
    with pytest.raises(PriceNotFoundError, match="openai/gpt-unheard-of"):
        variants(models=(usage(Decimal(10), request_model="gpt-unheard-of"),))


def test_a_tier_without_a_price_is_an_error_and_never_the_standard_one() -> None:
    batched = usage(Decimal(10), service_tier=ServiceTier.BATCH)
    with pytest.raises(PriceNotFoundError, match="begin later"):
        token_lines(inputs().market, batched)
    row = inputs()
    rows = tuple(price for price in row.snapshot.unit_prices if not price.sku_meter.endswith("/batch"))
    with pytest.raises(PriceNotFoundError):
        variants(row=replace(row, snapshot=replace(row.snapshot, unit_prices=rows)), models=(batched,))


def test_a_tier_that_was_bought_takes_the_first_price_of_a_list_that_begins_later() -> None:
    (today,) = variants(models=(usage(Decimal(4_000_000), service_tier=ServiceTier.BATCH),)).values()
    assert today.monthly_cost_usd == TODAY / 2  # batch prices are listed from October on: half of standard


def test_long_prompts_take_the_price_of_their_context() -> None:
    long = usage(Decimal(10), uncached_input_tokens=Decimal(10) * 300_000, output_tokens=Decimal(0))
    (line,) = token_lines(inputs().market, long)
    assert line.unit_price_usd == Decimal(5)


def test_tokens_that_were_not_used_make_no_line() -> None:
    assert token_lines(inputs().market, usage(Decimal(0))) == ()
