"""What cannot be used gives no verdict, and taking evidence away never moves anybody."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from costcheck.decision.decide import decide
from costcheck.decision.inputs import DecisionInputs, MissingMonths
from costcheck.model.bill import BillSummary
from costcheck.records import Origin, PriceSnapshot, UnitPrice
from costcheck.settings import Company, Operator, SelfHosting
from costcheck.verdict import Verdict
from tests.costcheck.decision.builders import (
    AS_OF,
    DECLARED,
    MONTHS,
    bill,
    compliance,
    coverage,
    decided,
    demand,
    finding,
    inputs,
    reconciliation,
    settings,
    snapshot,
    workload,
)

INSUFFICIENT = (Verdict.INSUFFICIENT_EVIDENCE, 1)
MOVING = {Verdict.SELF_HOST, Verdict.HYBRID}


def without(meter: str) -> PriceSnapshot:
    """Return the prices less one row."""
    kept = tuple(row for row in snapshot().unit_prices if row.sku_meter != meter)
    assert len(kept) < len(snapshot().unit_prices)
    return replace(snapshot(), unit_prices=kept)


def older(meter: str, origin: Origin) -> PriceSnapshot:
    """Return the prices with one row that was read a year ago."""

    def aged(row: UnitPrice) -> UnitPrice:
        read = replace(row.provenance, retrieved_on=AS_OF - timedelta(days=365), origin=origin)
        return replace(row, provenance=read) if row.sku_meter == meter else row

    return replace(snapshot(), unit_prices=tuple(map(aged, snapshot().unit_prices)))


MISSING = MissingMonths(x_source="invoice", service_provider_name="openai", months=(MONTHS[1],), is_invoiced=True)
PROBLEMS: dict[str, dict[str, Any]] = {
    "another currency": {"bill": bill(currencies=("EUR",))},
    "two currencies": {"bill": bill(currencies=("EUR", "USD"))},
    "a model nobody can price": {"bill": bill(unpriced_models=("openai/gpt-unheard-of",))},
    "an unreconciled bill": {"bill": bill(reconciliations=(reconciliation("0.5"),))},
    "amounts without tokens": {"bill": bill(has_usage=False), "demands": ()},
    "a gap": {"coverage": coverage(gap_days=30)},
    "an invoice that is missing": {"coverage": coverage(missing_months=(MISSING,))},
    "a line of an invoice that nobody could read": {"coverage": coverage(unread_invoice_rows=1)},
    "a stale bill": {"coverage": coverage(complete_months=MONTHS[:3])},
    "nothing measured": {
        "coverage": coverage(complete_months=(), first_day=None, last_day=None),
        "bill": bill("0", has_usage=False, charged=False),
        "demands": (),
    },
    "prices of another region": {"settings": settings(company=Company(name="X", region_id="eu-central-1"))},
    "no price of today's model": {"snapshot": without("gpt-5.4/output_tokens")},
    "no price of the control plane": {"snapshot": without("AmazonEKS-Hours:perCluster")},
    "no price of any GPU": {
        "settings": settings(self_hosting=SelfHosting(instance_types=("g6.xlarge",))),
        "snapshot": without("BoxUsage:g6.xlarge"),
    },
    "no instance type at all": {"snapshot": replace(snapshot(), instance_types=())},
    "no price of the purchase option": {"settings": settings(self_hosting=SelfHosting(purchase_options=("spot",)))},
    "no purchase option": {"settings": settings(self_hosting=SelfHosting(purchase_options=()))},
    "an instance type nobody knows": {"settings": settings(self_hosting=SelfHosting(instance_types=("g99.big",)))},
    "stale prices": {"as_of": date(2026, 8, 20), "live": True},
}


@pytest.mark.parametrize(
    ("row", "origin", "helps"),
    [
        ("BoxUsage:g6.xlarge", Origin.LIVE, ("run `costcheck prices pull`", "`--public`")),
        ("gpt-5.4/output_tokens", Origin.LIVE, ("run `costcheck prices pull`", "`--public`")),
        (
            "gpt-5.4/output_tokens",
            Origin.BUNDLED,
            ("`--public`; for token prices leave out `--token-prices installed`",),
        ),
    ],
)
def test_old_prices_name_what_helps(row: str, origin: Origin, helps: tuple[str, ...]) -> None:
    said = finding(decided(snapshot=older(row, origin)), "prices are too old").message
    assert all(words in said for words in helps)
    assert ("installed" in said) is (origin is Origin.BUNDLED)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_evidence_that_cannot_be_used_gives_no_verdict(problem: str) -> None:
    decision = decided(**PROBLEMS[problem])
    assert (decision.verdict, decision.rule) == INSUFFICIENT
    assert decision.allowance is None
    assert all(row.rule == 1 and row.message for row in decision.findings)


@profile(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(sorted(PROBLEMS)), min_size=1))
def test_more_problems_never_become_a_verdict(problems: set[str]) -> None:
    merged: dict[str, Any] = {}
    for problem in sorted(problems):
        merged |= PROBLEMS[problem]
    # Two problems may speak of the same part of the inputs; the last one then stands alone, and is still a problem.
    assert decided(**merged).verdict is Verdict.INSUFFICIENT_EVIDENCE


def _fewer_months(row: DecisionInputs) -> DecisionInputs:
    return replace(row, coverage=coverage(complete_months=MONTHS[-2:]))


def _no_evaluation(row: DecisionInputs) -> DecisionInputs:
    workloads = tuple(msgspec.structs.replace(one, evaluations=()) for one in row.settings.workload)
    return replace(row, settings=msgspec.structs.replace(row.settings, workload=workloads))


def _no_operator(row: DecisionInputs) -> DecisionInputs:
    return replace(row, settings=msgspec.structs.replace(row.settings, operator=Operator()))


def _no_candidates(row: DecisionInputs) -> DecisionInputs:
    workloads = tuple(msgspec.structs.replace(one, candidates=()) for one in row.settings.workload)
    return replace(row, settings=msgspec.structs.replace(row.settings, workload=workloads))


def _no_offering(row: DecisionInputs) -> DecisionInputs:
    return replace(row, snapshot=replace(row.snapshot, zone_offerings=()))


def _no_gpu_prices(row: DecisionInputs) -> DecisionInputs:
    kept = tuple(price for price in row.snapshot.unit_prices if not price.sku_meter.startswith("BoxUsage:g"))
    return replace(row, snapshot=replace(row.snapshot, unit_prices=kept))


def _no_demand(row: DecisionInputs) -> DecisionInputs:
    return replace(row, demands=())


def _no_tokens(row: DecisionInputs) -> DecisionInputs:
    return replace(row, bill=replace(row.bill, has_usage=False))


REMOVALS: tuple[Callable[[DecisionInputs], DecisionInputs], ...] = (
    _fewer_months,
    _no_evaluation,
    _no_operator,
    _no_candidates,
    _no_offering,
    _no_gpu_prices,
    _no_demand,
    _no_tokens,
)


@profile(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from(REMOVALS), min_size=1))
def test_taking_evidence_away_never_moves_anybody(
    removals: set[Callable[[DecisionInputs], DecisionInputs]],
) -> None:
    row = inputs()
    assert decide(row).verdict in MOVING
    for remove in removals:
        row = remove(row)
    assert decide(row).verdict not in MOVING


@profile(max_examples=20, deadline=None)
@given(st.integers(0, len(snapshot().unit_prices) - 1))
def test_no_single_missing_price_makes_servers_look_cheaper(position: int) -> None:
    rows = snapshot().unit_prices
    less = replace(snapshot(), unit_prices=rows[:position] + rows[position + 1 :])
    decision, full = decided(snapshot=less), decided()
    if decision.verdict in MOVING:
        cost = {row.option_id: row.monthly_cost_usd for row in full.options}
        assert all(row.monthly_cost_usd == cost[row.option_id] for row in decision.options)


def test_a_declared_demand_counts_only_while_its_requirement_binds() -> None:
    expired = workload(
        declared_demand=DECLARED, compliance=compliance(expires_on=AS_OF - timedelta(days=1)), weights="published"
    )
    decision = decided(settings=settings(expired), demands=(demand(origin="declared", models=()),))
    assert (decision.verdict, decision.rule) == INSUFFICIENT
    assert "declared" in decision.findings[0].message


def test_an_expired_requirement_is_said_and_binds_nobody() -> None:
    company = settings(workload(compliance=compliance(expires_on=AS_OF - timedelta(days=1))))
    decision = decided(settings=company)
    assert decision.rule == 10
    assert "Contract 12" in finding(decision, "has expired").message


def test_a_small_bill_without_tokens_is_small_and_needs_none() -> None:
    assert decided(bill=bill("400", has_usage=False), demands=()).rule == 3


def test_usage_without_charges_says_that_list_prices_stand_in() -> None:
    decision = decided(bill=bill(charged=False))
    assert finding(decision, "spend is usage x list price").rule == 0


def test_quarantined_rows_are_counted_aloud() -> None:
    assert finding(decided(coverage=coverage(quarantined_rows=3)), "quarantine").figure == "3 rows"


def test_months_of_other_bills_without_a_row_are_said_and_decide_nothing() -> None:
    seen = coverage(missing_months=(replace(MISSING, is_invoiced=False),))
    remark = finding(decided(coverage=seen), "without any row")
    assert (remark.rule, remark.figure) == (0, f"openai in invoice: {MONTHS[1]:%Y-%m}")


def test_a_token_price_that_will_change_within_the_horizon_is_said() -> None:
    today = next(row for row in snapshot().unit_prices if row.sku_meter == "gpt-5.4/output_tokens")
    later = replace(today, effective_from=date(2026, 12, 1))
    beyond = replace(today, effective_from=date(2027, 8, 2))
    changed = replace(snapshot(), unit_prices=(*snapshot().unit_prices, later, beyond))
    decision = decided(snapshot=changed)
    said = [row for row in decision.findings if "begin within the horizon" in row.message]
    assert [(row.figure, row.message.endswith("openai gpt-5.4 (standard)")) for row in said] == [
        ("from 2026-12-01", True)
    ]


def test_a_cheaper_model_that_nobody_prices_is_said_to_be_left_out() -> None:
    decision = decided(settings=settings(workload(cheaper_request_model="gpt-5.4-minni")))
    assert "gpt-5.4-minni" in finding(decision, "was not compared").message


def test_an_instance_type_without_a_price_is_said_to_be_left_out() -> None:
    decision = decided(snapshot=without("BoxUsage:g6e.xlarge"))
    assert "g6e.xlarge (on-demand)" in finding(decision, "not priced in the region").message


def months_billed(unmeasured: str, monthly: str) -> BillSummary:
    """Return a bill of which a part was billed without tokens in the last month."""
    whole = bill(monthly)
    last = replace(whole.months[-1], unmeasured_cost_usd=Decimal(unmeasured))
    return replace(
        whole,
        months=(*whole.months[:-1], last),
        unmeasured_monthly_cost_usd=Decimal(unmeasured) / 3,
        unmeasured=("2026-07 openai gpt-5.4, 900.00 USD",),
    )


@pytest.mark.parametrize(("monthly", "rule"), [("2999", 3), ("4999", 4), ("5000", 1)])
def test_amounts_without_tokens_are_enough_where_no_number_of_them_would_change_the_answer(
    monthly: str, rule: int
) -> None:
    decision = decided(bill=months_billed(monthly, monthly))
    assert decision.rule == rule


def test_with_a_requirement_amounts_without_tokens_are_not_enough_for_a_middling_bill() -> None:
    bound = settings(workload=(workload(compliance=compliance()),))
    assert decided(bill=months_billed("4999", "4999"), settings=bound).rule == 1


def test_amounts_without_tokens_say_how_tokens_come_in() -> None:
    (problem,) = decided(bill=months_billed("6000", "6000")).findings
    assert "usage CSV of the provider's console (docs/access.md)" in problem.message
    assert problem.message.endswith("prices come next: `costcheck prices pull`")


def test_lines_without_tokens_are_named() -> None:
    (problem,) = decided(bill=months_billed("6000", "6000")).findings
    assert "(2026-07 openai gpt-5.4, 900.00 USD)" in problem.message


@pytest.mark.parametrize(("monthly", "rule"), [("4999", 4), ("5000", 1)])
def test_a_month_of_which_an_invoice_tells_the_amount_is_no_gap_where_amounts_are_enough(
    monthly: str, rule: int
) -> None:
    assert decided(bill=bill(monthly), coverage=coverage(gap_days=30, unbilled_gap_days=0)).rule == rule


def test_a_bill_that_is_there_twice_is_named_with_what_the_pair_says_to_do() -> None:
    pair = "openai/all charges in two lists; make one file of the two"
    (problem,) = decided(coverage=coverage(counted_twice=(pair,))).findings
    assert (problem.rule, problem.message, problem.figure) == (1, "the bill is there twice", pair)


def test_a_gap_that_no_invoice_covers_is_one_whatever_the_bill() -> None:
    assert decided(bill=bill("100"), coverage=coverage(gap_days=30, unbilled_gap_days=12)).rule == 1


@pytest.mark.parametrize(
    ("billed", "advice"),
    [(90, "contracted_discount"), (110, "tokens are missing"), (100_000, "the tokens look 1,000 times too few")],
)
def test_a_discount_is_advised_only_where_less_was_billed_than_listed(billed: int, advice: str) -> None:
    odd = replace(reconciliation("0.5"), billed_cost_usd=Decimal(billed), list_cost_usd=Decimal(100))
    (problem,) = decided(bill=bill(reconciliations=(odd,))).findings
    assert advice in problem.message


def test_without_a_complete_month_old_prices_are_only_a_remark() -> None:
    young = coverage(complete_months=(), first_day=date(2026, 7, 20))
    assert decided(coverage=young, bill=bill("0", charged=False), as_of=date(2026, 8, 20), live=True).rule == 3


QUIET = coverage(quiet=("anthropic, since 2026-07-10",))


def test_days_without_usage_of_one_provider_are_a_remark() -> None:
    assert any(row.figure == "anthropic, since 2026-07-10" for row in decided(coverage=QUIET).findings)


def test_a_gap_is_told_with_its_days() -> None:
    (problem,) = decided(coverage=replace(QUIET, gap_days=30)).findings
    assert problem.message == "usage is missing inside the measured months (anthropic, since 2026-07-10)"


def test_a_model_nobody_can_price_is_told_with_the_nearest_names_and_what_to_do() -> None:
    odd = bill(unpriced_models=("openai/GPT",), nearest_names={"openai/GPT": ("gpt-5.4", "gpt-4.5")})
    message = finding(decided(bill=odd), "nobody can price").message
    assert message.startswith("nobody can price openai/GPT (nearest in the price list: gpt-5.4, gpt-4.5): mend")
    assert "[[token_price]]" in message


def test_a_tier_nobody_can_price_is_not_called_a_misspelt_model() -> None:
    message = finding(decided(bill=bill(unpriced_models=("openai/gpt-5.4",))), "nobody can price").message
    assert message.startswith("nobody can price all of openai/gpt-5.4, but one of its tiers")


@pytest.mark.parametrize(("rows", "told"), [(3, 1), (4, 2)])
def test_too_many_unread_rows_and_lines_of_invoices_are_one_problem_where_they_are_the_same(
    rows: int, told: int
) -> None:
    seen = coverage(quarantined_rows=rows, quarantined_share=Decimal("0.02"), unread_invoice_rows=3)
    assert len([row for row in decided(coverage=seen).findings if row.rule == 1]) == told


LITTLE = replace(reconciliation("0.5"), billed_cost_usd=Decimal(6000), list_cost_usd=Decimal(12000))
UNEXPLAINED: dict[str, dict[str, Any]] = {
    "an unreconciled bill": {"reconciliations": (LITTLE,)},
    "a model nobody can price": {"unpriced_models": ("openai/gpt-unheard-of",)},
}


@pytest.mark.parametrize("changes", UNEXPLAINED.values(), ids=UNEXPLAINED)
@pytest.mark.parametrize(("monthly", "rule"), [("2999", 3), ("4999", 4), ("5000", 1)])
def test_what_prices_do_not_explain_is_a_remark_where_the_amount_alone_answers(
    monthly: str, rule: int, changes: dict[str, Any]
) -> None:
    decision = decided(bill=bill(monthly, **changes))
    assert decision.rule == rule
    assert any("does not explain" in row.message or "nobody can price" in row.message for row in decision.findings)


@pytest.mark.parametrize(("listed", "rule"), [("29999", 3), ("30000", 1)])
def test_a_bill_of_which_usage_tells_that_most_is_missing_answers_nothing(listed: str, rule: int) -> None:
    row = replace(LITTLE, list_cost_usd=Decimal(listed))
    assert decided(bill=bill("400", reconciliations=(row,))).rule == rule


def test_without_charges_a_model_nobody_can_price_may_cost_anything() -> None:
    assert decided(bill=bill("2999", charged=False, unpriced_models=("openai/gpt-unheard-of",))).rule == 1


def test_spend_that_was_set_aside_may_be_that_of_a_model_nobody_can_price() -> None:
    months = tuple(replace(row, set_aside_cost_usd=Decimal(3000)) for row in bill("2999").months)
    assert decided(bill=bill("2999", months=months, unpriced_models=("openai/gpt-unheard-of",))).rule == 1
