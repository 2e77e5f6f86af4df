"""What a year's commitment would change: a bound that is told, and nothing that the table asks."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from costcheck.price_book import EC2, savings_plan_meter
from costcheck.records import Origin, PriceSnapshot, PricingCategory, Provenance, UnitPrice
from costcheck.settings import SelfHosting
from costcheck.verdict import Decision, Finding, OptionResult, Verdict
from tests.costcheck.decision.builders import (
    AS_OF,
    TYPES,
    bill,
    compliance,
    decided,
    demand,
    finding,
    settings,
    snapshot,
    workload,
)

WORDS = "Compute Savings Plan"


def rate(instance_type: str, amount: str, option: str = "No Upfront", seen: date = AS_OF) -> UnitPrice:
    return UnitPrice(
        service_code=EC2,
        sku_meter=savings_plan_meter(option, instance_type),
        region_id=snapshot().region_id,
        pricing_category=PricingCategory.COMMITTED,
        list_unit_price=Decimal(amount),
        pricing_unit="Hours",
        provenance=Provenance(
            source="constructed", source_url="https://example.invalid/rates", retrieved_on=seen, origin=Origin.LIVE
        ),
    )


def with_rates(*rates: UnitPrice) -> PriceSnapshot:
    return replace(snapshot(), unit_prices=(*snapshot().unit_prices, *rates))


def told(decision: Decision) -> list[Finding]:
    return [row for row in decision.findings if WORDS in row.message]


def decided_with(*rates: UnitPrice, **changes: Any) -> Decision:  # noqa: ANN401 - any field of the inputs
    return decided(snapshot=with_rates(*rates), **changes)


def amount(row: Finding) -> Decimal:
    return Decimal(row.figure.removesuffix(" USD/month").replace(",", ""))


def test_without_a_rate_nothing_is_said_of_commitments() -> None:
    assert told(decided()) == []


def on_demand_rates() -> list[UnitPrice]:
    prices = {row.sku_meter: row.list_unit_price for row in snapshot().unit_prices}
    return [rate(name, str(prices[f"BoxUsage:{name}"])) for name in TYPES]


def best_servers(decision: Decision) -> OptionResult:
    return next(option for option in decision.options if option.fleets)


def test_the_saving_at_the_rate_of_what_runs_on_demand_is_the_saving_with_gpu_prices_that_stand_still() -> None:
    decision = decided_with(*on_demand_rates())
    assert not best_servers(decision).weekly_hours
    assert amount(told(decision)[0]) == amount(finding(decision, "if prices of GPUs stand still"))


def test_a_lower_rate_saves_more_and_the_verdict_does_not_hear_of_it() -> None:
    plain = decided()
    some, more = (decided_with(*(rate(name, price) for name in TYPES)) for price in ("0.5", "0.1"))
    assert amount(told(some)[0]) < amount(told(more)[0])
    for decision in (some, more):
        assert replace(decision, findings=plain.findings, input_digests=plain.input_digests) == plain


def test_a_rate_that_would_make_the_case_says_that_a_year_is_for_what_has_served() -> None:
    decision = decided_with(*(rate(name, "0.01") for name in TYPES))
    assert "commit only to what has served six months" in told(decision)[0].message
    assert told(decision)[0].rule == 0


def test_a_rate_that_makes_no_case_says_so() -> None:
    decision = decided_with(
        *(rate(name, "0.79") for name in TYPES), demands=(demand(requests=100_000),), bill=bill("6000")
    )
    assert decision.verdict is Verdict.STAY_ON_API
    assert "so no commitment makes a case" in told(decision)[0].message


def test_the_remark_names_the_rate_its_day_and_where_it_stands() -> None:
    decision = decided_with(*(rate(name, "0.5") for name in TYPES))
    assert "at 0.5 USD an hour, 2026-08-01, https://example.invalid/rates" in told(decision)[0].source


@pytest.mark.parametrize(
    ("rates", "changes"),
    [
        pytest.param([rate(name, "0.5", option="All Upfront") for name in TYPES], {}, id="another way to pay"),
        pytest.param([rate(name, "0.5", seen=date(2026, 6, 1)) for name in TYPES], {}, id="a rate that is too old"),
        pytest.param(
            [rate(name, "0.5") for name in TYPES],
            {"settings": settings(workload(compliance=compliance()))},
            id="servers that a requirement asks for",
        ),
    ],
)
def test_nothing_is_said_for(rates: list[UnitPrice], changes: dict[str, Any]) -> None:
    assert told(decided_with(*rates, **changes)) == []


def test_only_plans_on_demand_are_asked() -> None:
    dynamic = PricingCategory.DYNAMIC
    pools = [replace(rate(name, "0.3"), sku_meter=f"SpotUsage:{name}", pricing_category=dynamic) for name in TYPES]
    only_spot = settings(self_hosting=SelfHosting(purchase_options=("spot",)))
    decision = decided_with(*pools, *(rate(name, "0.5") for name in TYPES), settings=only_spot)
    assert best_servers(decision).fleets[0].purchase_option == "spot"
    assert told(decision) == []


def test_a_plan_that_rests_at_night_is_not_asked_because_a_commitment_is_due_every_hour() -> None:
    by_day = tuple(8.0 if day < 5 and 8 <= hour < 18 else 0.0 for day in range(7) for hour in range(24))
    daily = demand(requests_per_second_by_hour_of_week=by_day, busy_hour_requests_per_second=8.0)
    free = settings(workload(), self_hosting=SelfHosting(instance_types=TYPES))
    decision = decided_with(*on_demand_rates(), demands=(daily,), settings=free)
    assert best_servers(decision).weekly_hours
    assert amount(told(decision)[0]) < amount(finding(decision, "if prices of GPUs stand still"))
