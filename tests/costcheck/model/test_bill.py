"""What was paid, what for, and how far usage x price explains it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from costcheck.model.bill import BillSummary, PricedUsage, summarise_bill
from costcheck.records import ChargeCategory, MonthCharge, Operation

MONTHS = [date(2026, month, 1) for month in (4, 5, 6, 7)]


def used(month: date, cost: str | None = "100", **changes: Any) -> PricedUsage:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "x_source": "openai",
        "month": month,
        "service_provider_name": "openai",
        "request_model": "gpt-5.4",
        "addressable": True,
        "list_cost_usd": None if cost is None else Decimal(cost),
    }
    return PricedUsage(**(fields | changes))


def charged(month: date, cost: str = "100", **changes: Any) -> MonthCharge:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "x_source": "openai",
        "month": month,
        "charge_category": ChargeCategory.USAGE,
        "service_provider_name": "openai",
        "service_name": "OpenAI API",
        "x_gen_ai_request_model": "gpt-5.4",
        "x_operation": Operation.CHAT,
        "billing_currency": "USD",
        "billed_cost": Decimal(cost),
        "x_estimated": False,
    }
    return MonthCharge(**(fields | changes))


def summary(
    usage: list[PricedUsage],
    charges: list[MonthCharge],
    entered: Callable[[str], Decimal | None] = lambda _: None,
) -> BillSummary:
    return summarise_bill(usage, charges, MONTHS, entered_factor=entered)


def test_a_bill_that_usage_explains_leaves_nothing_over() -> None:
    row = summary([used(month) for month in MONTHS], [charged(month) for month in MONTHS])
    assert row.residual_share == 0
    assert row.contracted_factor("openai") == 1
    assert row.addressable_monthly_cost_usd == 100


def test_the_mean_is_of_the_last_three_complete_months() -> None:
    costs = ["900", "100", "200", "300"]
    row = summary([used(month, cost) for month, cost in zip(MONTHS, costs, strict=True)], [])
    assert row.addressable_monthly_cost_usd == 200


def test_the_mean_of_one_month_is_that_month() -> None:
    row = summarise_bill([used(MONTHS[0], "90")], [], MONTHS[:1], entered_factor=lambda _: None)
    assert row.addressable_monthly_cost_usd == 90


def test_nothing_at_all_is_a_bill_of_zero_and_says_that_there_was_none() -> None:
    row = summarise_bill([], [], [], entered_factor=lambda _: None)
    assert row.addressable_monthly_cost_usd == 0
    assert not row.has_usage
    assert not row.charged


def test_months_that_do_not_count_are_left_out() -> None:
    row = summary([used(MONTHS[0]), used(date(2026, 8, 1), "1000000")], [charged(date(2026, 8, 1), "9")])
    assert sum(month.addressable_cost_usd for month in row.months) == 100
    assert not row.charged


def test_what_a_discount_explains_is_derived_and_still_a_residual_until_it_is_entered() -> None:
    usage, charges = [used(month) for month in MONTHS], [charged(month, "80") for month in MONTHS]
    derived = summary(usage, charges)
    assert derived.contracted_factor("openai") == Decimal("0.8")
    assert derived.residual_share == Decimal("0.25")
    entered = summary(usage, charges, lambda _: Decimal("0.8"))
    assert entered.residual_share == 0
    assert entered.addressable_monthly_cost_usd == 80


def test_the_worst_provider_speaks_for_the_bill() -> None:
    usage = [used(MONTHS[0]), used(MONTHS[0], "100", service_provider_name="anthropic")]
    charges = [charged(MONTHS[0]), charged(MONTHS[0], "200", service_provider_name="anthropic")]
    assert summary(usage, charges).residual_share == Decimal("0.5")


def test_credits_and_taxes_stand_apart() -> None:
    charges = [
        charged(MONTHS[0]),
        charged(MONTHS[0], "-50", charge_category=ChargeCategory.CREDIT),
        charged(MONTHS[0], "19", charge_category=ChargeCategory.TAX),
    ]
    row = summary([used(MONTHS[0])], charges)
    assert row.months[0].credit_usd == -50
    assert row.months[0].tax_usd == 19
    assert row.residual_share == 0
    assert row.months[0].addressable_cost_usd == 100


def test_an_addressable_model_that_nobody_prices_is_named() -> None:
    row = summary(
        [used(MONTHS[0], None, request_model="gpt-x")], [charged(MONTHS[0], x_gen_ai_request_model="gpt-x")]
    )
    assert row.unpriced_models == ("openai/gpt-x",)
    assert row.residual_share == 0


def test_a_set_aside_model_that_nobody_prices_is_no_problem() -> None:
    usage = [used(MONTHS[0]), used(MONTHS[0], None, request_model="gpt-x", addressable=False)]
    charges = [charged(MONTHS[0]), charged(MONTHS[0], "40", x_gen_ai_request_model="gpt-x")]
    row = summary(usage, charges)
    assert row.unpriced_models == ()
    assert row.residual_share == 0
    assert row.months[0].set_aside_cost_usd == 40


def test_spend_that_is_not_chat_is_shown_and_set_aside() -> None:
    charges = [charged(MONTHS[0]), charged(MONTHS[0], "30", x_operation=Operation.EMBEDDINGS)]
    row = summary([used(MONTHS[0])], charges)
    assert row.months[0].addressable_cost_usd == 100
    assert row.months[0].set_aside_cost_usd == 30


def test_amounts_without_tokens_are_addressable_at_most() -> None:
    row = summary([], [charged(month, "3100") for month in MONTHS])
    assert row.addressable_monthly_cost_usd == 3100
    assert not row.has_usage


def test_currencies_are_named() -> None:
    row = summary([], [charged(MONTHS[0], billing_currency="EUR"), charged(MONTHS[0])])
    assert row.currencies == ("EUR", "USD")


@profile(max_examples=100, deadline=None)
@given(st.lists(st.decimals("0.01", "10000", places=2), min_size=1, max_size=6), st.randoms())
def test_cents_are_exact_in_any_order(costs: list[Decimal], order: Any) -> None:  # noqa: ANN401 - random.Random
    usage = [used(MONTHS[-1], str(cost)) for cost in costs]
    shuffled = list(usage)
    order.shuffle(shuffled)
    one, other = summary(usage, []), summary(shuffled, [])
    assert one.months[-1].addressable_cost_usd == other.months[-1].addressable_cost_usd == sum(costs)


@pytest.mark.parametrize(("billed", "residual"), [("100", "0"), ("110", "0.0909"), ("90", "0.1111")])
def test_the_residual_is_a_share_of_what_was_billed(billed: str, residual: str) -> None:
    row = summary([used(MONTHS[0])], [charged(MONTHS[0], billed)])
    assert round(row.residual_share, 4) == Decimal(residual)


def invoiced(month: date, cost: str = "2000", model: str | None = "gpt-5.4") -> MonthCharge:
    operation = Operation.CHAT if model else Operation.OTHER
    return charged(month, cost, x_source="invoice", x_gen_ai_request_model=model, x_operation=operation)


def typed(month: date, cost: str = "2000", model: str = "gpt-5.4") -> PricedUsage:
    return used(month, cost, x_source="invoice", request_model=model)


def test_a_line_of_an_invoice_without_tokens_is_unmeasured_and_no_residual() -> None:
    row = summary([typed(month) for month in MONTHS[:3]], [invoiced(month) for month in MONTHS])
    assert row.residual_share == 0
    assert row.addressable_monthly_cost_usd == 2000
    assert [month.unmeasured_cost_usd for month in row.months] == [0, 0, 0, 2000]
    assert row.unmeasured == ("2026-07 openai gpt-5.4, 2,000.00 USD",)


@pytest.mark.parametrize("model", ["gpt-5.4-mini", None])
def test_a_line_without_tokens_is_unmeasured_beside_one_with_them(model: str | None) -> None:
    row = summary([typed(month) for month in MONTHS], [*map(invoiced, MONTHS), invoiced(MONTHS[3], "300", model)])
    assert row.months[3].addressable_cost_usd == 2300
    assert row.months[3].unmeasured_cost_usd == 300
    assert row.residual_share == 0


@pytest.mark.parametrize(("cost", "share"), [("2000", "0"), ("40000", "0.95"), ("1600", "0.25")])
@pytest.mark.parametrize("named", ["openai", "OpenAI"])
def test_an_invoice_that_names_no_model_is_held_against_the_tokens_of_a_log(
    cost: str, share: str, named: str
) -> None:
    log = [used(month, "2000", x_source="litellm") for month in MONTHS]
    lines = [replace(invoiced(month, cost, None), service_provider_name=named) for month in MONTHS]
    row = summary(log, lines)
    assert row.residual_share == Decimal(share)
    assert row.addressable_monthly_cost_usd == Decimal(cost)


@pytest.mark.parametrize(("cost", "addressable"), [("30", "100"), ("400", "400")])
def test_a_search_is_no_bill_for_tokens_and_a_bill_that_names_nothing_may_be(cost: str, addressable: str) -> None:
    other = [charged(month, cost, x_operation=Operation.OTHER, x_gen_ai_request_model=None) for month in MONTHS]
    row = summary([used(month, x_source="litellm") for month in MONTHS], other)
    assert row.addressable_monthly_cost_usd == Decimal(addressable)


def test_what_names_no_model_stands_apart_where_the_tokens_have_charges_of_their_own() -> None:
    other = [charged(month, "400", x_operation=Operation.OTHER, x_gen_ai_request_model=None) for month in MONTHS]
    row = summary([used(month) for month in MONTHS], [*map(charged, MONTHS), *other])
    assert row.residual_share == 0
    assert row.addressable_monthly_cost_usd == 100


def test_what_the_last_months_leave_unexplained_is_not_watered_down_by_older_ones() -> None:
    bills = [charged(month, "100" if month == MONTHS[0] else "125") for month in MONTHS]
    assert summary([used(month) for month in MONTHS], bills).residual_share == Decimal("0.2")


@pytest.mark.parametrize("model", ["gpt-5.4-mini", None])
def test_an_invoice_beside_a_log_that_tells_the_tokens_is_measured(model: str | None) -> None:
    log = [used(month, "2000", x_source="litellm") for month in MONTHS]
    row = summary(log, [invoiced(month, model=model) for month in MONTHS])
    assert row.unmeasured_monthly_cost_usd == 0
    assert row.unmeasured is msgspec.UNSET


@pytest.mark.parametrize(("measured", "share"), [(MONTHS[:3], "0.333"), (MONTHS[1:], "0.25"), (MONTHS, "0")])
def test_the_unmeasured_share_is_that_of_all_months_or_of_the_last_three_the_larger(
    measured: list[date], share: str
) -> None:
    row = summary([typed(month) for month in measured], [invoiced(month) for month in MONTHS])
    assert row.unmeasured_share.quantize(Decimal("0.001")) == Decimal(share)


def test_a_residual_names_the_month_that_it_is_of() -> None:
    costs = [charged(month, "100" if month != MONTHS[2] else "60") for month in MONTHS]
    row = summary([used(month) for month in MONTHS], costs)
    assert row.reconciliations[0].worst_month == "most of it in 2026-06: 100.00 USD at list, 60.00 USD billed"


def test_a_residual_that_is_nobodys_concern_names_no_month() -> None:
    row = summary([used(month) for month in MONTHS], [charged(month, "104") for month in MONTHS])
    assert row.reconciliations[0].worst_month is msgspec.UNSET


def bought(month: date, cost: str) -> MonthCharge:
    return replace(invoiced(month, cost, None), charge_category=ChargeCategory.PURCHASE)


def test_what_was_bought_ahead_is_spread_where_nothing_tells_what_was_used() -> None:
    row = summary([], [bought(MONTHS[1], "9000")])
    assert [month.addressable_cost_usd for month in row.months] == [0, 3000, 3000, 3000]
    assert row.unmeasured_monthly_cost_usd == 3000
    assert row.unmeasured is not msgspec.UNSET
    assert row.unmeasured[0] == "2026-07 openai bought ahead, its use not told, 3,000.00 USD"


@pytest.mark.parametrize(
    ("usage", "charges"), [([used(MONTHS[0])], []), ([], [invoiced(MONTHS[0], "100")])], ids=["tokens", "amounts"]
)
def test_what_was_bought_ahead_counts_where_it_is_used(usage: list[PricedUsage], charges: list[MonthCharge]) -> None:
    row = summary(usage, [*charges, bought(MONTHS[0], "9000")])
    assert [month.addressable_cost_usd for month in row.months] == [100, 0, 0, 0]


def test_tokens_in_lines_of_their_own_meet_the_lines_that_tell_the_money() -> None:
    lines = [line for month in MONTHS for line in (invoiced(month, "0"), invoiced(month, "4000", None))]
    row = summary([typed(month) for month in MONTHS], lines)
    assert row.residual_share == Decimal("0.5")
    assert row.unmeasured_monthly_cost_usd == 0


def test_charges_that_name_no_model_are_for_tokens_in_all_months_or_in_none() -> None:
    unnamed = {"x_gen_ai_request_model": None, "x_operation": Operation.OTHER}
    usage = [used(month, "1000") for month in MONTHS]
    more = summary(usage, [charged(month, cost, **unnamed) for month, cost in zip(MONTHS, COSTS, strict=True)])
    assert more.addressable_monthly_cost_usd == Decimal(sum(map(Decimal, COSTS))) * 3 / 4 / 3
    assert more.residual_share < Decimal("0.01")
    less = summary(usage, [charged(month, "900", **unnamed) for month in MONTHS])
    assert not less.reconciliations
    assert less.addressable_monthly_cost_usd == 1000


COSTS = ["1010", "1010", "990", "1010"]


def test_usage_of_months_for_which_nothing_was_billed_is_unexplained() -> None:
    billed = [charged(MONTHS[0], "400"), *(charged(month, "0") for month in MONTHS[1:])]
    assert summary([used(month) for month in MONTHS], billed).residual_share == 1


def test_a_purchase_is_spread_though_its_provider_sells_other_things_that_are_used() -> None:
    search = [charged(month, "1", x_operation=Operation.EMBEDDINGS) for month in MONTHS]
    row = summary([], [bought(MONTHS[0], "400"), *search])
    assert row.addressable_monthly_cost_usd == 100
    assert all(month.purchase_usd is msgspec.UNSET for month in row.months)


def test_a_purchase_of_what_is_used_is_told_and_left_out() -> None:
    row = summary(
        [used(month) for month in MONTHS], [bought(MONTHS[0], "400"), *(charged(month) for month in MONTHS)]
    )
    assert [month.purchase_usd for month in row.months] == [400, *[msgspec.UNSET] * 3]
    assert row.addressable_monthly_cost_usd == 100


def test_purchases_that_were_given_back_are_nothing() -> None:
    assert summary([], [bought(MONTHS[0], "400"), bought(MONTHS[0], "-500")]).addressable_monthly_cost_usd == 0
