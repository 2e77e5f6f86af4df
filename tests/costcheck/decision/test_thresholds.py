"""Both sides of every threshold."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from costcheck.decision.decide import decide
from costcheck.decision.evaluation import Evaluator, _pay_back, _waiting_gain
from costcheck.settings import Acceptance, Operator
from costcheck.verdict import Band, Verdict
from tests.costcheck.decision.builders import (
    AS_OF,
    CANDIDATE,
    MONTHS,
    bill,
    coverage,
    decided,
    demand,
    inputs,
    passed,
    reconciliation,
    settings,
    snapshot,
    workload,
)

MOVES = (Verdict.SELF_HOST, 10)
FINE = Band(p10=Decimal(1), p50=Decimal(5000), p90=Decimal(9000))


def outcome(**changes: object) -> tuple[Verdict, int]:
    decision = decided(**changes)
    return decision.verdict, decision.rule


def test_the_default_company_moves() -> None:
    assert outcome() == MOVES


@pytest.mark.parametrize(("months", "expected"), [(2, (Verdict.STAY_ON_API, 3)), (3, MOVES)])
def test_three_complete_months_are_enough_and_two_are_not(months: int, expected: tuple[Verdict, int]) -> None:
    assert outcome(coverage=coverage(complete_months=MONTHS[-months:])) == expected


@pytest.mark.parametrize(
    ("amount", "rule"), [("2999.99", 3), ("3000", 4), ("4999.99", 4), ("5000", 10), ("5000.01", 10)]
)
def test_the_bill_decides_below_3000_and_5000(amount: str, rule: int) -> None:
    assert decided(bill=bill(amount)).rule == rule


@pytest.mark.parametrize(("days", "unusable"), [(45, False), (46, True)])
def test_a_bill_may_be_45_days_old(days: int, unusable: bool) -> None:  # noqa: FBT001 - the expected side
    as_of = date(2026, 8, 1) + timedelta(days=days)
    assert (decided(as_of=as_of, snapshot=unaging(as_of)).rule == 1) is unusable


def unaging(as_of: date) -> object:
    """Return the prices as if they had been observed on that day, so that only the bill is old."""
    rows = tuple(
        replace(row, provenance=replace(row.provenance, retrieved_on=as_of)) for row in snapshot().unit_prices
    )
    return replace(snapshot(), unit_prices=rows)


@pytest.mark.parametrize(("days", "unusable"), [(45, False), (46, True)])
def test_usage_without_a_complete_month_ages_from_its_last_day(days: int, unusable: bool) -> None:  # noqa: FBT001
    last = AS_OF - timedelta(days=days + 1)
    seen = coverage(complete_months=(), first_day=last, last_day=last)
    assert decided(coverage=seen).rule == (1 if unusable else 3)


@pytest.mark.parametrize(("days", "expected"), [(7, MOVES), (8, (Verdict.INSUFFICIENT_EVIDENCE, 1))])
def test_a_gap_may_last_seven_days(days: int, expected: tuple[Verdict, int]) -> None:
    assert outcome(coverage=coverage(gap_days=days)) == expected


@pytest.mark.parametrize(("residual", "expected"), [("0.10", MOVES), ("0.1001", (Verdict.INSUFFICIENT_EVIDENCE, 1))])
def test_a_tenth_of_the_bill_may_stay_unexplained(residual: str, expected: tuple[Verdict, int]) -> None:
    assert outcome(bill=bill(reconciliations=(reconciliation(residual),))) == expected


@pytest.mark.parametrize(("age", "shown"), [(0, True), (365, True), (366, False), (-1, False)])
def test_an_evaluation_proves_for_365_days_and_never_from_the_future(age: int, shown: bool) -> None:  # noqa: FBT001
    company = settings(workload(evaluations=(passed(on=AS_OF - timedelta(days=age)),)))
    expected = MOVES if shown else (Verdict.INSUFFICIENT_EVIDENCE, 7)
    assert outcome(settings=company) == expected


@pytest.mark.parametrize(("age", "shown"), [(365, True), (366, False), (-1, False)])
def test_an_acceptance_holds_for_365_days(age: int, shown: bool) -> None:  # noqa: FBT001
    accepted = Acceptance(model=CANDIDATE, owner="Ann", accepted_on=AS_OF - timedelta(days=age), reason="constructed")
    company = settings(workload(evaluations=(), acceptances=(accepted,)))
    assert (decided(settings=company).rule == 10) is shown


@pytest.mark.parametrize("result", ["fail", "inconclusive"])
def test_a_later_evaluation_takes_back_an_earlier_pass(result: str) -> None:
    rows = (passed(on=date(2026, 7, 2), result=result), passed(on=date(2026, 7, 1)))
    assert outcome(settings=settings(workload(evaluations=rows))) == (Verdict.INSUFFICIENT_EVIDENCE, 7)


@pytest.mark.parametrize(("day", "binds"), [(AS_OF, True), (AS_OF - timedelta(days=1), False)])
def test_a_requirement_binds_until_the_end_of_its_last_day(day: date, binds: bool) -> None:  # noqa: FBT001
    from tests.costcheck.decision.builders import compliance  # noqa: PLC0415 - one use

    company = settings(workload(compliance=compliance(expires_on=day)))
    decision = decided(settings=company)
    assert decision.rule == (2 if binds else 10)


def failures(
    *, band: Band = FINE, share: str = "0.5", pay_back: str | None = "1", gain: str = "-1"
) -> tuple[str, ...]:
    months = None if pay_back is None else Decimal(pay_back)
    return Evaluator.of(inputs())._failures(band, Decimal(share), months, Decimal(gain))


def test_a_case_that_meets_every_threshold_misses_none() -> None:
    assert failures() == ()


@pytest.mark.parametrize(("p50", "missed"), [("999.99", True), ("1000", False)])
def test_a_saving_of_1000_a_month_is_enough(p50: str, missed: bool) -> None:  # noqa: FBT001
    assert ("min_saving_usd" in failures(band=replace(FINE, p50=Decimal(p50)))) is missed


@pytest.mark.parametrize(("share", "missed"), [("0.1999", True), ("0.20", False)])
def test_a_fifth_of_the_baseline_is_enough(share: str, missed: bool) -> None:  # noqa: FBT001
    assert ("min_saving_share" in failures(share=share)) is missed


@pytest.mark.parametrize(("p10", "missed"), [("-0.01", True), ("0", True), ("0.01", False)])
def test_the_tenth_percentile_must_be_above_zero(p10: str, missed: bool) -> None:  # noqa: FBT001
    assert ("p10_above_zero" in failures(band=replace(FINE, p10=Decimal(p10)))) is missed


@pytest.mark.parametrize(("months", "missed"), [("12", False), ("12.1", True), (None, True)])
def test_it_must_pay_back_within_twelve_months(months: str | None, missed: bool) -> None:  # noqa: FBT001
    assert ("max_pay_back_months" in failures(pay_back=months)) is missed


@pytest.mark.parametrize(("gain", "missed"), [("0", False), ("0.01", True)])
def test_waiting_must_not_be_worth_more(gain: str, missed: bool) -> None:  # noqa: FBT001
    assert ("wait_months" in failures(gain=gain)) is missed


@pytest.mark.parametrize(
    ("saving", "set_up", "months"), [(1000.0, 12_000.0, "12.0"), (1000.0, 12_010.0, "12.1"), (1000.0, 0.0, "0.0")]
)
def test_pay_back_is_the_set_up_over_the_saving_and_a_little_late_is_late(
    saving: float, set_up: float, months: str
) -> None:
    assert _pay_back(np.full((5, 12), saving), np.full(5, set_up)) == Decimal(months)


@pytest.mark.parametrize("saving", [0.0, -1.0])
def test_what_saves_nothing_never_pays_back(saving: float) -> None:
    assert _pay_back(np.full((5, 12), saving), np.full(5, 100.0)) is None


def test_waiting_costs_the_months_that_it_waits() -> None:
    assert _waiting_gain(np.full((3, 18), 100.0), np.full(3, 50.0), 6) == Decimal("-600.00")


def test_waiting_saves_what_a_falling_bill_would_have_lost() -> None:
    falling = np.concatenate([np.full((1, 6), 100.0), np.full((1, 12), -100.0)], axis=1)
    assert _waiting_gain(falling, np.full(1, 500.0), 6) == Decimal("1100.00")


@pytest.mark.parametrize(
    ("answer", "fee", "rule"),
    [
        ("team", None, 10),
        (None, None, 7),
        ("nobody", None, 5),
        ("nobody", Decimal(3000), 10),
        ("managed_provider", Decimal(3000), 10),
        ("managed_provider", Decimal(30_000), 6),
        ("nobody", Decimal(30_000), 6),
    ],
)
def test_who_runs_it_decides_and_whoever_is_paid_to_is_charged(
    answer: str | None, fee: Decimal | None, rule: int
) -> None:
    operator = Operator(answer=answer, managed_provider_monthly_cost_usd=fee)  # type: ignore[arg-type] # a literal
    assert decided(settings=settings(operator=operator)).rule == rule


def test_a_volume_too_small_for_servers_stays() -> None:
    # 0.0055 USD a request: 600,000 requests are 3,300 USD, and people and set-up alone cost 2,993.
    assert outcome(demands=(demand(requests=600_000),)) == (Verdict.STAY_ON_API, 6)


def test_every_verdict_but_a_move_says_when_to_ask_again() -> None:
    stay = decide(inputs(bill=bill("4000")))
    assert (stay.rule, stay.ask_again_on) == (4, AS_OF + timedelta(days=90))
    assert decide(inputs()).ask_again_on is None
