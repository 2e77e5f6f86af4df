"""Usage x list price against what was charged: to the last digit, and each known cause by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcheck.model.reconciliation import NO_MONEY, BillReconciliation, ReconciledLine, reconcile
from costcheck.model.residual import tokens_off
from costcheck.records import ClassCharge, Operation, ServiceTier, TokenType, UsageHour
from costcheck.rules import read_ledger_rules

D = Decimal
SEPTEMBER = date(2026, 9, 1)
MILLION = 1_000_000
TIER_FACTORS = {ServiceTier.STANDARD: D(1), ServiceTier.BATCH: D("0.5"), ServiceTier.PRIORITY: D(2)}
LONG = 200_000
CLASS_PRICES = {TokenType.OUTPUT: D(10), TokenType.CACHE_READ_INPUT: D("0.1")}


@dataclass(frozen=True)
class Prices:
    """USD a million: 1 for input, 0.1 cached, 10 for output; twice that for prompts from 200,000 tokens on."""

    def unit_price(
        self, hour: UsageHour, token_type: TokenType, tier: ServiceTier, *, context_tokens: int
    ) -> Decimal | None:
        if tier not in TIER_FACTORS or hour.request_model == "unheard-of":
            return None
        price = CLASS_PRICES.get(token_type, D(1)) / MILLION * TIER_FACTORS[tier]
        return price * 2 if context_tokens >= LONG else price

    def longest_context_price(self, hour: UsageHour, token_type: TokenType, tier: ServiceTier) -> Decimal | None:
        return self.unit_price(hour, token_type, tier, context_tokens=LONG)


def used(**values: object) -> UsageHour:
    row = UsageHour(
        x_source="openai",
        hour=datetime(2026, 9, 1, tzinfo=UTC),
        service_provider_name="openai",
        request_model="gpt-5.4",
        operation=Operation.CHAT,
        service_tier=ServiceTier.STANDARD,
        sub_account_id=None,
        x_api_key_id=None,
        tags=(),
        uncached_input_tokens=100 * MILLION,
        cache_read_input_tokens=0,
        cache_creation_5m_input_tokens=0,
        cache_creation_1h_input_tokens=0,
        output_tokens=0,
        requests=MILLION,
    )
    return replace(row, **values)  # type: ignore[arg-type]


def charged(cost: str, **values: object) -> ClassCharge:
    row = ClassCharge(
        x_source="openai",
        month=SEPTEMBER,
        service_provider_name="openai",
        service_name="OpenAI API",
        x_gen_ai_request_model="gpt-5.4",
        x_token_type=None,
        x_operation=Operation.CHAT,
        x_service_tier=ServiceTier.STANDARD,
        billing_currency="USD",
        billed_cost=Decimal(cost),
        list_cost=None,
        charge_count=1,
        x_estimated=False,
    )
    return replace(row, **values)  # type: ignore[arg-type]


def found(
    usage: list[UsageHour],
    charges: list[ClassCharge],
    *,
    complete: bool = True,
    factor: Callable[[str], Decimal | None] = lambda _: None,
) -> BillReconciliation:
    return reconcile(
        usage,
        charges,
        prices=Prices(),
        rules=read_ledger_rules(),
        is_complete=lambda _source, _month: complete,
        entered_factor=factor,
    )


def causes(line: ReconciledLine) -> list[tuple[str, Decimal, bool]]:
    return [(cause.name, cause.amount.normalize(), cause.is_measured) for cause in line.causes]


def only(reconciliation: BillReconciliation) -> ReconciledLine:
    (line,) = reconciliation.lines
    return line


def test_a_bill_at_list_prices_has_no_residual() -> None:
    line = only(found([used()], [charged("100")]))
    assert (line.charged, line.list_cost, line.causes, line.unknown) == (D(100), D(100), (), D(0))


@pytest.mark.parametrize(("cost", "name"), [("100.005", "rounding"), ("99.996", "rounding"), ("100.006", None)])
def test_half_a_cent_a_charge_is_rounding_and_more_is_not(cost: str, name: str | None) -> None:
    line = only(found([used(output_tokens=0, requests=None, cache_read_input_tokens=1)], [charged(cost)]))
    names = [cause.name for cause in line.causes]
    assert (names == ["rounding"]) is (name == "rounding")


def test_a_tier_is_measured_against_the_standard_one() -> None:
    usage = [used(service_tier=ServiceTier.BATCH), used(service_tier=ServiceTier.PRIORITY)]
    line = only(found(usage, [charged("250")]))
    assert causes(line) == [("batch tier", Decimal(-50), True), ("priority tier", Decimal("1E+2"), True)]
    assert (line.list_cost, line.unknown) == (D(200), D(0))


def test_prompts_as_long_as_the_hours_mean_pay_the_long_context_tier() -> None:
    line = only(found([used(requests=500)], [charged("200")]))
    assert causes(line) == [("long-context tier", Decimal("1E+2"), True)]


ANTHROPIC: dict[str, object] = {"x_source": "anthropic", "service_provider_name": "anthropic"}


def test_a_companys_own_tag_says_nothing_of_a_price() -> None:
    line = only(found([used(tags=("inference_geo:us", "context_window:x"))], [charged("100")]))
    assert not line.causes
    assert line.unknown == 0


def test_prompts_that_the_source_tells_are_long_pay_the_long_context_tier_whatever_their_mean() -> None:
    long = used(tags=("context_window:200k-1M",), requests=None, **ANTHROPIC)
    line = only(found([long, used(**ANTHROPIC)], [charged("300", **ANTHROPIC)]))
    assert (causes(line), line.unknown) == ([("long-context tier", Decimal("1E+2"), True)], D(0))


def test_usage_that_was_bound_to_a_region_pays_the_surcharge_on_its_long_prompts_too() -> None:
    dear = used(tags=("context_window:200k-1M", "inference_geo:us"), **ANTHROPIC)
    line = only(found([dear, used(cache_read_input_tokens=1, **ANTHROPIC)], [charged("320.0000001", **ANTHROPIC)]))
    assert causes(line) == [("long-context tier", D("1E+2"), True), ("regional price", D("2E+1"), True)]
    assert line.unknown == 0


def test_a_discount_that_the_source_tells_is_exact() -> None:
    line = only(found([used()], [charged("85", list_cost=Decimal(100))]))
    assert (causes(line), line.unknown) == ([("contracted discount", D(-15), True)], D(0))


def test_a_discount_that_the_company_stated_counts_where_the_source_tells_none() -> None:
    line = only(found([used()], [charged("85")], factor={"openai": Decimal("0.85")}.get))
    assert (causes(line), line.unknown) == ([("contracted discount", D(-15), True)], D(0))


def test_anthropics_priority_tier_is_missing_from_its_cost() -> None:
    usage = [
        used(x_source="anthropic", service_provider_name="anthropic", service_tier=tier)
        for tier in (ServiceTier.STANDARD, ServiceTier.PRIORITY)
    ]
    line = only(found(usage, [charged("100", x_source="anthropic", service_provider_name="anthropic")]))
    assert causes(line)[-1] == ("priority cost missing from the report", Decimal("-2E+2"), True)
    assert line.unknown == 0


def test_at_another_provider_a_missing_priority_cost_is_unknown() -> None:
    usage = [used(cache_read_input_tokens=1), used(service_tier=ServiceTier.PRIORITY, uncached_input_tokens=MILLION)]
    assert only(found(usage, [charged("100")])).unknown < 0


@pytest.mark.parametrize(("cost", "fits"), [("110", True), ("110.5", True), ("109.6", True), ("108", False)])
def test_a_tenth_more_is_a_regional_price(cost: str, *, fits: bool) -> None:
    line = only(found([used(cache_read_input_tokens=1)], [charged(cost)]))
    assert ("regional price" in [cause.name for cause in line.causes]) is fits


def test_more_than_list_and_less_than_the_longest_prompts_may_be_long_prompts() -> None:
    line = only(found([used()], [charged("150")]))
    assert (causes(line), line.unknown) == ([("long-context tier of some prompts", Decimal("5E+1"), False)], D(0))


@pytest.mark.parametrize(("cost", "fits"), [("10", True), ("9", False)])
def test_less_than_list_may_be_a_cache_that_nobody_counted(cost: str, *, fits: bool) -> None:
    line = only(found([used()], [charged(cost)]))
    assert ([cause.name for cause in line.causes] == ["cached input that nobody counted"]) is fits


def test_where_a_cache_is_counted_the_rest_is_unknown() -> None:
    line = only(found([used(cache_read_input_tokens=MILLION)], [charged("50")]))
    assert (line.causes, line.unknown) == ((), Decimal("-50.1"))


@pytest.mark.parametrize(
    ("source", "cost", "fits"),
    [("invoice", "161", True), ("invoice", "164", False), ("openai", "161", False)],
)
def test_where_people_type_tokens_the_cached_ones_may_lack_in_the_input(
    source: str, cost: str, *, fits: bool
) -> None:
    usage = used(
        x_source=source, uncached_input_tokens=40 * MILLION, cache_read_input_tokens=60 * MILLION, requests=1
    )
    line = only(found([replace(usage, requests=None, output_tokens=5_500_000)], [charged(cost, x_source=source)]))
    assert line.list_cost == D(101)
    names = [cause.name for cause in line.causes]
    assert (names == ["input_tokens typed without the cached ones, which they should hold"]) is fits


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        ("100", ""),
        ("49999", ""),
        ("50000", "1,000 times too few"),
        ("200000", "1,000 times too few"),
        ("200001", ""),
        ("100000000", "1,000,000 times too few"),
        ("0.1", "1,000 times too many"),
        ("0.0001", "1,000,000 times too many"),
    ],
)
def test_tokens_that_were_written_in_thousands_or_millions_are_seen(cost: str, words: str) -> None:
    assert tokens_off(D(cost), D(100)) == words
    assert not tokens_off(D(cost), D(0))


@pytest.mark.parametrize(
    ("complete", "estimated", "name"), [(False, False, "partial month"), (True, True, "estimated month")]
)
def test_a_month_that_may_still_change_is_not_unknown(*, complete: bool, estimated: bool, name: str) -> None:
    line = only(found([used()], [charged("500", x_estimated=estimated)], complete=complete))
    assert ([cause.name for cause in line.causes], line.unknown) == ([name], D(0))


@pytest.mark.parametrize("usage", [[], [used(request_model="unheard-of")]])
def test_without_usage_or_a_price_all_of_a_charge_is_unknown(usage: list[UsageHour]) -> None:
    lines = found(
        usage, [charged("7", x_gen_ai_request_model=row.request_model) for row in usage] or [charged("7")]
    ).lines
    assert [(line.list_cost, line.unknown) for line in lines] == [(None, D(7))]


def test_tools_and_search_stand_apart() -> None:
    search = charged("3", x_operation=Operation.TOOL, x_gen_ai_request_model=None, service_name="web search")
    reconciliation = found([used()], [charged("100"), search])
    assert [(row.service_name, row.charged) for row in reconciliation.apart] == [("web search", D(3))]
    assert only(reconciliation).unknown == 0


INVOICE: dict[str, object] = {"x_source": "invoice", "x_operation": Operation.OTHER, "x_gen_ai_request_model": None}


def test_an_invoice_that_names_no_model_is_for_all_the_tokens_of_its_provider() -> None:
    reconciliation = found([used(), used(request_model="b")], [charged("900", **INVOICE)])
    line = only(reconciliation)
    assert (line.list_cost, line.charged, line.unknown) == (D(200), D(900), D(700))
    assert reconciliation.apart == ()


def test_an_invoice_of_a_provider_without_tokens_stands_apart() -> None:
    reconciliation = found([used()], [charged("100"), charged("7", **INVOICE, service_provider_name="mistral")])
    assert [row.charged for row in reconciliation.apart] == [D(7)]
    assert only(reconciliation).unknown == 0


@pytest.mark.parametrize(("cost", "unknown"), [("30", 0), ("400", 300)])
def test_of_another_bill_what_names_nothing_is_for_tokens_where_it_is_all_and_more_than_they_cost(
    cost: str, unknown: int
) -> None:
    other = charged(cost, x_operation=Operation.OTHER, x_gen_ai_request_model=None)
    line = only(found([used(x_source="litellm")], [other]))
    assert line.unknown == unknown


def test_of_several_months_what_names_nothing_is_for_tokens_in_all_or_in_none() -> None:
    october = {"hour": datetime(2026, 10, 1, tzinfo=UTC)}
    unnamed = {"x_gen_ai_request_model": None, "x_operation": Operation.OTHER}
    charges = [charged("99", **unnamed), charged("102", month=date(2026, 10, 1), **unnamed)]
    reconciliation = found([used(), used(**october)], charges)
    assert [line.charged for line in reconciliation.lines] == [D(99), D(102)]
    assert reconciliation.apart == ()


def test_what_names_nothing_is_held_against_the_tier_that_was_used() -> None:
    unnamed = {"x_gen_ai_request_model": None, "x_operation": Operation.OTHER}
    (line,) = found([used(service_tier=ServiceTier.BATCH)], [charged("60", **unnamed)]).lines
    assert line.charged == 60


def test_two_releases_of_a_model_are_one_where_sources_write_it_differently() -> None:
    line = only(found([used(request_model="gpt-5.4-2026-03-05")], [charged("100")]))
    assert (line.request_model, line.unknown) == ("gpt-5.4", D(0))


def test_a_model_as_a_person_writes_it_is_the_one_of_the_log() -> None:
    line = only(found([used(x_source="litellm")], [charged("100", x_gen_ai_request_model="GPT 5.4")]))
    assert (line.request_model, line.unknown) == ("gpt-5.4", D(0))


def test_tokens_of_one_source_meet_the_money_of_another() -> None:
    line = only(found([used(x_source="bedrock-metrics")], [charged("100", x_source="aws")]))
    assert (line.sources, line.unknown) == ("aws + bedrock-metrics", D(0))


def test_a_source_that_tells_both_is_compared_with_itself() -> None:
    both = found([used(), used(x_source="litellm")], [charged("100"), charged("90", x_source="litellm")])
    assert [(line.sources, line.charged) for line in both.lines] == [("litellm", D(90)), ("openai", D(100))]


@pytest.mark.parametrize(("cost", "fits"), [("60", True), ("0.01", True), ("101", False)])
def test_a_tier_without_a_list_price_may_take_something_off(cost: str, *, fits: bool) -> None:
    line = only(found([used(service_tier=ServiceTier.FLEX)], [charged(cost)]))
    assert ([cause.name for cause in line.causes] == ["flex tier without a list price"]) is fits


def test_a_source_that_tells_no_money_is_shown_and_never_unknown() -> None:
    (gateway, openai) = found([used(), used(x_source="litellm")], [charged("100")]).lines
    assert ([cause.name for cause in gateway.causes], gateway.unknown) == ([NO_MONEY], D(0))
    assert (openai.causes, openai.unknown) == ((), D(0))


def test_a_model_without_a_charge_beside_one_with_is_unknown() -> None:
    (charged_model, other) = found(
        [used(), used(request_model="z", cache_read_input_tokens=1)], [charged("100")]
    ).lines
    assert (charged_model.unknown, other.causes) == (D(0), ())
    assert other.unknown < 0


def test_classes_are_shown_where_every_charge_names_its_own() -> None:
    charges = [charged("100", x_token_type=TokenType.UNCACHED_INPUT), charged("9", x_token_type=TokenType.OUTPUT)]
    line = only(found([used(output_tokens=MILLION)], charges))
    assert line.by_class == ((TokenType.UNCACHED_INPUT, D(100), D(100)), (TokenType.OUTPUT, D(9), D(10)))


@pytest.mark.parametrize(("tokens", "is_found"), [(99_500_000, False), (99_499_999, True)])
def test_two_sources_that_tell_different_tokens_are_a_finding(tokens: int, *, is_found: bool) -> None:
    gateway = used(x_source="litellm", uncached_input_tokens=tokens)
    assert bool(found([used(), gateway], []).gaps) is is_found


def test_what_is_unknown_never_cancels_out() -> None:
    usage = [used(cache_read_input_tokens=1), used(request_model="b", cache_read_input_tokens=1)]
    charges = [charged("250"), charged("50", x_gen_ai_request_model="b")]
    assert round(found(usage, charges).unknown_shares()["openai"], 2) == Decimal("0.57")


AMOUNT = st.decimals(min_value=0, max_value=10**6, places=17, allow_nan=False)


@given(costs=st.lists(AMOUNT, min_size=1, max_size=3), tokens=st.integers(0, 10**12), listed=st.none() | AMOUNT)
def test_causes_and_unknown_add_up_to_the_difference_to_the_last_digit(
    costs: list[Decimal], tokens: int, listed: Decimal | None
) -> None:
    usage = [used(uncached_input_tokens=tokens, service_tier=tier) for tier in TIER_FACTORS]
    line = only(found(usage, [charged(str(cost), list_cost=listed) for cost in costs]))
    assert line.list_cost is not None
    parts = [line.list_cost, line.unknown, *(cause.amount for cause in line.causes)]
    assert exact_sum(parts) == exact_sum(costs)


def exact_sum(parts: list[Decimal]) -> Fraction:
    """Return a sum without rounding."""
    return sum(map(Fraction, parts), Fraction(0))
